//! Durations and byte sizes as people write them: `"250ms"`, `"14d"`, `"8MiB"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Units of [`TimeSpan`] with their length in milliseconds, longest first.
const TIME_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Units of [`ByteSize`] with their length in bytes, in the order in which they are tried for display.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// The longest time span that can be written: ten years.
const LONGEST_MS: u64 = 3650 * 86_400_000;

/// The largest byte size that can be written: 1 TiB.
const LARGEST: u64 = 1 << 40;

/// A length of time, written as a whole number and a unit: `ms`, `s`, `m`, `h` or `d`.
///
/// It is shown with the longest unit that divides it: `"60s"` is shown as `"1m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(u64);

impl TimeSpan {
    /// A span of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of so many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The span in milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// The span as the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Self {
        span.duration()
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        write_in_units(f, self.0, &TIME_UNITS)
    }
}

impl FromStr for TimeSpan {
    type Err = String;

    /// Reads `"45s"`.
    ///
    /// # Errors
    /// Without a unit, with an unknown unit, with a fraction, or beyond ten years.
    fn from_str(text: &str) -> Result<Self, String> {
        let units = "ms, s, m, h or d";
        let Some((number, unit)) = split(text) else {
            return Err(format!(
                "{} is not a duration: write a whole number and {units}, such as \"45s\"",
                quoted(text)
            ));
        };
        if unit.is_empty() {
            return Err(format!(
                "the duration {} has no unit: write {units} after it, such as \"{number}s\" or \"{number}ms\"",
                quoted(text)
            ));
        }
        let millis = scale(number, unit, &TIME_UNITS)
            .ok_or_else(|| format!("{} is not a unit of time: write {units}", quoted(unit)))?;
        match millis {
            Some(millis) if millis <= LONGEST_MS => Ok(Self(millis)),
            _ => Err(format!(
                "the duration {} is longer than ten years (3650d)",
                quoted(text)
            )),
        }
    }
}

/// A number of bytes, written as a whole number and a unit (`B`, `kB`, `MB`, `GB` in thousands; `KiB`, `MiB`, `GiB` in
/// 1024s), or as a plain TOML integer, which counts bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many bytes, from a length in memory.
    pub const fn from_len(bytes: usize) -> Self {
        Self(bytes as u64)
    }

    /// So many mebibytes.
    pub const fn from_mib(mebibytes: u64) -> Self {
        Self(mebibytes.saturating_mul(1 << 20))
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The size as a length in memory.
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Is it nothing?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0B");
        }
        write_in_units(f, self.0, &SIZE_UNITS)
    }
}

impl FromStr for ByteSize {
    type Err = String;

    /// Reads `"8MiB"`.
    ///
    /// # Errors
    /// Without a unit, with an unknown unit, with a fraction, or beyond 1 TiB.
    fn from_str(text: &str) -> Result<Self, String> {
        let units = "B, kB, MB, GB, KiB, MiB or GiB";
        let Some((number, unit)) = split(text) else {
            return Err(format!(
                "{} is not a byte size: write a whole number and {units}, such as \"8MiB\"",
                quoted(text)
            ));
        };
        if unit.is_empty() {
            return Err(format!(
                "the byte size {} has no unit: write {units} after it",
                quoted(text)
            ));
        }
        let bytes = scale(number, unit, &SIZE_UNITS)
            .ok_or_else(|| format!("{} is not a unit of size: write {units}", quoted(unit)))?;
        match bytes {
            Some(bytes) if bytes <= LARGEST => Ok(Self(bytes)),
            _ => Err(format!(
                "the byte size {} is larger than 1024GiB",
                quoted(text)
            )),
        }
    }
}

/// Splits `"45 s"` into its digits and its unit; `None` when it does not begin with a digit.
fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    (!number.is_empty()).then(|| (number, unit.trim_start()))
}

/// `number` of `unit` in the smallest unit: `None` for an unknown unit, `Some(None)` when it does not fit.
fn scale(number: &str, unit: &str, units: &[(&str, u64)]) -> Option<Option<u64>> {
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some(
        number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(*factor)),
    )
}

fn write_in_units(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    for (unit, factor) in units {
        if value.is_multiple_of(*factor) {
            return write!(f, "{}{unit}", value / factor);
        }
    }
    write!(f, "{value}")
}

/// Foreign text for a message: quoted, escaped and short.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().nth(LONGEST).is_none() {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{:?}", head + "…")
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = TimeSpan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"45s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TimeSpan, E> {
        text.parse().map_err(E::custom)
    }
}

struct SizeVisitor;

impl SizeVisitor {
    fn plain<E: Error>(bytes: Option<u64>) -> Result<ByteSize, E> {
        match bytes {
            Some(bytes) if bytes <= LARGEST => Ok(ByteSize(bytes)),
            Some(_) => Err(E::custom("the byte size is larger than 1024GiB")),
            None => Err(E::custom("a byte size cannot be negative")),
        }
    }
}

impl Visitor<'_> for SizeVisitor {
    type Value = ByteSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte size, such as \"8MiB\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ByteSize, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<ByteSize, E> {
        Self::plain(Some(bytes))
    }

    fn visit_i64<E: Error>(self, bytes: i64) -> Result<ByteSize, E> {
        Self::plain(u64::try_from(bytes).ok())
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for TimeSpan {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "time-span", "pattern": "^\\s*[0-9]+\\s*(ms|s|m|h|d)\\s*$" })
    }
}

impl JsonSchema for ByteSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "format": "byte-size",
            "pattern": "^\\s*[0-9]+\\s*(B|kB|MB|GB|KiB|MiB|GiB)\\s*$",
            "minimum": 0
        })
    }
}

/// For `#[serde(with = …)]`: an optional length in memory that is written as a [`ByteSize`].
pub(super) mod optional_len {
    use super::{ByteSize, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<usize>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(ByteSize::from_len).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<usize>, D::Error> {
        Ok(Option::<ByteSize>::deserialize(deserializer)?.map(ByteSize::len))
    }
}

/// For `#[serde(with = …)]`: a length in memory that is written as a [`ByteSize`].
pub(super) mod len {
    use super::{ByteSize, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        ByteSize::from_len(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        ByteSize::deserialize(deserializer).map(ByteSize::len)
    }
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
