//! The `[dedup]` section of the configuration.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::config::ByteSize;

/// How copies are found and how long articles are remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DedupSettings {
    /// Folder of the index, made when missing. A relative path starts at the working directory.
    /// One process at a time uses a folder.
    pub path: PathBuf,
    /// How long an article is remembered after it arrived: a number and one unit (`14d`, `36h`, `90m`, `45s`).
    /// Articles are forgotten in groups, so one may stay for up to a sixteenth longer.
    pub window: Window,
    /// The most articles to remember, at least 1; beyond that the oldest are forgotten before the window ends.
    /// Count on about 200 bytes of memory and 150 of disk for each.
    pub max_articles: NonZeroUsize,
    /// Memory that the index may take: the newest articles, and what is mapped of its files. Look-ups are fast while
    /// there are some 85 bytes for each remembered article besides the newest; with less they wait for the page cache.
    #[schemars(extend("x-minimum" = "64MiB"))]
    pub memory: ByteSize,
    /// Articles that are held in memory before they are sealed in a file, 2 to 3 kB each; fewer where they would take
    /// more than an eighth of `memory`.
    pub head_articles: NonZeroUsize,
    /// Fewest words for which equal texts make a copy. Two characters of a script written without spaces
    /// count as one word. Shorter texts recur by chance ("Morning briefing").
    pub min_tokens: u32,
    /// The same for an article that has a headline only.
    pub min_headline_tokens: u32,
    /// Whether each write waits until the disk has it. Without it a killed process loses nothing, but after a power
    /// failure articles may be forgotten and the index may need `on_damage = "discard_segment"` to open.
    pub fsync: bool,
    /// What to do when a file of the index is damaged.
    pub on_damage: OnDamage,
}

/// What to do when a file of the index is damaged. A write cut short by a crash is not damage and is always repaired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDamage {
    /// Do not start: a person decides.
    #[default]
    Refuse,
    /// Delete the damaged file and go on without its articles (up to a fifth of the window).
    DiscardSegment,
    /// Delete the damaged file and learn its articles again from the output topic.
    Rebuild,
}

impl Default for DedupSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("./newsstage-index"),
            window: Window::DEFAULT,
            max_articles: NonZeroUsize::MIN.saturating_add(19_999_999),
            memory: ByteSize::from_mib(1024),
            head_articles: NonZeroUsize::MIN.saturating_add((1 << 15) - 1),
            min_tokens: 12,
            min_headline_tokens: 8,
            fsync: true,
            on_damage: OnDamage::Refuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default_and_survives_a_round_trip() {
        let settings: DedupSettings = toml::from_str("").unwrap();
        assert_eq!(settings, DedupSettings::default());
        assert_eq!(settings.max_articles.get(), 20_000_000);
        let text = toml::to_string(&settings).unwrap();
        assert!(text.contains("window = \"14d\""), "{text}");
        assert_eq!(toml::from_str::<DedupSettings>(&text).unwrap(), settings);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "max_articles = 0",
            "window = \"0s\"",
            "on_damage = \"ignore\"",
            "windows = \"1d\"",
        ] {
            assert!(toml::from_str::<DedupSettings>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_schema_names_every_setting() {
        let schema = schemars::schema_for!(DedupSettings).to_value().to_string();
        for name in [
            "path",
            "window",
            "max_articles",
            "memory",
            "head_articles",
            "min_tokens",
            "min_headline_tokens",
            "fsync",
            "on_damage",
        ] {
            assert!(schema.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
