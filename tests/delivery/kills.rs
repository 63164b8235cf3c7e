//! `kill -9`, again and again, in mid-batch and in mid-commit.

use std::time::Duration;

use crate::corpus::{Corpus, Random};
use crate::ledger::{Ledger, Order};
use crate::outcome::check_same;
use crate::rig::{PATIENCE, Rig};
use crate::support::broker::Broker;
use crate::support::process::Stage;
use crate::transactions::{Step, Transactions};

#[test]
fn one_partition_comes_out_once_and_with_the_verdicts_of_an_undisturbed_run() {
    let mut random = Random::printed("kills, one partition");
    let mut rig = Rig::new(&Broker::shared().bootstrap(), 1);
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(10_000));

    let mut stage = kill_repeatedly(&mut rig, &ledger, 12, &mut random);
    rig.finish(&mut stage, &ledger);

    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_verdicts_in_order(&outcomes);
    check_same(&outcomes, &rig.undisturbed_outcomes(&ledger));
}

#[test]
fn several_partitions_come_out_once_and_each_story_is_unique_once() {
    let mut random = Random::printed("kills, several partitions");
    let mut rig = Rig::new(&Broker::shared().bootstrap(), 3);
    rig.config.set("output.partition", "key");
    let mut corpus = Corpus::new(&mut random, 3);
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(10_000));

    let mut stage = kill_repeatedly(&mut rig, &ledger, 8, &mut random);
    rig.finish(&mut stage, &ledger);

    let outcomes = rig.check_exactly_once(&ledger, Order::ByKey);
    ledger.check_one_unique_per_story(&outcomes);
}

/// Starts the stage and kills it at least so many times, until transactions of both kinds were hit: with records only, in
/// mid-batch, and with offsets, in mid-commit. Returns the stage, running, with some of the input left.
#[track_caller]
fn kill_repeatedly(rig: &mut Rig, ledger: &Ledger, least: usize, random: &mut Random) -> Stage {
    // The group lets a static member in again at once, and need not wait for the end of the killed one's session.
    rig.config.set("kafka.static_membership", true);
    let group = rig.group();
    let mut transactions: Option<Transactions> = None;
    for kills in 0..5 * least {
        let mut stage = rig.config.start();
        stage.wait_for_message("partitions assigned", PATIENCE);
        let transactions = transactions
            .get_or_insert_with(|| Transactions::of(&rig.bootstrap, rig.transactional_id("one")));
        transactions.now();
        // What a killed process left open its successor aborts: here is the proof, and in which step it was.
        let hit = transactions.aborted_in();
        if kills >= least && hit.contains(&Step::Writing) && hit.contains(&Step::OffsetsAdded) {
            println!("{kills} kills; transactions were open in: {hit:?}");
            assert!(
                rig.group().done() < ledger.len(),
                "the last start has nothing to do"
            );
            return stage;
        }
        let wanted = [Step::Writing, Step::OffsetsAdded];
        match wanted.into_iter().find(|step| !hit.contains(step)) {
            // Chance did not bring it yet.
            Some(step) if kills >= least => transactions.wait_for(step),
            _ => wait_for_a_bad_moment(transactions, random),
        }
        stage.kill();
        let done = group.done();
        assert!(
            done < ledger.len(),
            "kill {kills} disturbed nothing: all was done"
        );
    }
    panic!("no kill hit a transaction in mid-batch and one in mid-commit");
}

/// Some transactions further on, at a step chosen at random, or a moment after it.
#[track_caller]
fn wait_for_a_bad_moment(transactions: &mut Transactions, random: &mut Random) {
    for _ in 0..random.below(4) {
        transactions.wait_for(Step::Committed);
    }
    let steps = [Step::Writing, Step::OffsetsAdded, Step::Committing];
    transactions.wait_for(steps[random.below(steps.len())]);
    // Nothing is awaited here: up to three milliseconds are a part of a transaction.
    std::thread::park_timeout(Duration::from_micros(random.below(3000) as u64));
}
