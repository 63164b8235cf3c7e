//! The rules of ownership, by the library's own source and producer on a real broker: what a group has taken away is
//! neither stored nor committed, and what a member may commit is decided when it commits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use newsstage::article::Message;
use newsstage::config::{Config, Delivery, Role, TimeSpan};
use newsstage::health::Health;
use newsstage::kafka::client_config;
use newsstage::kafka::error::KafkaFailure;
use newsstage::kafka::oauth::TokenSource;
use newsstage::kafka::ownership::{Epoch, Ownership, Partition};
use newsstage::kafka::producer::{Producer, Record};
use newsstage::kafka::source::Source;
use newsstage::metrics::Metrics;

use crate::inside::{new_metrics, now_ms, settings};
use crate::scene::{Scene, article};
use crate::support::client::{Isolation, Outgoing, read_all};
use crate::support::process::{PATIENCE, metric};
use crate::support::{topics, wait_for};

/// A member of the group, and what it has read.
struct Member {
    source: Source,
    ownership: Arc<Ownership>,
    metrics: Metrics,
    read: Vec<(Message, Epoch)>,
}

impl Member {
    #[track_caller]
    fn join(config: &Config) -> Self {
        let ownership = Arc::new(Ownership::new());
        let metrics = new_metrics();
        let health = Health::new(now_ms(), 60_000);
        let source = Source::subscribe(config, ownership.clone(), metrics.clone(), health, now_ms);
        Self {
            source: source.expect("a consumer"),
            ownership,
            metrics,
            read: Vec::new(),
        }
    }

    /// One poll.
    #[track_caller]
    fn step(&mut self) {
        self.read.extend(
            self.source
                .poll(Duration::from_millis(10))
                .expect("nothing fatal"),
        );
    }

    fn owns(&self, count: usize) -> bool {
        self.ownership.partitions().len() == count
    }

    /// The first message read from this partition.
    #[track_caller]
    fn first_of(&self, partition: Partition) -> (i64, Epoch) {
        let found = self
            .read
            .iter()
            .find(|(message, _)| message.position.partition == partition);
        let (message, epoch) = found.expect("a message of the partition");
        (message.position.offset, *epoch)
    }

    fn rebalances(&self, event: &str) -> Option<f64> {
        metric(
            &self.metrics.encode(),
            "newsstage_rebalances_total",
            &[&format!("event=\"{event}\"")],
        )
    }
}

/// Two articles in each of two partitions, and a member that owns both and has read all.
#[track_caller]
fn alone(change: impl FnOnce(&mut Config)) -> (Scene, Member) {
    let scene = Scene::new(2);
    let sent: Vec<Outgoing> = (0..4)
        .map(|n| article(&format!("a{n}"), 3).to(n % 2))
        .collect();
    scene.send(&sent);
    let mut own = settings(&scene, "one");
    change(&mut own);
    let mut member = Member::join(&own);
    wait_for("both partitions and all messages", PATIENCE, || {
        member.step();
        member.owns(2) && member.read.len() == 4
    });
    (scene, member)
}

/// A second member joins and takes one of the two partitions of the first. Returns it and the partition that moved.
#[track_caller]
fn joined_by(first: &mut Member, config: &Config) -> (Member, Partition) {
    let mut second = Member::join(config);
    wait_for("one partition each", PATIENCE, || {
        first.step();
        second.step();
        first.owns(1) && second.owns(1)
    });
    let moved = second.ownership.partitions()[0];
    (second, moved)
}

fn offsets(partition: Partition, epoch: Epoch, next: i64) -> BTreeMap<(Partition, Epoch), i64> {
    BTreeMap::from([((partition, epoch), next)])
}

#[test]
fn after_a_revocation_nothing_is_stored_for_the_partition_and_that_is_no_error() {
    let (scene, mut first) = alone(|config| config.delivery = Delivery::AtLeastOnce);
    let (_second, moved) = joined_by(&mut first, &settings(&scene, "two"));
    let (kept, (offset, epoch)) = (1 - moved, first.first_of(moved));
    assert!(
        !first.ownership.is_current(moved, epoch),
        "its work is void"
    );
    assert_eq!(
        first.source.store(&offsets(moved, epoch, offset + 1)),
        1,
        "refused, counted"
    );
    let (offset, epoch) = first.first_of(kept);
    assert!(
        first.ownership.is_current(kept, epoch),
        "the other partition's work still counts"
    );
    assert_eq!(first.source.store(&offsets(kept, epoch, offset + 1)), 0);
    assert!(first.source.close(Instant::now() + Duration::from_secs(20)));
    let committed = topics::committed(&scene.bootstrap, &scene.group, &scene.input);
    assert_eq!(committed, BTreeMap::from([(kept, offset + 1)]));
}

#[test]
fn a_lost_assignment_drops_the_work_and_commits_nothing() {
    let short = |config: &mut Config| {
        config.delivery = Delivery::AtLeastOnce;
        config.kafka.session_timeout = TimeSpan::from_millis(1500);
        config.kafka.max_poll_interval = TimeSpan::from_secs(2);
    };
    let (scene, mut first) = alone(short);
    // Now the first one does not poll: its client library gives its membership up.
    let mut second = Member::join(&settings(&scene, "two"));
    wait_for("the second member to own all", PATIENCE, || {
        second.step();
        second.owns(2) && second.read.len() == 4
    });
    let stale = first.first_of(0);
    wait_for(
        "the first member to see that it lost them",
        PATIENCE,
        || {
            first.step();
            second.step();
            first.rebalances("lost") == Some(1.0)
        },
    );
    assert!(!first.ownership.is_current(0, stale.1));
    assert_eq!(
        first.source.store(&offsets(0, stale.1, stale.0 + 1)),
        1,
        "refused, counted"
    );
    drop(first.source);
    assert_eq!(scene.done(), 0, "nothing was committed");
}

fn transactional(scene: &Scene, instance: &str) -> Producer {
    let config = settings(scene, instance);
    let producer = Producer::new(
        &client_config(&config, Role::Producer),
        TokenSource::new(&config),
    )
    .expect("a producer");
    producer.init_transactions(PATIENCE).expect("registered");
    producer
}

fn record(scene: &Scene, value: &str) -> Record {
    Record {
        topic: scene.output.as_str().into(),
        partition: None,
        key: None,
        value: Some(value.as_bytes().to_vec()),
        headers: Vec::new(),
        timestamp_ms: None,
    }
}

#[test]
fn a_membership_from_before_a_rebalance_commits_nothing_and_the_present_one_does() {
    let (scene, mut first) = alone(|_| ());
    let before = first.source.group_metadata().expect("a member");
    let (mut second, moved) = joined_by(&mut first, &settings(&scene, "two"));
    let kept = 1 - moved;
    let (offset, epoch) = first.first_of(kept);
    let next = first
        .source
        .offset_list(&offsets(kept, epoch, offset + 1))
        .expect("offsets");
    let mut producer = transactional(&scene, "one");
    let deadline = Instant::now() + PATIENCE;

    producer.begin().expect("begun");
    producer
        .send(&record(&scene, "stale"), deadline)
        .expect("queued");
    assert_eq!(producer.wait_delivered(deadline), Ok(Vec::new()));
    let refused = producer.send_offsets(&next, &before, deadline, || ());
    assert!(
        matches!(refused, Err(KafkaFailure::Abort(_))),
        "{refused:?}"
    );
    producer.abort(deadline, || ()).expect("aborted");
    assert_eq!(scene.done(), 0);

    // A rebalance may still be going on: then the present membership is a moment old, too.
    wait_for("a commit with the present membership", PATIENCE, || {
        first.step();
        second.step();
        let now = first.source.group_metadata().expect("a member");
        producer.begin().expect("begun");
        producer
            .send(&record(&scene, "current"), deadline)
            .expect("queued");
        assert_eq!(producer.wait_delivered(deadline), Ok(Vec::new()));
        if producer.send_offsets(&next, &now, deadline, || ()).is_ok() {
            producer.commit(deadline, || ()).expect("committed");
            return true;
        }
        producer.abort(deadline, || ()).expect("aborted");
        false
    });
    assert_eq!(scene.done(), offset + 1);
    let visible = read_all(&scene.bootstrap, &scene.output, Isolation::ReadCommitted);
    let values: Vec<_> = visible
        .into_iter()
        .filter_map(|record| record.payload)
        .collect();
    assert_eq!(values, [b"current".to_vec()]);
}

#[test]
fn a_partition_that_was_paused_is_read_again_when_it_comes_back() {
    let (scene, mut first) = alone(|_| ());
    first.source.set_paused(true);
    let (second, moved) = joined_by(&mut first, &settings(&scene, "two"));
    assert!(
        second
            .source
            .close(Instant::now() + Duration::from_secs(20))
    );
    wait_for("both partitions again", PATIENCE, || {
        first.step();
        first.owns(2)
    });
    // What moved comes back from its first message, as nothing was committed; the other is still paused.
    first.source.set_paused(false);
    let sent: Vec<Outgoing> = (4..6)
        .map(|n| article(&format!("a{n}"), 3).to(n % 2))
        .collect();
    scene.send(&sent);
    let mut newest = || {
        first.step();
        let seen = |partition| {
            first
                .read
                .iter()
                .any(|(m, _)| (m.position.partition, m.position.offset) == (partition, 2))
        };
        seen(moved) && seen(1 - moved)
    };
    wait_for("the newest article of both", PATIENCE, &mut newest);
}

#[test]
fn a_rewind_reads_again_what_was_not_committed() {
    let (scene, mut member) = alone(|_| ());
    let before = member.read.len();
    let epoch = member.first_of(0).1;
    member.ownership.request_rewind();
    member.source.rewind().expect("rewound");
    assert!(
        !member.ownership.is_current(0, epoch),
        "work from before the rewind is void"
    );
    wait_for("all messages again", PATIENCE, || {
        member.step();
        member.read.len() == before + 4
    });
    let again: Vec<i64> = member.read[before..]
        .iter()
        .map(|(m, _)| m.position.offset)
        .collect();
    assert_eq!(
        again.iter().filter(|offset| **offset == 0).count(),
        2,
        "from the first of each partition"
    );
    assert_eq!(scene.done(), 0);
}
