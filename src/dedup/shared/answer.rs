//! Understanding what a server answers.

use redis::Value;

use crate::dedup::IndexError;

/// The word with which a script answers, and the rest of the answer.
pub(super) fn words(answer: Option<Value>) -> Result<(String, Vec<Value>), IndexError> {
    match answer {
        Some(Value::Array(mut parts)) if !parts.is_empty() => {
            let word = text(&parts.remove(0));
            Ok((word, parts))
        }
        _ => Err(IndexError::Unavailable(
            "the server's answer is not understood".to_owned(),
        )),
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

pub(super) fn number(value: &Value) -> u64 {
    text(value).parse().unwrap_or_default()
}
