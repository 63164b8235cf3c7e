//! The broker goes away and comes back: the stage waits and goes on by itself.

use crate::corpus::{Corpus, Random};
use crate::ledger::Order;
use crate::load::Load;
use crate::outcome::check_same;
use crate::rig::{PATIENCE, Rig, wait_for_metric};
use crate::support::broker::Broker;
use crate::support::eventually;
use crate::support::process::{Signal, Stage};

const PRODUCED: &str = "newsstage_messages_produced_total";

#[test]
fn the_stage_outlives_the_broker_and_a_second_sigterm_ends_it_at_once() {
    let mut random = Random::printed("outage");
    let broker = Broker::own();
    let mut rig = Rig::new(&broker.bootstrap(), 1);
    rig.config.set("kafka.session_timeout", "2s");
    let load = Load::start(&rig, Corpus::new(&mut random, 1).with_revisions());
    let mut stage = rig.config.start();
    wait_for_metric(&mut stage, PRODUCED, &[], 200.0);

    broker.stop();
    wait_for_outage(&mut stage);
    broker.restart();
    wait_for_recovery(&mut stage);

    broker.kill();
    wait_for_outage(&mut stage);
    broker.restart();
    wait_for_recovery(&mut stage);

    // While nobody answers, an orderly end cannot be: the second signal does not wait for one.
    broker.pause();
    stage.signal(Signal::Terminate);
    stage.wait_for_message("asked to stop", PATIENCE);
    stage.signal(Signal::Terminate);
    let status = stage.wait_exit(PATIENCE);
    assert_eq!(
        status.code(),
        Some(130),
        "after the second SIGTERM: {status}"
    );
    broker.resume();

    let mut stage = rig.config.start();
    wait_for_metric(&mut stage, PRODUCED, &[], 1.0);
    let ledger = load.finish();
    rig.finish(&mut stage, &ledger);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_verdicts_in_order(&outcomes);
    check_same(&outcomes, &rig.undisturbed_outcomes(&ledger));
}

/// The stage says that it is not ready, and why; it is alive all the same.
#[track_caller]
fn wait_for_outage(stage: &mut Stage) {
    let reason = eventually(PATIENCE, || {
        let reply = stage.get("/readyz").expect("the stage answers");
        (reply.status == 503).then_some(reply.body)
    });
    let reason = reason.expect("unready while the broker is away");
    assert!(reason.contains("no broker reachable"), "{reason}");
    assert_eq!(stage.get("/livez").expect("the stage answers").status, 200);
}

/// The same process is ready again and works.
#[track_caller]
fn wait_for_recovery(stage: &mut Stage) {
    let before = stage.metric(PRODUCED, &[]).expect("a metric");
    stage.wait_ready(PATIENCE);
    wait_for_metric(stage, PRODUCED, &[], before + 100.0);
}
