//! A transaction that runs into its time limit: the broker aborts it and gives its producer up, and the stage begins anew.

use std::time::Duration;

use crate::corpus::{Corpus, Random};
use crate::ledger::{Ledger, Order};
use crate::outcome::check_same;
use crate::rig::{GIVEN_UP, PATIENCE, Rig, said, wait_for_metric};
use crate::support::broker::Broker;
use crate::support::eventually;
use crate::support::process::{Signal, Stage};
use crate::transactions::{Step, Transactions};

const PRODUCED: &str = "newsstage_messages_produced_total";
const NEW_PRODUCER: &str = "the transaction ran into its time limit; making a new producer";

#[test]
fn a_stage_that_stands_still_past_its_transaction_goes_on() {
    let mut random = Random::printed("timeouts, stage");
    let mut rig = Rig::new(&Broker::shared().bootstrap(), 1);
    rig.config.set("kafka.transaction_timeout", "2s");
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(5000));
    let mut stage = rig.config.start();
    stage.wait_for_message("partitions assigned", PATIENCE);
    let mut transactions = Transactions::of(&rig.bootstrap, rig.transactional_id("one"));

    for step in [Step::Writing, Step::OffsetsAdded] {
        time_out_in(&rig, &mut stage, &mut transactions, step);
    }
    assert!(
        rig.group().done() < ledger.len(),
        "there was work left when it went on"
    );

    rig.finish(&mut stage, &ledger);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_verdicts_in_order(&outcomes);
    check_same(&outcomes, &rig.undisturbed_outcomes(&ledger));
}

#[test]
fn a_broker_that_stands_still_past_the_transaction_is_waited_for() {
    let mut random = Random::printed("timeouts, broker");
    let broker = Broker::own();
    let mut rig = Rig::new(&broker.bootstrap(), 1);
    rig.config.set("kafka.transaction_timeout", "2s");
    // With so much to do, and small batches, a transaction is open nearly all the time.
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(6000));
    let mut stage = rig.config.start();

    // The broker stands still while a transaction is open; where none was, it goes on and is stopped again.
    for _ in 0..8 {
        let produced = stage.metric(PRODUCED, &[]).unwrap_or_default();
        wait_for_metric(&mut stage, PRODUCED, &[], produced + 100.0);
        broker.pause();
        let given_up = || {
            stage
                .log()
                .iter()
                .any(|line| line.message() == Some(GIVEN_UP))
        };
        let hit = eventually(Duration::from_secs(12), || given_up().then_some(()));
        broker.resume();
        if hit.is_some() {
            break;
        }
    }
    stage.wait_for_message(GIVEN_UP, PATIENCE);

    rig.finish(&mut stage, &ledger);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_verdicts_in_order(&outcomes);
    check_same(&outcomes, &rig.undisturbed_outcomes(&ledger));
}

/// Has the broker abort a transaction at this step for its age while the stage stands still, and waits until the stage has
/// noticed and commits again. On a slow machine the stage may give a batch up by itself just before it is stopped; what the
/// broker then aborts is no transaction of age, the stage needs no new producer, and it is stopped again.
#[track_caller]
fn time_out_in(rig: &Rig, stage: &mut Stage, transactions: &mut Transactions, step: Step) {
    let group = rig.group();
    for _ in 0..20 {
        let seen = stop_in(stage, transactions, step);
        let aborted = transactions.until(PATIENCE, |steps| steps[seen..].contains(&Step::Aborted));
        assert!(aborted, "the broker aborts a transaction past its time");
        let (before, done) = (said(stage, NEW_PRODUCER), group.done());
        stage.signal(Signal::Continue);
        stage.wait_until("commits again", PATIENCE, |_| group.done() > done);
        if said(stage, NEW_PRODUCER) > before {
            return;
        }
    }
    panic!("no transaction ran into its time limit in step {step:?}");
}

/// Stops the stage until that is within a transaction at this step. Returns how many steps there were by then.
#[track_caller]
fn stop_in(stage: &mut Stage, transactions: &mut Transactions, step: Step) -> usize {
    for _ in 0..50 {
        transactions.wait_for(step);
        stage.signal(Signal::Stop);
        if transactions.now() == step {
            return transactions.steps().len();
        }
        stage.signal(Signal::Continue);
    }
    panic!("the stage could not be stopped in step {step:?}");
}
