//! Tests of `kafka`.

use std::path::PathBuf;

use super::super::kafka_model::{LostOffset, SecurityProtocol};
use super::super::secret::Secret;
use super::super::units::TimeSpan;
use super::*;

fn all(config: &Config) -> [KafkaProperties; 3] {
    [Role::Consumer, Role::Producer, Role::Admin].map(|role| kafka_properties(config, role))
}

#[test]
fn exactly_once_commits_in_the_transaction() {
    let mut config = Config::default();
    config.kafka.instance = Some("pod-7".to_owned());
    let [consumer, producer, admin] = all(&config);
    assert_eq!(consumer.get("enable.auto.commit"), Some("false"));
    assert_eq!(consumer.get("isolation.level"), Some("read_committed"));
    assert_eq!(
        consumer.get("partition.assignment.strategy"),
        Some("cooperative-sticky")
    );
    assert_eq!(consumer.get("client.id"), Some("newsstage-pod-7-consumer"));
    assert_eq!(consumer.get("queued.max.messages.kbytes"), Some("32768"));
    assert_eq!(producer.get("transactional.id"), Some("newsstage-pod-7"));
    assert_eq!(producer.get("message.timeout.ms"), Some("40000"));
    assert_eq!(producer.get("acks"), Some("all"));
    assert_eq!(admin.get("group.id").or(admin.get("acks")), None);
}

#[test]
fn at_least_once_has_no_transaction_and_stores_offsets_itself() {
    let config = Config {
        delivery: Delivery::AtLeastOnce,
        ..Config::default()
    };
    let [consumer, producer, _] = all(&config);
    assert_eq!(consumer.get("enable.auto.commit"), Some("true"));
    assert_eq!(consumer.get("enable.auto.offset.store"), Some("false"));
    assert_eq!(
        producer
            .get("transactional.id")
            .or(producer.get("transaction.timeout.ms")),
        None
    );
    assert_eq!(producer.get("enable.idempotence"), Some("true"));
}

#[test]
fn the_new_group_protocol_leaves_out_what_librdkafka_refuses() {
    let mut config = Config::default();
    config.kafka.rebalance = RebalanceProtocol::Consumer;
    let [consumer, ..] = all(&config);
    assert_eq!(consumer.get("group.protocol"), Some("consumer"));
    for name in [
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "partition.assignment.strategy",
    ] {
        assert_eq!(consumer.get(name), None, "{name}");
    }
}

#[test]
fn heartbeats_fit_into_short_sessions() {
    let mut config = Config::default();
    config.kafka.session_timeout = TimeSpan::from_secs(6);
    assert_eq!(all(&config)[0].get("heartbeat.interval.ms"), Some("2000"));
}

#[test]
fn librdkafka_never_jumps_by_itself() {
    for offset_lost in [LostOffset::Error, LostOffset::Earliest, LostOffset::Latest] {
        let mut config = Config::default();
        config.kafka.offset_lost = offset_lost;
        assert_eq!(all(&config)[0].get("auto.offset.reset"), Some("error"));
    }
}

#[test]
fn tls_looks_for_the_authorities_of_the_system() {
    let mut config = Config::default();
    assert_eq!(all(&config)[0].get("ssl.ca.location"), None);
    config.kafka.security.protocol = SecurityProtocol::Ssl;
    assert_eq!(all(&config)[0].get("ssl.ca.location"), Some("probe"));
    config.kafka.security.tls.ca_file = Some(PathBuf::from("/etc/ca.pem"));
    config.kafka.security.tls.verify_host = false;
    let [consumer, producer, admin] = all(&config);
    for properties in [consumer, producer, admin] {
        assert_eq!(properties.get("ssl.ca.location"), Some("/etc/ca.pem"));
        assert_eq!(
            properties.get("ssl.endpoint.identification.algorithm"),
            Some("none")
        );
    }
}

#[test]
fn debug_hides_secrets_that_the_client_gets() {
    let mut config = Config::default();
    let security = &mut config.kafka.security;
    security.protocol = SecurityProtocol::SaslSsl;
    security.sasl.mechanism = Some(SaslMechanism::ScramSha512);
    security.sasl.username = Some("reader".to_owned());
    security.sasl.password = Some(Secret::new("canary-a"));
    security.tls.key_password = Some(Secret::new("canary-b"));
    for properties in all(&config) {
        assert_eq!(properties.get("sasl.password"), Some("canary-a"));
        assert_eq!(properties.get("ssl.key.password"), Some("canary-b"));
        assert!(!format!("{properties:?}").contains("canary"));
    }
}

#[test]
fn properties_of_the_user_win_under_any_of_their_names() {
    let mut config = Config::default();
    config.kafka.properties.set("queue.buffering.max.ms", "50");
    config
        .kafka
        .properties
        .set("socket.keepalive.enable", "false");
    config.kafka.properties.set("fetch.min.bytes", "10");
    config
        .kafka
        .consumer_properties
        .set("fetch.min.bytes", "20");
    config
        .kafka
        .producer_properties
        .set("compression.codec", "zstd");
    let [consumer, producer, admin] = all(&config);
    assert_eq!(
        (
            producer.get("linger.ms"),
            producer.get("queue.buffering.max.ms")
        ),
        (None, Some("50"))
    );
    assert_eq!(
        (
            producer.get("compression.type"),
            producer.get("compression.codec")
        ),
        (None, Some("zstd"))
    );
    assert_eq!(admin.get("socket.keepalive.enable"), Some("false"));
    assert_eq!(consumer.get("fetch.min.bytes"), Some("20"));
    // librdkafka warns about properties of the other client, so they do not get there.
    assert_eq!(
        producer
            .get("fetch.min.bytes")
            .or(consumer.get("queue.buffering.max.ms")),
        None
    );
}

#[test]
fn batches_stay_below_what_a_small_topic_takes() {
    let mut config = Config::default();
    config.output.max_record_bytes = Some(50_000);
    let [_, producer, _] = all(&config);
    assert_eq!(
        (
            producer.get("message.max.bytes"),
            producer.get("batch.size")
        ),
        (Some("50000"), Some("50000"))
    );
    config.output.max_record_bytes = None;
    let [_, producer, _] = all(&config);
    assert_eq!(
        (
            producer.get("message.max.bytes"),
            producer.get("batch.size")
        ),
        (Some("11534336"), Some("1000000"))
    );
}

#[test]
fn every_property_we_set_is_known_to_the_client() {
    let mut config = Config::default();
    config.kafka.static_membership = true;
    config.kafka.security.protocol = SecurityProtocol::SaslSsl;
    config.kafka.security.sasl.mechanism = Some(SaslMechanism::Plain);
    for delivery in [Delivery::ExactlyOnce, Delivery::AtLeastOnce] {
        config.delivery = delivery;
        for role in [Role::Consumer, Role::Producer, Role::Admin] {
            for (name, _) in kafka_properties(&config, role).iter() {
                assert!(
                    super::super::properties::is_known(name) && applies(name, role.scope()),
                    "{role:?} {name}"
                );
            }
        }
    }
}
