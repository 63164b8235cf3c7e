//! The input may itself be written in transactions: only what was committed is read, and lag knows their markers.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::scene::{Scene, article, article_json, holds_for, id_of};
use crate::support::process::PATIENCE;
use crate::support::topics::unique;
use crate::support::wait_for;

const STEP: Duration = Duration::from_secs(30);

/// A producer with an open transaction that holds these articles; the broker has them.
#[track_caller]
fn open_transaction(scene: &Scene, ids: &[&str]) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &scene.bootstrap)
        .set("transactional.id", unique("crawler"))
        .set("linger.ms", "0")
        .create()
        .expect("a producer");
    producer.init_transactions(STEP).expect("registered");
    producer.begin_transaction().expect("begun");
    for id in ids {
        let value = article_json(id, 5);
        producer
            .send(BaseRecord::to(&scene.input).key(*id).payload(&value))
            .map_err(|(error, _)| error)
            .expect("queued");
    }
    producer.flush(STEP).expect("sent");
    producer
}

#[test]
fn aborted_records_are_never_read_and_open_ones_not_before_their_commit() {
    let scene = Scene::new(1);
    open_transaction(&scene, &["aborted-1", "aborted-2"])
        .abort_transaction(STEP)
        .expect("aborted");
    scene.send(&[article("plain", 5)]);
    let open = open_transaction(&scene, &["open-1", "open-2"]);
    scene.send(&[article("behind", 5)]);
    let mut stage = scene.start();
    let ids = || scene.outputs(1).iter().map(id_of).collect::<Vec<_>>();
    assert_eq!(ids(), ["plain"]);
    holds_for("what is not decided waits", Duration::from_secs(1), || {
        ids() == ["plain"]
    });
    open.commit_transaction(STEP).expect("committed");
    let out: Vec<String> = scene.outputs(4).iter().map(id_of).collect();
    assert_eq!(out, ["plain", "open-1", "open-2", "behind"]);

    // The log now ends with an article; then with the marker of a transaction, which is no message.
    let lag = |stage: &mut crate::support::process::Stage| {
        stage.metric("newsstage_consumer_lag_messages", &[])
    };
    wait_for("no lag", PATIENCE, || lag(&mut stage) == Some(0.0));
    open_transaction(&scene, &["last"])
        .commit_transaction(STEP)
        .expect("committed");
    assert_eq!(scene.outputs(5).len(), 5);
    wait_for("no lag behind a marker", PATIENCE, || {
        lag(&mut stage) == Some(0.0)
    });
    open_transaction(&scene, &["aborted-3"])
        .abort_transaction(STEP)
        .expect("aborted");
    wait_for("no lag behind aborted records", PATIENCE, || {
        lag(&mut stage) == Some(0.0)
    });
    holds_for("no lag", Duration::from_secs(1), || {
        lag(&mut stage) == Some(0.0)
    });
}
