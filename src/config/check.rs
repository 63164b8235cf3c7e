//! Does a single value fit its key? By type, by name, by range.

use serde_json::Value as Json;
use toml::Value;
use toml::de::DeValue;

use super::keys::{KeyNode, Kind, quoted_names};
use super::nearest::nearest_name;
use super::units::{ByteSize, TimeSpan, quoted};

/// Why a value does not fit its key.
pub(super) enum Wrong {
    /// It is of another type.
    Type,
    /// It is none of the names.
    Name,
    /// It is a whole number beyond 64 bits.
    Size,
    /// It is outside the key's range.
    Range,
    /// It does not read, for this reason.
    Text(String),
}

impl Wrong {
    /// The message and a suggestion. The value of a secret is not in it.
    pub fn describe(self, node: &KeyNode, found: &DeValue<'_>) -> (String, Option<String>) {
        let expected = node.kind.expected();
        let shown = match found.as_str().filter(|_| !node.secret) {
            Some(text) => quoted(text),
            None => type_name(found).to_owned(),
        };
        match self {
            Self::Type => (
                format!("expected {expected}, found {}", describe_found(node, found)),
                None,
            ),
            Self::Size => (
                format!("expected {expected}, found one with too many digits"),
                None,
            ),
            Self::Text(reason) if !node.secret => (reason, None),
            Self::Text(_) => (format!("expected {expected}"), None),
            Self::Range => (
                format!(
                    "{} is out of range: expected {expected}{}",
                    number(found, shown),
                    range(node)
                ),
                None,
            ),
            Self::Name => {
                let Kind::Choice(names) = &node.kind else {
                    return (format!("expected {expected}"), None);
                };
                let near = nearest_name(
                    found.as_str().unwrap_or_default(),
                    names.iter().map(|(name, _)| name.as_str()),
                );
                (
                    format!(
                        "{shown} is not known here: expected one of {}",
                        quoted_names(names)
                    ),
                    near.map(|name| format!("{name:?}")),
                )
            }
        }
    }
}

/// What was found, with its value unless that may be a secret.
fn describe_found(node: &KeyNode, found: &DeValue<'_>) -> String {
    match found {
        DeValue::String(text) if !node.secret => format!("the text {}", quoted(text)),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) if !node.secret => {
            number(found, type_name(found).to_owned())
        }
        other => type_name(other).to_owned(),
    }
}

fn number(found: &DeValue<'_>, otherwise: String) -> String {
    match found {
        DeValue::Integer(n) if n.radix() == 10 => n.as_str().chars().take(40).collect(),
        DeValue::Float(n) => n.as_str().chars().take(40).collect(),
        DeValue::Boolean(b) => b.to_string(),
        _ => otherwise,
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The value as the kind takes it.
pub(super) fn leaf(kind: &Kind, found: &DeValue<'_>) -> Result<Value, Wrong> {
    let fits = match (kind, found) {
        (Kind::Choice(names), DeValue::String(text)) => {
            if !names.iter().any(|(name, _)| name.as_str() == text.as_ref()) {
                return Err(Wrong::Name);
            }
            true
        }
        (Kind::Duration, DeValue::String(text)) => text
            .parse::<TimeSpan>()
            .map(|_| true)
            .map_err(Wrong::Text)?,
        (Kind::Size, DeValue::String(text)) => text
            .parse::<ByteSize>()
            .map(|_| true)
            .map_err(Wrong::Text)?,
        (Kind::Text, DeValue::String(_))
        | (Kind::Boolean, DeValue::Boolean(_))
        | (Kind::Integer | Kind::Number | Kind::Size, DeValue::Integer(_))
        | (Kind::Number, DeValue::Float(_))
        | (Kind::Any, _) => true,
        _ => false,
    };
    if !fits {
        return Err(Wrong::Type);
    }
    scalar(found).ok_or(if matches!(found, DeValue::Integer(_)) {
        Wrong::Size
    } else {
        Wrong::Type
    })
}

/// A value that is not a list or a table; `None` for those, for dates, and for integers beyond 64 bits.
pub(super) fn scalar(found: &DeValue<'_>) -> Option<Value> {
    match found {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
            .ok()
            .map(Value::Integer),
        DeValue::Float(n) => n.as_str().parse().ok().map(Value::Float),
        DeValue::Boolean(b) => Some(Value::Boolean(*b)),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A quantity that can be compared: milliseconds, bytes or the number itself.
fn quantity(kind: &Kind, value: &Json) -> Option<f64> {
    match (kind, value) {
        (Kind::Duration, Json::String(text)) => text
            .parse::<TimeSpan>()
            .ok()
            .map(|span| span.millis() as f64),
        (Kind::Size, Json::String(text)) => text
            .parse::<ByteSize>()
            .ok()
            .map(|size| size.bytes() as f64),
        (_, value) => value.as_f64(),
    }
}

pub(super) fn in_range(node: &KeyNode, value: Value) -> Result<Value, Wrong> {
    let found = match &value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        Value::String(text) if matches!(node.kind, Kind::Duration | Kind::Size) => {
            quantity(&node.kind, &Json::String(text.clone()))
        }
        _ => None,
    };
    let Some(found) = found else { return Ok(value) };
    let bound = |limit: &Option<Json>| limit.as_ref().and_then(|limit| quantity(&node.kind, limit));
    let low = bound(&node.minimum).is_none_or(|least| found >= least);
    let over = bound(&node.above).is_none_or(|least| found > least);
    let high = bound(&node.maximum).is_none_or(|most| found <= most);
    // NaN is in no range.
    if low && over && high && !found.is_nan() {
        Ok(value)
    } else {
        Err(Wrong::Range)
    }
}

/// The range of a key in words, with a space before it; empty when it has none.
pub(super) fn range(node: &KeyNode) -> String {
    let text = |limit: &Json| match limit {
        Json::String(text) => text.clone(),
        other => other.as_f64().map(|n| n.to_string()).unwrap_or_default(),
    };
    if let (Some(least), Some(most)) = (&node.above, &node.maximum) {
        return format!(" over {} to {}", text(least), text(most));
    }
    match (&node.minimum, &node.maximum) {
        (Some(least), Some(most)) => format!(" from {} to {}", text(least), text(most)),
        (Some(least), None) => format!(" of at least {}", text(least)),
        (None, Some(most)) => format!(" of at most {}", text(most)),
        (None, None) => String::new(),
    }
}
