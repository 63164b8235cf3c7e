//! The librdkafka properties that follow from the settings: data only, no client is made here.

use super::kafka_model::{KafkaConfig, RebalanceProtocol, SaslMechanism, SecurityConfig};
use super::model::{Config, Delivery};
use super::properties::{applies, canonical};
use super::secret::Properties;
use super::units::TimeSpan;

/// Properties for one client. `Debug` hides secrets; values read through `iter` and `get` are the real ones.
pub type KafkaProperties = Properties;

/// Which client the properties are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads the input topic, as a member of the group.
    Consumer,
    /// Writes output and dead letters, and commits.
    Producer,
    /// Asks the broker about topics and settings.
    Admin,
}

impl Role {
    /// The name in the client id.
    const fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Producer => "producer",
            Self::Admin => "admin",
        }
    }

    /// The scope letter of librdkafka's documentation.
    const fn scope(self) -> &'static str {
        match self {
            Self::Consumer => "C",
            Self::Producer => "P",
            Self::Admin => "*",
        }
    }
}

/// librdkafka's default batch, in bytes: just below what topics take by default (1 048 588).
const BATCH_BYTES: usize = 1_000_000;

/// librdkafka's limits of `message.max.bytes`.
const MESSAGE_BYTES: std::ops::RangeInclusive<usize> = 1000..=1_000_000_000;

/// librdkafka's default of `receive.message.max.bytes`.
const RECEIVE_BYTES: u64 = 100_000_000;

/// The librdkafka properties for one client: this program's values, then those handed through.
pub fn kafka_properties(config: &Config, role: Role) -> KafkaProperties {
    let kafka = &config.kafka;
    let mut properties = Properties::default();
    connection(kafka, role, &mut properties);
    security(&kafka.security, &mut properties);
    match role {
        Role::Consumer => {
            consumer(config, &mut properties);
            group(kafka, &mut properties);
        }
        Role::Producer => producer(config, &mut properties),
        Role::Admin => {}
    }
    hand_through(&kafka.properties, role, &mut properties);
    match role {
        Role::Consumer => hand_through(&kafka.consumer_properties, role, &mut properties),
        Role::Producer => hand_through(&kafka.producer_properties, role, &mut properties),
        Role::Admin => {}
    }
    properties
}

fn connection(kafka: &KafkaConfig, role: Role, p: &mut Properties) {
    p.set("bootstrap.servers", kafka.brokers.as_str());
    p.set(
        "client.id",
        format!("{}-{}-{}", kafka.group, kafka.instance_name(), role.name()),
    );
    p.set("socket.keepalive.enable", "true");
    // The default of 10 s delays recovery after the broker is back.
    p.set("reconnect.backoff.max.ms", "2000");
    // New partitions and moved leaders are seen within a minute.
    p.set("topic.metadata.refresh.interval.ms", "60000");
    p.set("allow.auto.create.topics", "false");
    // Lag and queue lengths come from the statistics.
    let statistics = if role == Role::Admin { "0" } else { "5000" };
    p.set("statistics.interval.ms", statistics);
}

fn security(security: &SecurityConfig, p: &mut Properties) {
    p.set("security.protocol", security.protocol.name());
    if security.protocol.tls() {
        let tls = &security.tls;
        let path = |file: &std::path::PathBuf| file.display().to_string();
        // The OpenSSL inside this program knows no system folder: without `probe` it would trust nobody.
        p.set(
            "ssl.ca.location",
            tls.ca_file
                .as_ref()
                .map_or_else(|| "probe".to_owned(), path),
        );
        p.set(
            "ssl.endpoint.identification.algorithm",
            if tls.verify_host { "https" } else { "none" },
        );
        let optional = [
            (
                "ssl.certificate.location",
                tls.certificate_file.as_ref().map(path),
            ),
            ("ssl.key.location", tls.key_file.as_ref().map(path)),
            (
                "ssl.key.password",
                tls.key_password
                    .as_ref()
                    .map(|secret| secret.expose().to_owned()),
            ),
        ];
        set_some(p, optional);
    }
    let sasl = &security.sasl;
    if let (true, Some(mechanism)) = (security.protocol.sasl(), sasl.mechanism) {
        p.set("sasl.mechanism", mechanism.name());
        // The bearer token goes through the client's callback, not through a property.
        if mechanism != SaslMechanism::OAuthBearer {
            let password = sasl
                .password
                .as_ref()
                .map(|secret| secret.expose().to_owned());
            set_some(
                p,
                [
                    ("sasl.username", sasl.username.clone()),
                    ("sasl.password", password),
                ],
            );
        }
    }
}

fn set_some<const N: usize>(p: &mut Properties, pairs: [(&str, Option<String>); N]) {
    for (name, value) in pairs {
        if let Some(value) = value {
            p.set(name, value);
        }
    }
}

fn consumer(config: &Config, p: &mut Properties) {
    let kafka = &config.kafka;
    p.set("isolation.level", "read_committed");
    // librdkafka has one answer for "never committed" and "committed, but gone", and gives it in silence. The source
    // decides instead: by `kafka.start` when partitions are assigned, by `kafka.offset_lost` on `_AUTO_OFFSET_RESET`.
    p.set("auto.offset.reset", "error");
    match config.delivery {
        // Offsets are committed by the producer, inside the transaction.
        Delivery::ExactlyOnce => p.set("enable.auto.commit", "false"),
        // Offsets are stored after their records were acknowledged; librdkafka commits what is stored.
        Delivery::AtLeastOnce => {
            p.set("enable.auto.commit", "true");
            p.set("auto.commit.interval.ms", "1000");
        }
    }
    p.set("enable.auto.offset.store", "false");
    // After the prefetch limit a partition sleeps this long; the default of a second cuts throughput to a third.
    p.set("fetch.queue.backoff.ms", "20");
    p.set("queued.min.messages", "10000");
    let memory_kb = u64::from(kafka.memory.consumer_mb) * 1024;
    p.set(
        "queued.max.messages.kbytes",
        memory_kb.min(2_097_151).to_string(),
    );
    p.set("fetch.message.max.bytes", "1048576");
    // One response holds one fetch, which librdkafka keeps below the prefetch limit, or one larger batch.
    let receive = (memory_kb * 1024 + 1024).clamp(RECEIVE_BYTES, 2_147_483_647);
    p.set("receive.message.max.bytes", receive.to_string());
}

fn group(kafka: &KafkaConfig, p: &mut Properties) {
    p.set("group.id", kafka.group.as_str());
    p.set(
        "max.poll.interval.ms",
        kafka.max_poll_interval.millis().to_string(),
    );
    if kafka.static_membership {
        p.set("group.instance.id", kafka.instance_name());
    }
    let strategy = match kafka.rebalance {
        RebalanceProtocol::Cooperative => "cooperative-sticky",
        RebalanceProtocol::Eager => "range",
        // Session timeout, heartbeat and assignor are the broker's here; librdkafka refuses them.
        RebalanceProtocol::Consumer => {
            p.set("group.protocol", "consumer");
            return;
        }
    };
    p.set("group.protocol", "classic");
    p.set("partition.assignment.strategy", strategy);
    let session = kafka.session_timeout.millis();
    p.set("session.timeout.ms", session.to_string());
    // Three heartbeats to a session, and never rarer than librdkafka's default.
    p.set(
        "heartbeat.interval.ms",
        (session / 3).clamp(1, 3000).to_string(),
    );
}

fn producer(config: &Config, p: &mut Properties) {
    let kafka = &config.kafka;
    p.set("enable.idempotence", "true");
    p.set("acks", "all");
    p.set("linger.ms", "5");
    p.set("compression.type", kafka.compression.name());
    p.set("partitioner", "murmur2_random");
    // Bytes are the limit, not the number of records.
    p.set(
        "queue.buffering.max.kbytes",
        (u64::from(kafka.memory.producer_mb) * 1024).to_string(),
    );
    p.set("queue.buffering.max.messages", "0");
    // What the topic takes is checked before a record is sent; librdkafka's own limit of 1 MB must not come first.
    let unasked = config.input.limits.message_bytes.saturating_add(1 << 20);
    let record = config.output.max_record_bytes.unwrap_or(unasked);
    let record = record.clamp(*MESSAGE_BYTES.start(), *MESSAGE_BYTES.end());
    p.set("message.max.bytes", record.to_string());
    // Several records make one batch, and a topic's limit holds for the batch.
    p.set("batch.size", record.min(BATCH_BYTES).to_string());
    // A record that cannot be delivered in the time that the batch has is given up, and the batch is tried again.
    let lifetime = match config.delivery {
        Delivery::ExactlyOnce => {
            p.set("transactional.id", kafka.transactional_id());
            p.set(
                "transaction.timeout.ms",
                kafka.transaction_timeout.millis().to_string(),
            );
            // Early enough to abort before the broker gives the transaction, and with it the producer, up.
            TimeSpan::from_millis(kafka.transaction_timeout.millis() * 2 / 3)
        }
        Delivery::AtLeastOnce => kafka.max_poll_interval,
    };
    p.set("message.timeout.ms", lifetime.millis().to_string());
}

/// Puts the user's properties over ours, under whichever of its names a property was given.
fn hand_through(from: &Properties, role: Role, to: &mut Properties) {
    for (name, value) in from.iter().filter(|(name, _)| applies(name, role.scope())) {
        to.remove_where(|ours| canonical(ours) == canonical(name));
        to.set(name, value);
    }
}

#[cfg(test)]
#[path = "kafka_tests.rs"]
mod tests;
