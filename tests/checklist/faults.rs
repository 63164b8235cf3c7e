//! Errors put in by librdkafka's mock cluster. The mock does not isolate transactions, so what a transaction hides is
//! tested elsewhere; here it is what the stage does with the answers.

use std::time::Duration;

use newsstage::config::{Config, Delivery, RebalanceProtocol, TimeSpan};
use newsstage::dedup::Rebuild;
use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey as Api, RDKafkaRespErr as Answer};

use crate::fidelity::java_partition;
use crate::inside::{Worker, settings};
use crate::scene::{Scene, article, holds_for, id_of};
use crate::support::client::{Isolation, Outgoing, Record, read_all};
use crate::support::process::PATIENCE;
use crate::support::wait_for;

/// Three brokers: the first has the input, the second the output, the third the coordinators.
struct Mock {
    cluster: MockCluster<'static, DefaultProducerContext>,
    scene: Scene,
    config: Config,
}

impl Mock {
    fn new(output_partitions: i32) -> Self {
        let cluster = MockCluster::new(3).expect("a mock cluster");
        let scene = Scene::on(&cluster.bootstrap_servers());
        let topics = [
            (&scene.input, 1, 1),
            (&scene.output, output_partitions, 2),
            (&scene.dead, 1, 2),
        ];
        for (topic, partitions, leader) in topics {
            cluster.create_topic(topic, partitions, 3).expect("a topic");
            for partition in 0..partitions {
                cluster
                    .partition_leader(topic, partition, Some(leader))
                    .expect("a leader");
            }
        }
        let transactions = MockCoordinator::Transaction(format!("{}-one", scene.group));
        cluster.coordinator(transactions, 3).expect("a coordinator");
        cluster
            .coordinator(MockCoordinator::Group(scene.group.clone()), 3)
            .expect("a coordinator");
        let mut config = settings(&scene, "one");
        config.delivery = Delivery::AtLeastOnce;
        // The output's broker is the one that is made slow: nothing is asked of it before the fault.
        config.dedup.rebuild = Rebuild::Never;
        // The mock's classic protocol waits three seconds for members; this one does not.
        config.kafka.rebalance = RebalanceProtocol::Consumer;
        Self {
            cluster,
            scene,
            config,
        }
    }

    #[track_caller]
    fn start(&self) -> Worker {
        let worker = Worker::start(self.config.clone());
        worker.wait_assigned();
        worker
    }

    fn fail(&self, api: Api, answers: &[Answer]) {
        self.cluster.request_errors(api, answers);
    }

    fn written(&self, topic: &str) -> Vec<Record> {
        read_all(&self.scene.bootstrap, topic, Isolation::ReadUncommitted)
    }

    /// Waits until the output holds `count` different articles.
    #[track_caller]
    fn wait_articles(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        wait_for("the articles in the output", PATIENCE, || {
            ids = self.written(&self.scene.output).iter().map(id_of).collect();
            let mut distinct = ids.clone();
            distinct.sort();
            distinct.dedup();
            distinct.len() >= count
        });
        ids
    }
}

fn articles(count: usize) -> Vec<Outgoing> {
    (0..count).map(|n| article(&format!("a{n}"), 5)).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("a{n}")).collect()
}

fn transactions(worker: &Worker, result: &str) -> Option<f64> {
    worker.metric(
        "newsstage_transactions_total",
        &[&format!("result=\"{result}\"")],
    )
}

#[test]
fn the_committed_offset_stops_before_the_first_record_without_acknowledgement() {
    let mut mock = Mock::new(2);
    mock.config.batch.messages = 1;
    let (near, far) = (0, 1);
    mock.cluster
        .partition_leader(&mock.scene.output, near, Some(1))
        .expect("a leader");
    let key_of = |partition: i32| {
        (0..)
            .map(|n| format!("key-{n}"))
            .find(|key| java_partition(key.as_bytes(), 2) == partition)
    };
    let keys = [near, far].map(|partition| key_of(partition).expect("a key").into_bytes());
    // Only the sixth article goes to the partition that nobody serves.
    let sent: Vec<Outgoing> = articles(10)
        .into_iter()
        .enumerate()
        .map(|(n, article)| Outgoing {
            key: Some(keys[usize::from(n == 5)].clone()),
            ..article
        })
        .collect();
    mock.scene.send(&sent);
    mock.cluster.broker_down(2).expect("down");
    let _worker = mock.start();
    mock.scene.wait_done(5);
    holds_for(
        "the offset waits for the sixth article",
        Duration::from_secs(3),
        || mock.scene.done() == 5,
    );
    mock.cluster.broker_up(2).expect("up");
    mock.scene.wait_done(10);
    let mut ids = mock.wait_articles(10);
    ids.sort();
    assert_eq!(ids, names(10), "once each");
}

#[test]
fn answers_that_may_pass_are_tried_again_and_nobody_sees_it() {
    let mock = Mock::new(1);
    mock.scene.send(&articles(110));
    mock.fail(
        Api::Produce,
        &[
            Answer::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            Answer::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            Answer::RD_KAFKA_RESP_ERR__TRANSPORT,
            Answer::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ],
    );
    let _worker = mock.start();
    mock.scene.wait_done(110);
    assert_eq!(
        mock.wait_articles(110),
        names(110),
        "once each and in order"
    );
    assert_eq!(mock.written(&mock.scene.dead), []);
}

#[test]
fn a_fenced_producer_ends_the_process_and_commits_nothing() {
    for answer in [
        Answer::RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        Answer::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    ] {
        let mut mock = Mock::new(1);
        mock.config.delivery = Delivery::ExactlyOnce;
        mock.scene.send(&articles(3));
        mock.fail(Api::EndTxn, &[answer; 3]);
        assert_eq!(
            Worker::start(mock.config.clone()).exit_code(),
            76,
            "{answer:?}"
        );
        assert_eq!(mock.scene.done(), 0);
    }
}

#[test]
fn a_transaction_that_must_be_aborted_is_read_again_from_its_first_message() {
    let mut mock = Mock::new(1);
    mock.config.delivery = Delivery::ExactlyOnce;
    mock.config.retry.initial = TimeSpan::from_millis(20);
    mock.scene.send(&articles(20));
    mock.fail(
        Api::TxnOffsetCommit,
        &[
            Answer::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
            Answer::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        ],
    );
    let worker = mock.start();
    wait_for("a commit", PATIENCE, || {
        transactions(&worker, "committed") >= Some(1.0)
    });
    assert_eq!(transactions(&worker, "aborted"), Some(2.0));
    // The mock shows aborted records too: each attempt holds the articles from the first on, in their order.
    let mut ids = Vec::new();
    wait_for("the last attempt whole", PATIENCE, || {
        ids = mock.written(&mock.scene.output).iter().map(id_of).collect();
        let last_attempt = ids.iter().rposition(|id| id == "a0").unwrap_or_default();
        ids[last_attempt..] == names(20)
    });
    assert!(ids.len() > 20, "{ids:?}");
    assert_eq!(worker.stop(), 0);
}

#[test]
fn a_dead_letter_topic_that_may_not_be_written_stops_the_offsets_and_skips_nothing() {
    let mock = Mock::new(1);
    let worker = mock.start();
    let dead = &mock.scene.dead;
    mock.cluster
        .topic_error(dead, Answer::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        .expect("set");
    mock.scene.send(&[
        article("a0", 5),
        Outgoing::keyed("bad", "{"),
        article("a1", 5),
    ]);
    assert_eq!(worker.exit_code(), 77);
    assert_eq!(mock.scene.done(), 0);
    mock.cluster
        .topic_error(dead, Answer::RD_KAFKA_RESP_ERR_NO_ERROR)
        .expect("set");
    let _worker = mock.start();
    mock.scene.wait_done(3);
    mock.wait_articles(2);
    assert!(!mock.written(dead).is_empty());
}

#[test]
fn messages_in_flight_and_lag_show_while_nothing_is_acknowledged() {
    let mock = Mock::new(1);
    mock.scene.send(&articles(25));
    mock.cluster.broker_down(2).expect("down");
    let worker = mock.start();
    let figures = || {
        [
            "newsstage_inflight_messages",
            "newsstage_consumer_lag_messages",
        ]
        .map(|name| worker.metric(name, &[]))
    };
    wait_for("25 in flight and as much lag", PATIENCE, || {
        figures() == [Some(25.0); 2]
    });
    mock.cluster.broker_up(2).expect("up");
    mock.scene.wait_done(25);
    wait_for("nothing in flight, no lag", PATIENCE, || {
        figures() == [Some(0.0); 2]
    });
}

#[test]
fn work_that_takes_longer_than_the_poll_interval_costs_no_membership() {
    let mut mock = Mock::new(1);
    mock.config.kafka.max_poll_interval = TimeSpan::from_secs(3);
    // Nothing may give a record up before the poll interval is over twice.
    mock.config
        .kafka
        .producer_properties
        .set("message.timeout.ms", "60000");
    mock.config.batch.messages = 5;
    mock.scene.send(&articles(40));
    mock.cluster.broker_down(2).expect("down");
    let worker = mock.start();
    holds_for(
        "the member stays while its work waits",
        Duration::from_secs(7),
        || worker.metric("newsstage_assigned_partitions", &[]) == Some(1.0),
    );
    mock.cluster.broker_up(2).expect("up");
    mock.scene.wait_done(40);
    assert_eq!(mock.wait_articles(40), names(40), "once each");
    for event in ["lost", "revoked"] {
        let label = format!("event=\"{event}\"");
        assert_eq!(
            worker.metric("newsstage_rebalances_total", &[&label]),
            Some(0.0),
            "{event}"
        );
    }
}

#[test]
fn when_the_work_cannot_be_finished_the_deadline_ends_it_and_nothing_is_committed() {
    let mut mock = Mock::new(1);
    mock.config.shutdown.timeout = TimeSpan::from_secs(1);
    mock.scene.send(&articles(5));
    mock.cluster.broker_down(2).expect("down");
    let worker = mock.start();
    wait_for("the articles to be read", PATIENCE, || {
        worker.metric("newsstage_messages_consumed_total", &[]) == Some(5.0)
    });
    assert_eq!(worker.stop(), 75);
    assert_eq!(mock.scene.done(), 0);
}
