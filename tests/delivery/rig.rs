use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::ledger::{Ledger, Order};
use crate::outcome::{Deliveries, Outcomes};
use crate::support::client::{Isolation, Record, read_all};
use crate::support::process::{Stage, StageConfig};
use crate::support::topics;

/// How long the stage may take for all the work of a test.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Input, output and dead-letter topics, and the configuration of the stage between them.
pub struct Rig {
    pub bootstrap: String,
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
    pub partitions: u16,
    pub config: StageConfig,
}

impl Rig {
    /// New topics and a new group; input and output have `partitions` partitions. The batches are small, so that there
    /// are many transactions, and a message stays in its partition.
    pub fn new(bootstrap: &str, partitions: u16) -> Self {
        let input = topics::create_unique(bootstrap, "raw", partitions);
        let mut rig = Self::reading(bootstrap, input, partitions);
        rig.config.set("batch.messages", 25);
        rig.config.set("batch.linger", "20ms");
        rig.config.set("output.partition", "input");
        rig
    }

    /// A stage on the same input with everything else its own and nothing to disturb it.
    pub fn undisturbed(&self) -> Self {
        let mut rig = Self::reading(&self.bootstrap, self.input.clone(), self.partitions);
        rig.config.set("output.partition", "input");
        rig
    }

    fn reading(bootstrap: &str, input: String, partitions: u16) -> Self {
        let output = topics::create_unique(bootstrap, "enriched", partitions);
        let dead = topics::create_unique(bootstrap, "dead", 1);
        let group = topics::unique("stage");
        let mut config = StageConfig::new(bootstrap, &group, [&input, &output, &dead]);
        config.set("kafka.instance", "one");
        // An index that survives a killed process need not wait for the disk each time.
        config.set("dedup.fsync", false);
        Self {
            bootstrap: bootstrap.to_owned(),
            input,
            output,
            dead,
            group,
            partitions,
            config,
        }
    }

    /// Another replica, with an index of its own.
    pub fn replica(&self, name: &str) -> StageConfig {
        let mut config = self.config.replica();
        config.set("kafka.instance", name);
        config
    }

    /// The transactional id of a replica.
    pub fn transactional_id(&self, replica: &str) -> String {
        format!("{}-{replica}", self.group)
    }

    /// Asks the broker what the group has committed.
    pub fn group(&self) -> Group {
        Group::new(self)
    }

    /// Waits until the group has committed everything that was sent, for as long as it goes forward. The stage must not end
    /// meanwhile.
    #[track_caller]
    pub fn wait_all_committed(&self, stage: &mut Stage, ledger: &Ledger) {
        let (group, ends) = (self.group(), ledger.ends());
        let mut committed = group.committed();
        while committed != ends {
            stage.wait_until("more is committed", PATIENCE, |_| {
                group.committed() != committed
            });
            committed = group.committed();
        }
    }

    /// Waits until everything is committed and ends the stage in order.
    #[track_caller]
    pub fn finish(&self, stage: &mut Stage, ledger: &Ledger) {
        self.wait_all_committed(stage, ledger);
        terminate(stage);
    }

    /// Every committed record of the output and dead-letter topics.
    #[track_caller]
    pub fn committed_records(&self) -> (Vec<Record>, Vec<Record>) {
        let read = |topic| read_all(&self.bootstrap, topic, Isolation::ReadCommitted);
        (read(&self.output), read(&self.dead))
    }

    /// What came out, by message.
    #[track_caller]
    pub fn deliveries(&self, ledger: &Ledger) -> Deliveries {
        let (output, dead) = self.committed_records();
        ledger.deliveries(&output, &dead)
    }

    /// Holds what came out against what was sent: each message once, in order, and as what it should be.
    #[track_caller]
    pub fn check_exactly_once(&self, ledger: &Ledger, order: Order) -> Outcomes {
        let (output, dead) = self.committed_records();
        let outcomes = ledger.exactly_once(ledger.deliveries(&output, &dead));
        ledger.check_kinds(&outcomes, &Default::default());
        ledger.check_order(&output, &dead, order);
        outcomes
    }

    /// What comes out of the same input when nothing happens.
    #[track_caller]
    pub fn undisturbed_outcomes(&self, ledger: &Ledger) -> Outcomes {
        let rig = self.undisturbed();
        let mut stage = rig.config.start();
        rig.finish(&mut stage, ledger);
        rig.check_exactly_once(ledger, Order::ByPartition)
    }

    /// How many records of aborted transactions the output and dead-letter topics hold. Only when no transaction is open.
    #[track_caller]
    pub fn aborted_records(&self) -> usize {
        let count = |topic, isolation| read_all(&self.bootstrap, topic, isolation).len();
        let both = |topic| {
            count(topic, Isolation::ReadUncommitted) - count(topic, Isolation::ReadCommitted)
        };
        both(&self.output) + both(&self.dead)
    }
}

/// Ends a stage in order.
#[track_caller]
pub fn terminate(stage: &mut Stage) {
    stage.terminate(PATIENCE);
}

/// How many log lines have this message.
pub fn said(stage: &Stage, message: &str) -> usize {
    let log = stage.log();
    log.iter()
        .filter(|line| line.message() == Some(message))
        .count()
}

/// The log's line for a batch that was given up.
pub const GIVEN_UP: &str = "batch not committed; it will be read again";

/// Waits until the stage owns so many partitions.
#[track_caller]
pub fn wait_for_partitions(stage: &mut Stage, count: u16) {
    wait_for_metric(
        stage,
        "newsstage_assigned_partitions",
        &[],
        f64::from(count),
    );
}

/// Waits until a metric has at least this value.
#[track_caller]
pub fn wait_for_metric(stage: &mut Stage, name: &str, labels: &[&str], least: f64) {
    // Through the log's wait, which shows the log when the stage ends or the time is over.
    let address = stage.admin_address();
    stage.wait_until(&format!("{name} of {least}"), PATIENCE, |_| {
        let reply = crate::support::process::http_get(&address, "/metrics");
        let value = reply
            .ok()
            .and_then(|reply| crate::support::process::metric(&reply.body, name, labels));
        value.is_some_and(|value| value >= least)
    });
}

/// A consumer that is in no group and only asks for the offsets of one.
pub struct Group {
    asker: BaseConsumer,
    input: TopicPartitionList,
}

impl Group {
    fn new(rig: &Rig) -> Self {
        let asker = ClientConfig::new()
            .set("bootstrap.servers", &rig.bootstrap)
            .set("group.id", &rig.group)
            // Offsets of an open transaction are not waited for.
            .set("isolation.level", "read_uncommitted")
            .create()
            .expect("a consumer");
        let mut input = TopicPartitionList::new();
        for partition in 0..i32::from(rig.partitions) {
            input.add_partition(&rig.input, partition);
        }
        Self { asker, input }
    }

    /// The next offset to read, by partition, without those of an open transaction.
    #[track_caller]
    pub fn committed(&self) -> BTreeMap<i32, i64> {
        let answer = self.asker.committed_offsets(self.input.clone(), PATIENCE);
        let answer = answer.expect("committed offsets");
        let elements = answer.elements();
        let known = elements
            .iter()
            .filter_map(|element| match element.offset() {
                Offset::Offset(offset) => Some((element.partition(), offset)),
                _ => None,
            });
        known.collect()
    }

    /// How many messages are done, over all partitions.
    pub fn done(&self) -> usize {
        let done: i64 = self.committed().values().sum();
        usize::try_from(done).expect("offsets are positive")
    }
}
