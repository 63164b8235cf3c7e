//! Which language an article is written in.
//!
//! Only the main text decides ([`Document::content`](crate::text::Document::content)); furniture has no vote.
//!
//! 1. `segments`: the content is cut into pieces of a paragraph or less, without links, code and digits.
//! 2. `scripts`: pieces are sorted by script. Most scripts name the language at once and forbid any other answer.
//! 3. `judge`: a trigram model (`whatlang`) tells the languages of Latin, Cyrillic and Devanagari apart; telling letters
//!    and words (`telling.tsv`) decide inside Arabic, Hebrew, Bengali and Ethiopic script, between siblings, and for
//!    languages that the model does not know; telling characters give the form of Chinese.
//! 4. `detect`: pieces vote by size. At most about 1 kB a script is read, spread over the article; only where its parts
//!    disagree is every piece judged.
//!
//! The same text always gives the same answer; ties go to the smaller code.

mod chinese;
mod codes;
mod detect;
mod judge;
mod scripts;
mod segments;
mod telling;

#[cfg(test)]
mod detect_tests;

use serde::{Deserialize, Serialize};

pub use detect::LanguageDetector;

/// The code for "not known" (BCP 47).
pub const UNKNOWN: &str = "und";

/// How languages are detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageSettings {
    /// Bytes of main text read for each script, spread over the article: 256 to 65536. More is slower and hardly better.
    pub sample_bytes: usize,
}

impl Default for LanguageSettings {
    fn default() -> Self {
        Self { sample_bytes: 1024 }
    }
}

/// Why the detector cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// A setting is out of range.
    #[error("sample_bytes is {0}, expected 256 to 65536")]
    SampleBytes(usize),
    /// A data file of the program is damaged.
    #[error("{file}, line {line}: not usable")]
    Data {
        /// Name of the file.
        file: &'static str,
        /// Line number from 1.
        line: usize,
    },
}

/// The language of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageGuess {
    /// BCP 47 code of the main text (`ar`, `zh-Hans`, `sr-Latn`), or `und` where there is nothing to judge or the
    /// best guess is more likely wrong than right (then it is among [`Self::candidates`]).
    pub code: String,
    /// ISO 15924 code of the script most of the main text is written in; `None` without letters.
    pub script: Option<String>,
    /// How sure the code is, 0 to 1; 0 for `und`.
    pub confidence: f32,
    /// Whether there was enough text (20 letters, or a script that decides) and confidence is at least one half.
    pub reliable: bool,
    /// The siblings that `code` is easily taken for: `bcs`, `no`, `ms-id`, `tl-fil`, `zh`.
    pub group: Option<String>,
    /// Languages of at least a tenth of the main text, largest first, at most three; shares are of the whole main text.
    pub shares: Vec<LanguageShare>,
    /// The publisher's declaration as BCP 47; `None` where there is none or it names no known language.
    pub declared: Option<String>,
    /// Whether the declaration names the same language or a sibling; `None` without declaration or answer.
    pub agrees: Option<bool>,
    /// All languages that got votes, with their share of them, largest first: for explanations only.
    pub candidates: Vec<Candidate>,
}

/// Part of the main text in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageShare {
    /// BCP 47 code.
    pub code: String,
    /// Share of the letters of the main text, 0.1 to 1.
    pub share: f32,
}

/// A language that was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// BCP 47 code.
    pub code: String,
    /// Share of the votes, 0 to 1.
    pub score: f32,
}
