//! The article's identifier: a field that names it, or a hash of its URL or of its text.

use xxhash_rust::xxh3::xxh3_128;

use super::IdSource;

/// Longest identifier that is kept as it is, in bytes.
pub(super) const MAX_ID_BYTES: usize = 512;

/// What an identifier can be made of, best first.
pub(super) struct Evidence<'a> {
    /// A field that names the article.
    pub(super) field: Option<&'a str>,
    /// The canonical URL.
    pub(super) url: Option<&'a str>,
    /// The Kafka key, where the settings let it count.
    pub(super) key: Option<&'a [u8]>,
    /// Headline, may be empty.
    pub(super) title: &'a str,
    /// Text, may be empty.
    pub(super) text: &'a str,
}

/// The identifier and where it comes from.
pub(super) fn identify(evidence: &Evidence<'_>) -> (String, IdSource) {
    let key = evidence
        .key
        .and_then(|key| std::str::from_utf8(key).ok())
        .map(str::trim)
        .filter(|key| !key.is_empty());
    if let Some(field) = evidence.field {
        (bounded(field.trim()), IdSource::Field)
    } else if let Some(url) = evidence.url {
        (
            format!("url:{:032x}", xxh3_128(url.as_bytes())),
            IdSource::Url,
        )
    } else if let Some(key) = key {
        (bounded(key), IdSource::Key)
    } else {
        // U+0000 between the two: a title cannot borrow words from the text.
        let both = [evidence.title.trim(), "\0", evidence.text.trim()].concat();
        (
            format!("text:{:032x}", xxh3_128(both.as_bytes())),
            IdSource::Text,
        )
    }
}

fn bounded(id: &str) -> String {
    match id.len() <= MAX_ID_BYTES {
        true => id.to_owned(),
        false => format!("id:{:032x}", xxh3_128(id.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Evidence<'static> = Evidence {
        field: None,
        url: None,
        key: None,
        title: "t",
        text: "b",
    };

    #[test]
    fn the_best_evidence_wins() {
        let all = Evidence {
            field: Some(" a-7 "),
            url: Some("e.com/a"),
            key: Some(b"k"),
            ..NOTHING
        };
        assert_eq!(identify(&all), ("a-7".to_owned(), IdSource::Field));
        let (id, source) = identify(&Evidence { field: None, ..all });
        assert_eq!((id.len(), source), (36, IdSource::Url));
        assert!(id.starts_with("url:"));
        assert_eq!(
            identify(&Evidence {
                key: Some(b" k "),
                ..NOTHING
            }),
            ("k".to_owned(), IdSource::Key)
        );
        for key in [&b""[..], b" ", b"\xff"] {
            assert_eq!(
                identify(&Evidence {
                    key: Some(key),
                    ..NOTHING
                })
                .1,
                IdSource::Text
            );
        }
    }

    #[test]
    fn hashes_are_stable_across_builds() {
        // Identifiers are stored by others: a change of the hash is a breaking change.
        let (id, _) = identify(&Evidence {
            url: Some("example.com/a"),
            ..NOTHING
        });
        assert_eq!(id, format!("url:{:032x}", xxh3_128(b"example.com/a")));
        assert_ne!(
            identify(&NOTHING).0,
            identify(&Evidence {
                title: "",
                text: "tb",
                ..NOTHING
            })
            .0
        );
    }

    #[test]
    fn long_identifiers_are_hashed() {
        let long = "x".repeat(MAX_ID_BYTES + 1);
        let (id, source) = identify(&Evidence {
            field: Some(&long),
            ..NOTHING
        });
        assert_eq!((id.len(), source), (35, IdSource::Field));
        let (id, _) = identify(&Evidence {
            field: Some(&long[1..]),
            ..NOTHING
        });
        assert_eq!(id.len(), MAX_ID_BYTES);
    }
}
