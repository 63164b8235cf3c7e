//! Settings of topic tagging and what can be wrong with them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::publisher::Categories;
use super::query::QueryOptions;
use super::taxonomy::Taxonomy;

/// How articles are tagged with topics of the taxonomy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TopicSettings {
    /// Folder with your own word lists, one file `<language>.tsv` each, for example `en.tsv`. A line is
    /// `code<TAB>term<TAB>weight`: it adds a term or gives a shipped one another weight; weight 0 takes it away.
    /// Languages that are not shipped may be added. `#` begins a comment line. Changes are loaded while the stage runs. See `docs/topics.md`.
    pub lexicons: Option<PathBuf>,
    /// Whether the shipped word lists are used; without them only the files of `lexicons` count.
    pub shipped_lexicons: bool,
    /// Whether an article in a language without a list gets topics by the list of a close relative, for example Malay by the
    /// Indonesian and Egyptian Arabic by the Arabic one. It says so with the warning `related_lexicon`. A list of your own
    /// for the language comes first.
    pub related_lexicons: bool,
    /// The publishers' own categories and tags that stand for a topic, for example `sport = "medtop:15000000"`. Letter
    /// case and accents do not matter. They are published as `publisher_topics`, apart from the topics that were found.
    pub categories: BTreeMap<String, String>,
    /// File with your own topics as boolean queries, or a folder of such files (`.jsonl`, `.ndjson`, `.json`): one JSON
    /// object a line, `{"id": …, "query": …}`, see `docs/queries.md`. Changes are loaded while the stage runs.
    pub queries: Option<PathBuf>,
    /// Compacted topic with such queries, keyed by their id; a record without a value deletes a query. Read from its
    /// beginning at the start, then followed. A query of the topic replaces one of `topics.queries` with the same id.
    /// Only `run` reads it.
    pub queries_topic: Option<String>,
    /// Seconds between two looks at the query files (1 to 3600).
    #[schemars(range(min = 1, max = 3600))]
    pub queries_poll_seconds: u32,
    /// Places of words that one query may look at in one article (1000 to 1000000000). A query that needs more is given
    /// up for this article, which says so with the warning `query_budget`. The default is about 10 ms of work.
    #[schemars(range(min = 1000, max = 1_000_000_000))]
    pub query_steps: u64,
    /// The same for all queries together (1000 to 1000000000).
    #[schemars(range(min = 1000, max = 1_000_000_000))]
    pub article_steps: u64,
    /// Most words shown as evidence for one tag, the weightiest first (1 to 100).
    #[schemars(range(min = 1, max = 100))]
    pub max_evidence: usize,
    /// Most tags given to one article (1 to 100). A narrow topic always comes with its broad one.
    #[schemars(range(min = 1, max = 100))]
    pub max_topics: usize,
    /// Smallest share of the sum of the scores of all broad topics that gives a broad topic its tag (over 0 to 1).
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub threshold: f32,
    /// Confidence from which on the best broad topic gets its tag whatever its share is (over 0 to 1), so that a long article
    /// about many things is not left without a topic.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub sure: f32,
    /// Smallest share of the score of its broad topic that gives a narrow topic its tag (over 0 to 1).
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub narrow_threshold: f32,
    /// Smallest score that gives a tag (0 to 1000), so that a stray word tags nothing. For scale: a word of weight 5
    /// that stands once in a text of up to 100 words gives 5, in one of 300 words 2.4.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub min_score: f32,
    /// By how much a term counts more when it is in the headline (1 to 10).
    #[schemars(range(min = 1.0, max = 10.0))]
    pub title_boost: f32,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self {
            lexicons: None,
            shipped_lexicons: true,
            related_lexicons: true,
            categories: BTreeMap::new(),
            queries: None,
            queries_topic: None,
            queries_poll_seconds: 5,
            query_steps: 2_000_000,
            article_steps: 20_000_000,
            max_evidence: 10,
            max_topics: 6,
            threshold: 0.2,
            sure: 0.8,
            narrow_threshold: 0.25,
            min_score: 3.0,
            title_boost: 2.0,
        }
    }
}

impl TopicSettings {
    /// How queries are matched.
    pub fn query_options(&self) -> QueryOptions {
        QueryOptions {
            max_evidence: self.max_evidence,
            title_boost: self.title_boost,
            query_steps: self.query_steps,
            article_steps: self.article_steps,
        }
    }

    /// Whether there are queries to match.
    pub fn has_queries(&self) -> bool {
        self.queries.is_some() || self.queries_topic.is_some()
    }

    /// The categories that cannot be used, with what each may be.
    pub fn category_problems(&self) -> Vec<(String, String)> {
        if self.categories.is_empty() {
            return Vec::new();
        }
        let Ok(taxonomy) = Taxonomy::shipped() else {
            return Vec::new();
        };
        let problem = |error| match error {
            TopicError::Category { category, expected } => Some((category, expected)),
            _ => None,
        };
        let (_, problems) = Categories::read(&self.categories, &taxonomy);
        problems.into_iter().filter_map(problem).collect()
    }

    /// Checks every range; names the first setting that is outside its own.
    pub(super) fn check(&self) -> Result<(), TopicError> {
        let counts = [
            ("max_evidence", self.max_evidence),
            ("max_topics", self.max_topics),
        ];
        for (name, value) in counts {
            if !(1..=100).contains(&value) {
                return Err(TopicError::Setting {
                    name,
                    expected: "a number from 1 to 100",
                });
            }
        }
        for (name, value) in [
            ("query_steps", self.query_steps),
            ("article_steps", self.article_steps),
        ] {
            if !(1000..=1_000_000_000).contains(&value) {
                return Err(TopicError::Setting {
                    name,
                    expected: "a number from 1000 to 1000000000",
                });
            }
        }
        if !(1..=3600).contains(&self.queries_poll_seconds) {
            return Err(TopicError::Setting {
                name: "queries_poll_seconds",
                expected: "a number from 1 to 3600",
            });
        }
        for (name, value) in [
            ("threshold", self.threshold),
            ("sure", self.sure),
            ("narrow_threshold", self.narrow_threshold),
        ] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(TopicError::Setting {
                    name,
                    expected: "a number over 0 and up to 1",
                });
            }
        }
        if !(0.0..=1000.0).contains(&self.min_score) {
            return Err(TopicError::Setting {
                name: "min_score",
                expected: "a number from 0 to 1000",
            });
        }
        if !(1.0..=10.0).contains(&self.title_boost) {
            return Err(TopicError::Setting {
                name: "title_boost",
                expected: "a number from 1 to 10",
            });
        }
        Ok(())
    }
}

/// A line of a word list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the file, or its name for a shipped one.
    pub file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Why the tagger cannot start.
#[derive(Debug, Error)]
pub enum TopicError {
    /// A setting is outside its range.
    #[error("topics.{name} must be {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A category cannot be mapped.
    #[error("topics.categories.{category:?} must be {expected}")]
    Category {
        /// The category.
        category: String,
        /// What it may be.
        expected: String,
    },
    /// The folder of word lists, or a file in it, cannot be read.
    #[error("cannot read topics.lexicons {}: {source}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Lines that cannot be used, at most the first twenty of them.
    #[error("word lists with errors:{}", list(problems))]
    Lexicon {
        /// In the order of files and lines.
        problems: Vec<Problem>,
    },
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range() {
        TopicSettings::default().check().unwrap();
    }

    #[test]
    fn settings_out_of_range_are_named() {
        type Change = fn(&mut TopicSettings);
        let cases: [(Change, &str); 7] = [
            (|s| s.max_evidence = 0, "topics.max_evidence"),
            (|s| s.max_topics = 101, "topics.max_topics"),
            (|s| s.threshold = 0.0, "topics.threshold"),
            (|s| s.sure = 1.5, "topics.sure"),
            (|s| s.narrow_threshold = f32::NAN, "topics.narrow_threshold"),
            (|s| s.min_score = -1.0, "topics.min_score"),
            (|s| s.title_boost = 0.5, "topics.title_boost"),
        ];
        for (change, name) in cases {
            let mut settings = TopicSettings::default();
            change(&mut settings);
            let message = settings.check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
    }
}
