//! A plain consumer for tests, which reads a whole topic; [`client`](super::client) names it all too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(60);

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    /// In the order of the record; names may repeat and values may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since 1970.
    pub timestamp: Option<i64>,
}

impl Record {
    /// The payload as JSON; panics when it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.payload.as_deref().expect("a payload")).expect("JSON")
    }

    /// The key as text, `""` when there is none.
    pub fn key_text(&self) -> String {
        String::from_utf8_lossy(self.key.as_deref().unwrap_or_default()).into_owned()
    }

    /// The value of the first header called `name`, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(each, _)| each == name)?;
        value
            .as_deref()
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    fn of(message: &BorrowedMessage<'_>) -> Self {
        let headers = message
            .headers()
            .into_iter()
            .flat_map(|headers| headers.iter());
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers: headers
                .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
                .collect(),
            timestamp: message.timestamp().to_millis(),
        }
    }
}

/// Which records a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions, and those outside any.
    ReadCommitted,
    /// Also those of open and aborted transactions.
    ReadUncommitted,
}

/// Reads `topic` from its beginning until `enough` holds for what was read so far, and returns that, by partition and
/// offset. Only committed records. Panics when `enough` does not hold within `deadline`.
#[track_caller]
pub fn read_committed(
    bootstrap: &str,
    topic: &str,
    deadline: Duration,
    enough: impl FnMut(&[Record]) -> bool,
) -> Vec<Record> {
    Reader::new(bootstrap, topic, Isolation::ReadCommitted).until(deadline, enough)
}

/// [`read_committed`], but also records of open and aborted transactions.
#[track_caller]
pub fn read_uncommitted(
    bootstrap: &str,
    topic: &str,
    deadline: Duration,
    enough: impl FnMut(&[Record]) -> bool,
) -> Vec<Record> {
    Reader::new(bootstrap, topic, Isolation::ReadUncommitted).until(deadline, enough)
}

/// Everything that `topic` holds now, by partition and offset: up to the last stable offset, or up to the very end for
/// [`Isolation::ReadUncommitted`].
#[track_caller]
pub fn read_all(bootstrap: &str, topic: &str, isolation: Isolation) -> Vec<Record> {
    Reader::new(bootstrap, topic, isolation).into_all()
}

/// Reads one topic on and on, from its beginning; it is in no group and commits nothing.
pub struct Reader {
    consumer: BaseConsumer,
    topic: String,
    partitions: usize,
    records: Vec<Record>,
    /// The partitions read to their end.
    ended: BTreeSet<i32>,
}

impl Reader {
    #[track_caller]
    pub fn new(bootstrap: &str, topic: &str, isolation: Isolation) -> Self {
        Self::with(&[("bootstrap.servers", bootstrap)], topic, isolation)
    }

    /// With librdkafka properties of the test's choice, `bootstrap.servers` among them.
    #[track_caller]
    pub fn with(properties: &[(&str, &str)], topic: &str, isolation: Isolation) -> Self {
        let level = match isolation {
            Isolation::ReadCommitted => "read_committed",
            Isolation::ReadUncommitted => "read_uncommitted",
        };
        let mut config = ClientConfig::new();
        config
            .set("group.id", "newsstage-test-reader")
            .set("enable.auto.commit", "false");
        config
            .set("isolation.level", level)
            .set("enable.partition.eof", "true");
        config
            .set("fetch.wait.max.ms", "50")
            .set("fetch.queue.backoff.ms", "20");
        config
            .set("auto.offset.reset", "error")
            .set("reconnect.backoff.max.ms", "1000");
        for (name, value) in properties {
            config.set(*name, *value);
        }
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let count = super::topics::partitions(&consumer, topic);
        let mut all = TopicPartitionList::new();
        for partition in 0..count {
            all.add_partition_offset(topic, partition, Offset::Beginning)
                .expect("an offset");
        }
        consumer.assign(&all).expect("an assignment");
        let partitions = usize::try_from(count).expect("a partition count");
        let (records, ended) = (Vec::new(), BTreeSet::new());
        Self {
            consumer,
            topic: topic.to_owned(),
            partitions,
            records,
            ended,
        }
    }

    /// Reads on until `enough` holds for everything read so far. Panics when it does not within `deadline`.
    #[track_caller]
    pub fn until(
        &mut self,
        deadline: Duration,
        mut enough: impl FnMut(&[Record]) -> bool,
    ) -> Vec<Record> {
        let started = Instant::now();
        while !enough(&self.records) {
            if started.elapsed() > deadline {
                panic!(
                    "{}: waited {deadline:?} in vain; {}",
                    self.topic,
                    self.summary()
                );
            }
            self.step();
        }
        self.sorted()
    }

    /// Reads to the present end of every partition. The client tells of an end once, hence only for a new reader.
    #[track_caller]
    fn into_all(mut self) -> Vec<Record> {
        let started = Instant::now();
        while self.ended.len() < self.partitions {
            if started.elapsed() > PATIENCE {
                panic!(
                    "{}: no end within {PATIENCE:?}; {}",
                    self.topic,
                    self.summary()
                );
            }
            self.step();
        }
        self.sorted()
    }

    #[track_caller]
    fn step(&mut self) {
        match self.consumer.poll(Duration::from_millis(50)) {
            None => {}
            Some(Ok(message)) => {
                self.ended.remove(&message.partition());
                self.records.push(Record::of(&message));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.ended.insert(partition);
            }
            // While a broker is away; the reader goes on when it is back.
            Some(Err(error)) if is_passing(&error) => {}
            Some(Err(error)) => panic!("{}: {error}", self.topic),
        }
    }

    fn sorted(&self) -> Vec<Record> {
        let mut records = self.records.clone();
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    fn summary(&self) -> String {
        let mut by_partition: BTreeMap<i32, usize> = BTreeMap::new();
        for record in &self.records {
            *by_partition.entry(record.partition).or_default() += 1;
        }
        format!(
            "{} records read, by partition: {by_partition:?}",
            self.records.len()
        )
    }
}

fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}
