//! Trace context (W3C Trace Context, levels 1 and 2): the trace of an input message goes on in its output and its dead
//! letter, with a span of our own. Nothing is random: a message that is read again gets the same span.

use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::article::{Header, Position};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Flags that have a meaning: sampled, and random trace id (level 2). All others must be sent as zero.
const KNOWN_FLAGS: u8 = 0x03;
const SAMPLED: u8 = 0x01;

/// The content of a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never 0.
    pub trace_id: u128,
    /// The span; never 0.
    pub span_id: u64,
    /// Trace flags.
    pub flags: u8,
}

impl TraceContext {
    /// Reads a `traceparent`. Of a version later than ours the part that we know is read, as the standard demands.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let part = |from: usize, to: usize| -> Option<&str> {
            let digits = value.get(from..to)?;
            let hex = digits
                .iter()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            std::str::from_utf8(digits).ok().filter(|_| hex)
        };
        let dash = |at: usize| value.get(at) == Some(&b'-');
        let version = u8::from_str_radix(part(0, 2)?, 16).ok()?;
        let ends = value.len() == 55 || (version > 0 && dash(55));
        if version == 0xff || !(dash(2) && dash(35) && dash(52) && ends) {
            return None;
        }
        let context = Self {
            trace_id: u128::from_str_radix(part(3, 35)?, 16).ok()?,
            span_id: u64::from_str_radix(part(36, 52)?, 16).ok()?,
            flags: u8::from_str_radix(part(53, 55)?, 16).ok()?,
        };
        (context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// The context in these headers; `None` when there is no `traceparent`, more than one, or one that does not read.
    pub fn of(headers: &[Header]) -> Option<Self> {
        let mut parents = headers.iter().filter(|(name, _)| is(name, PARENT));
        let (_, value) = parents.next()?;
        if parents.next().is_some() {
            return None;
        }
        Self::parse(value.as_deref()?)
    }

    /// Our span of the same trace for the message at this position.
    pub fn child(self, position: &Position) -> Self {
        let seed = format!("newsstage span {self} {position}");
        Self {
            span_id: xxh3_64(seed.as_bytes()).max(1),
            flags: self.flags & KNOWN_FLAGS,
            ..self
        }
    }

    /// A new trace for a message whose own cannot be read. Nobody is asked to record it.
    fn begun(position: &Position) -> Self {
        let seed = format!("newsstage trace {position}");
        Self {
            trace_id: xxh3_128(seed.as_bytes()).max(1),
            span_id: xxh3_64(seed.as_bytes()).max(1),
            flags: 0,
        }
    }

    /// Whether the producer may have recorded its span.
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{flags:02x}")
    }
}

/// Whether these headers have a `traceparent`, be it valid or not.
pub fn has_trace(headers: &[Header]) -> bool {
    headers.iter().any(|(name, _)| is(name, PARENT))
}

/// The headers of the output: all as they came, in their order, but the `traceparent`. A valid one is replaced by that of
/// our span, and `tracestate` stays. One that is not valid, or one of several, is replaced by that of a new trace, and
/// `tracestate` is left out, as the standard demands. Without one there is no trace, and none is begun.
pub fn passed_on(headers: &[Header], position: &Position) -> Vec<Header> {
    if !has_trace(headers) {
        return headers.to_vec();
    }
    let parent = TraceContext::of(headers);
    let ours = parent.map_or_else(
        || TraceContext::begun(position),
        |parent| parent.child(position),
    );
    let mut written = false;
    let passed = headers.iter().filter_map(|(name, value)| {
        if is(name, PARENT) {
            let again = std::mem::replace(&mut written, true);
            (!again).then(|| (name.clone(), Some(ours.to_string().into_bytes())))
        } else if parent.is_none() && is(name, STATE) {
            None
        } else {
            Some((name.clone(), value.clone()))
        }
    });
    passed.collect()
}

fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT_VALUE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn position(offset: i64) -> Position {
        Position {
            topic: "raw".into(),
            partition: 3,
            offset,
        }
    }

    fn headers(given: &[(&str, &str)]) -> Vec<Header> {
        let header =
            |(name, value): &(&str, &str)| ((*name).to_owned(), Some(value.as_bytes().to_vec()));
        given.iter().map(header).collect()
    }

    fn passed(given: &[(&str, &str)], offset: i64) -> Vec<(String, String)> {
        passed_on(&headers(given), &position(offset))
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8(value.unwrap()).unwrap()))
            .collect()
    }

    #[test]
    fn the_trace_goes_on_with_a_span_of_our_own() {
        let given = [
            ("a", "1"),
            ("Traceparent", PARENT_VALUE),
            ("tracestate", "x=1"),
            ("tracestate", "y=2"),
        ];
        let out = passed(&given, 7);
        let names: Vec<&str> = out.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "Traceparent", "tracestate", "tracestate"]);
        let ours = TraceContext::parse(out[1].1.as_bytes()).unwrap();
        assert_eq!(ours.trace_id, 0x4bf92f3577b34da6a3ce929d0e0e4736);
        assert_ne!(ours.span_id, 0x00f067aa0ba902b7);
        assert!(ours.is_sampled());
        assert_eq!(out[2].1, "x=1");
        assert_eq!(passed(&given, 7), out, "a replay gives the same span");
        assert_ne!(passed(&given, 8)[1], out[1]);
        let elsewhere = Position {
            topic: "other".into(),
            ..position(7)
        };
        assert_ne!(
            TraceContext::parse(PARENT_VALUE.as_bytes())
                .unwrap()
                .child(&elsewhere),
            ours
        );
    }

    #[test]
    fn what_is_not_a_trace_context_begins_a_new_trace_without_its_state() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1g",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let out = passed(
                &[("traceparent", bad), ("tracestate", "x=1"), ("b", "2")],
                0,
            );
            assert_eq!(out.len(), 2, "{bad}: {out:?}");
            let ours = TraceContext::parse(out[0].1.as_bytes()).unwrap();
            assert_ne!(ours.trace_id, 0x4bf92f3577b34da6a3ce929d0e0e4736, "{bad}");
            assert!(!ours.is_sampled());
            assert_eq!(out[1], ("b".to_owned(), "2".to_owned()));
        }
        let twice = [("traceparent", PARENT_VALUE), ("TRACEPARENT", PARENT_VALUE)];
        assert_eq!(passed(&twice, 0).len(), 1, "one of several is none");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("cc{}-more-to-come", &PARENT_VALUE[2..]);
        let read = TraceContext::parse(later.as_bytes()).unwrap();
        assert_eq!(read, TraceContext::parse(PARENT_VALUE.as_bytes()).unwrap());
        let flags = format!("{}ff", &PARENT_VALUE[..53]);
        let read = TraceContext::parse(flags.as_bytes()).unwrap();
        assert!(read.child(&position(0)).to_string().ends_with("-03"));
    }

    #[test]
    fn without_a_trace_none_is_begun() {
        let given = [("a", "1"), ("tracestate", "x=1")];
        assert_eq!(passed_on(&headers(&given), &position(0)), headers(&given));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(value in proptest::collection::vec(any::<u8>(), 0..70)) {
            if let Some(read) = TraceContext::parse(&value) {
                prop_assert!(read.trace_id != 0 && read.span_id != 0);
            }
        }

        #[test]
        fn what_is_written_reads_back(trace in 1u128.., span in 1u64.., flags: u8, offset in 0i64..) {
            let context = TraceContext { trace_id: trace, span_id: span, flags };
            prop_assert_eq!(TraceContext::parse(context.to_string().as_bytes()), Some(context));
            let child = context.child(&position(offset)).to_string();
            prop_assert_eq!(TraceContext::parse(child.as_bytes()).map(|c| c.trace_id), Some(trace));
        }
    }
}
