//! Articles from files: one JSON text a line, one JSON text or array a file, or plain text.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::article::{Message, Position};

/// A stream of messages from one file or standard input.
pub struct Articles {
    lines: Box<dyn BufRead>,
    /// What is already read but not given out.
    pending: Vec<u8>,
    whole: bool,
    /// The articles of an array that were not given out yet.
    elements: VecDeque<Vec<u8>>,
    topic: Arc<str>,
    offset: i64,
}

impl Articles {
    /// Opens a file; `-` is standard input. A file whose first line is not a whole JSON text is taken as one JSON text,
    /// and a file that is one array as the articles in it.
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
        let mut elements = VecDeque::new();
        let start = without_mark(&pending).trim_ascii_start();
        if start.starts_with(b"[") || start.starts_with(b"{") && !is_json(&pending) {
            // The first line of a pretty-printed text or of an array, or a broken line of many.
            let mut rest = Vec::new();
            lines.read_to_end(&mut rest)?;
            let first = pending.len();
            pending.append(&mut rest);
            if let Some(found) = array(&pending) {
                pending.clear();
                elements = found;
                whole = true;
            } else if is_json(&pending) {
                whole = true;
            } else {
                let tail = pending.split_off(first);
                lines = Box::new(io::Cursor::new(tail));
            }
        }
        Ok(Self {
            lines,
            pending,
            whole,
            elements,
            topic,
            offset: 0,
        })
    }

    /// The next message; `None` at the end. Blank lines are not messages.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next(&mut self) -> io::Result<Option<Message>> {
        if let Some(element) = self.elements.pop_front() {
            self.offset += 1;
            return Ok(Some(message(&self.topic, self.offset - 1, element)));
        }
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

/// The articles of a file that a person gives: one JSON text, an array of them, one a line, or plain text, which becomes
/// the `text` of one article.
///
/// # Errors
/// When it cannot be read.
pub fn given(path: &Path) -> io::Result<Given> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.read_to_end(&mut bytes)?;
    }
    let topic: Arc<str> = path.to_string_lossy().into();
    let is_array = array(&bytes).is_some();
    let messages = parted(bytes)
        .into_iter()
        .map(|(offset, payload)| message(&topic, offset, payload))
        .collect();
    Ok(Given { messages, is_array })
}

/// What a person gave.
pub struct Given {
    /// At least one, which may be no article.
    pub messages: Vec<Message>,
    /// Whether they are the elements of an array. As one message of the input topic that is refused.
    pub is_array: bool,
}

/// The articles in the bytes of a file, with the numbers of their lines or elements, from 0.
fn parted(bytes: Vec<u8>) -> Vec<(i64, Vec<u8>)> {
    if let Some(elements) = array(&bytes) {
        return (0..).zip(elements).collect();
    }
    let bare = without_mark(&bytes).trim_ascii_start();
    let object = bare.starts_with(b"{");
    if is_json(&bytes) && (object || bare.starts_with(b"[")) {
        return vec![(0, bytes)];
    }
    // What follows a bracket tells a broken JSON text from plain text that begins with "[Update]" or "{sic}".
    let inside = bare.get(1..).unwrap_or_default().trim_ascii_start().first();
    let broken = match bare.first() {
        Some(b'{') => matches!(inside, None | Some(b'"' | b'}' | b'\'')),
        Some(b'[') => matches!(inside, None | Some(b'{')),
        _ => false,
    };
    let lines: Vec<(i64, Vec<u8>)> = (0..)
        .zip(bytes.split(|byte| *byte == b'\n'))
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| (number, line.to_vec()))
        .collect();
    let is_object = |line: &[u8]| without_mark(line).starts_with(b"{") && is_json(line);
    if lines.len() > 1 && object && lines.iter().any(|(_, line)| is_object(line)) {
        return lines;
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !broken => {
            let article = serde_json::json!({ "text": text }).to_string();
            vec![(0, article.into_bytes())]
        }
        _ => vec![(0, bytes)],
    }
}

/// The elements of a JSON array that holds an object; `None` for anything else.
fn array(bytes: &[u8]) -> Option<VecDeque<Vec<u8>>> {
    let elements: Vec<&RawValue> = serde_json::from_slice(without_mark(bytes)).ok()?;
    let any = elements.iter().any(|each| each.get().starts_with('{'));
    any.then(|| {
        let own = |each: &&RawValue| each.get().as_bytes().to_vec();
        elements.iter().map(own).collect()
    })
}

/// The bytes without a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(bytes)).is_ok()
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
    fn an_array_is_the_articles_in_it() {
        let expected = rows(&[(0, "{\"a\":1}"), (1, "2"), (2, "{\"a\" : [3]}")]);
        assert_eq!(read("[{\"a\":1},2, {\"a\" : [3]}]"), expected);
        assert_eq!(read("[\n  {\"a\":1},\n 2,\n {\"a\" : [3]}\n]\n"), expected);
        assert_eq!(read("\u{feff}[{\"a\":1}]"), rows(&[(0, "{\"a\":1}")]));
        // Without an article, or with more below, it is what it was: messages that are refused.
        assert_eq!(read("[1, 2]"), rows(&[(0, "[1, 2]")]));
        assert_eq!(
            read("[{\"a\":1}]\n{\"a\":2}\n"),
            rows(&[(0, "[{\"a\":1}]"), (1, "{\"a\":2}")])
        );
    }

    #[test]
    fn what_a_person_gives_is_articles_or_plain_text() {
        let given = |text: &str| -> Vec<(i64, String)> {
            parted(text.as_bytes().to_vec())
                .into_iter()
                .map(|(offset, payload)| (offset, String::from_utf8(payload).unwrap()))
                .collect()
        };
        let text = |text: &str| vec![(0, serde_json::json!({ "text": text }).to_string())];
        for json in [
            "{\"a\":1}",
            "{\n\"a\": 1\n}\n",
            "[]",
            "{\"a\": \"cut",
            "[{\"a\":",
            "{",
            "[",
        ] {
            assert_eq!(given(json), rows(&[(0, json)]), "{json}");
        }
        assert_eq!(
            given("[{\"a\":1}, {\"a\":2}]"),
            rows(&[(0, "{\"a\":1}"), (1, "{\"a\":2}")])
        );
        assert_eq!(
            given("{\"a\":1}\n\n{\"a\":\n{\"a\":3}"),
            rows(&[(0, "{\"a\":1}"), (2, "{\"a\":"), (3, "{\"a\":3}")])
        );
        for plain in [
            "[عاجل] صوت البرلمان",
            "[1] see below",
            "{Update} The vote",
            "A ferry\n\n{\"a\":1}",
            "",
            "42",
        ] {
            assert_eq!(given(plain), text(plain), "{plain}");
        }
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
