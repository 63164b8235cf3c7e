//! What `check` asks the broker: topics, sizes, rights.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Report, rights};
use crate::config::{Config, Delivery, Role};
use crate::dedup::Rebuild;
use crate::kafka::error::KafkaFailure;
use crate::kafka::limits::{Inspector, TopicFacts};
use crate::kafka::oauth::TokenSource;
use crate::kafka::producer::Producer;
use crate::kafka::{client_config, group};

const INPUT: &str = "input.topic";
const OUTPUT: &str = "output.topic";
const DEAD_LETTER: &str = "dead_letter.topic";
const QUERIES: &str = "topics.queries_topic";

pub(super) fn online(config: &Config, timeout: Duration, report: &mut Report) {
    let inspector = match Inspector::new(config, timeout) {
        Ok(inspector) => inspector,
        Err(failure) => {
            return report.fail(&failure.to_string(), "see kafka.* in docs/configuration.md");
        }
    };
    let first = inspector.topic(&config.input.topic);
    if let Err(failure @ KafkaFailure::Unavailable(_)) = first {
        // Whatever is asked next would wait as long and fail as well.
        return report.fail(
            &format!("kafka.brokers: {}: {failure}", config.kafka.brokers),
            "is kafka.brokers right, and the broker up? does it want kafka.security?",
        );
    }
    let uses = uses(config);
    let mut first = Some(first);
    let mut facts = BTreeMap::new();
    for &TopicUse { key, topic, .. } in &uses {
        let answer = first.take().unwrap_or_else(|| inspector.topic(topic));
        if let Some(known) = told(answer, key, topic, report) {
            facts.insert(key, known);
        }
    }
    let [input, output, dead] = [INPUT, OUTPUT, DEAD_LETTER].map(|key| facts.get(key));
    compaction(config, facts.get(QUERIES), report);
    sizes(input, output, dead, report);
    layout(config, input, output, report);
    rights::topics(&uses, &inspector, report);
    if rights::group(config, &inspector, report) {
        commits(config, timeout, report);
    }
    if config.delivery == Delivery::ExactlyOnce {
        transactions(config, timeout, report);
    }
}

/// What the stage does with a topic of the configuration.
pub(super) struct TopicUse<'a> {
    pub key: &'static str,
    pub topic: &'a str,
    pub reads: bool,
    pub writes: bool,
}

/// The topics of the stage, the input first.
fn uses(config: &Config) -> Vec<TopicUse<'_>> {
    // A duplicate index that is empty or damaged is made again from what was published.
    let rebuilds = config.stages.dedup && config.dedup.rebuild == Rebuild::Auto;
    let used = |key, topic, reads, writes| TopicUse {
        key,
        topic,
        reads,
        writes,
    };
    let mut uses = vec![
        used(INPUT, config.input.topic.as_str(), true, false),
        used(OUTPUT, &config.output.topic, rebuilds, true),
        used(DEAD_LETTER, &config.dead_letter.topic, false, true),
    ];
    if let Some(topic) = &config.output.duplicates_topic {
        uses.push(used("output.duplicates_topic", topic, rebuilds, true));
    }
    if let Some(topic) = &config.topics.queries_topic
        && config.stages.topics
    {
        uses.push(used(QUERIES, topic, true, false));
    }
    uses
}

fn compaction(config: &Config, queries: Option<&TopicFacts>, report: &mut Report) {
    let policy = queries.and_then(|facts| facts.cleanup_policy.as_ref());
    if let Some(name) = &config.topics.queries_topic
        && policy.is_some_and(|policy| !policy.contains("compact"))
    {
        report.warn(
            &format!("topics.queries_topic: {name} is not compacted, so queries will expire"),
            "set cleanup.policy=compact",
        );
    }
}

/// Reports what the broker answers about a topic.
fn told(
    answer: Result<Option<TopicFacts>, KafkaFailure>,
    key: &str,
    name: &str,
    report: &mut Report,
) -> Option<TopicFacts> {
    match answer {
        Ok(Some(facts)) => {
            let size = facts
                .max_message_bytes
                .map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string());
            report.ok(&format!(
                "{key}: {name} has {} partitions, takes records of {size} bytes",
                facts.partitions
            ));
            return Some(facts);
        }
        Ok(None) => report.fail(
            &format!("{key}: {name} does not exist"),
            "create it, or correct the name",
        ),
        Err(failure @ KafkaFailure::Denied(_)) => {
            report.fail(
                &format!("{key}: {failure}"),
                "give this user Describe and Read (input) or Write (output)",
            );
        }
        Err(failure) => report.fail(
            &format!("{key}: {failure}"),
            "is kafka.brokers right, and the broker up?",
        ),
    }
    None
}

fn sizes(
    input: Option<&TopicFacts>,
    output: Option<&TopicFacts>,
    dead: Option<&TopicFacts>,
    report: &mut Report,
) {
    let bytes = |facts: Option<&TopicFacts>| facts.and_then(|facts| facts.max_message_bytes);
    let Some(input) = bytes(input) else { return };
    if let Some(output) = bytes(output).filter(|&output| output < input + 16 * 1024) {
        report.warn(
            &format!("sizes: the input takes {input} bytes, the output {output}: an enriched record may not fit"),
            "raise max.message.bytes of the output topic; what does not fit goes to the dead-letter topic",
        );
    }
    if let Some(dead) = bytes(dead).filter(|&dead| dead < input + 4 * 1024) {
        report.warn(
            &format!("sizes: the dead-letter topic takes {dead} bytes, less than the input with its error headers"),
            "raise max.message.bytes of the dead-letter topic, or large ones are kept as a reference only",
        );
    }
}

fn layout(
    config: &Config,
    input: Option<&TopicFacts>,
    output: Option<&TopicFacts>,
    report: &mut Report,
) {
    let (Some(input), Some(output)) = (input, output) else {
        return;
    };
    if config.output.partition == crate::config::Partitioning::Input
        && output.partitions < input.partitions
    {
        report.fail(
            &format!(
                "partitions: the input has {}, the output only {}",
                input.partitions, output.partitions
            ),
            "output.partition = \"input\" needs as many; add partitions or use \"key\"",
        );
    }
    if output
        .cleanup_policy
        .as_deref()
        .is_some_and(|policy| policy.contains("compact"))
    {
        report.warn(
            "output.topic is compacted: records without a key are refused, older versions disappear",
            "use cleanup.policy=delete, or make sure that every input message has a key",
        );
    }
}

fn commits(config: &Config, timeout: Duration, report: &mut Report) {
    match group::committed_of_group(config, timeout) {
        Ok(committed) => report.ok(&format!(
            "kafka.group: {} ({committed} partitions with a commit)",
            config.kafka.group
        )),
        Err(failure) => report.fail(
            &format!("kafka.group: {failure}"),
            "is the broker up, and its group coordinator?",
        ),
    }
}

fn transactions(config: &Config, timeout: Duration, report: &mut Report) {
    // Not the stage's own id: registering that would fence a running stage.
    let id = format!("{}-check", config.kafka.transactional_id());
    let mut client = client_config(config, Role::Producer);
    client.set("transactional.id", &id);
    let tried = Producer::new(&client, TokenSource::new(config))
        .and_then(|producer| producer.init_transactions(timeout));
    match tried {
        Ok(()) => report.ok(&format!("transactions: the broker registered {id:?}")),
        Err(failure) => report.fail(
            &format!("transactions: {failure}"),
            "give this user Write on the transactional id, or use delivery = \"at_least_once\"",
        ),
    }
}
