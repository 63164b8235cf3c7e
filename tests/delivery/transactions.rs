//! The broker's own record of a producer's transactions: the topic `__transaction_state`, followed live. It shows at which
//! point of a transaction a process was stopped, and how the broker ended what the process had left open.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TOPIC: &str = "__transaction_state";
const PATIENCE: Duration = Duration::from_secs(60);

/// A step of a transaction, as the coordinator writes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The producer is registered and has no transaction.
    Idle,
    /// Records are being written.
    Writing,
    /// Records are written; the consumer's offsets are part of the transaction, which is about to be committed.
    OffsetsAdded,
    /// The commit is decided.
    Committing,
    /// The commit is done.
    Committed,
    /// The abort is decided: by the producer, by its successor, or by the broker because of the timeout.
    Aborting,
    /// The abort is done.
    Aborted,
}

impl Step {
    /// From a value of the topic: schema version (2 bytes), producer id (8), epoch (2), timeout (4), status (1), and then the
    /// partitions, the topics by name.
    fn parse(value: &[u8]) -> Option<Self> {
        const OFFSETS: &[u8] = b"__consumer_offsets";
        let with_offsets = value.windows(OFFSETS.len()).any(|window| window == OFFSETS);
        match value.get(16)? {
            0 => Some(Self::Idle),
            1 if with_offsets => Some(Self::OffsetsAdded),
            1 => Some(Self::Writing),
            2 => Some(Self::Committing),
            3 => Some(Self::Aborting),
            4 => Some(Self::Committed),
            5 => Some(Self::Aborted),
            _ => None,
        }
    }

    /// Whether the transaction is undecided.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Writing | Self::OffsetsAdded)
    }
}

/// The transactions of one transactional id, from its first one.
pub struct Transactions {
    consumer: BaseConsumer,
    id: String,
    steps: Vec<Step>,
    /// The next offset to read, by partition.
    next: BTreeMap<i32, i64>,
}

impl Transactions {
    /// Follows `id`. The broker must have seen some transactional id before.
    #[track_caller]
    pub fn of(bootstrap: &str, id: String) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "newsstage-test-reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_uncommitted")
            .set("fetch.wait.max.ms", "500")
            .set("fetch.min.bytes", "1")
            .create()
            .expect("a consumer");
        let mut all = TopicPartitionList::new();
        let mut next = BTreeMap::new();
        let metadata = consumer.fetch_metadata(Some(TOPIC), PATIENCE);
        let metadata = metadata.expect("metadata");
        for partition in metadata.topics()[0].partitions() {
            all.add_partition_offset(TOPIC, partition.id(), Offset::Beginning)
                .expect("an offset");
            next.insert(partition.id(), 0);
        }
        consumer.assign(&all).expect("an assignment");
        Self {
            consumer,
            id,
            steps: Vec::new(),
            next,
        }
    }

    /// All steps seen so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Reads everything that the broker has written down by now, and returns the last step.
    #[track_caller]
    pub fn now(&mut self) -> Step {
        let ends: BTreeMap<i32, i64> = self
            .next
            .keys()
            .map(|&partition| {
                let marks = self.consumer.fetch_watermarks(TOPIC, partition, PATIENCE);
                (partition, marks.expect("watermarks").1)
            })
            .collect();
        let started = Instant::now();
        while ends
            .iter()
            .any(|(partition, end)| self.next.get(partition) < Some(end))
        {
            assert!(
                started.elapsed() < PATIENCE,
                "{TOPIC} could not be read to its end"
            );
            self.read(Duration::from_millis(10));
        }
        self.steps.last().copied().unwrap_or(Step::Idle)
    }

    /// Waits for the first step of this kind from now on.
    #[track_caller]
    pub fn wait_for(&mut self, step: Step) {
        self.now();
        let seen = self.steps.len();
        assert!(
            self.until(PATIENCE, |steps| steps[seen..].contains(&step)),
            "{}: waited in vain for {step:?}",
            self.id
        );
    }

    /// Reads on until `enough` holds for all steps; `false` when it does not within `deadline`.
    pub fn until(&mut self, deadline: Duration, enough: impl Fn(&[Step]) -> bool) -> bool {
        let started = Instant::now();
        while !enough(&self.steps) {
            if started.elapsed() > deadline {
                return false;
            }
            self.read(Duration::from_millis(10));
        }
        true
    }

    /// In which step a transaction was that was aborted later on, for each that was.
    pub fn aborted_in(&self) -> Vec<Step> {
        let pairs = self.steps.windows(2);
        pairs
            .filter(|pair| pair[1] == Step::Aborting)
            .map(|pair| pair[0])
            .collect()
    }

    fn read(&mut self, timeout: Duration) {
        let Some(Ok(message)) = self.consumer.poll(timeout) else {
            return;
        };
        self.next.insert(message.partition(), message.offset() + 1);
        // The key: schema version (2 bytes), length (2), the id.
        let key = message.key().and_then(|key| key.get(4..));
        if key == Some(self.id.as_bytes())
            && let Some(step) = message.payload().and_then(Step::parse)
        {
            self.steps.push(step);
        }
    }
}
