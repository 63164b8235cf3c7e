//! What an article is about: IPTC Media Topics found with weighted word lists, each tag with the words it rests on.
//!
//! [`TopicTagger::new`] reads the word lists once; [`TopicTagger::tag`] then scores one article at a time.
//! The lists are plain text files, one per language (`taxonomy/<language>.tsv`), which a folder of the user's own
//! files can extend, override or thin out: see [`TopicSettings::lexicons`].

mod analyser;
mod arabic;
mod calibrate;
mod calibration;
mod coverage;
mod endings;
mod lexicon;
mod load;
mod matcher;
mod open;
mod packed;
mod publisher;
pub mod query;
mod relatives;
mod score;
mod settings;
mod tagger;
mod tags;
mod taxonomy;
mod template;
mod vocabulary;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_lists;
#[cfg(test)]
mod golden_misses;
#[cfg(test)]
mod golden_sections;
#[cfg(test)]
mod sample;

pub use calibrate::{Labelled, Rates, calibrate};
pub use coverage::{Coverage, LanguageCoverage, TermCoverage, TopicCoverage};
pub use settings::{Problem, TopicError, TopicSettings};
pub use tagger::TopicTagger;
pub use tags::{Evidence, Missed, PublisherTopic, TopicKind, TopicTag, TopicTags};
pub use taxonomy::labels;
pub use template::template;
