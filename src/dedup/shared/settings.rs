//! The `[dedup.shared]` section of the configuration.

use std::num::NonZeroU16;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Secret, TimeSpan};

/// Where the duplicate index is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// In this process and in `dedup.path`: fastest and smallest, for one replica. With several, copies in partitions of
    /// different replicas are not found.
    #[default]
    Embedded,
    /// On a Valkey or Redis server, or a cluster of them, which all replicas share: see `dedup.shared`.
    Valkey,
}

/// The server that replicas share with `dedup.backend = "valkey"`: Valkey 7.2 or Redis 7.0 and later, alone or as a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharedSettings {
    /// Servers to ask first: `redis://host:6379`, or `rediss://host:6379` with TLS. Of a cluster, several of its nodes; the
    /// others are learned from them.
    pub urls: Vec<String>,
    /// ACL user. When unset: the default user.
    pub user: Option<String>,
    /// Password of the user. Better given by `password_file`.
    pub password: Option<Secret>,
    /// File that holds the password; a newline at its end does not count.
    pub password_file: Option<PathBuf>,
    /// What every key begins with, in braces with the number of its shard: `{newsstage:07}…`. Stages that look for copies
    /// among each other share a prefix, others must not.
    pub prefix: String,
    /// Parts in which keys are spread over the nodes of a cluster. Fixed for the life of the data.
    #[schemars(range(min = 1, max = 1024))]
    pub shards: NonZeroU16,
    /// Encryption, for `rediss://`.
    pub tls: SharedTls,
    /// How long a connection may take.
    #[schemars(extend("x-minimum" = "10ms", "x-maximum" = "5m"))]
    pub connect_timeout: TimeSpan,
    /// How long the server may take to answer.
    #[schemars(extend("x-minimum" = "10ms", "x-maximum" = "5m"))]
    pub timeout: TimeSpan,
    /// How long others wait for a replica that has stopped answering in the middle of a batch. One that is merely slower loses
    /// its work and begins the batch again.
    #[schemars(extend("x-minimum" = "100ms", "x-maximum" = "10m"))]
    pub lease: TimeSpan,
}

/// Encryption of the connection to the shared index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharedTls {
    /// PEM file with the certificates of the authorities to trust. When unset: those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the client certificate, for mutual TLS.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the client's private key (PKCS #8), for mutual TLS.
    pub key_file: Option<PathBuf>,
}

impl Default for SharedSettings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            user: None,
            password: None,
            password_file: None,
            prefix: "newsstage".to_owned(),
            shards: NonZeroU16::MIN.saturating_add(15),
            tls: SharedTls::default(),
            connect_timeout: TimeSpan::from_secs(5),
            timeout: TimeSpan::from_secs(5),
            lease: TimeSpan::from_secs(10),
        }
    }
}

impl SharedSettings {
    /// What is wrong with these settings, as key below `dedup` and message. Never quotes a URL: there may be a password in it.
    pub fn problems(&self, backend: Backend) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if backend == Backend::Embedded {
            let set = [
                ("shared.urls", !self.urls.is_empty()),
                ("shared.user", self.user.is_some()),
                ("shared.password_file", self.password_file.is_some()),
                (
                    "shared.password",
                    self.password.is_some() && self.password_file.is_none(),
                ),
                ("shared.tls.ca_file", self.tls.ca_file.is_some()),
                (
                    "shared.tls.certificate_file",
                    self.tls.certificate_file.is_some(),
                ),
                ("shared.tls.key_file", self.tls.key_file.is_some()),
            ];
            let unused = "would not be used: dedup.backend is \"embedded\"; set it to \"valkey\"";
            found.extend(
                set.iter()
                    .filter(|(_, set)| *set)
                    .map(|(key, _)| (*key, unused.to_owned())),
            );
            return found;
        }
        if self.urls.is_empty() {
            found.push((
                "shared.urls",
                "required by dedup.backend = \"valkey\"".to_owned(),
            ));
        }
        found.extend(
            self.urls
                .iter()
                .zip(1..)
                .filter_map(|(url, number)| Some(("shared.urls", url_problem(url, number)?))),
        );
        let plain = self.urls.iter().any(|url| url.starts_with("redis:"));
        let tls = &self.tls;
        if plain && self.urls.iter().any(|url| url.starts_with("rediss:")) {
            found.push((
                "shared.urls",
                "redis:// and rediss:// do not go together".to_owned(),
            ));
        }
        if plain
            && (tls.ca_file.is_some() || tls.certificate_file.is_some() || tls.key_file.is_some())
        {
            found.push((
                "shared.tls",
                "would not be used: the URLs must begin with rediss://".to_owned(),
            ));
        }
        if tls.certificate_file.is_some() != tls.key_file.is_some() {
            found.push((
                "shared.tls",
                "certificate_file and key_file need each other".to_owned(),
            ));
        }
        if self.user.is_some() && self.password.is_none() {
            found.push((
                "shared.password_file",
                "required by dedup.shared.user".to_owned(),
            ));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.prefix.is_empty() || self.prefix.len() > 64 || !self.prefix.chars().all(fits) {
            let message = "expected 1 to 64 letters, digits, hyphens, underscores or full stops";
            found.push(("shared.prefix", message.to_owned()));
        }
        if self.shards.get() > 1024 {
            found.push(("shared.shards", "expected 1 to 1024".to_owned()));
        }
        found
    }
}

fn url_problem(url: &str, number: u32) -> Option<String> {
    let what = match url::Url::parse(url) {
        Err(_) => "is no URL such as redis://host:6379",
        Ok(url) if !matches!(url.scheme(), "redis" | "rediss") => {
            "begins neither with redis:// nor with rediss://"
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "has a user or password: use dedup.shared.user and dedup.shared.password_file"
        }
        Ok(url) if url.host_str().is_none_or(str::is_empty) => "names no host",
        Ok(url)
            if !matches!(url.path(), "" | "/")
                || url.query().is_some()
                || url.fragment().is_some() =>
        {
            "has more than host and port: the index is in database 0"
        }
        Ok(_) => return None,
    };
    Some(format!("number {number} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(urls: &[&str]) -> SharedSettings {
        SharedSettings {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..SharedSettings::default()
        }
    }

    fn keys(settings: &SharedSettings, backend: Backend) -> Vec<&'static str> {
        settings
            .problems(backend)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    #[test]
    fn settings_that_do_not_go_together_are_named() {
        assert_eq!(keys(&with(&[]), Backend::Valkey), ["shared.urls"]);
        assert_eq!(
            keys(&with(&["redis://a:1"]), Backend::Embedded),
            ["shared.urls"]
        );
        assert!(keys(&with(&["redis://a:1", "redis://[::1]"]), Backend::Valkey).is_empty());
        assert_eq!(
            keys(&with(&["redis://a:1", "rediss://b:1"]), Backend::Valkey),
            ["shared.urls"]
        );
        let mut settings = with(&["redis://a"]);
        settings.user = Some("x".into());
        settings.tls.ca_file = Some("ca.pem".into());
        settings.prefix = "a{b}".into();
        assert_eq!(
            keys(&settings, Backend::Valkey),
            ["shared.tls", "shared.password_file", "shared.prefix"]
        );
    }

    #[test]
    fn a_url_with_a_password_is_refused_and_not_quoted() {
        for url in [
            "redis://user:canary-9d@host:1",
            "rediss://canary-9d@host",
            "http://canary-9d/",
            "canary-9d",
            "redis://h/canary-9d",
            "redis://h?canary-9d",
        ] {
            let problems = with(&[url]).problems(Backend::Valkey);
            assert_eq!(problems.len(), 1, "{url}");
            assert!(!problems[0].1.contains("canary"), "{problems:?}");
        }
    }
}
