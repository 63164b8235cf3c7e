//! Topics that are deleted under a running stage: what cannot be written holds back everything of its transaction, and
//! comes out once, when there is a place for it again.

use std::time::Duration;

use crate::scene::{Scene, article, holds_for, id_of};
use crate::support::client::{Isolation, Outgoing, read_all};
use crate::support::process::{PATIENCE, Stage};
use crate::support::{topics, wait_for};

const SETBACK: &str = "batch not committed; it will be read again";

fn articles(count: usize) -> Vec<Outgoing> {
    (0..count).map(|n| article(&format!("a{n}"), 5)).collect()
}

/// A stage that has begun, so that it knows its topics, and retries quickly.
#[track_caller]
fn begun(scene: &mut Scene) -> Stage {
    scene.config.set("retry.max", "1s");
    // How long the client believes that a topic it does not find is merely new.
    scene.config.set_dotted(
        "kafka.producer_properties",
        "topic.metadata.propagation.max.ms",
        "500",
    );
    let mut stage = scene.start();
    stage.wait_ready(PATIENCE);
    stage
}

fn setbacks(stage: &Stage) -> usize {
    stage
        .log()
        .iter()
        .filter(|line| line.message() == Some(SETBACK))
        .count()
}

#[test]
fn a_dead_letter_without_a_topic_holds_the_whole_batch_back() {
    let mut scene = Scene::new(1);
    let stage = begun(&mut scene);
    topics::delete(&scene.bootstrap, &scene.dead);
    let mut sent = articles(3);
    sent.insert(1, Outgoing::keyed("bad", "{"));
    scene.send(&sent);
    wait_for("the batch to be tried again", PATIENCE, || {
        setbacks(&stage) >= 2
    });
    let read = |isolation| read_all(&scene.bootstrap, &scene.output, isolation);
    assert!(
        !read(Isolation::ReadUncommitted).is_empty(),
        "the articles were sent and taken back"
    );
    holds_for(
        "nothing is skipped, nothing shows",
        Duration::from_secs(1),
        || scene.done() == 0 && read(Isolation::ReadCommitted).is_empty(),
    );
    topics::create(&scene.bootstrap, &scene.dead, 1, &[]);
    scene.wait_done(4);
    let ids: Vec<String> = scene.outputs(3).iter().map(id_of).collect();
    assert_eq!(ids, ["a0", "a1", "a2"], "once each and in order");
    let dead = scene.dead_letters(1);
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].payload.as_deref(), Some(&b"{"[..]));
}

#[test]
fn no_offset_is_committed_while_the_output_has_no_topic() {
    for delivery in ["exactly_once", "at_least_once"] {
        let mut scene = Scene::new(1);
        scene.config.set("delivery", delivery);
        let mut stage = begun(&mut scene);
        topics::delete(&scene.bootstrap, &scene.output);
        scene.send(&articles(10));
        wait_for("the articles to be read", PATIENCE, || {
            stage.metric("newsstage_messages_consumed_total", &[]) >= Some(10.0)
        });
        holds_for("nothing is committed", Duration::from_millis(2500), || {
            scene.done() == 0
        });
        topics::create(&scene.bootstrap, &scene.output, 1, &[]);
        scene.wait_done(10);
        let ids: Vec<String> = scene.outputs(10).iter().map(id_of).collect();
        let wanted: Vec<String> = (0..10).map(|n| format!("a{n}")).collect();
        assert_eq!(ids, wanted, "{delivery}: once each and in order");
    }
}
