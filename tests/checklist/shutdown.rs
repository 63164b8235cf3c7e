//! SIGTERM: finish, commit, leave the group. What happens when that is not possible is in `faults`.

use std::time::{Duration, Instant};

use crate::scene::{Scene, article, id_of};
use crate::support::client::{Isolation, Outgoing, read_all};
use crate::support::process::{PATIENCE, Signal};
use crate::support::{topics, wait_for};

fn articles(count: usize) -> Vec<Outgoing> {
    (0..count).map(|n| article(&format!("a{n}"), 200)).collect()
}

#[test]
fn sigterm_under_load_commits_what_it_published_and_a_restart_does_the_rest() {
    const ARTICLES: usize = 6000;
    for delivery in ["exactly_once", "at_least_once"] {
        let mut scene = Scene::new(3);
        scene
            .config
            .set("delivery", delivery)
            .set("batch.messages", 100)
            .set("threads", 1);
        scene.send(&articles(ARTICLES));
        let mut stage = scene.start();
        // Offsets are committed once a second under at least once: too late to still find it at work.
        wait_for("the first articles to be published", PATIENCE, || {
            topics::records(&scene.bootstrap, &scene.output) > 0
        });
        stage.signal(Signal::Terminate);
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0), "{delivery}");
        stage.wait_for_message("stopped", PATIENCE);
        let published = read_all(&scene.bootstrap, &scene.output, Isolation::ReadUncommitted).len();
        assert_eq!(
            i64::try_from(published).ok(),
            Some(scene.done()),
            "{delivery}: published and committed are one"
        );
        assert!(published < ARTICLES, "{delivery}: it was still at work");
        let _stage = scene.start();
        scene.wait_done(ARTICLES);
        let mut ids: Vec<String> = scene.outputs(ARTICLES).iter().map(id_of).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), ARTICLES, "{delivery}");
        assert_eq!(
            scene.outputs(ARTICLES).len(),
            ARTICLES,
            "{delivery}: nothing is done twice"
        );
    }
}

#[test]
fn a_stage_that_waits_for_its_broker_stops_at_once() {
    let mut scene = Scene::new(1);
    // Nobody listens there.
    scene.config.set("kafka.brokers", "127.0.0.1:1");
    let mut stage = scene.config.start();
    stage.wait_for_message("duplicate index open", PATIENCE);
    stage.signal(Signal::Terminate);
    assert_eq!(
        stage.wait_exit(PATIENCE).code(),
        Some(0),
        "not the code of a broker that was waited for in vain"
    );
    stage.wait_for_message("stopped", PATIENCE);
}

#[test]
fn a_stage_that_stops_leaves_its_group_at_once() {
    for (delivery, protocol) in [
        ("exactly_once", "cooperative"),
        ("exactly_once", "eager"),
        ("at_least_once", "cooperative"),
        ("at_least_once", "eager"),
        ("at_least_once", "consumer"),
    ] {
        let mut scene = Scene::new(2);
        scene
            .config
            .set("delivery", delivery)
            .set("kafka.rebalance", protocol);
        scene.send(&articles(10));
        let mut stage = scene.start();
        scene.wait_done(10);
        stage.signal(Signal::Interrupt);
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
        // With the session of 45 s still open the next one would have to wait for it.
        let started = Instant::now();
        let _next = scene.start();
        let waited = started.elapsed();
        assert!(
            waited < Duration::from_secs(30),
            "{delivery}, {protocol}: {waited:?}"
        );
    }
}
