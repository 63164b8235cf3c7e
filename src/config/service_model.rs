//! The sections on the process: its HTTP server, its end, its patience and its log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::TimeSpan;

/// HTTP for probes and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Serve HTTP at all.
    pub enabled: bool,
    /// IP address and port. The default is reachable from this machine alone; in a container use `0.0.0.0:9464`. Port 0 takes a free one.
    pub listen: String,
    /// A look at articles as they pass, for people: the page `/live` and `newsstage tap`.
    pub live: LiveConfig,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:9464".to_owned(),
            live: LiveConfig::default(),
        }
    }
}

/// A look at articles as they pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LiveConfig {
    /// Serve it. Whoever reaches `admin.listen` can then read articles, without a password.
    pub enabled: bool,
    /// Articles shown in a second at most. When more come, stories are sampled: all copies of one, or none of them.
    #[schemars(range(min = 1, max = 1000))]
    pub rate: u32,
    /// Articles kept in memory for viewers who come later or read slowly: a few kilobytes each, never more than about 200 kB.
    #[schemars(range(min = 1, max = 10_000))]
    pub buffer: usize,
    /// Viewers at one time; more are turned away.
    #[schemars(range(min = 1, max = 32))]
    pub viewers: usize,
    /// Code points of an article's story that are shown.
    #[schemars(range(min = 100, max = 20_000))]
    pub excerpt: usize,
    /// Host names by which the page may be asked for, such as that of an ingress, beside `localhost` and IP addresses.
    /// Any other is refused, so that no web page can read articles through a visitor's browser (DNS rebinding).
    pub hosts: Vec<String>,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            rate: 20,
            buffer: 200,
            viewers: 8,
            excerpt: 3000,
            hosts: Vec::new(),
        }
    }
}

/// What happens on SIGTERM and SIGINT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShutdownConfig {
    /// Time to finish the running batch, commit and leave the group. Keep it below the grace period of the platform (30 s in Kubernetes).
    #[schemars(extend("x-minimum" = "1s", "x-maximum" = "1h"))]
    pub timeout: TimeSpan,
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        Self {
            timeout: TimeSpan::from_secs(25),
        }
    }
}

/// Waiting between attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// First wait.
    #[schemars(extend("x-minimum" = "10ms", "x-maximum" = "1m"))]
    pub initial: TimeSpan,
    /// Longest wait.
    #[schemars(extend("x-minimum" = "10ms", "x-maximum" = "10m"))]
    pub max: TimeSpan,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            initial: TimeSpan::from_millis(200),
            max: TimeSpan::from_secs(30),
        }
    }
}

/// When the stage calls itself stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LivenessConfig {
    /// Time without progress, although messages wait, after which `/livez` fails.
    #[schemars(extend("x-minimum" = "1s", "x-maximum" = "1d"))]
    pub stalled_after: TimeSpan,
}

impl Default for LivenessConfig {
    fn default() -> Self {
        Self {
            stalled_after: TimeSpan::from_secs(120),
        }
    }
}

/// Log output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Shape of a log line.
    pub format: LogFormat,
    /// Level, or levels by module: `info,newsstage::kafka=debug`. The environment variable `RUST_LOG` goes before it.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            filter: "info".to_owned(),
        }
    }
}

/// Shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

/// What is watched while the stage runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReloadConfig {
    /// Look for changes of the configuration file and of the files in `topics.lexicons`, and take them over. Without it only
    /// SIGHUP does. What `topics`, `language`, `text`, `dedup.near` and `dedup.min_*` say is taken over; other changes are
    /// named in the log and wait for a restart.
    pub watch: bool,
    /// Time between two looks.
    #[schemars(extend("x-minimum" = "100ms", "x-maximum" = "1h"))]
    pub poll: TimeSpan,
}

impl Default for ReloadConfig {
    fn default() -> Self {
        Self {
            watch: true,
            poll: TimeSpan::from_secs(5),
        }
    }
}

/// Spans for OpenTelemetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TracingConfig {
    /// Send spans of batches and articles. Refused by a program without the feature `otel`.
    pub enabled: bool,
    /// Where the collector takes OTLP over HTTP (protobuf). Without TLS: a collector near by passes it on.
    pub endpoint: String,
    /// Share of the articles without a `traceparent` that get a span, 0 to 1. Of those with one, the flag decides that says
    /// whether it is sampled.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample: f64,
    /// Name of the service in the spans.
    pub service: String,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            endpoint: "http://127.0.0.1:4318/v1/traces".to_owned(),
            sample: 0.01,
            service: "newsstage".to_owned(),
        }
    }
}
