//! What identifies an article to dedup: hashes of its id, its URL, its text and its bytes.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::DedupSettings;
use crate::article::{IdSource, RawArticle};
use crate::text::{Document, Role};

/// Stands between hashed parts. UTF-8 never contains it, so `ab|c` and `a|bc` differ.
const SEPARATOR: u8 = 0xff;

/// The keys under which an article is known. Made on any thread, judged in offset order.
///
/// The hashes are XXH3: fast, and without accidental collisions at these sizes, but not cryptographic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The article's identifier, as in the enrichment.
    pub id: String,
    /// Identity by declared id. Only for an id that a field or the Kafka key declares, together with the source host
    /// where that is known, because many feeds number their items 1, 2, 3.
    pub id_key: Option<u128>,
    /// Identity by canonical URL. `None` without a URL and for the front page of a host, which is no article.
    pub url_key: Option<u128>,
    /// The text that identifies a story: [`Self::text_key`] where the text is long enough
    /// (see [`DedupSettings::min_tokens`]).
    pub content_key: Option<u128>,
    /// The folded words of the body; of title and summary when there is no body. Of any length:
    /// tells whether two versions of one article differ.
    pub text_key: u128,
    /// The payload's bytes: tells a replay from another message at the same position.
    pub payload_key: u64,
}

impl Fingerprint {
    /// Computes the keys of one article. Linear in the length of the payload.
    pub fn of(article: &RawArticle<'_>, document: &Document, settings: &DedupSettings) -> Self {
        let words = Words::of(document);
        let text_key = words.key(document);
        Self {
            id: article.id.clone(),
            id_key: id_key(article),
            url_key: article
                .canonical_url
                .as_deref()
                .filter(|url| names_an_article(url))
                .map(hash),
            content_key: words.identify(settings).then_some(text_key),
            text_key,
            payload_key: xxh3_64(article.payload.as_bytes()),
        }
    }
}

fn hash(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
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
