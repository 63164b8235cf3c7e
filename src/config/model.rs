//! The configuration as the program uses it. The doc comments below are the reference that users read: they go through
//! the JSON Schema into `docs/configuration.md`, which adds type, range and default by itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kafka_model::KafkaConfig;
use super::service_model::{
    AdminConfig, LivenessConfig, LogConfig, ReloadConfig, RetryConfig, ShutdownConfig,
    TracingConfig,
};
use super::units::{self, ByteSize, TimeSpan};
use crate::article::{InputLimits, ReaderSettings};
use crate::dedup::DedupSettings;
use crate::language::LanguageSettings;
use crate::text::TextSettings;
use crate::topics::TopicSettings;

/// Settings of the stage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "newsstage configuration")]
pub struct Config {
    /// What is read, and how an article is found in a message.
    pub input: InputConfig,
    /// Where enriched articles go, and in which shape.
    pub output: OutputConfig,
    /// Where messages go that cannot be enriched, and when to stop because there are too many of them.
    pub dead_letter: DeadLetterConfig,
    /// The delivery guarantee.
    pub delivery: Delivery,
    /// Connection to Kafka, consumer group, transactions and memory.
    pub kafka: KafkaConfig,
    /// How many messages are worked on at once. One batch is one transaction. A batch ends at the first limit reached.
    pub batch: BatchConfig,
    /// Which stages run. A stage that is off leaves no member in the enrichment.
    pub stages: StagesConfig,
    /// The dedup stage.
    pub dedup: DedupSettings,
    /// The language stage.
    pub language: LanguageSettings,
    /// The topics stage.
    pub topics: TopicSettings,
    /// How text is cleaned and divided into zones before the stages see it.
    pub text: TextSettings,
    /// Threads that analyse articles. When unset: as many as there are cores for the process.
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<usize>,
    /// HTTP for probes, metrics and the live view: `/livez`, `/readyz`, `/metrics`, `/live`.
    pub admin: AdminConfig,
    /// What happens on SIGTERM and SIGINT.
    pub shutdown: ShutdownConfig,
    /// Waiting between attempts after an aborted transaction or a failed delivery; each wait doubles.
    pub retry: RetryConfig,
    /// When the stage calls itself stuck.
    pub liveness: LivenessConfig,
    /// Log output, on standard error or standard output as the command decides.
    pub log: LogConfig,
    /// Settings and word lists that change while the stage runs; SIGHUP has them looked at, too.
    pub reload: ReloadConfig,
    /// Spans for OpenTelemetry. Only a program that was built with the feature `otel` sends any.
    pub tracing: TracingConfig,
}

/// What is read, and how an article is found in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputConfig {
    /// Topic with raw articles. Required by `run`.
    pub topic: String,
    /// RFC 6901 JSON Pointer to the article inside its message, for envelopes: `/data`. Empty: the message is the article.
    pub pointer: String,
    /// More key names for a canonical field, tried before the built-in ones, in order: `title = ["kop"]`. Canonical fields:
    /// `id`, `url`, `title`, `body`, `summary`, `language`, `published`, `source`, `source_name`, `country`, `authors`, `tags`.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Take the Kafka key for the article's id when no field and no URL gives one. Only where every article has a key of
    /// its own: keys are often a feed or a shard, and different articles would then share an id.
    pub id_from_key: bool,
    /// What is refused or cut, so that no input can exhaust memory or time.
    pub limits: LimitsConfig,
    /// What becomes of a message without a value.
    pub tombstones: Tombstones,
}

impl InputConfig {
    /// What the article reader needs of these settings.
    pub fn reader_settings(&self) -> ReaderSettings {
        ReaderSettings {
            pointer: self.pointer.clone(),
            aliases: self.aliases.clone(),
            id_from_key: self.id_from_key,
            limits: InputLimits {
                message_bytes: self.limits.message_bytes,
                depth: self.limits.depth,
                text_chars: self.limits.text_chars,
            },
        }
    }
}

impl Default for InputConfig {
    fn default() -> Self {
        let reader = ReaderSettings::default();
        Self {
            topic: String::new(),
            pointer: reader.pointer,
            aliases: reader.aliases,
            id_from_key: reader.id_from_key,
            limits: LimitsConfig::default(),
            tombstones: Tombstones::default(),
        }
    }
}

/// Limits on one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest message value, after decompression. A larger one is a dead letter.
    #[serde(with = "units::len")]
    #[schemars(with = "ByteSize", extend("x-minimum" = "1B", "x-maximum" = "1GiB"))]
    pub message_bytes: usize,
    /// Deepest nesting of JSON objects and arrays, the top-level object being 1. A deeper message is a dead letter.
    #[schemars(range(min = 1, max = 10_000))]
    pub depth: usize,
    /// Code points of an article that are analysed. The rest is published but not looked at, and the enrichment carries a warning.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub text_chars: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let InputLimits {
            message_bytes,
            depth,
            text_chars,
        } = ReaderSettings::default().limits;
        Self {
            message_bytes,
            depth,
            text_chars,
        }
    }
}

/// What becomes of a message without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tombstones {
    /// It passes through as a tombstone with its key, so that a compacted output topic forgets the article too.
    #[default]
    Pass,
    /// It is consumed and leaves nothing behind.
    Drop,
}

/// Where enriched articles go, and in which shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Topic for enriched articles. Required by `run`.
    pub topic: String,
    /// Name of the member that is added to the article. One that is already there is replaced.
    #[schemars(length(min = 1, max = 128))]
    pub field: String,
    /// What becomes of duplicates.
    pub duplicates: Duplicates,
    /// Topic for duplicates. Required when `output.duplicates` is `route`.
    pub duplicates_topic: Option<String>,
    /// Largest record that is sent. A larger one is a dead letter. When unset: what the output topic takes
    /// (`max.message.bytes`), asked of the broker at the start.
    #[serde(with = "units::optional_len")]
    #[schemars(with = "Option<ByteSize>", extend("x-minimum" = "1KiB", "x-maximum" = "900MiB"))]
    pub max_record_bytes: Option<usize>,
    /// Add the headers `newsstage-dedup`, `newsstage-language` and `newsstage-topics`, for routing without parsing JSON.
    pub headers: bool,
    /// How the output partition is chosen.
    pub partition: Partitioning,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self {
            topic: String::new(),
            field: "enrichment".to_owned(),
            duplicates: Duplicates::default(),
            duplicates_topic: None,
            max_record_bytes: None,
            headers: false,
            partition: Partitioning::default(),
        }
    }
}

/// What becomes of duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// They are published like every article, with the verdict in the enrichment.
    #[default]
    Annotate,
    /// They go to `output.duplicates_topic` instead of the output topic.
    Route,
    /// They are not published.
    Drop,
}

/// How the output partition is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Partitioning {
    /// By the murmur2 hash of the key, as Java producers do it; without a key, at random.
    #[default]
    Key,
    /// The number of the input partition. The output topic needs at least as many partitions as the input topic.
    Input,
}

/// Where messages go that cannot be enriched, and when to stop because there are too many of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeadLetterConfig {
    /// Topic for dead letters: original bytes, key, headers and timestamp, and headers that say what was wrong. Required by `run`.
    pub topic: String,
    /// Share of dead letters in the last `dead_letter.window` messages above which the stage stops and turns unready,
    /// because the input is broken rather than an article. 1 never stops.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_ratio: f64,
    /// Number of messages over which the share is taken. Until so many were seen, the share does not stop the stage.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub window: usize,
    /// Dead letters in a row after which the stage stops. 0: no such limit.
    #[schemars(range(max = 10_000_000))]
    pub max_consecutive: usize,
    /// Family of headers that describe the failure, beside `newsstage.error.code`.
    pub header_style: HeaderStyle,
}

impl Default for DeadLetterConfig {
    fn default() -> Self {
        Self {
            topic: String::new(),
            max_ratio: 0.5,
            window: 1000,
            max_consecutive: 200,
            header_style: HeaderStyle::default(),
        }
    }
}

/// Family of headers that describe a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeaderStyle {
    /// `__connect.errors.*`, as Kafka Connect writes them.
    #[default]
    Connect,
}

/// The delivery guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Output, dead letters and consumer offsets of a batch are one Kafka transaction. Readers of the output need `isolation.level=read_committed`.
    #[default]
    ExactlyOnce,
    /// For brokers without transactions: offsets are stored after every record was acknowledged. A crash repeats the last batch.
    AtLeastOnce,
}

/// How many messages are worked on at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Most messages in a batch.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub messages: usize,
    /// Most bytes of message values in a batch. A single larger message is a batch of its own.
    #[schemars(extend("x-minimum" = "1KiB", "x-maximum" = "1GiB"))]
    pub bytes: ByteSize,
    /// Longest wait for a batch to fill, from its first message.
    #[schemars(extend("x-minimum" = "0ms", "x-maximum" = "1m"))]
    pub linger: TimeSpan,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            messages: 4000,
            bytes: ByteSize::from_mib(12),
            linger: TimeSpan::from_millis(100),
        }
    }
}

/// Which stages run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StagesConfig {
    /// Find copies of earlier articles.
    pub dedup: bool,
    /// Detect the language.
    pub language: bool,
    /// Tag topics. It uses the detected language, which is then detected but not published when `stages.language` is off.
    pub topics: bool,
}

impl Default for StagesConfig {
    fn default() -> Self {
        Self {
            dedup: true,
            language: true,
            topics: true,
        }
    }
}
