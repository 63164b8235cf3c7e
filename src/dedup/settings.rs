//! The `[dedup]` section of the configuration.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Window;
use super::near::{Match, Relation};
use super::reasons::Line;
use super::shared::{Backend, SharedSettings};
use crate::config::ByteSize;

/// How copies are found and how long articles are remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DedupSettings {
    /// Where the index is kept.
    pub backend: Backend,
    /// The server that replicas share with `backend = "valkey"`.
    pub shared: SharedSettings,
    /// Folder of the index, made when missing. A relative path starts at the working directory.
    /// One process at a time uses a folder.
    pub path: PathBuf,
    /// How long an article is remembered after it arrived: a number and one unit (`14d`, `36h`, `90m`, `45s`).
    /// Articles are forgotten in groups, so one may stay for up to a fifth longer.
    pub window: Window,
    /// The most articles to remember, at least 1; beyond that the oldest are forgotten, a fifth at a time, before the
    /// window ends. Count on about 600 bytes of disk for each.
    pub max_articles: NonZeroUsize,
    /// The most memory that the index takes: the newest articles, and what is mapped of its files. Look-ups are fast while
    /// there are some 100 bytes for each remembered article; with less they wait for the page cache.
    #[schemars(extend("x-minimum" = "128MiB"))]
    pub memory: ByteSize,
    /// Articles that are held in memory before they are sealed in a file, 2 to 3 kB each; fewer where they would take
    /// more than a thirty-second part of `memory`.
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
    /// What to do when the index is empty (new, or lost with its disk) or, with `on_damage = "rebuild"`, damaged.
    pub rebuild: Rebuild,
    /// Near-duplicates.
    pub near: NearSettings,
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

/// What a start does when the index is empty or has lost articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rebuild {
    /// Read the published articles of the window from the output topic first; where that cannot be done, do not start.
    #[default]
    Auto,
    /// Go on: copies of what was lost count as unique.
    Never,
}

impl Default for DedupSettings {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            shared: SharedSettings::default(),
            path: PathBuf::from("./newsstage-index"),
            window: Window::DEFAULT,
            max_articles: NonZeroUsize::MIN.saturating_add(19_999_999),
            memory: ByteSize::from_mib(2048),
            head_articles: NonZeroUsize::MIN.saturating_add((1 << 15) - 1),
            min_tokens: 12,
            min_headline_tokens: 8,
            fsync: true,
            on_damage: OnDamage::Refuse,
            rebuild: Rebuild::Auto,
            near: NearSettings::default(),
        }
    }
}

/// Where the line between copies and strangers runs. See docs/duplicates.md for what each number was measured to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NearSettings {
    /// Whether near-duplicates are looked for. If not, only ids, URLs and equal texts are compared.
    pub enabled: bool,
    /// Least similarity of copies on different sources (0.05 to 1). Similarity is the share of one story's weight that is
    /// in the other; what recurs on a source hardly counts.
    #[schemars(range(min = 0.05, max = 1.0))]
    pub threshold: f32,
    /// The same where the common text is no more than three passages, none of them the beginning of the article, and the
    /// headlines do not agree (0.05 to 1): with less it is a quotation or background that both have (`partial`).
    #[schemars(range(min = 0.05, max = 1.0))]
    pub quotation: f32,
    /// The same where all but the wording speaks for one story (0.05 to 1; no more than `threshold` counts): at least 0.8 of the
    /// figures are the same, the headlines have words in common, and one of them names nothing that the other story does not tell.
    #[schemars(range(min = 0.05, max = 1.0))]
    pub rewritten: f32,
    /// The same for two articles of one source (0.05 to 1). Higher, because a source repeats its templates
    /// (results, weather, prices) far more often than its stories.
    #[schemars(range(min = 0.05, max = 1.0))]
    pub same_source_threshold: f32,
    /// Least share of the common text that lies in the first half of each story, 0 to 1: what two pages share only
    /// further down is a quotation or another story on the page (`partial`).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub leading: f32,
    /// Least coverage of the longer story, 0 to 1. Below it the articles are `partial` unless their headlines agree or most of the shorter
    /// one opens the longer: a round-up is not a copy of one of its items.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub balance: f32,
    /// Least share of the figures in common, 0 to 1, where both stories have at least three, or none in common of two: below it two stories with
    /// the same words tell of different things.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub figures: f32,
    /// The same for names, 0 to 1, where the script tells them by a capital letter.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub names: f32,
    /// Fewest shared shingles (1 to 50).
    #[schemars(range(min = 1, max = 50))]
    pub min_shingles: u32,
    /// Fewest shared words for `partial` (10 to 1000).
    #[schemars(range(min = 10, max = 1000))]
    pub partial_words: u32,
}

impl Default for NearSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            threshold: 0.21,
            quotation: 0.35,
            rewritten: 0.15,
            same_source_threshold: 0.5,
            leading: 0.05,
            balance: 0.12,
            figures: 0.6,
            names: 0.35,
            min_shingles: 4,
            partial_words: 40,
        }
    }
}

impl NearSettings {
    /// The similarity that two articles need to be copies.
    pub fn threshold_for(&self, found: &Match) -> f32 {
        match self.line_for(found) {
            Line::SameSource => self.same_source_threshold,
            Line::Quotation => self.quotation.max(self.threshold),
            Line::Rewritten => self.rewritten.min(self.threshold),
            Line::TwoSources => self.threshold,
        }
    }

    /// What a comparison means.
    pub(super) fn relation(&self, found: &Match) -> Relation {
        let similarity = found.similarity();
        if found.shingles < self.min_shingles {
            return Relation::None;
        }
        let alike = self.is_alike(found);
        if alike && self.is_template(found) {
            return match self.is_statement(found) {
                false => Relation::None,
                true => Relation::Partial,
            };
        }
        if alike {
            return match self.is_unbalanced(found) {
                false => Relation::Near,
                true => Relation::Partial,
            };
        }
        let passage = found.words >= self.partial_words as f32;
        if passage && similarity >= self.threshold / 2.0 && !found.same_source {
            Relation::Partial
        } else {
            Relation::None
        }
    }

    /// Whether enough is in common, from the beginning on, and neither page merely carries the other story.
    pub(super) fn is_alike(&self, found: &Match) -> bool {
        found.similarity() >= self.threshold_for(found) && found.leading && !found.embedded
    }

    /// Whether what two sources have in common is long passages: a statement that both carry, under headlines of their own.
    pub(super) fn is_statement(&self, found: &Match) -> bool {
        let passage = found.words / found.passages.max(1) as f32;
        let least = self.partial_words as f32;
        let part = !found.same_source && !found.is_whole();
        part && found.words >= least && passage >= least / 2.0
    }

    /// Whether two stories share their words, but not what they tell of.
    fn is_template(&self, found: &Match) -> bool {
        found.other_subject()
            || found.is_tail()
            || is_less(found.figures, self.least_figures(found))
            || is_less(found.names, self.names)
    }

    /// The share of figures that a copy has: less where another source brings a story up to date, word for word otherwise.
    pub(super) fn least_figures(&self, found: &Match) -> f32 {
        match found.is_told_again() {
            true => self.figures / 2.0,
            false => self.figures,
        }
    }

    /// Whether the common text is too small a part of the longer one, and the headlines disagree.
    pub(super) fn is_unbalanced(&self, found: &Match) -> bool {
        found.this.min(found.of) < self.balance && is_less(found.title, 0.5)
    }
}

/// Whether a share is known and less than `least`.
pub(super) fn is_less(share: Option<f32>, least: f32) -> bool {
    share.is_some_and(|share| share < least)
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
            "backend",
            "shared",
            "path",
            "window",
            "max_articles",
            "memory",
            "head_articles",
            "near",
            "min_tokens",
            "min_headline_tokens",
            "fsync",
            "on_damage",
            "rebuild",
        ] {
            assert!(schema.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
