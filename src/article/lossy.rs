//! A second chance for JSON that is valid but cannot be decoded: lone surrogates and numbers beyond a 64-bit float.
//!
//! Python's `json` writes both, and both pass through to the output untouched. For reading, they are replaced in a copy
//! of the text by something of exactly the same length, so that every position still holds.

/// A copy that decodes, made from valid JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decodable {
    /// The copy: as long as the original.
    pub(super) text: String,
    /// Whether a lone surrogate was replaced by U+FFFD.
    pub(super) lossy: bool,
}

/// Replaces each escaped lone surrogate by `\ufffd`, and each number that is not finite by a string of spaces.
pub(super) fn decodable(json: &str) -> Decodable {
    let source = json.as_bytes();
    let mut bytes = source.to_vec();
    let (mut at, mut in_string, mut lossy) = (0, false, false);
    while let Some(&byte) = source.get(at) {
        let length = match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => escape(source, at, &mut bytes, &mut lossy),
            b'-' | b'0'..=b'9' if !in_string => number(json, at, &mut bytes),
            _ => 1,
        };
        at += length;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decodable { text, lossy },
        // Cannot happen: only ASCII is replaced, and by ASCII.
        Err(_) => Decodable {
            text: json.to_owned(),
            lossy: false,
        },
    }
}

/// Looks at the escape at `at`, mends it if it is a lone surrogate, and returns how many bytes it takes.
fn escape(source: &[u8], at: usize, bytes: &mut [u8], lossy: &mut bool) -> usize {
    match unit(source, at) {
        Some(0xD800..=0xDBFF) if matches!(unit(source, at + 6), Some(0xDC00..=0xDFFF)) => 12,
        Some(0xD800..=0xDFFF) => {
            if let Some(place) = bytes.get_mut(at..at + 6) {
                place.copy_from_slice(b"\\ufffd");
                *lossy = true;
            }
            6
        }
        Some(_) => 6,
        None => 2,
    }
}

/// The code unit of a `\uXXXX` escape at `at`.
fn unit(source: &[u8], at: usize) -> Option<u16> {
    let digits = source.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Looks at the number at `at`, blanks it if it is not finite, and returns how many bytes it takes.
fn number(json: &str, at: usize, bytes: &mut [u8]) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    let length = rest
        .bytes()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        .count();
    let literal = rest.get(..length).unwrap_or_default();
    if !literal.parse::<f64>().is_ok_and(f64::is_finite)
        && let Some([first, middle @ .., last]) = bytes.get_mut(at..at + length)
    {
        (*first, *last) = (b'"', b'"');
        middle.fill(b' ');
    }
    length.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_are_kept() {
        let json =
            r#"{"a":"\ud83d\ude00 \ud800 \udc00\ud800x \\ud800 \"\ud800\u0041","b\udfff":1}"#;
        let mended = decodable(json);
        assert_eq!(
            mended.text,
            r#"{"a":"\ud83d\ude00 \ufffd \ufffd\ufffdx \\ud800 \"\ufffd\u0041","b\ufffd":1}"#
        );
        assert!(mended.lossy);
    }

    #[test]
    fn numbers_that_are_not_finite_become_blank_strings_of_the_same_length() {
        let long = "9".repeat(400);
        let json = format!(r#"{{"a":1e999,"b":-1e400,"c":[{long},12],"d":"1e999","e":1e30}}"#);
        let mended = decodable(&json);
        let blank = format!("\"{}\"", " ".repeat(398));
        assert_eq!(
            mended.text,
            format!(r#"{{"a":"   ","b":"    ","c":[{blank},12],"d":"1e999","e":1e30}}"#)
        );
        assert!(!mended.lossy);
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn any_text_keeps_its_length_and_what_decodes_stays_as_it_is(json in any::<String>()) {
            prop_assert_eq!(decodable(&json).text.len(), json.len());
            let quoted = serde_json::to_string(&json).unwrap();
            prop_assert_eq!(decodable(&quoted).text, quoted);
        }

        #[test]
        fn surrogate_soup_always_decodes(units in prop::collection::vec(0xD7F0_u16..0xE010, 0..12)) {
            let inner: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let mended = decodable(&format!("\"{inner}\""));
            let decoded: String = serde_json::from_str(&mended.text).unwrap();
            prop_assert_eq!(decoded, String::from_utf16_lossy(&units));
        }
    }
}
