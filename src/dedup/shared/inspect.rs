//! What `newsstage check` asks the servers.

use super::client::{Call, Client};
use super::{IndexError, SharedSettings, text};

/// What a server of the shared index says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Host and port.
    pub address: String,
    /// Name and version, such as `valkey 8.1.0`.
    pub version: String,
    /// `maxmemory-policy`: anything but `noeviction` loses articles in silence.
    pub policy: String,
    /// Whether it writes to disk what it is told (`appendonly`).
    pub persistent: bool,
    /// Bytes of memory in use.
    pub memory_bytes: u64,
}

/// Asks every server. Changes nothing. Returns also the number of shards with which the index was made, if there is one.
///
/// # Errors
/// `Unavailable` with the reason when a server does not answer.
pub fn inspect(settings: &SharedSettings) -> Result<(Vec<Inspection>, Option<u16>), IndexError> {
    let mut client = Client::new(settings)?;
    let servers = client
        .information()?
        .into_iter()
        .map(|(address, information)| read(address, &information))
        .collect();
    let names = super::Names {
        prefix: settings.prefix.clone(),
        shards: u64::from(settings.shards.get()),
    };
    let mut command = redis::cmd("HGET");
    command.arg(names.control()).arg("shards");
    let answers = client.run(&[Call::new(0, &command)])?;
    let shards = answers.first().map(text).unwrap_or_default();
    Ok((servers, shards.parse().ok()))
}

fn read(address: String, information: &str) -> Inspection {
    let field = |name: &str| {
        information
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
            .unwrap_or_default()
            .to_owned()
    };
    let version = match field("valkey_version") {
        version if version.is_empty() => format!("redis {}", field("redis_version")),
        version => format!("valkey {version}"),
    };
    Inspection {
        address,
        version,
        policy: field("maxmemory_policy"),
        persistent: field("aof_enabled") == "1",
        memory_bytes: field("used_memory").parse().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_answer_of_info_is_read() {
        let text = "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.0\r\nused_memory:1024\r\n\
                    maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        let found = read("a:1".into(), text);
        assert_eq!(
            (found.version.as_str(), found.memory_bytes),
            ("valkey 8.1.0", 1024)
        );
        assert!(found.persistent && found.policy == "noeviction");
    }

    proptest! {
        #[test]
        fn any_answer_is_read(text: String) {
            drop(read(String::new(), &text));
        }
    }
}
