use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};

use super::*;
use crate::config::{Config, TimeSpan};
use crate::health::Health;
use crate::kafka::ownership::Ownership;
use crate::metrics::{Metrics, ProcessInfo};
use crate::worker::spans::Spans;

const TOPIC: &str = "raw";
const PARTITIONS: i32 = 2;
/// How long the group may take for what it does in seconds.
const PATIENCE: Duration = Duration::from_secs(60);

struct Cluster {
    mock: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Cluster {
    fn start() -> Self {
        let mock = MockCluster::new(1).unwrap();
        mock.create_topic(TOPIC, PARTITIONS, 1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", mock.bootstrap_servers())
            .create()
            .unwrap();
        Self { mock, producer }
    }

    /// A message in every partition.
    fn send(&self) {
        for partition in 0..PARTITIONS {
            let record = BaseRecord::<str, str>::to(TOPIC).partition(partition);
            self.producer.send(record.payload("{}")).unwrap();
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    /// A member of the group.
    fn reader(&self) -> Reader {
        let mut config = Config::default();
        config.kafka.brokers = self.mock.bootstrap_servers();
        config.kafka.group = "stage".to_owned();
        config.input.topic = TOPIC.to_owned();
        // The mock cluster notices only by it that a member has left.
        config.kafka.session_timeout = TimeSpan::from_millis(6_000);
        let shared = Arc::new(Shared {
            ownership: Arc::new(Ownership::new()),
            metrics: Metrics::new(&ProcessInfo::default()),
            health: Health::new(0, 60_000),
            clock: || 0,
            spans: Spans::default(),
            stop: Arc::default(),
            breaker: AtomicBool::new(false),
            output_room: AtomicUsize::new(0),
            failure: Mutex::new(None),
        });
        let (ownership, metrics) = (shared.ownership.clone(), shared.metrics.clone());
        let health = shared.health.clone();
        let source = Source::subscribe(&config, ownership, metrics, health, shared.clock).unwrap();
        Reader {
            source: Arc::new(source),
            shared,
            read: Arc::default(),
            limits: BatchLimits {
                messages: 1_000,
                bytes: 1_000_000,
                linger: Duration::ZERO,
            },
            open: Batch::default(),
            paused: false,
        }
    }
}

impl Reader {
    fn owned(&self) -> usize {
        self.shared.ownership.partitions().len()
    }

    fn has_read(&self, partition: i32) -> bool {
        let mut messages = self.open.messages.iter();
        messages.any(|message| message.position.partition == partition)
    }
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited in vain until {what}");
    }
}

#[test]
fn a_partition_that_comes_while_fetching_is_paused_leaves_no_other_one_paused() {
    let cluster = Cluster::start();
    let (mut reader, mut other) = (cluster.reader(), cluster.reader());
    until("each has its share", || {
        reader.take(POLL).unwrap();
        other.take(POLL).unwrap();
        reader.owned() == 1 && other.owned() == 1
    });
    let (own, gained) = (
        reader.shared.ownership.partitions()[0],
        other.shared.ownership.partitions()[0],
    );
    reader.hold().unwrap();
    assert!(other.close(Instant::now() + PATIENCE));
    until("the other's partition has come", || {
        reader.hold().unwrap();
        reader.owned() == 2
    });
    cluster.send();
    until("its message has come", || {
        reader.hold().unwrap();
        reader.has_read(gained)
    });
    assert!(!reader.has_read(own), "fetching is paused");

    reader.open = Batch::default();
    reader.resume();
    cluster.send();
    until("both are read again", || {
        reader.take(POLL).unwrap();
        reader.has_read(own) && reader.has_read(gained)
    });
}
