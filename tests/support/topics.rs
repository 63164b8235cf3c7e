//! Topics and groups on the test broker. Every function panics when the broker refuses: a test cannot go on then.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(30);

/// A name nobody else uses, for a topic, group or transaction: `prefix`, the process, the time and a count.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{prefix}-{}-{}-{count}",
        std::process::id(),
        now.as_millis()
    )
}

/// Creates `topic` with `partitions` partitions and topic settings such as `("max.message.bytes", "2000")`.
#[track_caller]
pub fn create(bootstrap: &str, topic: &str, partitions: u16, settings: &[(&str, &str)]) {
    let mut new = NewTopic::new(topic, i32::from(partitions), TopicReplication::Fixed(1));
    for (name, value) in settings {
        new = new.set(name, value);
    }
    let results = wait(admin(bootstrap).create_topics([&new], &options()));
    if let Some(Err((topic, code))) = results.into_iter().next() {
        panic!("create topic {topic}: {code}");
    }
}

/// Creates a topic without settings and with a [unique] name, and returns the name.
#[track_caller]
pub fn create_unique(bootstrap: &str, prefix: &str, partitions: u16) -> String {
    let topic = unique(prefix);
    create(bootstrap, &topic, partitions, &[]);
    topic
}

/// Deletes `topic` and all it holds.
#[track_caller]
pub fn delete(bootstrap: &str, topic: &str) {
    let results = wait(admin(bootstrap).delete_topics(&[topic], &options()));
    if let Some(Err((topic, code))) = results.into_iter().next() {
        panic!("delete topic {topic}: {code}");
    }
}

/// Gives `topic` these settings in place of those it had; what is not named goes back to the broker's default.
#[track_caller]
pub fn configure(bootstrap: &str, topic: &str, settings: &[(&str, &str)]) {
    let mut change = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (name, value) in settings {
        change = change.set(name, value);
    }
    let results = wait(admin(bootstrap).alter_configs([&change], &options()));
    if let Some(Err((resource, code))) = results.into_iter().next() {
        panic!("configure {resource:?}: {code}");
    }
}

/// The offsets that `group` has committed in `topic`, by partition: the next offset to read. Partitions without a
/// committed offset are missing. Offsets in a transaction that is still open do not count.
#[track_caller]
pub fn committed(bootstrap: &str, group: &str, topic: &str) -> BTreeMap<i32, i64> {
    // A client that is asked, not a member: it does not disturb the group.
    let asker: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", group)
        .create()
        .expect("a consumer");
    let mut wanted = TopicPartitionList::new();
    for partition in 0..partitions(&asker, topic) {
        wanted.add_partition(topic, partition);
    }
    let answer = asker
        .committed_offsets(wanted, PATIENCE)
        .expect("committed offsets");
    let elements = answer.elements();
    let known = elements
        .iter()
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        });
    known.collect()
}

/// The records that were ever written to `topic`, those of open and aborted transactions and their ends included.
#[track_caller]
pub fn records(bootstrap: &str, topic: &str) -> i64 {
    let asker: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("a consumer");
    let ends = (0..partitions(&asker, topic)).map(|partition| {
        let (_, end) = asker
            .fetch_watermarks(topic, partition, PATIENCE)
            .expect("watermarks");
        end
    });
    ends.sum()
}

/// How many partitions `topic` has.
#[track_caller]
pub(super) fn partitions<C: rdkafka::consumer::ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
) -> i32 {
    let metadata = consumer
        .fetch_metadata(Some(topic), PATIENCE)
        .expect("metadata");
    let topics = metadata.topics();
    let found = topics
        .iter()
        .find(|each| each.name() == topic)
        .expect("the topic is listed");
    assert!(found.error().is_none(), "{topic}: {:?}", found.error());
    i32::try_from(found.partitions().len()).expect("a partition count")
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("an admin client")
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE))
}

#[track_caller]
fn wait<T>(request: impl Future<Output = rdkafka::error::KafkaResult<T>>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(request)
        .expect("the broker answers")
}
