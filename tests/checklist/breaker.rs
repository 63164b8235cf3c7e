//! A topic full of something else must stop the stage, not fill the dead-letter topic.

use std::time::Duration;

use crate::scene::{Scene, article, holds_for};
use crate::support::client::{Isolation, Outgoing, read_all};
use crate::support::process::{PATIENCE, Signal, Stage};
use crate::support::wait_for;

fn garbage(count: usize) -> Vec<Outgoing> {
    (0..count)
        .map(|n| Outgoing::keyed(format!("g{n}"), format!("<rss>{n}</rss>")))
        .collect()
}

/// Waits for the breaker, then checks what the probes say and that nothing more is done.
#[track_caller]
fn assert_stopped(scene: &Scene, stage: &mut Stage, reason: &str, done: i64) {
    wait_for("the breaker", PATIENCE, || {
        stage.metric("newsstage_breaker_open", &[]) == Some(1.0)
    });
    let ready = stage.get("/readyz").expect("an answer");
    assert_eq!(ready.status, 503);
    assert!(
        ready.body.contains("breaker open") && ready.body.contains(reason),
        "{}",
        ready.body
    );
    assert_eq!(
        stage.get("/livez").expect("an answer").status,
        200,
        "a restart would not mend the input"
    );
    // Messages that would be good: nothing reads them any more.
    scene.send(&[article("late", 5)]);
    holds_for(
        "nothing is done with an open breaker",
        Duration::from_secs(2),
        || {
            assert!(
                stage.try_exit().is_none(),
                "it waits for a person, and does not crash in a loop"
            );
            scene.done() == done
        },
    );
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
    assert_eq!(
        scene.done(),
        done,
        "the tripping batch is read again after the restart"
    );
}

#[test]
fn a_row_of_dead_letters_stops_the_stage_and_publishes_nothing_of_the_batch() {
    let mut scene = Scene::new(1);
    scene.config.set("dead_letter.max_consecutive", 30);
    scene.send(&garbage(60));
    let mut stage = scene.start();
    assert_stopped(&scene, &mut stage, "30 dead letters in a row", 0);
    let read = |topic: &str| read_all(&scene.bootstrap, topic, Isolation::ReadUncommitted);
    assert_eq!(read(&scene.dead), [], "not even in an aborted transaction");
    assert_eq!(read(&scene.output), []);
}

#[test]
fn a_share_of_dead_letters_over_the_window_stops_the_stage_and_a_restart_reads_them_again() {
    let mut scene = Scene::new(1);
    scene
        .config
        .set("dead_letter.window", 20)
        .set("dead_letter.max_ratio", 0.5);
    let good: Vec<Outgoing> = (0..20).map(|n| article(&format!("good-{n}"), 5)).collect();
    scene.send(&good);
    let mut stage = scene.start();
    scene.wait_done(good.len());
    scene.send(&garbage(20));
    assert_stopped(&scene, &mut stage, "dead letters among the last 20", 20);
    assert_eq!(scene.outputs(20).len(), 20);
    // The person finds that the input is right, and allows it.
    scene.config.set("dead_letter.max_ratio", 1.0);
    let _stage = scene.start();
    assert_eq!(scene.dead_letters(20).len(), 20);
    assert_eq!(scene.outputs(21).len(), 21);
}
