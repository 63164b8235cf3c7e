//! Memory is bounded in bytes, however much waits, and however long the output takes.

use std::time::Duration;

use crate::scene::{Scene, article, holds_for};
use crate::support::client::Outgoing;
use crate::support::process::{PATIENCE, Stage};
use crate::support::{topics, wait_for};

/// What waits in the input.
const BACKLOG_MIB: usize = 112;
/// What the process may take in all. The models and word lists, the client library's queues (`kafka.memory`, 32 and
/// 64 MiB by default) and two batches of 12 MiB with their output are in it.
const BOUND_MIB: u64 = 400;

fn peak_mib(stage: &Stage) -> u64 {
    stage.memory_kib("VmHWM").expect("memory") / 1024
}

#[test]
fn a_large_backlog_and_an_output_that_takes_nothing_cost_bounded_memory() {
    const CHUNK: usize = 500;
    let scene = Scene::new(4);
    let mut stage = scene.start();
    stage.wait_ready(PATIENCE);
    topics::delete(&scene.bootstrap, &scene.output);
    let one = article("a0000", 3300)
        .payload
        .map_or(0, |value| value.len());
    let articles = ((BACKLOG_MIB << 20) / one).next_multiple_of(CHUNK);
    for from in (0..articles).step_by(CHUNK) {
        let chunk: Vec<Outgoing> = (from..from + CHUNK)
            .map(|n| article(&format!("a{n}"), 3300).to(n as i32 % 4))
            .collect();
        scene.send(&chunk);
    }
    // It reads on until a limit stops it; what it cannot hold stays with the broker.
    let mut consumed = || {
        stage
            .metric("newsstage_messages_consumed_total", &[])
            .unwrap_or_default()
    };
    wait_for("the first batch to be read", PATIENCE, || consumed() >= 1.0);
    holds_for(
        "most of the backlog waits at the broker",
        Duration::from_secs(5),
        || consumed() < articles as f64 * 0.8,
    );
    assert_eq!(scene.done(), 0);
    let blocked = peak_mib(&stage);
    topics::create(&scene.bootstrap, &scene.output, 4, &[]);
    scene.wait_done(articles);
    let peak = peak_mib(&stage);
    println!(
        "{BACKLOG_MIB} MiB waited; most memory while nothing went out {blocked} MiB, in all {peak} MiB"
    );
    assert!(peak < BOUND_MIB, "{peak} MiB");
    assert!(stage.try_exit().is_none());
}
