//! Checks that no single key can show: names, pairs of settings, and what `run` needs.

mod times;

use std::net::SocketAddr;

use super::errors::{ConfigErrors, Problem};
use super::kafka_model::{SaslConfig, SaslMechanism, SecurityConfig};
use super::keys::dotted;
use super::model::{Config, Delivery, Duplicates};
use super::properties;
use super::units::{TimeSpan, quoted};
use crate::article::ArticleReader;
use crate::telemetry::{TelemetryError, check_filter};

/// Kafka's longest topic name, in bytes.
const TOPIC_LENGTH: usize = 249;

/// The broker's default of `transaction.max.timeout.ms`.
const TRANSACTION_MAX: TimeSpan = TimeSpan::from_secs(15 * 60);

/// The broker's default of `group.min.session.timeout.ms`.
const SESSION_MIN: TimeSpan = TimeSpan::from_secs(6);

impl Config {
    /// Checks everything that needs no topic, as `enrich` and `explain` do.
    ///
    /// # Errors
    /// With every contradiction between settings.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        ConfigErrors::unless_empty(self.check().0, ())
    }

    /// Checks what `run` needs as well: topics that are named and differ.
    ///
    /// # Errors
    /// With every contradiction between settings and every missing topic.
    pub fn validate_for_run(&self) -> Result<(), ConfigErrors> {
        let mut errors = self.check().0;
        for (key, topic) in [
            ("input.topic", &self.input.topic),
            ("output.topic", &self.output.topic),
            ("dead_letter.topic", &self.dead_letter.topic),
        ] {
            if topic.is_empty() {
                errors.push(Problem::new(key, "required: no topic is named"));
            }
        }
        ConfigErrors::unless_empty(errors, ())
    }

    /// Errors and warnings.
    pub(super) fn check(&self) -> (Vec<Problem>, Vec<Problem>) {
        let mut found = Findings::default();
        self.check_topics(&mut found);
        self.check_names(&mut found);
        check_security(&self.kafka.security, &mut found);
        self.check_times(&mut found);
        self.check_shared_index(&mut found);
        self.check_tracing(&mut found);
        properties::check(self, &mut found.errors);
        // The member that is added must not replace one that is read; other mistakes of the reader are told above.
        if self.check_values().is_empty()
            && let Err(error) =
                ArticleReader::new(&self.input.reader_settings(), &self.output.field)
            && !self.output.field.is_empty()
        {
            found.error(&error.key, error.reason);
        }
        (found.errors, found.warnings)
    }

    /// Values that do not fit their own key, as only the stages that use them can tell.
    pub(super) fn check_values(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for problem in self.input.reader_settings().problems() {
            // A name that the user chose may need quotes.
            let alias = problem.key.strip_prefix("input.aliases.");
            let key = alias.map_or_else(
                || problem.key.clone(),
                |name| dotted(&["input", "aliases", name]),
            );
            found.push(Problem::new(key, problem.reason));
        }
        for (category, expected) in self.topics.category_problems() {
            let key = dotted(&["topics", "categories", category.as_str()]);
            found.push(Problem::new(key, format!("must be {expected}")));
        }
        if let Err(TelemetryError::Filter { reason, .. }) = check_filter(&self.log.filter) {
            let filter = quoted(&self.log.filter);
            let message =
                format!("{filter}: {reason}; expected directives such as info,newsstage=debug");
            found.push(Problem::new("log.filter", message));
        }
        found
    }

    fn check_tracing(&self, found: &mut Findings) {
        let tracing = &self.tracing;
        if !tracing.enabled {
            return;
        }
        if !cfg!(feature = "otel") {
            let built = "this program was built without the feature otel";
            found.error("tracing.enabled", built);
        }
        let endpoint = url::Url::parse(&tracing.endpoint);
        if !endpoint.is_ok_and(|url| url.scheme() == "http" && url.has_host()) {
            let wanted = "expected http://HOST:PORT/v1/traces; a collector near by can add TLS";
            found.error("tracing.endpoint", wanted);
        }
        if tracing.service.is_empty() {
            found.error("tracing.service", "must not be empty");
        }
    }

    fn check_shared_index(&self, found: &mut Findings) {
        let dedup = &self.dedup;
        for (key, message) in dedup.shared.problems(dedup.backend) {
            found.error(&format!("dedup.{key}"), message);
        }
    }

    fn check_topics(&self, found: &mut Findings) {
        let routed = self.output.duplicates_topic.as_deref();
        let topics = [
            ("input.topic", self.input.topic.as_str()),
            ("output.topic", self.output.topic.as_str()),
            ("dead_letter.topic", self.dead_letter.topic.as_str()),
            ("output.duplicates_topic", routed.unwrap_or_default()),
            (
                "topics.queries_topic",
                self.topics.queries_topic.as_deref().unwrap_or_default(),
            ),
        ];
        for (index, (key, topic)) in topics
            .iter()
            .enumerate()
            .filter(|(_, (_, topic))| !topic.is_empty())
        {
            if let Some(wrong) = topic_problem(topic) {
                found.error(key, wrong);
            }
            let earlier = topics.iter().take(index).find(|(_, other)| other == topic);
            if let Some((other, _)) = earlier {
                found.error(
                    key,
                    format!(
                        "{} is also {other}: every topic must be another one",
                        quoted(topic)
                    ),
                );
            }
        }
        match (self.output.duplicates, routed) {
            (Duplicates::Route, None | Some("")) => {
                found.error(
                    "output.duplicates_topic",
                    "required by output.duplicates = \"route\"",
                );
            }
            (Duplicates::Annotate | Duplicates::Drop, Some(_)) => {
                found.warning(
                    "output.duplicates_topic",
                    "not used: output.duplicates is not \"route\"",
                );
            }
            _ => {}
        }
    }

    fn check_names(&self, found: &mut Findings) {
        let field = &self.output.field;
        if field.is_empty() || field.len() > 128 || field.chars().any(char::is_control) {
            found.error(
                "output.field",
                "expected 1 to 128 bytes without control characters",
            );
        }
        if self.admin.enabled && self.admin.listen.parse::<SocketAddr>().is_err() {
            let message = format!(
                "{} is no IP address with port, such as 127.0.0.1:9464",
                quoted(&self.admin.listen)
            );
            found.error("admin.listen", message);
        }
        let kafka = &self.kafka;
        let names = [
            ("kafka.brokers", Some(&kafka.brokers)),
            ("kafka.group", Some(&kafka.group)),
            ("kafka.instance", kafka.instance.as_ref()),
            ("kafka.transactional_id", kafka.transactional_id.as_ref()),
        ];
        for (key, name) in names {
            if name.is_some_and(|name| name.trim().is_empty()) {
                found.error(key, "must not be empty");
            }
        }
        self.check_brokers(found);
        if kafka.transactional_id.is_some() && self.delivery == Delivery::AtLeastOnce {
            found.warning(
                "kafka.transactional_id",
                "not used: delivery is \"at_least_once\"",
            );
        }
        if self.retry.initial > self.retry.max {
            found.error(
                "retry.initial",
                format!(
                    "{} is longer than retry.max ({})",
                    self.retry.initial, self.retry.max
                ),
            );
        }
    }

    fn check_brokers(&self, found: &mut Findings) {
        for broker in self
            .kafka
            .brokers
            .split(',')
            .map(str::trim)
            .filter(|_| !self.kafka.brokers.trim().is_empty())
        {
            // librdkafka also takes `protocol://host:port`; a port may be missing (9092).
            let address = broker
                .rsplit_once("://")
                .map_or(broker, |(_, address)| address);
            let (host, port) = match address.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host, Some(port)),
                _ => (address, None),
            };
            let port_is_wrong =
                port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0));
            if host.is_empty() || host.contains(char::is_whitespace) || port_is_wrong {
                found.error(
                    "kafka.brokers",
                    format!("{} is not host:port", quoted(broker)),
                );
            }
        }
    }
}

#[derive(Default)]
struct Findings {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Findings {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(Problem::new(key, message));
    }

    fn warning(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(Problem::new(key, message));
    }
}

fn topic_problem(topic: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.len() > TOPIC_LENGTH {
        return Some(format!(
            "the topic name has {} bytes; Kafka takes {TOPIC_LENGTH}",
            topic.len()
        ));
    }
    if topic == "." || topic == ".." || !topic.chars().all(legal) {
        return Some(format!(
            "{} is no topic name: letters, digits, `.`, `_` and `-` are allowed",
            quoted(topic)
        ));
    }
    None
}

fn check_security(security: &SecurityConfig, found: &mut Findings) {
    let protocol = security.protocol;
    let sasl = &security.sasl;
    if protocol.sasl() {
        check_sasl(sasl, found);
        if !protocol.tls() {
            let message =
                "authentication without encryption: use \"sasl_ssl\" outside a trusted network";
            found.warning("kafka.security.protocol", message);
        }
    } else {
        let unused = [
            ("mechanism", sasl.mechanism.is_some()),
            ("username", sasl.username.is_some()),
            (
                "password",
                sasl.password.is_some() && sasl.password_file.is_none(),
            ),
            ("password_file", sasl.password_file.is_some()),
            ("token", sasl.token.is_some() && sasl.token_file.is_none()),
            ("token_file", sasl.token_file.is_some()),
        ];
        needs_protocol("sasl", "sasl_ssl", protocol.name(), &unused, found);
    }
    check_tls(security, found);
}

fn check_tls(security: &SecurityConfig, found: &mut Findings) {
    let (protocol, tls) = (security.protocol, &security.tls);
    if !protocol.tls() {
        let unused = [
            ("ca_file", tls.ca_file.is_some()),
            ("certificate_file", tls.certificate_file.is_some()),
            ("key_file", tls.key_file.is_some()),
            (
                "key_password",
                tls.key_password.is_some() && tls.key_password_file.is_none(),
            ),
            ("key_password_file", tls.key_password_file.is_some()),
        ];
        let with_tls = if protocol.sasl() { "sasl_ssl" } else { "ssl" };
        needs_protocol("tls", with_tls, protocol.name(), &unused, found);
        return;
    }
    match (&tls.certificate_file, &tls.key_file) {
        (Some(_), None) => found.error(
            "kafka.security.tls.key_file",
            "required by certificate_file",
        ),
        (None, Some(_)) => found.error(
            "kafka.security.tls.certificate_file",
            "required by key_file",
        ),
        _ => {}
    }
    if !tls.verify_host {
        let message = "off: a broker with any trusted certificate is believed, whatever its name";
        found.warning("kafka.security.tls.verify_host", message);
    }
}

fn needs_protocol(
    table: &str,
    wanted: &str,
    protocol: &str,
    set: &[(&str, bool)],
    found: &mut Findings,
) {
    for (name, _) in set.iter().filter(|(_, set)| *set) {
        let key = format!("kafka.security.{table}.{name}");
        let message = format!(
            "would not be used: kafka.security.protocol is \"{protocol}\"; set it to \"{wanted}\""
        );
        found.error(&key, message);
    }
}

fn check_sasl(sasl: &SaslConfig, found: &mut Findings) {
    let mut require = |name: &str, set: bool, why: &str| {
        if !set {
            found.error(
                &format!("kafka.security.sasl.{name}"),
                format!("required by {why}"),
            );
        }
    };
    match sasl.mechanism {
        None => require("mechanism", false, "kafka.security.protocol"),
        Some(SaslMechanism::OAuthBearer) => {
            require(
                "token_file",
                sasl.token.is_some() || sasl.token_file.is_some(),
                "the mechanism OAUTHBEARER",
            );
        }
        Some(mechanism) => {
            let why = format!("the mechanism {}", mechanism.name());
            require(
                "username",
                sasl.username.as_ref().is_some_and(|name| !name.is_empty()),
                &why,
            );
            require(
                "password_file",
                sasl.password.is_some() || sasl.password_file.is_some(),
                &why,
            );
        }
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
