//! Addresses of servers, and which of a cluster has what.

use redis::{Connection, Value};
use url::Url;

/// Slots of a cluster and the server that has them.
pub(super) struct Range {
    pub(super) slots: std::ops::RangeInclusive<u16>,
    host: String,
    port: u16,
}

impl Range {
    /// A server that does not know its own name is the one that was asked.
    pub(super) fn address(&self, asked: &str) -> String {
        let host = match self.host.as_str() {
            "" | "?" => split(asked).map_or_else(|_| String::new(), |(host, _)| host),
            host => host.to_owned(),
        };
        join(&host, self.port)
    }
}

/// Who has which slots; `None` when the server is alone.
pub(super) fn slots(connection: &mut Connection) -> Result<Option<Vec<Range>>, redis::RedisError> {
    let answer = redis::cmd("CLUSTER")
        .arg("SLOTS")
        .query::<Value>(connection);
    let Value::Array(entries) = (match answer {
        Err(error) if error.to_string().contains("cluster support disabled") => return Ok(None),
        answer => answer?,
    }) else {
        return Err(trouble("the answer to CLUSTER SLOTS is no list"));
    };
    let range = |entry: &Value| -> Option<Range> {
        let Value::Array(parts) = entry else {
            return None;
        };
        let [
            Value::Int(first),
            Value::Int(last),
            Value::Array(server),
            ..,
        ] = parts.as_slice()
        else {
            return None;
        };
        let [host, Value::Int(port), ..] = server.as_slice() else {
            return None;
        };
        Some(Range {
            slots: u16::try_from(*first).ok()?..=u16::try_from(*last).ok()?,
            host: match host {
                Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok()?,
                _ => String::new(),
            },
            port: u16::try_from(*port).ok()?,
        })
    };
    let ranges: Option<Vec<Range>> = entries.iter().map(range).collect();
    ranges
        .map(Some)
        .ok_or_else(|| trouble("the answer to CLUSTER SLOTS is not understood"))
}

pub(super) fn url_address(url: &str) -> Result<String, redis::RedisError> {
    let url = Url::parse(url).map_err(|_| trouble("dedup.shared.urls has no valid URL"))?;
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(join(host, url.port().unwrap_or(6379)))
}

fn join(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

/// Host and port; the host may itself have colons.
pub(super) fn split(address: &str) -> Result<(String, u16), redis::RedisError> {
    let parts = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    parts.ok_or_else(|| trouble("not host:port"))
}

pub(super) fn trouble(what: &'static str) -> redis::RedisError {
    redis::RedisError::from((redis::ErrorKind::Client, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_give_addresses() {
        for (url, address) in [
            ("redis://a", "a:6379"),
            ("rediss://a:1", "a:1"),
            ("redis://[::1]:7/", "::1:7"),
        ] {
            assert_eq!(url_address(url).expect(url), address);
        }
        assert_eq!(split("::1:7").expect("splits"), ("::1".to_owned(), 7));
    }

    proptest! {
        #[test]
        fn any_address_is_split_or_refused(text: String) {
            if let Ok((host, port)) = split(&text) {
                prop_assert_eq!(split(&join(&host, port)).expect("again"), (host, port));
            }
        }
    }
}
