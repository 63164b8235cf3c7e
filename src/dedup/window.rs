//! How long dedup remembers: a duration written as people write it, such as `14d`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest window: 366 days.
const MAX_SECONDS: u64 = 366 * 86_400;

/// Units from long to short with their length in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A span of time from one second to 366 days, written as a whole number and one unit:
/// `14d` (days), `36h` (hours), `90m` (minutes) or `45s` (seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    seconds: u64,
}

/// Why a text is not a [`Window`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not a whole number followed by one unit.
    #[error(
        "`{0}` is not a duration: write a whole number and one unit, such as 14d, 36h, 90m or 45s"
    )]
    Form(String),
    /// Zero, or longer than 366 days.
    #[error("`{0}` is out of range: a window is at least 1s and at most 366d")]
    Range(String),
}

impl Window {
    /// Fourteen days: copies of a story rarely come later.
    pub const DEFAULT: Self = Self {
        seconds: 14 * 86_400,
    };

    /// The length in milliseconds, always positive.
    pub fn as_millis(self) -> i64 {
        // At most 366 days, so the product is far from the limits of an i64.
        i64::try_from(self.seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let form = || WindowError::Form(text.to_owned());
        let trimmed = text.trim();
        let (unit, seconds) = UNITS
            .into_iter()
            .find(|(unit, _)| trimmed.ends_with(*unit))
            .ok_or_else(form)?;
        let digits = trimmed.strip_suffix(unit).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        let range = || WindowError::Range(text.to_owned());
        let count: u64 = digits.parse().map_err(|_| range())?;
        match count.checked_mul(seconds) {
            Some(seconds @ 1..=MAX_SECONDS) => Ok(Self { seconds }),
            _ => Err(range()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = UNITS
            .into_iter()
            .find(|(_, length)| self.seconds.is_multiple_of(*length));
        let (unit, length) = fitting.unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.seconds / length)
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl JsonSchema for Window {
    fn schema_name() -> Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A whole number and one unit: d, h, m or s. From 1s to 366d.",
            "pattern": "^[0-9]+[dhms]$",
            "examples": ["14d", "36h", "90m", "45s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_unit() {
        for (text, millis) in [
            ("14d", 1_209_600_000),
            ("36h", 129_600_000),
            ("90m", 5_400_000),
            (" 45s ", 45_000),
        ] {
            assert_eq!(
                text.parse::<Window>().unwrap().as_millis(),
                millis,
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_window() {
        for text in [
            "", "d", "14", "14 d", "1.5h", "-1d", "+1d", "2w", "1d2h", "٣d",
        ] {
            assert!(
                matches!(text.parse::<Window>(), Err(WindowError::Form(_))),
                "{text}"
            );
        }
        for text in [
            "0s",
            "367d",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(
                matches!(text.parse::<Window>(), Err(WindowError::Range(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn is_a_string_in_configuration() {
        let window: Window = serde_json::from_str("\"36h\"").unwrap();
        assert_eq!(serde_json::to_string(&window).unwrap(), "\"36h\"");
        assert_eq!(Window::DEFAULT.to_string(), "14d");
        let error = serde_json::from_str::<Window>("\"soon\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("14d, 36h"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _: Result<Window, WindowError> = text.parse();
        }

        #[test]
        fn writing_and_reading_agree(seconds in 1..=MAX_SECONDS) {
            let window = Window { seconds };
            prop_assert_eq!(window.to_string().parse::<Window>().unwrap(), window);
        }
    }
}
