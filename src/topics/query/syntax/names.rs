//! Names before a colon: fields, their spellings in other products, and what is asked for but cannot be had.

use super::ast::{Call, Field};
use super::dialect::Dialect;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Field(Field),
    Call(Call),
}

/// Spellings of fields, in any style.
const ALIASES: [(&str, Field); 24] = [
    ("headline", Field::Title),
    ("intitle", Field::Title),
    ("text", Field::Body),
    ("content", Field::Body),
    ("ingress", Field::Lead),
    ("language", Field::Lang),
    ("site", Field::Source),
    ("domain", Field::Source),
    ("domain_url", Field::Source),
    ("host", Field::Source),
    ("publication", Field::Source),
    ("sourcecountry", Field::Country),
    ("source_country", Field::Country),
    ("location", Field::Country),
    ("byline", Field::Author),
    ("inurl", Field::Url),
    ("in_url", Field::Url),
    ("host_url", Field::Source),
    ("root_url", Field::Source),
    ("tags", Field::Tag),
    ("keyword", Field::Tag),
    ("keywords", Field::Tag),
    ("category", Field::Tag),
    ("section", Field::Tag),
];

/// Names of other products for which articles here have nothing, and what to do instead.
const ABSENT: [(&str, &str); 22] = [
    ("city", "filter by country: where that is enough"),
    ("state", "filter by country: where that is enough"),
    ("county", "filter by country: where that is enough"),
    ("continent", "list the countries: country:(ma OR dz OR tn)"),
    ("region", "list the countries: country:(ma OR dz OR tn)"),
    ("links", "links inside articles are not read; leave it out"),
    ("sentiment", "sentiment is not part of this stage"),
    (
        "authorverified",
        "it is about social networks; leave it out",
    ),
    (
        "authorfollowers",
        "it is about social networks; leave it out",
    ),
    ("authorgender", "it is about social networks; leave it out"),
    ("engagement", "it is about social networks; leave it out"),
    ("engaging", "it is about social networks; leave it out"),
    ("at_mentions", "write the account: @name"),
    ("hashtags", "write the hashtag: #name"),
    ("hashtag", "write the hashtag: #name"),
    ("channel", "use source: for the publication"),
    ("sourcetype", "use source: for the publication"),
    (
        "published",
        "articles are matched as they come; filter by time where they are read",
    ),
    ("reach", "reach is not known here; leave it out"),
    ("blogname", "use source: for the publication"),
    (
        "message",
        "words without a field are looked for in title and text",
    ),
    ("image", "pictures are not read"),
];

/// What `name` stands for, or what to tell its author: message and help.
pub(super) fn find(name: &str, dialect: Dialect) -> Result<Name, (String, String)> {
    let lower = name.to_ascii_lowercase();
    if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == lower) {
        return Ok(Name::Field(field));
    }
    if let Some((_, field)) = ALIASES.iter().find(|(alias, _)| *alias == lower) {
        return Ok(Name::Field(*field));
    }
    if lower == "raw" {
        return Ok(Name::Call(Call::Raw));
    }
    if let Some((_, instead)) = ABSENT.iter().find(|(absent, _)| *absent == lower) {
        return Err((
            format!("`{name}:` asks for something that articles do not carry here"),
            (*instead).to_owned(),
        ));
    }
    let own = Field::ALL.into_iter().map(Field::name);
    let all = own.chain(ALIASES.iter().map(|(alias, _)| *alias));
    let nearest = all
        .map(|known| (strsim::damerau_levenshtein(known, &lower), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let help = match nearest {
        Some((_, known)) => format!(
            "did you mean `{known}:`? Where the colon is part of the word, write `{name}\\:`"
        ),
        None => format!(
            "fields are {}; where the colon is part of the word, write `{name}\\:`",
            Field::ALL.map(Field::name).join(", ")
        ),
    };
    let product = match dialect {
        Dialect::Lucene => String::new(),
        other => format!(" (in the style of {})", other.name()),
    };
    Err((format!("there is no field `{name}`{product}"), help))
}
