//! Settings of the connection to Kafka.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::{Properties, Secret};
use super::units::TimeSpan;

/// Connection to Kafka, consumer group, transactions and memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaConfig {
    /// Brokers to ask first, as `host:port`, separated by commas.
    pub brokers: String,
    /// Consumer group. Replicas of one stage share it.
    pub group: String,
    /// Name of this replica, part of the client id and the transactional id. It must differ between replicas, and should
    /// stay the same when a replica restarts. When unset: the host name.
    pub instance: Option<String>,
    /// Transactional id of the producer, with `delivery = "exactly_once"`. Of two processes with the same id the older
    /// is stopped by the broker. When unset: `<group>-<instance>`.
    pub transactional_id: Option<String>,
    /// How partitions move between replicas.
    pub rebalance: RebalanceProtocol,
    /// Join the group as a static member (`group.instance.id` = `kafka.instance`): a restart within
    /// `kafka.session_timeout` moves no partitions. For replicas with stable names (StatefulSet); not with autoscaling.
    pub static_membership: bool,
    /// Time without a heartbeat after which the group gives the partitions of a replica to others. With
    /// `kafka.rebalance = "consumer"` the broker decides, and this is not used.
    #[schemars(extend("x-minimum" = "1s", "x-maximum" = "1h"))]
    pub session_timeout: TimeSpan,
    /// Time without a poll after which the group gives the partitions of a replica to others. Must be longer than
    /// `kafka.session_timeout`.
    #[schemars(extend("x-minimum" = "2s", "x-maximum" = "1d"))]
    pub max_poll_interval: TimeSpan,
    /// Time after which the broker aborts a transaction that was not committed. Brokers take up to 15 minutes unless
    /// `transaction.max.timeout.ms` was raised.
    #[schemars(extend("x-minimum" = "1s", "x-maximum" = "1d"))]
    pub transaction_timeout: TimeSpan,
    /// Where to begin on a partition for which the group has committed no offset.
    pub start: StartOffset,
    /// What to do when the committed offset is no longer on the broker, because retention was faster than the stage:
    /// messages are lost then.
    pub offset_lost: LostOffset,
    /// Encryption and authentication.
    pub security: SecurityConfig,
    /// Codec of records that are sent. Input may come in any of them.
    pub compression: Compression,
    /// Memory for messages inside the Kafka client.
    pub memory: KafkaMemory,
    /// librdkafka properties for every client, by their own names: `socket.timeout.ms = 30000`. They win over this
    /// program's values, except where delivery or identity depends on them; those are refused. In environment variables,
    /// underscores stand for dots: `NEWSSTAGE__KAFKA__PROPERTIES__SOCKET_TIMEOUT_MS`.
    pub properties: Properties,
    /// librdkafka properties for the consumer alone. They win over `kafka.properties`.
    pub consumer_properties: Properties,
    /// librdkafka properties for the producer alone. They win over `kafka.properties`.
    pub producer_properties: Properties,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".to_owned(),
            group: "newsstage".to_owned(),
            instance: None,
            transactional_id: None,
            rebalance: RebalanceProtocol::default(),
            static_membership: false,
            session_timeout: TimeSpan::from_secs(45),
            max_poll_interval: TimeSpan::from_secs(300),
            transaction_timeout: TimeSpan::from_secs(60),
            start: StartOffset::default(),
            offset_lost: LostOffset::default(),
            security: SecurityConfig::default(),
            compression: Compression::default(),
            memory: KafkaMemory::default(),
            properties: Properties::default(),
            consumer_properties: Properties::default(),
            producer_properties: Properties::default(),
        }
    }
}

impl KafkaConfig {
    /// Name of this replica. Loading fills in the host name; settings made in code fall back to `local`.
    pub fn instance_name(&self) -> &str {
        self.instance.as_deref().unwrap_or("local")
    }

    /// The transactional id: the one that is set, or `<group>-<instance>`.
    pub fn transactional_id(&self) -> String {
        match &self.transactional_id {
            Some(id) => id.clone(),
            None => format!("{}-{}", self.group, self.instance_name()),
        }
    }
}

/// How partitions move between replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebalanceProtocol {
    /// Classic protocol, `cooperative-sticky`: only partitions that change hands stop.
    #[default]
    Cooperative,
    /// The group protocol of KIP-848, for Apache Kafka 4.0 and later. The broker sets session timeout and assignor.
    Consumer,
    /// Classic protocol, `range`: every partition stops at every rebalance. All members of a group must use the same strategy.
    Eager,
}

/// Where to begin on a partition without a committed offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartOffset {
    /// At the oldest message that the broker still has.
    #[default]
    Earliest,
    /// At messages that arrive from now on.
    Latest,
    /// Stop with an error.
    Error,
}

/// What to do when the committed offset is no longer on the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostOffset {
    /// Stop with an error, so that a person decides.
    #[default]
    Error,
    /// Go on at the oldest message that the broker still has, with an error in the log.
    Earliest,
    /// Go on with messages that arrive from now on, with an error in the log.
    Latest,
}

/// Codec of records that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Fast. About 9 µs of CPU for a 3 kB article.
    #[default]
    Lz4,
    /// Smaller, for about 1.6 times the CPU of lz4.
    Zstd,
    /// Between the two.
    Snappy,
    /// About ten times the CPU of lz4; only for readers that know nothing else.
    Gzip,
    /// Not compressed.
    None,
}

impl Compression {
    /// librdkafka's name of the codec.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}

/// Memory for messages inside the Kafka client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaMemory {
    /// Messages fetched ahead, in MiB. It is passed by one fetch at most.
    #[schemars(range(min = 1, max = 2047))]
    pub consumer_mb: u32,
    /// Records waiting for the broker, in MiB.
    #[schemars(range(min = 1, max = 65_536))]
    pub producer_mb: u32,
}

impl Default for KafkaMemory {
    fn default() -> Self {
        Self {
            consumer_mb: 32,
            producer_mb: 64,
        }
    }
}

/// Encryption and authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// Whether the connection is encrypted (`ssl`), authenticated (`sasl`), or both.
    pub protocol: SecurityProtocol,
    /// Authentication, for the protocols `sasl_plaintext` and `sasl_ssl`.
    pub sasl: SaslConfig,
    /// Encryption, for the protocols `ssl` and `sasl_ssl`.
    pub tls: TlsConfig,
}

/// Whether the connection is encrypted, authenticated, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither.
    #[default]
    Plaintext,
    /// Encrypted; authenticated when a client certificate is given.
    Ssl,
    /// Authenticated, not encrypted.
    SaslPlaintext,
    /// Both.
    SaslSsl,
}

impl SecurityProtocol {
    /// Is the connection encrypted?
    pub const fn tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Does the client authenticate by SASL?
    pub const fn sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Kafka's name of the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }
}

/// Authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SaslConfig {
    /// Mechanism. Required by the protocols `sasl_plaintext` and `sasl_ssl`.
    pub mechanism: Option<SaslMechanism>,
    /// User name, for PLAIN and SCRAM.
    pub username: Option<String>,
    /// Password, for PLAIN and SCRAM. Better given by `password_file`.
    pub password: Option<Secret>,
    /// File that holds the password; a newline at its end does not count.
    pub password_file: Option<PathBuf>,
    /// Bearer token, for OAUTHBEARER. Better given by `token_file`.
    pub token: Option<Secret>,
    /// File that holds the bearer token. It is read again for every refresh, so that it can be rotated.
    pub token_file: Option<PathBuf>,
}

/// SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SaslMechanism {
    /// User name and password as they are: only over TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Salted challenge and response with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Salted challenge and response with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// A bearer token that someone else fetches. The size limits of the topics cannot be asked with it: set
    /// `output.max_record_bytes` where the output topic does not take Kafka's default of 1 MB.
    #[serde(rename = "OAUTHBEARER")]
    OAuthBearer,
}

impl SaslMechanism {
    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

/// Encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// PEM file with the certificates of the authorities to trust. When unset: those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the client certificate, for mutual TLS.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the client's private key, for mutual TLS.
    pub key_file: Option<PathBuf>,
    /// Password of the private key. Better given by `key_password_file`.
    pub key_password: Option<Secret>,
    /// File that holds the password of the private key; a newline at its end does not count.
    pub key_password_file: Option<PathBuf>,
    /// Check that the broker's certificate is for the host that was asked for.
    pub verify_host: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            ca_file: None,
            certificate_file: None,
            key_file: None,
            key_password: None,
            key_password_file: None,
            verify_host: true,
        }
    }
}
