//! Articles from files: one JSON text a line, or one JSON text a file, or plain text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::article::{Message, Position};

/// A stream of messages from one file or standard input.
pub struct Articles {
    lines: Box<dyn BufRead>,
    /// What is already read but not given out.
    pending: Vec<u8>,
    whole: bool,
    topic: Arc<str>,
    offset: i64,
}

impl Articles {
    /// Opens a file; `-` is standard input. A file whose first line is not a whole JSON text is taken as one JSON text.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(path: &Path, counted: impl Fn(u64) + 'static) -> io::Result<Self> {
        let (input, topic): (Box<dyn Read>, Arc<str>) = if path == Path::new("-") {
            (Box::new(io::stdin()), "-".into())
        } else {
            (Box::new(File::open(path)?), path.to_string_lossy().into())
        };
        Self::new(
            Box::new(BufReader::with_capacity(
                1 << 16,
                Counted { input, counted },
            )),
            topic,
        )
    }

    fn new(mut lines: Box<dyn BufRead>, topic: Arc<str>) -> io::Result<Self> {
        let mut pending = Vec::new();
        while pending.iter().all(u8::is_ascii_whitespace)
            && lines.read_until(b'\n', &mut pending)? > 0
        {}
        let mut whole = false;
        if !is_json(&pending) && pending.trim_ascii_start().starts_with(b"{") {
            // Either the first line of a pretty-printed text, or a broken line of many.
            let mut rest = Vec::new();
            lines.read_to_end(&mut rest)?;
            let first = pending.len();
            pending.append(&mut rest);
            whole = is_json(&pending);
            if !whole {
                let tail = pending.split_off(first);
                lines = Box::new(io::Cursor::new(tail));
            }
        }
        Ok(Self {
            lines,
            pending,
            whole,
            topic,
            offset: 0,
        })
    }

    /// The next message; `None` at the end. Blank lines are not messages.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            let mut line = std::mem::take(&mut self.pending);
            if line.is_empty() && (self.whole || self.lines.read_until(b'\n', &mut line)? == 0) {
                return Ok(None);
            }
            let offset = self.offset;
            self.offset += 1;
            if !self.whole && line.last() == Some(&b'\n') {
                line.pop();
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(message(&self.topic, offset, line)));
            }
        }
    }

    /// Up to `count` messages.
    ///
    /// # Errors
    /// When reading fails.
    pub fn take(&mut self, count: usize) -> io::Result<Vec<Message>> {
        let mut batch = Vec::new();
        while batch.len() < count {
            match self.next()? {
                Some(message) => batch.push(message),
                None => break,
            }
        }
        Ok(batch)
    }
}

/// A message that stands at a line of a file.
pub fn message(topic: &Arc<str>, offset: i64, payload: Vec<u8>) -> Message {
    Message {
        position: Position {
            topic: topic.clone(),
            partition: 0,
            offset,
        },
        key: None,
        payload: Some(payload),
        headers: Vec::new(),
        timestamp_ms: None,
    }
}

/// The file as one message. Text that is no JSON object becomes the `text` of one.
///
/// # Errors
/// When it cannot be read.
pub fn single(path: &Path) -> io::Result<Message> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.read_to_end(&mut bytes)?;
    }
    let topic: Arc<str> = path.to_string_lossy().into();
    let start = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&bytes)
        .trim_ascii_start();
    if !start.starts_with(b"{")
        && !start.starts_with(b"[")
        && let Ok(text) = std::str::from_utf8(&bytes)
    {
        bytes = serde_json::json!({ "text": text }).to_string().into_bytes();
    }
    Ok(message(&topic, 0, bytes))
}

fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

struct Counted<F> {
    input: Box<dyn Read>,
    counted: F,
}

impl<F: Fn(u64)> Read for Counted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        (self.counted)(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(i64, String)> {
        let lines = Box::new(io::Cursor::new(text.as_bytes().to_vec()));
        let mut articles = Articles::new(lines, "file".into()).unwrap();
        std::iter::from_fn(|| articles.next().unwrap())
            .map(|m| {
                (
                    m.position.offset,
                    String::from_utf8(m.payload.unwrap()).unwrap(),
                )
            })
            .collect()
    }

    fn rows(rows: &[(i64, &str)]) -> Vec<(i64, String)> {
        rows.iter()
            .map(|(n, text)| (*n, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn lines_are_messages_numbered_by_line() {
        assert_eq!(
            read("{\"a\":1}\n\n{\"a\":2}"),
            rows(&[(0, "{\"a\":1}"), (2, "{\"a\":2}")])
        );
        assert_eq!(read(""), rows(&[]));
        assert_eq!(read("\n \n"), rows(&[]));
    }

    #[test]
    fn a_pretty_printed_file_is_one_message() {
        assert_eq!(
            read("{\n  \"a\": 1\n}\n"),
            rows(&[(0, "{\n  \"a\": 1\n}\n")])
        );
        assert_eq!(read("\n{\n\"a\": 1}"), rows(&[(0, "\n{\n\"a\": 1}")]));
    }

    #[test]
    fn a_broken_first_line_does_not_swallow_the_others() {
        assert_eq!(
            read("{\"a\":\n{\"a\":2}\n"),
            rows(&[(0, "{\"a\":"), (1, "{\"a\":2}")])
        );
        assert_eq!(
            read("not json\n{\"a\":2}\n"),
            rows(&[(0, "not json"), (1, "{\"a\":2}")])
        );
    }
}
