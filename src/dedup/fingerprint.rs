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
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::article::SplicePlan;
    use crate::text::{Block, DocumentField, Token, ZoneKind};

    const STORY: &str =
        "the ferry to the island stays in port because the wind has not dropped since monday";

    fn article<'a>(
        id: &str,
        id_source: IdSource,
        source: Option<&str>,
        url: Option<&str>,
    ) -> RawArticle<'a> {
        RawArticle {
            payload: "{}",
            splice: SplicePlan {
                brace: 1,
                cut: Vec::new(),
                comma: false,
            },
            id: id.to_owned(),
            id_source,
            url: None,
            canonical_url: url.map(str::to_owned),
            source: source.map(str::to_owned),
            source_name: None,
            title: None,
            body: None,
            summary: None,
            language: None,
            published: None,
            authors: Vec::new(),
            tags: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// A document of one block for each field; words stand between spaces, or are single characters.
    fn document(fields: &[(Role, ZoneKind, &str)], single: bool) -> Document {
        let mut document = Document::default();
        for (index, (role, kind, text)) in fields.iter().enumerate() {
            let first = document.tokens.len() as u32;
            let words: Vec<Cow<'_, str>> = if single {
                text.chars()
                    .map(|character| character.to_string().into())
                    .collect()
            } else {
                text.split_whitespace().map(Cow::from).collect()
            };
            for word in words.iter().filter(|_| kind.is_content()) {
                let folded_start = document.folded.len() as u32;
                document.folded.push_str(word);
                let folded_end = document.folded.len() as u32;
                let field = index as u16;
                document.tokens.push(Token {
                    folded_start,
                    folded_end,
                    field,
                    start: 0,
                    end: 0,
                    single,
                });
            }
            let tokens = first..document.tokens.len() as u32;
            let block = Block {
                kind: *kind,
                bytes: 0..text.len(),
                span: 0..0,
                tokens,
                reason: None,
            };
            document.fields.push(DocumentField {
                role: *role,
                pointer: String::new(),
                text: (*text).to_owned(),
                blocks: vec![block],
            });
        }
        document
    }

    fn of(fields: &[(Role, ZoneKind, &str)]) -> Fingerprint {
        let article = article("x", IdSource::Text, None, None);
        Fingerprint::of(
            &article,
            &document(fields, false),
            &DedupSettings::default(),
        )
    }

    fn keys(id: &str, id_source: IdSource, source: Option<&str>, url: Option<&str>) -> Fingerprint {
        let document = document(&[(Role::Body, ZoneKind::Main, STORY)], false);
        Fingerprint::of(
            &article(id, id_source, source, url),
            &document,
            &DedupSettings::default(),
        )
    }

    #[test]
    fn only_declared_ids_are_identity_and_hosts_keep_them_apart() {
        let here = keys("7", IdSource::Field, Some("coast.example"), None);
        assert_eq!(
            here.id_key,
            keys("7", IdSource::Key, Some("coast.example"), None).id_key
        );
        assert_ne!(
            here.id_key,
            keys("7", IdSource::Field, Some("hills.example"), None).id_key
        );
        assert_ne!(here.id_key, keys("7", IdSource::Field, None, None).id_key);
        assert!(here.id_key.is_some());
        assert_eq!(keys("7", IdSource::Url, None, None).id_key, None);
        assert_eq!(keys("7", IdSource::Text, None, None).id_key, None);
    }

    #[test]
    fn a_front_page_is_no_article() {
        for url in [
            "https://coast.example",
            "https://coast.example/",
            "http://coast.example:8080/",
        ] {
            assert_eq!(
                keys("7", IdSource::Field, None, Some(url)).url_key,
                None,
                "{url}"
            );
        }
        let key = |url| keys("7", IdSource::Field, None, Some(url)).url_key;
        assert!(key("https://coast.example/a").is_some());
        assert!(key("https://coast.example/?p=7").is_some());
        assert_ne!(
            key("https://coast.example/a"),
            key("https://coast.example/b")
        );
    }

    #[test]
    fn the_body_without_furniture_and_headline_is_the_text() {
        let plain = of(&[
            (Role::Title, ZoneKind::Title, "no ferry"),
            (Role::Body, ZoneKind::Main, STORY),
        ]);
        let page = of(&[
            (Role::Title, ZoneKind::Title, "island cut off"),
            (Role::Body, ZoneKind::Share, "follow us"),
            (Role::Body, ZoneKind::Lead, STORY),
        ]);
        assert_eq!(plain.content_key, page.content_key);
        assert!(plain.content_key.is_some());
        let other = of(&[(
            Role::Body,
            ZoneKind::Main,
            &STORY.replace("monday", "friday"),
        )]);
        assert_ne!(plain.content_key, other.content_key);
    }

    #[test]
    fn short_texts_do_not_identify_a_story() {
        let briefing = of(&[(Role::Body, ZoneKind::Main, "morning briefing")]);
        assert_eq!(briefing.content_key, None);
        assert_eq!(
            briefing.text_key,
            of(&[(Role::Body, ZoneKind::Main, "morning briefing")]).text_key
        );
        let eleven = "one two three four five six seven eight nine ten eleven";
        assert_eq!(
            of(&[(Role::Body, ZoneKind::Main, eleven)]).content_key,
            None
        );
        assert!(
            of(&[(Role::Body, ZoneKind::Main, &format!("{eleven} twelve"))])
                .content_key
                .is_some()
        );
        assert_eq!(
            of(&[(
                Role::Title,
                ZoneKind::Title,
                "one two three four five six seven"
            )])
            .content_key,
            None
        );
        assert!(
            of(&[(
                Role::Title,
                ZoneKind::Title,
                "one two three four five six seven eight"
            )])
            .content_key
            .is_some()
        );
        let teaser = [
            (Role::Title, ZoneKind::Title, "one two three four"),
            (Role::Summary, ZoneKind::Main, "five six seven eight"),
        ];
        assert_eq!(of(&teaser).content_key, None);
    }

    #[test]
    fn characters_of_scripts_without_spaces_count_half() {
        let of = |text: &str| {
            let document = document(&[(Role::Body, ZoneKind::Main, text)], true);
            Fingerprint::of(
                &article("x", IdSource::Text, None, None),
                &document,
                &DedupSettings::default(),
            )
        };
        assert_eq!(of(&"海".repeat(23)).content_key, None);
        assert!(of(&"海".repeat(24)).content_key.is_some());
    }

    #[test]
    fn word_borders_count() {
        let left = of(&[(Role::Body, ZoneKind::Main, "ab c")]);
        assert_ne!(
            left.text_key,
            of(&[(Role::Body, ZoneKind::Main, "a bc")]).text_key
        );
    }

    #[test]
    fn a_page_of_furniture_is_compared_as_it_is() {
        let page = of(&[(Role::Body, ZoneKind::Share, "follow us everywhere")]);
        assert_eq!(page.content_key, None);
        assert_ne!(
            page.text_key,
            of(&[(Role::Body, ZoneKind::Share, "subscribe here")]).text_key
        );
        assert_eq!(of(&[]).content_key, None);
    }

    #[test]
    fn token_ranges_outside_the_document_are_ignored() {
        let mut broken = document(&[(Role::Body, ZoneKind::Main, STORY)], false);
        broken.fields[0].blocks[0].tokens = 3..4_000_000;
        let print = Fingerprint::of(
            &article("x", IdSource::Text, None, None),
            &broken,
            &DedupSettings::default(),
        );
        assert_eq!(print.content_key, None);
    }
}
