//! The article as its publisher wrote it: the fields this stage reads, each with its place in the payload.

use std::borrow::Cow;
use std::ops::Range;

use super::HtmlMap;

/// A text field with the JSON Pointer (RFC 6901) of the place it came from, from the root of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// For example `/maintext` or `/data/content/0/value`.
    pub pointer: String,
    /// The decoded JSON string. Lone surrogates are replaced by U+FFFD.
    pub text: Cow<'a, str>,
}

/// A body or summary: the published string, and the plain text it holds where that is HTML.
#[derive(Debug, Clone, PartialEq)]
pub struct TextField<'a> {
    /// The published field.
    pub field: Field<'a>,
    /// Plain text extracted from HTML, with a map back into the published string; `None` when it is plain already.
    pub extracted: Option<(String, HtmlMap)>,
}

impl Field<'_> {
    fn into_owned<'b>(self) -> Field<'b> {
        Field {
            pointer: self.pointer,
            text: Cow::Owned(self.text.into_owned()),
        }
    }
}

impl TextField<'_> {
    /// The plain text: what was extracted from HTML, or the published string where that is plain already.
    pub fn plain(&self) -> &str {
        self.extracted
            .as_ref()
            .map_or(&self.field.text, |(text, _)| text)
    }

    fn into_owned<'b>(self) -> TextField<'b> {
        TextField {
            field: self.field.into_owned(),
            extracted: self.extracted,
        }
    }
}

/// How the article's identifier was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdSource {
    /// A field that names the article: `id`, `uri`, `guid` …
    Field,
    /// A hash of the canonical URL.
    Url,
    /// The Kafka key (only where `input.id_from_key` is set).
    Key,
    /// A hash of title and text.
    Text,
}

/// Where the enrichment goes in the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplicePlan {
    /// Byte position of the closing brace of the top-level object.
    pub brace: usize,
    /// Bytes to leave out: an earlier enrichment member with the one comma that goes with it.
    pub cut: Vec<Range<usize>>,
    /// Whether a member remains before the brace, so that a comma is due.
    pub comma: bool,
}

/// A readable article. Every field is optional, but title, body or summary holds at least one letter or digit.
#[derive(Debug, Clone, PartialEq)]
pub struct RawArticle<'a> {
    /// The payload without byte order mark and surrounding white space.
    pub payload: &'a str,
    /// Where the enrichment goes.
    pub splice: SplicePlan,
    /// Identifier: never empty, at most 512 bytes (longer ones are hashed).
    pub id: String,
    /// Where the identifier comes from.
    pub id_source: IdSource,
    /// First usable URL, as published.
    pub url: Option<Field<'a>>,
    /// The URL in canonical form: see [`super::canonical_url`].
    pub canonical_url: Option<String>,
    /// Host that published the article, lower case without `www.`.
    pub source: Option<String>,
    /// Name of the publication, where given.
    pub source_name: Option<String>,
    /// Country of the publication as declared: a code or a name.
    pub country: Option<String>,
    /// Headline.
    pub title: Option<Field<'a>>,
    /// Main text.
    pub body: Option<TextField<'a>>,
    /// Teaser or description.
    pub summary: Option<TextField<'a>>,
    /// Language as declared by the publisher, as written.
    pub language: Option<Field<'a>>,
    /// Date of publication as written.
    pub published: Option<Field<'a>>,
    /// Authors as written.
    pub authors: Vec<String>,
    /// The publisher's own tags and categories as written.
    pub tags: Vec<String>,
    /// What was odd but usable.
    pub warnings: Vec<Warning>,
}

impl RawArticle<'_> {
    /// The same article over another payload, from which it borrows nothing else.
    pub(super) fn over(self, payload: &str) -> RawArticle<'_> {
        RawArticle {
            payload,
            splice: self.splice,
            id: self.id,
            id_source: self.id_source,
            url: self.url.map(Field::into_owned),
            canonical_url: self.canonical_url,
            source: self.source,
            source_name: self.source_name,
            country: self.country,
            title: self.title.map(Field::into_owned),
            body: self.body.map(TextField::into_owned),
            summary: self.summary.map(TextField::into_owned),
            language: self.language.map(Field::into_owned),
            published: self.published.map(Field::into_owned),
            authors: self.authors,
            tags: self.tags,
            warnings: self.warnings,
        }
    }
}

/// Something odd about an article that did not stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Warning {
    /// A string that is read, or a key, held a lone surrogate; it was analysed with U+FFFD in its place.
    LossyText,
    /// A field that is read occurs twice; the last one counts, as in most JSON readers.
    DuplicateField,
    /// The text is longer than `input.limits.text_chars`; the rest was not analysed.
    TextTruncated,
    /// No URL of the article could be parsed as http or https; none was used.
    BadUrl,
    /// Some evidence was left out so that the record fits the output topic.
    EvidenceDropped,
    /// The language is unknown or has no lexicon, so no lexicon topic can be given.
    NoLexicon,
    /// The language has no lexicon, and the one of a close relative gave the topics.
    RelatedLexicon,
    /// The position was seen before with another content: the topic was probably created anew.
    PositionReused,
    /// A query took too many steps on this article and was given up: whether it matches is not known.
    QueryBudget,
}

impl Warning {
    /// The stable spelling in the enrichment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LossyText => "lossy_text",
            Self::DuplicateField => "duplicate_field",
            Self::TextTruncated => "text_truncated",
            Self::BadUrl => "bad_url",
            Self::EvidenceDropped => "evidence_dropped",
            Self::NoLexicon => "no_lexicon",
            Self::RelatedLexicon => "related_lexicon",
            Self::PositionReused => "position_reused",
            Self::QueryBudget => "query_budget",
        }
    }
}
