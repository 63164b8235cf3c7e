//! From one replica to four on twelve partitions and back, under load, with kills.

use crate::corpus::{Corpus, Random};
use crate::ledger::Order;
use crate::load::Load;
use crate::rig::{PATIENCE, terminate, wait_for_metric, wait_for_partitions};
use crate::stages::{PRODUCED, rig};
use crate::support::process::{Stage, StageConfig};
use crate::support::valkey::{Mode, Valkey};
use crate::support::wait_for;

const PARTITIONS: u16 = 12;

#[test]
fn one_to_four_replicas_come_and_go_and_each_story_is_unique_once() {
    let mut random = Random::printed("scale-out");
    let server = Valkey::start(Mode::Single);
    let rig = rig(&server, PARTITIONS);
    // Their folders, for as long as they run.
    let configs: Vec<_> = ["two", "three", "four", "five"]
        .map(|name| rig.replica(name))
        .into();
    let load = Load::start(&rig, Corpus::new(&mut random, PARTITIONS));
    let mut first = rig.config.start();
    wait_for_partitions(&mut first, PARTITIONS);
    let mut others: Vec<Stage> = configs[..3].iter().map(StageConfig::start).collect();
    for stage in std::iter::once(&mut first).chain(&mut others) {
        wait_for_share(stage, 3.0);
        let before = stage.metric(PRODUCED, &[]).unwrap_or_default();
        wait_for_metric(stage, PRODUCED, &[], before + 60.0);
    }
    // Two at once, so that the two that are left have all partitions and find both of their transactions open or gone.
    for stage in &mut others[1..] {
        stage.kill();
    }
    for stage in [&mut first, &mut others[0]] {
        wait_for_share(stage, 6.0);
    }
    let mut back = configs[1].start();
    let mut new = configs[3].start();
    for stage in [&mut back, &mut new] {
        wait_for_metric(stage, PRODUCED, &[], 60.0);
    }
    terminate(&mut others[0]);
    let ledger = load.finish();
    rig.wait_all_committed(&mut first, &ledger);
    for stage in [&mut back, &mut new, &mut first] {
        terminate(stage);
    }
    println!("{} messages", ledger.len());
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_one_unique_per_story(&outcomes);
}

/// Waits until the stage has exactly so many partitions.
fn wait_for_share(stage: &mut Stage, partitions: f64) {
    wait_for("an equal share", PATIENCE, || {
        stage.metric("newsstage_assigned_partitions", &[]) == Some(partitions)
    });
}
