//! What a stage shows of itself: log lines, HTTP answers, metrics; [`process`](super::process) names it all too.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// One line of the log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// As it was written.
    pub text: String,
    /// Parsed; `None` when the line is not JSON, as librdkafka's own or a panic's.
    pub json: Option<Value>,
}

impl LogLine {
    pub(super) fn parse(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            json: serde_json::from_str(text).ok(),
        }
    }

    /// A field of the event, whether the format nests fields under `fields` or not.
    pub fn field(&self, name: &str) -> Option<&Value> {
        let json = self.json.as_ref()?;
        json.get("fields")
            .and_then(|fields| fields.get(name))
            .or_else(|| json.get(name))
    }

    /// A field that is text.
    pub fn text_field(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }

    /// The message of the event.
    pub fn message(&self) -> Option<&str> {
        self.text_field("message")
    }

    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub fn level(&self) -> Option<&str> {
        self.text_field("level")
    }
}

/// What the admin server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The headers, one a line, as they were sent.
    pub head: String,
    pub body: String,
}

/// A plain HTTP/1.1 GET of `path` from `address` (`127.0.0.1:PORT`).
pub fn http_get(address: &str, path: &str) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("no HTTP status: {head}")))?;
    Ok(Reply {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// See [`Stage::metric`]; `exposition` is the text of `/metrics`.
pub fn metric(exposition: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let series = exposition.lines().filter_map(|line| {
        let rest = line
            .strip_prefix(name)
            .filter(|rest| rest.starts_with(['{', ' ']))?;
        let (series_labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once('}')?,
            None => ("", rest),
        };
        let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
        labels
            .iter()
            .all(|label| series_labels.contains(label))
            .then_some(value)
    });
    series.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}
