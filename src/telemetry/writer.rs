//! One event, one line: whatever foreign text an event holds.
//!
//! The log library escapes terminal sequences in messages, but not in fields that are shown with
//! `%`, and never line breaks, with which a text could forge a log line. So values are escaped
//! where they are formatted as text, and every line once more where it is written.

use std::fmt::{self, Debug, Write as _};
use std::io::{self, Write};

use tracing::Metadata;
use tracing::field::Field;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;

/// Makes writers that keep an event on one line.
pub(super) struct OneLine<M> {
    inner: M,
    colours: bool,
}

impl<M> OneLine<M> {
    /// Writes through to `inner`. With `colours`, escape sequences pass: values must have been
    /// written by [`write_field`].
    pub(super) fn new(inner: M, colours: bool) -> Self {
        Self { inner, colours }
    }
}

impl<'w, M: MakeWriter<'w>> MakeWriter<'w> for OneLine<M> {
    type Writer = LineWriter<M::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        LineWriter {
            inner: self.inner.make_writer(),
            colours: self.colours,
        }
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Self::Writer {
        LineWriter {
            inner: self.inner.make_writer_for(metadata),
            colours: self.colours,
        }
    }
}

/// Writes one event.
pub(super) struct LineWriter<W> {
    inner: W,
    colours: bool,
}

impl<W: Write> Write for LineWriter<W> {
    /// Takes all of one event; the log library writes each in one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&String::from_utf8_lossy(event), self.colours);
        self.inner.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes one field of an event as text: `name=value`, or the value alone if it is the message.
pub(super) fn write_field(
    writer: &mut Writer<'_>,
    field: &Field,
    value: &dyn Debug,
) -> fmt::Result {
    let name = field.name();
    // Fields that the bridge from the `log` crate adds repeat what the line says anyway.
    if name.starts_with("log.") {
        return Ok(());
    }
    if name != "message" {
        let (on, off) = if writer.has_ansi_escapes() {
            ("\x1b[3m", "\x1b[0m")
        } else {
            ("", "")
        };
        write!(writer, "{on}{name}{off}=")?;
    }
    write!(Escaping(writer), "{value:?}")
}

/// Escapes what is written to it.
struct Escaping<'a, W>(&'a mut W);

impl<W: fmt::Write> fmt::Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| escape(self.0, c, false))
    }
}

/// The text with everything escaped that is more than one line.
fn one_line(text: &str, colours: bool) -> String {
    let (body, end) = text
        .strip_suffix('\n')
        .map_or((text, ""), |body| (body, "\n"));
    let mut line = String::with_capacity(text.len());
    // Fields that are not shown leave the spaces between them.
    for c in body.trim_end_matches(' ').chars() {
        // Writing to a `String` does not fail.
        escape(&mut line, c, colours).ok();
    }
    line.push_str(end);
    line
}

/// Writes a character, escaped as in JSON where that is needed.
fn escape(out: &mut impl fmt::Write, c: char, colours: bool) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\x1b' if colours => out.write_char(c),
        c if is_unsafe(c) => write!(out, "\\u{:04x}", u32::from(c)),
        c => out.write_char(c),
    }
}

/// Control characters except the tab, line and paragraph separators, and marks that change the
/// direction of the text that follows.
fn is_unsafe(c: char) -> bool {
    let separator = matches!(c, '\u{2028}' | '\u{2029}');
    let direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\t') || separator || direction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_end_is_a_line_break() {
        assert_eq!(one_line("a\nb\r\nc\n", true), "a\\nb\\r\\nc\n");
        assert_eq!(one_line("no end\n\n", false), "no end\\n\n");
        assert_eq!(one_line("", false), "");
    }

    #[test]
    fn hidden_marks_are_shown() {
        let text = "a\u{202e}b\u{9b}31m\u{7f}\u{0}\n";
        assert_eq!(one_line(text, true), "a\\u202eb\\u009b31m\\u007f\\u0000\n");
        assert_eq!(one_line("\x1b[2J", false), "\\u001b[2J");
    }

    #[test]
    fn plain_text_of_any_language_and_colours_stay() {
        for text in [
            "\x1b[31mERROR\x1b[0m x\ty\n",
            "خبر عاجل‌ها\n",
            "日本語\n",
            "👩‍👩‍👧\n",
        ] {
            assert_eq!(one_line(text, true), text);
        }
    }

    #[test]
    fn a_writer_takes_all_of_an_event() {
        let mut out = Vec::new();
        for event in [&b"a\nb\n"[..], b"\xff\n"] {
            LineWriter {
                inner: &mut out,
                colours: false,
            }
            .write_all(event)
            .expect("written");
        }
        assert_eq!(out, "a\\nb\n\u{fffd}\n".as_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_one_line(text in any::<String>()) {
            prop_assert_eq!(one_line(&format!("{text}\n"), false).lines().count(), 1);
        }

        /// JSON keeps its meaning: the escapes are those of JSON.
        #[test]
        fn json_keeps_its_meaning(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("JSON");
            let back: String = serde_json::from_str(&one_line(&json, false)).expect("still JSON");
            prop_assert_eq!(back, text);
        }
    }
}
