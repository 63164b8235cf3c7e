//! What identifies an article to dedup: hashes of its id, its URL, its text and its bytes.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::headline::Headline;
use super::index::Recall;
use super::recurrence::Repeated;
use super::sample::{Sample, WordBits};
use super::sketch::Sketch;
use super::{DedupSettings, keys};
use crate::article::{IdSource, RawArticle};
use crate::text::{Document, Role};

/// Stands between hashed parts. UTF-8 never contains it, so `ab|c` and `a|bc` differ.
const SEPARATOR: u8 = 0xff;

/// Who an article says it is. Known before its text is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The article's identifier, as in the enrichment.
    pub id: String,
    /// Identity by declared id. Only for an id that a field or the Kafka key declares, together with the source host
    /// where that is known, because many feeds number their items 1, 2, 3.
    pub id_key: Option<u128>,
    /// Identity by canonical URL. `None` without a URL and for the front page of a host, which is no article.
    pub url_key: Option<u128>,
    /// The payload's bytes: tells a replay from another message at the same position.
    pub payload_key: u64,
    /// Key of the source: its host, or its name where no host is known.
    pub source: Option<u32>,
}

impl Identity {
    /// The identity of an article.
    pub fn of(article: &RawArticle<'_>) -> Self {
        Self {
            id: article.id.clone(),
            id_key: id_key(article),
            url_key: article
                .canonical_url
                .as_deref()
                .filter(|url| names_an_article(url))
                .map(hash),
            payload_key: payload_key(article),
            source: (article.source.as_deref())
                .or(article.source_name.as_deref())
                .filter(|name| !name.is_empty())
                .map(keys::source),
        }
    }
}

/// What an article is compared by. Made on any thread, judged in offset order.
///
/// The hashes are XXH3: fast, and without accidental collisions at these sizes, but not cryptographic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Who the article says it is.
    pub identity: Identity,
    /// The text that identifies a story: [`Self::text_key`] where the text is long enough
    /// (see [`DedupSettings::min_tokens`]).
    pub content_key: Option<u128>,
    /// The folded words of the body; of title and summary when there is no body. Of any length:
    /// tells whether two versions of one article differ.
    pub text_key: u128,
    /// Its shingles.
    pub sketch: Sketch,
    /// Its headline.
    pub headline: Headline,
    /// The words of a short story.
    pub words: WordBits,
    /// Figures of the story.
    pub figures: Sample,
    /// Names of the story.
    pub names: Sample,
    /// What tells its story from others of the source: see [`super::Paragraphs`].
    pub story: [u32; 2],
    /// Headlines of other stories on its page: see [`super::Paragraphs`].
    pub embedded: Vec<u16>,
    /// Keys of its paragraphs on the source.
    pub paragraphs: Vec<u64>,
    /// Paragraphs that were set aside because other articles of the source have them.
    pub repeated: Repeated,
}

impl Fingerprint {
    /// Reads the story of a document, after `recall` said what of it is furniture. Linear in the length of the text.
    pub fn of(
        identity: Identity,
        document: &Document,
        recall: &Recall,
        settings: &DedupSettings,
    ) -> Self {
        let words = Words::of(document);
        let text_key = words.key(document);
        let content_key = words.identify(settings).then_some(text_key);
        let sketch = if settings.near.enabled && content_key.is_some() {
            Sketch::of(document)
        } else {
            Sketch::default()
        };
        Self {
            identity,
            content_key,
            text_key,
            sketch,
            headline: Headline::of(document),
            words: WordBits::of_story(document),
            figures: Sample::of_figures(document),
            names: Sample::of_names(document),
            story: recall.story,
            embedded: recall.embedded.clone(),
            paragraphs: recall.keys.clone(),
            repeated: recall.repeated.clone(),
        }
    }
}

fn hash(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// The payload without an enrichment that it may carry already, so that an article read from the output topic has the key
/// it had on the input topic.
fn payload_key(article: &RawArticle<'_>) -> u64 {
    let mut hasher = Xxh3::new();
    let mut from = 0;
    for cut in &article.splice.cut {
        hasher.update(
            article
                .payload
                .get(from..cut.start)
                .unwrap_or_default()
                .as_bytes(),
        );
        from = cut.end;
    }
    hasher.update(article.payload.get(from..).unwrap_or_default().as_bytes());
    hasher.digest()
}

fn id_key(article: &RawArticle<'_>) -> Option<u128> {
    match article.id_source {
        // These ids are hashes of what the other keys hold already.
        IdSource::Url | IdSource::Text => None,
        IdSource::Field | IdSource::Key => {
            let host = article.source.as_deref().unwrap_or_default();
            let mut bytes = Vec::with_capacity(host.len() + 1 + article.id.len());
            bytes.extend_from_slice(host.as_bytes());
            bytes.push(SEPARATOR);
            bytes.extend_from_slice(article.id.as_bytes());
            Some(xxh3_128(&bytes))
        }
    }
}

/// Whether anything follows the host: feeds whose items all link to the front page would otherwise be one article.
fn names_an_article(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let after_host = rest
        .find(['/', '?', '#'])
        .and_then(|start| rest.get(start..));
    after_host.is_some_and(|path| path.len() > 1)
}

/// The words that stand for the article.
struct Words {
    bytes: Vec<u8>,
    /// In half words: a word is two, a character of a script without spaces one.
    halves: u64,
    headline_only: bool,
}

impl Words {
    fn of(document: &Document) -> Self {
        let body = Self::collect(document, |role| role == Role::Body);
        if body.halves > 0 {
            body
        } else {
            Self::collect(document, |role| role != Role::Body)
        }
    }

    fn collect(document: &Document, wanted: impl Fn(Role) -> bool) -> Self {
        let mut words = Self {
            bytes: Vec::with_capacity(document.folded.len() * 5 / 4),
            halves: 0,
            headline_only: true,
        };
        for (field, block) in document.content().filter(|(field, _)| wanted(field.role)) {
            let range = block.tokens.start as usize..block.tokens.end as usize;
            for token in document.tokens.get(range).unwrap_or_default() {
                words
                    .bytes
                    .extend_from_slice(document.form(token).as_bytes());
                words.bytes.push(SEPARATOR);
                words.halves += if token.single { 1 } else { 2 };
                words.headline_only &= field.role == Role::Title;
            }
        }
        words
    }

    fn key(&self, document: &Document) -> u128 {
        if self.halves > 0 {
            return xxh3_128(&self.bytes);
        }
        // No word outside furniture: compare the texts as they are.
        let mut bytes = Vec::new();
        for field in &document.fields {
            bytes.extend_from_slice(field.text.as_bytes());
            bytes.push(SEPARATOR);
        }
        xxh3_128(&bytes)
    }

    fn identify(&self, settings: &DedupSettings) -> bool {
        let least = if self.headline_only {
            settings.min_headline_tokens
        } else {
            settings.min_tokens
        };
        self.halves > 0 && self.halves >= u64::from(least) * 2
    }
}

#[cfg(test)]
#[path = "fingerprint_tests.rs"]
mod tests;
