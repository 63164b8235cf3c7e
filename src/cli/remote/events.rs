//! Server-sent events, as the feed of the live view sends them.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

use super::http::Answer;

/// The feed breaks its silence every ten seconds; after this long it is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// The largest line.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// What it is: `hello`, `article`, `missed`.
    pub name: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// What it says: JSON.
    pub data: String,
}

/// Events as they come.
pub struct Events {
    answer: Answer,
}

impl Events {
    pub(super) fn new(answer: Answer) -> Self {
        Self { answer }
    }

    /// The next event; `None` when the other side has ended.
    ///
    /// # Errors
    /// When the connection breaks, is silent for too long, or sends no events.
    pub async fn next(&mut self) -> io::Result<Option<Event>> {
        let mut event = Event::default();
        loop {
            while let Some(line) = self.answer.line() {
                if event.take(&String::from_utf8_lossy(&line)) {
                    return Ok(Some(event));
                }
            }
            if self.answer.waiting() > MAX_LINE_BYTES {
                return Err(io::Error::other("an event does not end"));
            }
            let more = timeout(SILENCE, self.answer.more()).await;
            let more = more.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            if !more? {
                return Ok(None);
            }
        }
    }
}

impl Event {
    /// Reads a line; `true` when the event is whole.
    fn take(&mut self, line: &str) -> bool {
        if line.is_empty() {
            let whole = !self.name.is_empty();
            if !whole {
                *self = Self::default();
            }
            return whole;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.to_owned()).filter(|id| is_id(id)),
            "data" => self.data.push_str(value),
            _ => {}
        }
        false
    }
}

/// Whether an id may be sent back as a header.
fn is_id(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = Event::default();
        for line in text.lines() {
            if event.take(line) {
                events.push(std::mem::take(&mut event));
            }
        }
        events
    }

    #[test]
    fn events_are_told_from_comments_and_ids_from_commands() {
        let events = read(
            ":\n\nretry: 2000\nevent: hello\ndata: {}\n\nid: 7-1\nevent: article\ndata: {\"a\":1}\n\nid: x\r\nevent: missed\ndata:{}\n\n",
        );
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["hello", "article", "missed"]);
        assert_eq!(events[1].id.as_deref(), Some("7-1"));
        assert_eq!(events[1].data, "{\"a\":1}");
        assert_eq!(
            read("id: 1\nEvil: header\nevent: a\n\n")[0].id.as_deref(),
            Some("1")
        );
        assert_eq!(read("id: a b\nevent: a\n\n")[0].id, None);
    }
}
