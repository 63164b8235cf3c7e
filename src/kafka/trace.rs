//! Trace context (W3C Trace Context, level 1): the trace of an input message goes on in its output.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::article::Position;

const HEADER: &str = "traceparent";

/// The `traceparent` of the output: the same trace, a span of our own. The span id is a hash of the parent and the
/// position, so that a replay gives the same bytes. `None` when the input value is not a valid `traceparent`, which is
/// then passed on as it is.
pub fn continued(traceparent: &[u8], position: &Position) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(traceparent).ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    let valid = hex(version, 2) && version == "00" && parts.next().is_none();
    if !(valid
        && hex(trace, 32)
        && !zero(trace)
        && hex(parent, 16)
        && !zero(parent)
        && hex(flags, 2))
    {
        return None;
    }
    let seed =
        position.offset.cast_unsigned() ^ (u64::from(position.partition.cast_unsigned()) << 48);
    let span = xxh3_64_with_seed(text.as_bytes(), seed).max(1);
    Some(format!("{version}-{trace}-{span:016x}-{flags}").into_bytes())
}

/// Whether the header carries the trace context.
pub fn is_traceparent(name: &str) -> bool {
    name.eq_ignore_ascii_case(HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64) -> Position {
        Position {
            topic: "raw".into(),
            partition: 3,
            offset,
        }
    }

    #[test]
    fn the_trace_goes_on_with_a_span_of_our_own() {
        let input = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let output = String::from_utf8(continued(input, &position(7)).unwrap()).unwrap();
        assert!(output.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(output.ends_with("-01"));
        assert!(!output.contains("00f067aa0ba902b7"));
        assert_eq!(output.len(), input.len());
        assert_eq!(
            continued(input, &position(7)).unwrap(),
            output.as_bytes(),
            "a replay gives the same span"
        );
        assert_ne!(continued(input, &position(8)).unwrap(), output.as_bytes());
    }

    #[test]
    fn what_is_not_a_trace_context_is_left_alone() {
        for input in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(continued(input.as_bytes(), &position(0)), None, "{input}");
        }
        assert_eq!(continued(b"\xff\xfe", &position(0)), None);
    }
}
