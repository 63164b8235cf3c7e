//! Why an article cannot be enriched. The codes are part of the published contract.

use std::fmt;

/// The reason for which a message goes to the dead-letter topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectCode {
    /// The value is present but has no bytes.
    Empty,
    /// The value is longer than `input.limits.message_bytes`.
    TooLarge,
    /// Some byte of the value is not UTF-8, even in a field that is never read.
    InvalidUtf8,
    /// The value is not one JSON text.
    NotJson,
    /// The value is JSON but its top level is not an object.
    NotObject,
    /// Arrays and objects are nested deeper than `input.limits.depth`.
    TooDeep,
    /// `input.pointer` leads to nothing, or to something that is not an object.
    NoArticle,
    /// Neither a title nor a text with a letter or digit in it.
    NoText,
    /// The enriched record is larger than the output topic takes.
    OutputTooLarge,
    /// The broker refused the enriched record for good.
    OutputRefused,
    /// The stage itself failed on this article: a bug, reported with its position.
    Internal,
}

impl RejectCode {
    /// Every code, for documentation, metrics and tests.
    pub const ALL: [Self; 11] = [
        Self::Empty,
        Self::TooLarge,
        Self::InvalidUtf8,
        Self::NotJson,
        Self::NotObject,
        Self::TooDeep,
        Self::NoArticle,
        Self::NoText,
        Self::OutputTooLarge,
        Self::OutputRefused,
        Self::Internal,
    ];

    /// The stable spelling in headers, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NotJson => "not_json",
            Self::NotObject => "not_object",
            Self::TooDeep => "too_deep",
            Self::NoArticle => "no_article",
            Self::NoText => "no_text",
            Self::OutputTooLarge => "output_too_large",
            Self::OutputRefused => "output_refused",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal: the code and one line for a person. The line never quotes article text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The stable code.
    pub code: RejectCode,
    /// What was wrong and where, e.g. `expected ':' at byte 812`.
    pub detail: String,
}

impl Rejection {
    /// Makes a rejection from a code and its detail.
    pub fn new(code: RejectCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}
