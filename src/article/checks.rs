//! Checks of the whole payload before any field is read: size, encoding, nesting, kind.

use serde::de::IgnoredAny;

use super::{InputLimits, RejectCode, Rejection};

/// White space as JSON defines it.
const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The payload as text without byte order mark and surrounding white space: certainly UTF-8, opening with a brace
/// and not too deep, but not yet known to be JSON.
pub(super) fn checked<'a>(payload: &'a [u8], limits: &InputLimits) -> Result<&'a str, Rejection> {
    if payload.is_empty() {
        return Err(Rejection::new(RejectCode::Empty, "the value has no bytes"));
    }
    if payload.len() > limits.message_bytes {
        let detail = format!(
            "{} bytes; input.limits.message_bytes is {}",
            payload.len(),
            limits.message_bytes
        );
        return Err(Rejection::new(RejectCode::TooLarge, detail));
    }
    // Fields that are skipped are not decoded by the JSON parser, and their bytes are published all the same.
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| invalid_utf8(payload))?;
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .trim_matches(JSON_SPACE);
    if let Some(at) = too_deep(text.as_bytes(), limits.depth) {
        let detail = format!(
            "nested deeper than {} at byte {at} of the JSON text",
            limits.depth
        );
        return Err(Rejection::new(RejectCode::TooDeep, detail));
    }
    if !text.starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Rejection::new(RejectCode::NotObject, "the top level is not an object"),
            Err(error) => not_json(&error),
        });
    }
    Ok(text)
}

/// A rejection for a text that is not JSON. The parser's message names a place and never quotes the text.
pub(super) fn not_json(error: &serde_json::Error) -> Rejection {
    Rejection::new(RejectCode::NotJson, error.to_string())
}

fn invalid_utf8(payload: &[u8]) -> Rejection {
    let at = simdutf8::compat::from_utf8(payload)
        .err()
        .map_or(0, |error| error.valid_up_to());
    Rejection::new(
        RejectCode::InvalidUtf8,
        format!("invalid UTF-8 at byte {at}"),
    )
}

/// Where the text is nested deeper than `limit`, if it is.
fn too_deep(text: &[u8], limit: usize) -> Option<usize> {
    // Nearly every article has fewer brackets than the limit allows levels; counting them is vectorised.
    if opening_brackets(text) <= limit {
        return None;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// How many `{` and `[` there are, in strings or not.
fn opening_brackets(text: &[u8]) -> usize {
    // 192 fits a u8 counter and is a multiple of every vector width; `{` and `[` differ in bit 0x20 alone.
    text.chunks(192)
        .map(|chunk| {
            usize::from(
                chunk
                    .iter()
                    .fold(0_u8, |count, byte| count + u8::from(byte | 0x20 == b'{')),
            )
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(payload: &[u8]) -> Result<&str, RejectCode> {
        checked(payload, &InputLimits::default()).map_err(|rejection| rejection.code)
    }

    #[test]
    fn the_payload_is_checked_in_order() {
        assert_eq!(code(b""), Err(RejectCode::Empty));
        assert_eq!(code(b"  \n"), Err(RejectCode::NotJson));
        assert_eq!(
            code(b"{\"title\":\"a\",\"z\":\"\xff\"}"),
            Err(RejectCode::InvalidUtf8)
        );
        assert_eq!(code(b"[{\"title\":\"a\"}]"), Err(RejectCode::NotObject));
        assert_eq!(code(b"\"title\""), Err(RejectCode::NotObject));
        assert_eq!(code(b"null"), Err(RejectCode::NotObject));
        assert_eq!(code(b"<html>"), Err(RejectCode::NotJson));
        assert_eq!(code("\u{feff} {} \r\n".as_bytes()), Ok("{}"));
        assert_eq!(
            code("\u{feff}\u{feff}{}".as_bytes()),
            Err(RejectCode::NotJson)
        );
        assert_eq!(
            code("\u{a0}{}".as_bytes()),
            Err(RejectCode::NotJson),
            "JSON knows four kinds of space"
        );
    }

    #[test]
    fn the_byte_of_bad_utf8_is_named() {
        let rejection = checked(b"{\"a\":\"b\xffc\"}", &InputLimits::default()).unwrap_err();
        assert_eq!(rejection.detail, "invalid UTF-8 at byte 7");
    }

    #[test]
    fn size_is_bounded() {
        let limits = InputLimits {
            message_bytes: 4,
            ..InputLimits::default()
        };
        assert!(checked(b"{  }", &limits).is_ok());
        assert_eq!(
            checked(b"{   }", &limits).unwrap_err().code,
            RejectCode::TooLarge
        );
    }

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        let limits = InputLimits {
            depth: 3,
            ..InputLimits::default()
        };
        assert!(
            checked(
                br#"{"a":[[1]],"b":"[[[[{{{","c":"\"[[[[","d":"\\"}"#,
                &limits
            )
            .is_ok()
        );
        let deep = checked(br#"{"a":[[[1]]]}"#, &limits).unwrap_err();
        assert_eq!(
            (deep.code, deep.detail.contains("byte 7 ")),
            (RejectCode::TooDeep, true),
            "{deep}"
        );
        let bomb = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert_eq!(code(bomb.as_bytes()), Err(RejectCode::TooDeep));
        let wide = format!("{{\"a\":[{}[]]}}", "[],".repeat(10_000));
        assert!(code(wide.as_bytes()).is_ok());
    }
}
