//! Tests of `validate`.

use super::super::kafka_model::SecurityProtocol;
use super::super::secret::Secret;
use super::*;

fn with(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

fn errors(change: impl FnOnce(&mut Config)) -> Vec<String> {
    with(change)
        .check()
        .0
        .iter()
        .map(|p| format!("{}: {}", p.key, p.message))
        .collect()
}

fn warnings(change: impl FnOnce(&mut Config)) -> Vec<String> {
    let (errors, warnings) = with(change).check();
    assert_eq!(errors, []);
    warnings
        .iter()
        .map(|p| format!("{}: {}", p.key, p.message))
        .collect()
}

fn one(found: &[String], key: &str, part: &str) {
    assert!(
        found.len() == 1 && found[0].starts_with(key) && found[0].contains(part),
        "{found:?}"
    );
}

#[test]
fn the_defaults_hold_but_run_needs_topics() {
    assert_eq!(Config::default().check(), (vec![], vec![]));
    let missing = Config::default().validate_for_run().expect_err("no topics");
    let keys: Vec<&str> = missing.0.iter().map(|p| p.key.as_str()).collect();
    assert_eq!(keys, ["input.topic", "output.topic", "dead_letter.topic"]);
    let named = with(|c| {
        c.input.topic = "news.raw".to_owned();
        c.output.topic = "news.enriched".to_owned();
        c.dead_letter.topic = "news.dead".to_owned();
    });
    assert_eq!(named.validate_for_run(), Ok(()));
}

#[test]
fn topics_are_legal_and_differ() {
    let same = errors(|c| {
        c.input.topic = "news".to_owned();
        c.output.topic = "news".to_owned();
    });
    one(&same, "output.topic", "is also input.topic");
    for name in ["a b", "..", "naïve", "a/b", &"x".repeat(250)] {
        let found = errors(|c| c.input.topic = name.to_owned());
        assert!(
            found.len() == 1 && found[0].starts_with("input.topic"),
            "{name}: {found:?}"
        );
    }
    assert!(errors(|c| c.input.topic = "x".repeat(249)).is_empty());
}

#[test]
fn routing_needs_its_topic() {
    one(
        &errors(|c| c.output.duplicates = Duplicates::Route),
        "output.duplicates_topic",
        "required by",
    );
    let topic = Some("news.dup".to_owned());
    one(
        &warnings(|c| c.output.duplicates_topic = topic),
        "output.duplicates_topic",
        "not used",
    );
}

#[test]
fn times_fit_into_each_other() {
    let equal = errors(|c| c.kafka.session_timeout = c.kafka.max_poll_interval);
    one(
        &equal,
        "kafka.session_timeout",
        "shorter than kafka.max_poll_interval (5m)",
    );
    let property = errors(|c| c.kafka.properties.set("session.timeout.ms", "300000"));
    one(&property, "kafka.session_timeout", "shorter than");
    let linger = errors(|c| c.batch.linger = TimeSpan::from_secs(16));
    one(
        &linger,
        "batch.linger",
        "over a quarter of kafka.transaction_timeout (1m)",
    );
    assert!(
        errors(|c| (c.batch.linger, c.delivery) = (TimeSpan::from_secs(16), Delivery::AtLeastOnce))
            .is_empty()
    );
    for alias in ["message.timeout.ms", "delivery.timeout.ms"] {
        let message = errors(|c| c.kafka.producer_properties.set(alias, "0"));
        one(
            &message,
            "kafka.producer_properties",
            "message.timeout.ms must not be longer",
        );
    }
    one(
        &errors(|c| c.retry.initial = TimeSpan::from_secs(31)),
        "retry.initial",
        "longer than retry.max",
    );
    let long = warnings(|c| {
        c.kafka.transaction_timeout = TimeSpan::from_secs(1200);
        c.liveness.stalled_after = TimeSpan::from_secs(3600);
    });
    one(
        &long,
        "kafka.transaction_timeout",
        "transaction.max.timeout.ms",
    );
    one(
        &warnings(|c| c.kafka.session_timeout = TimeSpan::from_secs(3)),
        "kafka.session_timeout",
        "below the least",
    );
    one(
        &warnings(|c| c.liveness.stalled_after = TimeSpan::from_secs(60)),
        "liveness.stalled_after",
        "/livez",
    );
}

#[test]
fn security_is_whole_or_refused() {
    let no_mechanism = errors(|c| c.kafka.security.protocol = SecurityProtocol::SaslSsl);
    one(
        &no_mechanism,
        "kafka.security.sasl.mechanism",
        "required by kafka.security.protocol",
    );
    let unused = errors(|c| c.kafka.security.sasl.password = Some(Secret::new("canary")));
    one(
        &unused,
        "kafka.security.sasl.password",
        "protocol is \"plaintext\"; set it to \"sasl_ssl\"",
    );
    assert!(!unused[0].contains("canary"));
    let bearer = errors(|c| {
        c.kafka.security.protocol = SecurityProtocol::SaslSsl;
        c.kafka.security.sasl.mechanism = Some(SaslMechanism::OAuthBearer);
    });
    one(
        &bearer,
        "kafka.security.sasl.token_file",
        "required by the mechanism OAUTHBEARER",
    );
    let half = errors(|c| {
        c.kafka.security.protocol = SecurityProtocol::Ssl;
        c.kafka.security.tls.certificate_file = Some("client.pem".into());
    });
    one(
        &half,
        "kafka.security.tls.key_file",
        "required by certificate_file",
    );
    let plain = warnings(|c| {
        let security = &mut c.kafka.security;
        security.protocol = SecurityProtocol::SaslPlaintext;
        security.sasl.mechanism = Some(SaslMechanism::ScramSha256);
        security.sasl.username = Some("reader".to_owned());
        security.sasl.password = Some(Secret::new("canary"));
    });
    one(&plain, "kafka.security.protocol", "without encryption");
}

#[test]
fn names_and_addresses_are_usable() {
    one(
        &errors(|c| c.output.field.clear()),
        "output.field",
        "1 to 128",
    );
    one(
        &errors(|c| c.admin.listen = "localhost".to_owned()),
        "admin.listen",
        "127.0.0.1:9464",
    );
    assert!(errors(|c| (c.admin.listen, c.admin.enabled) = (String::new(), false)).is_empty());
    one(
        &errors(|c| c.kafka.group = " ".to_owned()),
        "kafka.group",
        "must not be empty",
    );
    for brokers in [
        "a:9092,b:9093",
        "[::1]:9092",
        "kafka",
        "SASL_SSL://k:9092",
        "[::1]",
    ] {
        assert_eq!(
            errors(|c| c.kafka.brokers = brokers.to_owned()),
            [] as [&str; 0],
            "{brokers}"
        );
    }
    for brokers in ["a:9092,", "a:port", ":9092", "a b:9092", "a:0"] {
        one(
            &errors(|c| c.kafka.brokers = brokers.to_owned()),
            "kafka.brokers",
            "is not host:port",
        );
    }
}

#[test]
fn the_shared_index_needs_its_urls_and_the_embedded_one_has_none() {
    let backend = crate::dedup::Backend::Valkey;
    one(
        &errors(|config| config.dedup.backend = backend),
        "dedup.shared.urls: ",
        "required by dedup.backend",
    );
    one(
        &errors(|config| config.dedup.shared.urls.push("redis://host".into())),
        "dedup.shared.urls: ",
        "dedup.backend is \"embedded\"",
    );
    let both = |config: &mut Config| {
        config.dedup.backend = backend;
        config.dedup.shared.urls.push("redis://host".into());
    };
    assert_eq!(errors(both), [""; 0]);
}
