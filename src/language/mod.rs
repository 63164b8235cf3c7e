//! Which language an article is written in.
//!
//! Only the main text decides ([`Document::content`](crate::text::Document::content)); furniture has no vote.
//!
//! 1. `segments`: the content is cut into pieces of a paragraph or less. `clean` leaves out links, markup, code, digits;
//!    `quotations` what Chinese texts quote.
//! 2. `scripts`: pieces are sorted by script. Most scripts name the language at once and forbid any other answer.
//! 3. `vote`: pieces of a script that several languages share are judged in a dozen parts at most, of which about 1 kB
//!    is read; a part that is clearly of another language than the rest votes for that one.
//! 4. `judge`: the base model (`base`, `model/`) ranks the languages of the script (`languages`). `facts` (words and
//!    spellings) and `shares` (how often letters occur) tell siblings apart, and languages that the model lacks (`weigh`).
//! 5. `confidence`: probabilities become what is right that often; text that looks like random letters or like a
//!    language that the model does not know (`typical.tsv`) is doubted.
//!
//! The same text always gives the same answer; ties go to the smaller code.

mod base;
mod clean;
mod codes;
mod confidence;
mod declared;
mod detect;
mod facts;
mod judge;
mod languages;
mod quotations;
mod reader;
mod scripts;
mod segments;
mod shares;
mod vote;
mod weigh;

#[cfg(test)]
mod detect_tests;
#[cfg(test)]
mod headline_tests;
#[cfg(test)]
mod neighbour_tests;
#[cfg(test)]
mod sibling_tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use detect::LanguageDetector;

/// The code for "not known" (BCP 47).
pub const UNKNOWN: &str = "und";

/// How languages are detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageSettings {
    /// Bytes of main text read for each script, spread over the article: 256 to 65536. More is slower and hardly better.
    #[schemars(range(min = 256, max = 65_536))]
    pub sample_bytes: usize,
}

impl Default for LanguageSettings {
    fn default() -> Self {
        Self { sample_bytes: 640 }
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
    /// BCP 47 code of the main text, with script or region where it says something (`zh-Hant`, `sr-Latn`, `pt-BR`).
    /// `sh` and `no` where siblings are too alike in this text to choose one. `und` where there is nothing to judge, the
    /// text looks like no language, or it could be any of a dozen (then the best guess is among [`Self::candidates`]).
    pub code: String,
    /// ISO 15924 code of the script most of the main text is written in; `None` without letters.
    pub script: Option<String>,
    /// How sure the code is, 0 to 1: of all answers at 0.9, nine in ten are right. 0 for `und`.
    pub confidence: f32,
    /// Whether there was enough text (20 letters, or a script that decides) and confidence is at least 0.7.
    pub reliable: bool,
    /// The siblings that `code` is easily taken for: `ar`, `bcs`, `ms-id`, `nguni`, `no`, `rw-rn`, `sotho`, `tl-fil`, `zh`.
    pub group: Option<String>,
    /// Languages of at least a tenth of the main text, largest first, at most three; shares are of the whole main text.
    pub shares: Vec<LanguageShare>,
    /// The publisher's declaration as BCP 47; `None` where there is none or it names no known language.
    pub declared: Option<String>,
    /// Whether the declaration names the same language or a sibling; `None` without declaration or answer.
    pub agrees: Option<bool>,
    /// Whether the declared language is written in the script of the text.
    pub plausible: bool,
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

/// Why a document has its language.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageExplanation {
    /// Languages that the main text was compared with and their probabilities, likeliest first.
    pub ranked: Vec<Candidate>,
    /// Words and spellings that told siblings apart, weightiest first; `·` stands for a space.
    pub reasons: Vec<String>,
    /// The pieces of the main text in reading order.
    pub paragraphs: Vec<ParagraphLanguage>,
    /// What was left out.
    pub cleaned: Cleaned,
}

/// The language of a piece of the main text: a paragraph or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParagraphLanguage {
    /// Index of the field in [`Document::fields`](crate::text::Document::fields).
    pub field: usize,
    /// Bytes of the text of the field.
    pub bytes: Range<usize>,
    /// BCP 47 code; `zxx` for text that is no language.
    pub code: String,
    /// Letters; a Han character counts two.
    pub letters: u32,
}

/// How much of the main text was left out, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Web and mail addresses and account names.
    pub addresses: u32,
    /// Words that begin with `#`.
    pub hashtags: u32,
    /// Left-over tags and entities of HTML.
    pub markup: u32,
    /// Words with digits or signs in them: hashes, names of files, code, numbers.
    pub code: u32,
    /// Zero-width and direction characters.
    pub invisible: u32,
}

/// A language that was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// BCP 47 code.
    pub code: String,
    /// Share of the votes, 0 to 1.
    pub score: f32,
}
