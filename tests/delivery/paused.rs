//! A replica that stands still past its session (SIGSTOP): another one takes over, and what the first had begun must not
//! be committed when it wakes.

use crate::corpus::{Corpus, Random};
use crate::ledger::Order;
use crate::load::Load;
use crate::rig::{GIVEN_UP, PATIENCE, Rig, terminate, wait_for_metric, wait_for_partitions};
use crate::support::broker::Broker;
use crate::support::process::{Signal, Stage};
use crate::support::wait_for;
use crate::transactions::{Step, Transactions};

const PARTITIONS: u16 = 4;

#[test]
fn a_replica_that_wakes_after_its_session_is_fenced() {
    fenced("cooperative");
}

#[test]
fn a_replica_that_wakes_after_its_session_is_fenced_by_kip_848_too() {
    fenced("consumer");
}

#[track_caller]
fn fenced(protocol: &str) {
    let mut random = Random::printed(protocol);
    let mut rig = Rig::new(&Broker::shared().bootstrap(), PARTITIONS);
    rig.config.set("kafka.rebalance", protocol);
    rig.config.set("kafka.session_timeout", "2s");
    // Longer than the pause: the group must fence the sleeper, not the transaction's timeout.
    rig.config.set("kafka.transaction_timeout", "60s");
    let second = rig.replica("two");
    let load = Load::start(&rig, Corpus::new(&mut random, PARTITIONS));
    let mut sleeper = rig.config.start();
    wait_for_partitions(&mut sleeper, PARTITIONS);
    let mut other = second.start();
    wait_for_partitions(&mut other, 1);
    wait_for_partitions(&mut sleeper, 1);

    let mut transactions = stop_in_a_transaction(&rig, &mut sleeper);
    wait_for_partitions(&mut other, PARTITIONS);
    // The other one goes over what the sleeper holds, and beyond.
    let (group, before) = (rig.group(), rig.group().committed());
    wait_for("the other replica's commits", PATIENCE, || {
        let now = group.committed();
        before
            .iter()
            .all(|(partition, offset)| now[partition] > *offset)
    });
    assert_eq!(
        transactions.now(),
        Step::Writing,
        "the sleeper's transaction is still open"
    );

    let seen = transactions.steps().len();
    sleeper.signal(Signal::Continue);
    let given_up = sleeper.wait_for_message(GIVEN_UP, PATIENCE);
    println!("{protocol}: {}", given_up.text);
    let ended = |steps: &[Step]| steps[seen..].iter().find(|step| !step.is_open()).copied();
    assert!(transactions.until(PATIENCE, |steps| ended(steps).is_some()));
    assert_eq!(
        ended(transactions.steps()),
        Some(Step::Aborting),
        "what the sleeper had begun is not committed"
    );
    let aborted = [r#"result="aborted""#];
    wait_for_metric(&mut sleeper, "newsstage_transactions_total", &aborted, 1.0);

    // It is a member again and does its share.
    wait_for_partitions(&mut sleeper, 1);
    transactions.wait_for(Step::Committed);
    let ledger = load.finish();
    rig.wait_all_committed(&mut sleeper, &ledger);
    terminate(&mut sleeper);
    terminate(&mut other);
    assert!(rig.aborted_records() > 0, "the sleeper had written records");
    rig.check_exactly_once(&ledger, Order::ByPartition);
}

/// Stops the stage until that is within an open transaction without offsets.
#[track_caller]
fn stop_in_a_transaction(rig: &Rig, stage: &mut Stage) -> Transactions {
    let mut transactions = Transactions::of(&rig.bootstrap, rig.transactional_id("one"));
    for _ in 0..50 {
        transactions.wait_for(Step::Writing);
        stage.signal(Signal::Stop);
        if transactions.now() == Step::Writing {
            return transactions;
        }
        stage.signal(Signal::Continue);
    }
    panic!("the stage could not be stopped within a transaction");
}
