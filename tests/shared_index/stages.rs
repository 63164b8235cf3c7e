//! Whole stages on a real Kafka, with a shared index.

use std::time::Duration;

use crate::corpus::{Corpus, Kind, Random};
use crate::ledger::{Ledger, Order};
use crate::load::Load;
use crate::rig::{PATIENCE, Rig, terminate, wait_for_metric, wait_for_partitions};
use crate::support::broker::Broker;
use crate::support::process::{Signal, Stage};
use crate::support::valkey::{Mode, Valkey};
use crate::support::{eventually, wait_for};

const PARTITIONS: u16 = 4;
pub const PRODUCED: &str = "newsstage_messages_produced_total";

/// Stages that share the index on this server.
pub fn rig(server: &Valkey, partitions: u16) -> Rig {
    let mut rig = Rig::new(&Broker::shared().bootstrap(), partitions);
    rig.config.set("dedup.backend", "valkey");
    rig.config.set("dedup.shared.urls", server.urls());
    rig.config.set("dedup.shared.lease", "2s");
    rig.config.set("kafka.session_timeout", "2s");
    rig.config.set("kafka.transaction_timeout", "3s");
    rig.config.set("threads", 2);
    rig
}

#[test]
fn replicas_share_what_they_have_seen_and_one_that_is_killed_loses_nothing() {
    let mut random = Random::printed("shared");
    let server = Valkey::start(Mode::Single);
    let rig = rig(&server, PARTITIONS);
    let load = Load::start(&rig, Corpus::new(&mut random, PARTITIONS));
    let mut first = rig.config.start();
    // Their folders, for as long as they run.
    let (two, three) = (rig.replica("two"), rig.replica("three"));
    let mut second = two.start();
    for stage in [&mut first, &mut second] {
        wait_for_metric(stage, PRODUCED, &[], 60.0);
    }
    second.kill();
    wait_for_partitions(&mut first, PARTITIONS);
    let mut third = three.start();
    wait_for_metric(&mut third, PRODUCED, &[], 60.0);
    let ledger = load.finish();
    rig.wait_all_committed(&mut first, &ledger);
    let held = first.metric("newsstage_step_duration_seconds_count", &["step=\"lease\""]);
    assert!(
        held > Some(0.0),
        "the time under the lease is measured: {held:?}"
    );
    terminate(&mut third);
    terminate(&mut first);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_one_unique_per_story(&outcomes);
}

/// Messages all at once, of today.
fn send(rig: &Rig, corpus: &mut Corpus, ledger: &mut Ledger, count: usize) {
    let since = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
    let now_ms = i64::try_from(since.as_millis()).expect("milliseconds");
    let mut messages = corpus.take(count);
    for planned in &mut messages {
        planned.record.timestamp = Some(now_ms);
    }
    ledger.send(&rig.bootstrap, &rig.input, messages);
}

fn not_ready_because(stage: &mut Stage, reason: &str) {
    wait_for(reason, PATIENCE, || {
        stage
            .get("/readyz")
            .is_ok_and(|reply| reply.status == 503 && reply.body.contains(reason))
    });
}

#[test]
fn a_stage_waits_for_its_server_and_guesses_nothing() {
    let mut random = Random::printed("away");
    let server = Valkey::start(Mode::Single);
    let mut rig = rig(&server, PARTITIONS);
    rig.config.set("liveness.stalled_after", "4s");
    rig.config.set("retry.max", "200ms");
    rig.config.set("dedup.shared.timeout", "500ms");
    rig.config
        .set_dotted("kafka.properties", "statistics.interval.ms", "200");
    let (mut corpus, mut ledger) = (Corpus::new(&mut random, PARTITIONS), Ledger::default());
    // Away already at the start.
    server.kill();
    let mut stage = rig.config.start();
    not_ready_because(&mut stage, "duplicate index away");
    send(&rig, &mut corpus, &mut ledger, 300);
    server.restart();
    stage.wait_ready(PATIENCE);
    rig.wait_all_committed(&mut stage, &ledger);
    server.kill();
    send(&rig, &mut corpus, &mut ledger, 300);
    not_ready_because(&mut stage, "duplicate index away");
    let before = rig.group().committed();
    // Longer than a stage may stand still that could go on.
    let dead = eventually(Duration::from_secs(6), || {
        let alive = stage.get("/livez").is_ok_and(|reply| reply.status == 200);
        (!alive).then_some(())
    });
    assert!(dead.is_none(), "it stays alive");
    assert_eq!(
        rig.group().committed(),
        before,
        "nothing is published meanwhile"
    );
    server.restart();
    rig.finish(&mut stage, &ledger);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_one_unique_per_story(&outcomes);
}

#[test]
fn a_stage_ends_in_time_while_its_server_is_away() {
    let mut random = Random::printed("term");
    let server = Valkey::start(Mode::Single);
    let mut rig = rig(&server, PARTITIONS);
    rig.config.set("shutdown.timeout", "2s");
    let (mut corpus, mut ledger) = (Corpus::new(&mut random, PARTITIONS), Ledger::default());
    send(&rig, &mut corpus, &mut ledger, 100);
    let mut stage = rig.config.start();
    rig.wait_all_committed(&mut stage, &ledger);
    server.kill();
    send(&rig, &mut corpus, &mut ledger, 100);
    not_ready_because(&mut stage, "duplicate index away");
    stage.signal(Signal::Terminate);
    let status = stage.wait_exit(Duration::from_secs(20));
    assert_eq!(status.code(), Some(75), "its work is read again");
    server.restart();
    let mut stage = rig.config.start();
    rig.finish(&mut stage, &ledger);
    rig.check_exactly_once(&ledger, Order::ByPartition);
}

#[test]
fn an_index_that_was_lost_is_built_again_from_the_output_by_one_replica() {
    let mut random = Random::printed("lost");
    let server = Valkey::start(Mode::Single);
    let rig = rig(&server, PARTITIONS);
    let (mut corpus, mut ledger) = (Corpus::new(&mut random, PARTITIONS), Ledger::default());
    send(&rig, &mut corpus, &mut ledger, 400);
    let mut stage = rig.config.start();
    rig.wait_all_committed(&mut stage, &ledger);
    server.ask::<()>(&["FLUSHALL"]);
    send(&rig, &mut corpus, &mut ledger, 50);
    let status = stage.wait_exit(PATIENCE);
    assert_eq!(
        status.code(),
        Some(74),
        "it does not go on with an empty index"
    );
    let two = rig.replica("two");
    let mut stages = [rig.config.start(), two.start()];
    for stage in &mut stages {
        stage.wait_ready(PATIENCE);
    }
    let rebuilders = stages
        .iter()
        .filter(|stage| {
            let said = |line: &crate::support::process::LogLine| {
                line.message() == Some("the duplicate index is complete")
            };
            stage.log().iter().any(said)
        })
        .count();
    assert_eq!(rebuilders, 1);
    send(&rig, &mut corpus, &mut ledger, 300);
    rig.wait_all_committed(&mut stages[0], &ledger);
    stages.iter_mut().for_each(terminate);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_one_unique_per_story(&outcomes);
    assert!(
        ledger
            .places(|planned| matches!(planned.kind, Kind::Copy(_)))
            .len()
            > 20
    );
}

#[test]
fn replicas_with_an_index_each_say_that_copies_between_them_are_missed() {
    let broker = Broker::shared();
    let mut rig = Rig::new(&broker.bootstrap(), PARTITIONS);
    rig.config
        .set_dotted("kafka.properties", "statistics.interval.ms", "200");
    let mut first = rig.config.start();
    wait_for_partitions(&mut first, PARTITIONS);
    let split = |stage: &mut Stage| stage.metric("newsstage_dedup_index_split", &[]);
    assert_eq!(split(&mut first), Some(0.0));
    let two = rig.replica("two");
    let mut second = two.start();
    for stage in [&mut first, &mut second] {
        wait_for("the split to be seen", PATIENCE, || {
            split(stage) == Some(1.0)
        });
        let warned = |line: &crate::support::process::LogLine| {
            line.level() == Some("WARN")
                && line.text.contains("copies across replicas are not found")
        };
        assert_eq!(stage.log().iter().filter(|line| warned(line)).count(), 1);
    }
    terminate(&mut second);
    wait_for("one index again", PATIENCE, || {
        split(&mut first) == Some(0.0)
    });
    terminate(&mut first);
}
