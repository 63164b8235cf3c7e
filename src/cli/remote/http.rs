//! One GET. In HTTP/1.0, whose answers end with the connection and come in one piece, so that there is little to read wrong.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Address;

/// How long connecting, the head, and the whole of a text may take.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// An answer with status 200, read up to its head.
pub(super) struct Answer {
    stream: TcpStream,
    /// What came behind the head already.
    begun: Vec<u8>,
}

/// Asks for a path; `last` is the id of the last event that is known.
///
/// # Errors
/// When nobody answers in time, or with another status than 200; the reason then holds the first line of the answer.
pub(super) async fn get(address: &Address, path: &str, last: Option<&str>) -> io::Result<Answer> {
    let last = last.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
    let request = format!(
        "GET {}{path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: newsstage/{}\r\n{last}\r\n",
        address.prefix,
        address.authority(),
        env!("CARGO_PKG_VERSION"),
    );
    let asked = async {
        let mut stream = TcpStream::connect(address.authority()).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut begun = Vec::new();
        loop {
            if let Some(end) = begun.windows(4).position(|four| four == b"\r\n\r\n") {
                let body = begun.split_off(end + 4);
                return Ok((
                    status(&begun)?,
                    Answer {
                        stream,
                        begun: body,
                    },
                ));
            }
            if begun.len() > MAX_HEAD_BYTES {
                return Err(io::Error::other("the head of the answer does not end"));
            }
            if stream.read_buf(&mut begun).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    };
    let (status, answer) = timeout(PATIENCE, asked).await.map_err(|_| late())??;
    if status == 200 {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    Err(io::Error::other(format!("{status}: {line}")))
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// The status of a head.
fn status(head: &[u8]) -> io::Result<u16> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let (protocol, rest) = line.split_once(' ').unwrap_or_default();
    let status = rest.get(..3).and_then(|status| status.parse().ok());
    match status {
        Some(status) if protocol.starts_with("HTTP/1.") => Ok(status),
        _ => Err(io::Error::other("this is no HTTP server")),
    }
}

impl Answer {
    /// All of it as text.
    pub(super) async fn text(mut self) -> io::Result<String> {
        let read = async {
            while self.more().await? {
                if self.begun.len() > MAX_TEXT_BYTES {
                    return Err(io::Error::other("the answer does not end"));
                }
            }
            Ok(())
        };
        timeout(PATIENCE, read).await.map_err(|_| late())??;
        Ok(String::from_utf8_lossy(&self.begun).into_owned())
    }

    /// Waits for more bytes; `false` at the end.
    pub(super) async fn more(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.begun).await? > 0)
    }

    /// Takes the next line without its end, if a whole one is there.
    pub(super) fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.begun.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.begun.drain(..=end).collect();
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(line)
    }

    /// Bytes that wait for the end of their line.
    pub(super) fn waiting(&self) -> usize {
        self.begun.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_and_nothing_else_passes_for_one() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n").unwrap(), 200);
        assert_eq!(status(b"HTTP/1.0 404 Not Found\r\n\r\n").unwrap(), 404);
        for head in [
            &b""[..],
            b"\r\n\r\n",
            b"HTTP/1.1\r\n\r\n",
            b"SSH-2.0-x 200\r\n",
            b"HTTP/1.1 2\xc3\xa90\r\n",
        ] {
            assert!(status(head).is_err(), "{head:?}");
        }
    }
}
