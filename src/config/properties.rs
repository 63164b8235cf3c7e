//! What librdkafka's properties are called, and which of them may be handed through.

use std::sync::OnceLock;

use super::errors::Problem;
use super::kafka_model::RebalanceProtocol;
use super::keys::dotted;
use super::model::Config;
use super::nearest::nearest_name;
use super::secret::Properties;

/// One property as librdkafka documents it.
#[derive(Debug)]
struct Property {
    name: &'static str,
    /// `*` for both clients, `C` for the consumer, `P` for the producer.
    scope: &'static str,
    /// The name librdkafka uses itself, when this is an alias.
    alias_of: &'static str,
    /// The setting of ours that decides it; empty when it may be handed through.
    decided_by: &'static str,
}

fn catalogue() -> &'static [Property] {
    static CATALOGUE: OnceLock<Vec<Property>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let lines = include_str!("librdkafka_properties.tsv").lines();
        lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(parse)
            .collect()
    })
}

fn parse(line: &'static str) -> Option<Property> {
    let mut fields = line.split('\t');
    let (name, scope) = (fields.next()?, fields.next()?);
    let mut rest = || fields.next().unwrap_or_default();
    Some(Property {
        name,
        scope,
        alias_of: rest(),
        decided_by: rest(),
    })
}

fn find(name: &str) -> Option<&'static Property> {
    catalogue().iter().find(|property| property.name == name)
}

/// librdkafka's own name for a property that has several.
pub(super) fn canonical(name: &str) -> &str {
    match find(name) {
        Some(property) if !property.alias_of.is_empty() => property.alias_of,
        _ => name,
    }
}

/// Does librdkafka have a property of this name?
#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// Does the client of this scope (`C`, `P`, or `*` for neither in particular) know the property?
pub(super) fn applies(name: &str, client: &str) -> bool {
    find(name).is_none_or(|property| property.scope == "*" || property.scope == client)
}

/// The property that a name from the environment means, where `_` stands for `.` but a few names have a real `_`.
pub(super) fn from_underscores(name: &str) -> String {
    let dots = name.replace('_', ".");
    let real = catalogue()
        .iter()
        .find(|property| property.name.replace('_', ".") == dots);
    real.map_or(dots, |property| property.name.to_owned())
}

/// What is wrong with the properties that are handed through.
pub(super) fn check(config: &Config, errors: &mut Vec<Problem>) {
    let kafka = &config.kafka;
    let tables: [(&str, &Properties, Option<&str>); 3] = [
        ("properties", &kafka.properties, None),
        ("consumer_properties", &kafka.consumer_properties, Some("C")),
        ("producer_properties", &kafka.producer_properties, Some("P")),
    ];
    for (table, properties, client) in tables {
        for (name, _) in properties.iter() {
            if let Some((message, suggestion)) = refusal(name, client, kafka.rebalance) {
                let key = dotted(&["kafka", table, name]);
                errors.push(Problem::new(key, message).suggest(suggestion));
            }
        }
    }
}

fn refusal(
    name: &str,
    client: Option<&str>,
    rebalance: RebalanceProtocol,
) -> Option<(String, Option<String>)> {
    let Some(property) = find(name) else {
        let near = nearest_name(name, catalogue().iter().map(|property| property.name));
        return Some((
            "librdkafka has no such property".to_owned(),
            near.map(|near| format!("{near:?}")),
        ));
    };
    let on_broker = [
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "partition.assignment.strategy",
    ];
    if rebalance == RebalanceProtocol::Consumer && on_broker.contains(&name) {
        let message = "cannot be set with kafka.rebalance = \"consumer\": in that protocol (KIP-848) the broker decides it, \
                       and librdkafka refuses to start";
        return Some((message.to_owned(), None));
    }
    match (property.decided_by, client) {
        ("", Some(client)) if !applies(name, client) => {
            let table = if client == "C" {
                "producer_properties"
            } else {
                "consumer_properties"
            };
            Some((
                format!("this client does not know it: it belongs into kafka.{table}"),
                None,
            ))
        }
        ("", _) => None,
        ("delivery", _) => Some((
            "cannot be set: the delivery guarantee depends on it; see `delivery`".to_owned(),
            None,
        )),
        (setting, _) => Some((format!("cannot be set here: set `{setting}` instead"), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        assert!(catalogue().len() > 150);
        for property in catalogue() {
            assert!(["*", "C", "P"].contains(&property.scope), "{property:?}");
            assert!(
                property.alias_of.is_empty() || find(property.alias_of).is_some(),
                "{property:?}"
            );
            let setting: Vec<&str> = property.decided_by.split('.').collect();
            assert!(
                property.decided_by.is_empty()
                    || super::super::keys::key_tree().at(&setting).is_some(),
                "{property:?}"
            );
        }
        assert_eq!(canonical("linger.ms"), canonical("queue.buffering.max.ms"));
        assert_eq!(canonical("compression.type"), "compression.codec");
    }

    #[test]
    fn underscores_become_dots_except_where_they_are_real() {
        assert_eq!(from_underscores("socket_timeout_ms"), "socket.timeout.ms");
        assert_eq!(from_underscores("log_level"), "log_level");
        assert_eq!(from_underscores("no_such_thing"), "no.such.thing");
    }

    fn problems(
        table: fn(&mut Config) -> &mut Properties,
        name: &str,
        rebalance: RebalanceProtocol,
    ) -> String {
        let mut config = Config::default();
        config.kafka.rebalance = rebalance;
        table(&mut config).set(name, "1");
        let mut errors = Vec::new();
        check(&config, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn refused_properties_name_the_setting_to_use() {
        let classic = RebalanceProtocol::Cooperative;
        for (name, part) in [
            ("group.id", "set `kafka.group` instead"),
            ("transactional.id", "set `kafka.transactional_id` instead"),
            (
                "transaction.timeout.ms",
                "set `kafka.transaction_timeout` instead",
            ),
            ("security.protocol", "set `kafka.security.protocol` instead"),
            ("acks", "the delivery guarantee depends on it"),
            ("enable.auto.commit", "the delivery guarantee depends on it"),
            (
                "partition.assignment.strategy",
                "set `kafka.rebalance` instead",
            ),
            ("lingr.ms", "did you mean \"linger.ms\"?"),
        ] {
            let found = problems(|c| &mut c.kafka.properties, name, classic);
            assert!(
                found.contains(part) && found.contains(name),
                "{name}: {found}"
            );
        }
        for name in [
            "session.timeout.ms",
            "linger.ms",
            "ssl.crl.location",
            "sasl.kerberos.principal",
        ] {
            assert_eq!(problems(|c| &mut c.kafka.properties, name, classic), "");
        }
    }

    #[test]
    fn what_the_broker_decides_is_refused_with_the_reason() {
        for name in [
            "session.timeout.ms",
            "heartbeat.interval.ms",
            "partition.assignment.strategy",
        ] {
            let found = problems(
                |c| &mut c.kafka.consumer_properties,
                name,
                RebalanceProtocol::Consumer,
            );
            assert!(found.contains("KIP-848"), "{name}: {found}");
        }
    }

    #[test]
    fn properties_of_the_other_client_are_sent_there() {
        let classic = RebalanceProtocol::Cooperative;
        let found = problems(|c| &mut c.kafka.consumer_properties, "linger.ms", classic);
        assert!(
            found.contains("belongs into kafka.producer_properties"),
            "{found}"
        );
        let found = problems(
            |c| &mut c.kafka.producer_properties,
            "fetch.min.bytes",
            classic,
        );
        assert!(
            found.contains("belongs into kafka.consumer_properties"),
            "{found}"
        );
    }
}
