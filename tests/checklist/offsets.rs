//! Where reading begins, and what happens when the place to go on from is gone.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::scene::{Scene, article, holds_for, id_of};
use crate::support::client::{Isolation, Outgoing, Reader};
use crate::support::process::{PATIENCE, Signal};

/// What the stage says when it goes on elsewhere than it should.
const JUMP: &str = "committed offset is gone; jumping";

fn articles(prefix: &str, count: usize) -> Vec<Outgoing> {
    (0..count)
        .map(|n| article(&format!("{prefix}-{n}"), 3))
        .collect()
}

/// Deletes the records of partition 0 below `offset`, as retention does.
#[track_caller]
fn delete_before(bootstrap: &str, topic: &str, offset: i64) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()
        .expect("an admin client");
    let mut below = TopicPartitionList::new();
    below
        .add_partition_offset(topic, 0, Offset::Offset(offset))
        .expect("an offset");
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let deleted = runtime
        .block_on(admin.delete_records(&below, &options))
        .expect("deleted");
    for element in deleted.elements() {
        element.error().expect("deleted");
    }
}

/// A group that has committed 3 of 10 messages, of which the first 6 are gone.
#[track_caller]
fn with_lost_offsets() -> Scene {
    let mut scene = Scene::new(1);
    scene.config.set("batch.linger", "10ms");
    scene.send(&articles("seen", 3));
    let mut stage = scene.start();
    scene.wait_done(3);
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
    scene.send(&articles("late", 7));
    delete_before(&scene.bootstrap, &scene.input, 6);
    scene
}

#[test]
fn lost_offsets_stop_the_stage_with_a_code_and_a_message_of_their_own() {
    let scene = with_lost_offsets();
    let mut stage = scene.config.start();
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(66));
    let log = stage.log();
    let last = log
        .iter()
        .rev()
        .find(|line| line.message() == Some("stopping"))
        .expect("a last word");
    let error = last.text_field("error").expect("a reason");
    let place = format!(
        "{}/0: offset 3 was committed but the topic holds 6 to 10",
        scene.input
    );
    assert!(
        error.contains(&place) && error.contains("kafka.offset_lost"),
        "{error}"
    );
    assert_eq!(scene.done(), 3, "the commit is left as it is");
    assert_eq!(scene.outputs(3).len(), 3, "nothing was skipped in silence");
}

#[test]
fn lost_offsets_are_jumped_over_loudly_when_the_setting_allows_it() {
    let mut scene = with_lost_offsets();
    scene.config.set("kafka.offset_lost", "earliest");
    let mut stage = scene.start();
    let line = stage.wait_for_message(JUMP, PATIENCE);
    assert_eq!(line.level(), Some("ERROR"));
    for (name, value) in [("committed", 3), ("low", 6), ("high", 10)] {
        assert_eq!(
            line.field(name).and_then(serde_json::Value::as_i64),
            Some(value),
            "{name}"
        );
    }
    let ids: Vec<String> = scene.outputs(7).iter().map(id_of).collect();
    assert_eq!(ids[3..], ["late-3", "late-4", "late-5", "late-6"]);
    scene.wait_done(10);
}

/// Retention overtakes a stage that stands still; the other partition is not concerned.
fn overtaken_by_retention(protocol: &str) {
    let mut scene = Scene::new(2);
    scene
        .config
        .set("kafka.rebalance", protocol)
        .set("kafka.offset_lost", "earliest");
    scene
        .config
        .set_dotted("kafka.consumer_properties", "fetch.wait.max.ms", "20");
    let both = |prefix: &str| {
        let pairs =
            [0, 1].map(|partition| article(&format!("{prefix}-{partition}"), 3).to(partition));
        scene.send(&pairs);
    };
    both("one");
    let mut stage = scene.start();
    scene.wait_done(2);
    stage.signal(Signal::Stop);
    // Its last fetch is answered, with nothing, before there is something.
    holds_for("the stage stands still", Duration::from_millis(500), || {
        scene.done() == 2
    });
    both("two");
    both("three");
    delete_before(&scene.bootstrap, &scene.input, 2);
    stage.signal(Signal::Continue);
    stage.wait_for_message(JUMP, PATIENCE);
    let mut ids: Vec<String> = scene.outputs(5).iter().map(id_of).collect();
    ids.sort();
    assert_eq!(
        ids,
        ["one-0", "one-1", "three-0", "three-1", "two-1"],
        "{protocol}"
    );
    scene.wait_done(6);
    both("four");
    scene.wait_done(8);
    assert_eq!(
        scene.outputs(7).len(),
        7,
        "{protocol}: it goes on, and nothing is done twice"
    );
}

#[test]
fn retention_that_overtakes_the_stage_is_jumped_over_under_every_protocol() {
    for protocol in ["cooperative", "consumer", "eager"] {
        overtaken_by_retention(protocol);
    }
}

#[test]
fn offsets_deleted_while_the_stage_runs_do_not_disturb_it() {
    let mut scene = Scene::new(1);
    scene.config.set("batch.linger", "10ms");
    scene.send(&articles("one", 5));
    let _stage = scene.start();
    scene.wait_done(5);
    delete_before(&scene.bootstrap, &scene.input, 5);
    scene.send(&articles("two", 5));
    scene.wait_done(10);
    assert_eq!(scene.outputs(10).len(), 10);
}

#[test]
fn a_fresh_group_begins_where_the_setting_says() {
    let mut scene = Scene::new(2);
    let old: Vec<Outgoing> = (0..10)
        .map(|n| article(&format!("old-{n}"), 3).to(n % 2))
        .collect();
    scene.send(&old);

    scene.config.set("kafka.start", "error");
    let mut stage = scene.config.start();
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(66));
    let said = stage
        .log()
        .iter()
        .any(|line| line.text.contains("kafka.start is \\\"error\\\""));
    assert!(
        said,
        "the message names the setting: {:?}",
        stage.log().last()
    );

    scene.config.set("kafka.start", "latest");
    let mut stage = scene.start();
    let mut reader = Reader::new(&scene.bootstrap, &scene.output, Isolation::ReadCommitted);
    // Where the end is found out is not announced: new messages keep coming until some are seen.
    let mut sent = 0;
    let seen = reader.until(PATIENCE, |records| {
        if records.is_empty() {
            scene.send(&[
                article(&format!("new-{sent}"), 3).to(0),
                article(&format!("new-{sent}b"), 3).to(1),
            ]);
            sent += 1;
        }
        records.len() >= 2
    });
    assert!(
        seen.iter().all(|record| id_of(record).starts_with("new-")),
        "only what came after the start"
    );
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn a_group_that_has_committed_goes_on_from_there_whatever_the_setting_says() {
    let mut scene = Scene::new(1);
    scene.send(&articles("one", 4));
    let mut stage = scene.start();
    scene.wait_done(4);
    stage.signal(Signal::Terminate);
    stage.wait_exit(PATIENCE);
    scene.send(&articles("two", 4));
    for start in ["error", "latest"] {
        scene.config.set("kafka.start", start);
        let mut stage = scene.start();
        scene.wait_done(8);
        stage.signal(Signal::Terminate);
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0), "{start}");
    }
    assert_eq!(scene.outputs(8).len(), 8);
}

#[test]
fn an_input_topic_that_comes_later_is_awaited() {
    let mut scene = Scene::new(1);
    let missing = crate::support::topics::unique("later");
    scene.config.set("input.topic", missing.as_str());
    scene.config.set_dotted(
        "kafka.consumer_properties",
        "topic.metadata.refresh.interval.ms",
        "500",
    );
    let mut stage = scene.config.start();
    stage.wait_for_message(
        "the input topic does not exist yet; waiting for it",
        Duration::from_secs(30),
    );
    crate::support::topics::create(&scene.bootstrap, &missing, 1, &[]);
    crate::support::client::produce(&scene.bootstrap, &missing, &articles("first", 2));
    assert_eq!(scene.outputs(2).len(), 2);
}
