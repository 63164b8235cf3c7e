//! From the values found under known keys to the article: the best usable candidate of each field.

use std::borrow::Cow;

use super::fields::{Canonical, Key, Target};
use super::html::extract;
use super::identity::{Evidence, identify};
use super::texts::{Place, by_role, pointer, texts};
use super::url::{CanonicalUrl, canonical_url, host_of};
use super::value::{Loose, is_usable};
use super::{
    Field, RawArticle, ReaderSettings, RejectCode, Rejection, SplicePlan, TextField, Warning,
};

/// Names under which objects hold a person's or publication's name.
const NAME: [&str; 2] = ["name", "title"];
/// Names under which objects hold a tag.
const TAG: [&str; 4] = ["term", "name", "label", "title"];
/// Names under which an object of a country holds its code or name.
const COUNTRY: [&str; 4] = ["code", "name", "label", "eng"];
/// Names under which an object of a source holds its domain or address.
const DOMAIN: [&str; 4] = ["domain", "uri", "url", "href"];
/// Keys kept that match by their beginning only: there is no end to such keys.
const MAX_CAPTURES: usize = 128;
/// Authors and tags kept, and the longest of each in bytes.
const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 512;

/// A value found under a key that is read.
#[derive(Debug)]
struct Capture<'a> {
    name: Cow<'a, str>,
    value: Loose<'a>,
}

/// All values found under keys that are read.
#[derive(Debug, Default)]
pub(super) struct Captures<'a> {
    found: Vec<Capture<'a>>,
    /// What each of them can be, as an index into `found`.
    targets: Vec<(Target, usize)>,
    /// Whether a key occurred twice.
    pub(super) duplicates: bool,
}

impl<'a> Captures<'a> {
    /// Adds a value. Of a repeated key the last value counts.
    pub(super) fn put(&mut self, key: &Key, name: Cow<'a, str>, value: Loose<'a>) {
        if let Some(earlier) = self.found.iter_mut().find(|earlier| earlier.name == name) {
            earlier.value = value;
            self.duplicates = true;
        } else if self.found.len() < MAX_CAPTURES {
            self.targets
                .extend(key.targets.iter().map(|target| (*target, self.found.len())));
            self.found.push(Capture { name, value });
        }
    }

    /// Puts the candidates in order: by field, then by rank, then by name, so that their order in the JSON is of no account.
    fn rank(&mut self) {
        let found = &self.found;
        let name = |index: &usize| found.get(*index).map(|capture| &capture.name);
        self.targets
            .sort_unstable_by(|(a, i), (b, j)| a.cmp(b).then_with(|| name(i).cmp(&name(j))));
    }

    /// Candidates of a field, best first.
    fn candidates(&self, field: Canonical) -> impl Iterator<Item = (&Capture<'a>, Target)> {
        let start = self
            .targets
            .partition_point(|(target, _)| target.field < field);
        let rest = self.targets.get(start..).unwrap_or_default();
        rest.iter()
            .take_while(move |(target, _)| target.field == field)
            .filter_map(|(target, index)| Some((self.found.get(*index)?, *target)))
    }
}

/// Makes the article of what was found.
pub(super) fn resolve<'a>(
    payload: &'a str,
    splice: SplicePlan,
    mut captures: Captures<'a>,
    settings: &ReaderSettings,
    key: Option<&[u8]>,
) -> Result<RawArticle<'a>, Rejection> {
    captures.rank();
    let resolver = Resolver {
        captures: &captures,
        settings,
    };
    let title = resolver.title();
    let body = resolver.text(Canonical::Body);
    let summary = resolver.text(Canonical::Summary);
    let texts = [
        title.as_ref().map(|title| &*title.text),
        plain(&body),
        plain(&summary),
    ];
    if !texts
        .iter()
        .flatten()
        .any(|text| text.contains(char::is_alphanumeric))
    {
        return Err(Rejection::new(
            RejectCode::NoText,
            "no title, body or summary with a letter or digit in it",
        ));
    }
    let mut warnings = Vec::new();
    if captures.duplicates {
        warnings.push(Warning::DuplicateField);
    }
    let (url, canonical) = resolver.url(&mut warnings).unzip();
    let id_field = resolver.id();
    let (id, id_source) = identify(&Evidence {
        field: id_field.as_deref(),
        url: canonical.as_ref().map(|canonical| canonical.url.as_str()),
        key,
        title: texts[0].unwrap_or_default(),
        text: texts[1].or(texts[2]).unwrap_or_default(),
    });
    Ok(RawArticle {
        payload,
        splice,
        id,
        id_source,
        source: resolver
            .source()
            .or_else(|| canonical.as_ref().map(|canonical| canonical.host.clone())),
        source_name: resolver.source_name(),
        country: resolver.country(),
        language: resolver.first(Canonical::Language),
        published: resolver.published(),
        authors: resolver.names(Canonical::Authors, &NAME, |_| ';'),
        tags: resolver.names(Canonical::Tags, &TAG, |text| {
            if text.contains(';') { ';' } else { ',' }
        }),
        canonical_url: canonical.map(|canonical| canonical.url),
        url,
        title,
        body,
        summary,
        warnings,
    })
}

fn plain<'t>(field: &'t Option<TextField<'_>>) -> Option<&'t str> {
    field.as_ref().map(TextField::plain)
}

/// Picks the best usable candidate of each field.
struct Resolver<'c, 'a> {
    captures: &'c Captures<'a>,
    settings: &'c ReaderSettings,
}

impl<'a> Resolver<'_, 'a> {
    fn field(&self, capture: &Capture<'a>, place: Place, text: &Cow<'a, str>) -> Field<'a> {
        Field {
            pointer: pointer(&self.settings.pointer, &capture.name, place),
            text: text.clone(),
        }
    }

    /// The first usable string of a field.
    fn first(&self, field: Canonical) -> Option<Field<'a>> {
        self.captures.candidates(field).find_map(|(capture, _)| {
            let found = texts(&capture.value, &["name", "@value", "value"]).next()?;
            Some(self.field(capture, found.place, found.text))
        })
    }

    fn title(&self) -> Option<Field<'a>> {
        self.captures
            .candidates(Canonical::Title)
            .find_map(|(capture, _)| {
                let found = by_role(&capture.value)?;
                Some(self.field(capture, found.place, found.text))
            })
    }

    /// A text that may be HTML. A candidate whose HTML holds no text is passed over.
    fn text(&self, field: Canonical) -> Option<TextField<'a>> {
        self.captures.candidates(field).find_map(|(capture, _)| {
            let found = by_role(&capture.value)?;
            let extracted = extract(found.text, found.is_html, self.settings.limits.text_chars);
            if extracted
                .as_ref()
                .is_some_and(|(text, _)| text.trim().is_empty())
            {
                return None;
            }
            Some(TextField {
                field: self.field(capture, found.place, found.text),
                extracted,
            })
        })
    }

    /// The first URL that is one, as published and in canonical form.
    fn url(&self, warnings: &mut Vec<Warning>) -> Option<(Field<'a>, CanonicalUrl)> {
        let mut bad = false;
        let found = self
            .captures
            .candidates(Canonical::Url)
            .find_map(|(capture, target)| {
                texts(&capture.value, &["@id"]).find_map(|found| {
                    let canonical = canonical_url(found.text);
                    bad |= canonical.is_none() && !target.doubtful;
                    Some((self.field(capture, found.place, found.text), canonical?))
                })
            });
        if bad && found.is_none() {
            warnings.push(Warning::BadUrl);
        }
        found
    }

    fn id(&self) -> Option<Cow<'a, str>> {
        self.captures
            .candidates(Canonical::Id)
            .find_map(|(capture, _)| match &capture.value {
                Loose::Text(text) if is_usable(text) => Some(text.clone()),
                Loose::Number(literal) if is_integer(literal) => Some(Cow::Borrowed(*literal)),
                _ => None,
            })
    }

    fn published(&self) -> Option<Field<'a>> {
        self.captures
            .candidates(Canonical::Published)
            .find_map(|(capture, _)| match &capture.value {
                Loose::Text(text) if is_usable(text) => {
                    Some(self.field(capture, Place::Whole, text))
                }
                Loose::Number(literal) => {
                    Some(self.field(capture, Place::Whole, &Cow::Borrowed(*literal)))
                }
                _ => None,
            })
    }

    /// The host that published the article, where a field gives it.
    fn source(&self) -> Option<String> {
        self.captures
            .candidates(Canonical::Source)
            .find_map(|(capture, _)| {
                texts(&capture.value, &DOMAIN).find_map(|found| host_of(found.text))
            })
    }

    fn source_name(&self) -> Option<String> {
        self.captures
            .candidates(Canonical::SourceName)
            .find_map(|(capture, _)| {
                texts(&capture.value, &NAME)
                    .map(|found| found.text.trim())
                    .find(|text| text.len() <= MAX_NAME_BYTES && !text.contains("://"))
                    .map(str::to_owned)
            })
    }

    fn country(&self) -> Option<String> {
        self.captures
            .candidates(Canonical::Country)
            .find_map(|(capture, _)| {
                texts(&capture.value, &COUNTRY)
                    .map(|found| found.text.trim())
                    .find(|text| text.len() <= MAX_NAME_BYTES && is_usable(text))
                    .map(str::to_owned)
            })
    }

    /// A list of names: of strings or objects, or one string with a separator.
    fn names(
        &self,
        field: Canonical,
        members: &[&'static str],
        separator: fn(&str) -> char,
    ) -> Vec<String> {
        let names = |value: &Loose<'a>| -> Vec<String> {
            let whole = |text: &str| {
                (text.len() <= MAX_NAME_BYTES && is_usable(text)).then(|| text.trim().to_owned())
            };
            match value {
                Loose::Text(text) => text
                    .split(separator(text))
                    .filter_map(whole)
                    .take(MAX_NAMES)
                    .collect(),
                _ => texts(value, members)
                    .filter_map(|found| whole(found.text))
                    .take(MAX_NAMES)
                    .collect(),
            }
        };
        self.captures
            .candidates(field)
            .map(|(capture, _)| names(&capture.value))
            .find(|names| !names.is_empty())
            .unwrap_or_default()
    }
}

/// Whether a number is an integer that every JSON reader spells alike.
fn is_integer(literal: &str) -> bool {
    literal
        .strip_prefix('-')
        .unwrap_or(literal)
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        && literal.len() <= 300
}
