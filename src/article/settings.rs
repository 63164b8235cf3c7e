//! Settings of the article reader.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a message is read as an article.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderSettings {
    /// Where the article stands in the message, as a JSON Pointer (RFC 6901). Empty: the message is the article.
    /// For example `/data` for CloudEvents in structured mode. The enrichment always goes into the top-level object.
    pub pointer: String,
    /// More key names for a canonical field, tried before the built-in ones, in order. Canonical fields: `id`, `url`,
    /// `title`, `body`, `summary`, `language`, `published`, `source`, `source_name`, `authors`, `tags`.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Whether the Kafka key names the article when no field and no URL does. Off by default: keys are often a domain,
    /// a feed or a shard number, and then different articles would share one identifier and all but the first
    /// would be taken for updates of it. Switch it on only where every article has a key of its own.
    pub id_from_key: bool,
    /// Bounds on what is read.
    pub limits: InputLimits,
}

/// Bounds on what is read, so that one hostile message cannot stop the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputLimits {
    /// Longest message value in bytes; longer ones are rejected as `too_large`. At least 1.
    pub message_bytes: usize,
    /// Deepest nesting of arrays and objects, the top-level object being 1; deeper ones are rejected as `too_deep`. At least 1.
    pub depth: usize,
    /// Characters (Unicode code points) of text that are analysed; the rest of the article passes through unread. At least 1.
    pub text_chars: usize,
}

impl Default for InputLimits {
    fn default() -> Self {
        Self {
            message_bytes: 10 * 1024 * 1024,
            depth: 128,
            text_chars: 400_000,
        }
    }
}

/// A setting the reader cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {reason}")]
pub struct ReaderError {
    /// Full name of the setting, such as `input.aliases.titel`.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl ReaderError {
    pub(super) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }
}
