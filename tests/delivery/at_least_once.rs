//! `delivery = "at_least_once"`: a killed stage loses nothing and repeats a little, with the same verdicts.

use std::collections::BTreeSet;

use crate::corpus::{Corpus, Random};
use crate::ledger::{Ledger, Order};
use crate::outcome::{Outcomes, check_same};
use crate::rig::{PATIENCE, Rig};
use crate::support::broker::Broker;
use crate::support::client::{Isolation, Reader, Record};

const KILLS: usize = 6;

#[test]
fn killed_stages_lose_nothing_and_repeat_their_verdicts() {
    let mut random = Random::printed("at least once");
    let mut rig = Rig::new(&Broker::shared().bootstrap(), 1);
    rig.config.set("delivery", "at_least_once");
    rig.config.set("kafka.static_membership", true);
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(6000));

    let group = rig.group();
    let mut output = Reader::new(&rig.bootstrap, &rig.output, Isolation::ReadCommitted);
    let mut written = 0;
    for kill in 0..KILLS {
        let mut stage = rig.config.start();
        let more = 1 + random.below(300);
        written = output
            .until(PATIENCE, |records| records.len() >= written + more)
            .len();
        stage.kill();
        let done = group.done();
        println!("kill {kill}: {written} written, {done} committed");
        assert!(
            done < ledger.len(),
            "kill {kill} disturbed nothing: all was done"
        );
    }
    let mut stage = rig.config.start();
    rig.finish(&mut stage, &ledger);

    let (output, dead) = rig.committed_records();
    let deliveries = ledger.deliveries(&output, &dead);
    ledger.at_least_once(&deliveries);
    let repeated: usize = deliveries.values().map(|each| each.len() - 1).sum();
    println!("{repeated} of {} messages were repeated", ledger.len());
    assert!(
        repeated > 0,
        "no kill fell between an output and its offset"
    );
    let mut first = Outcomes::new();
    for (place, each) in deliveries {
        assert!(
            each.iter().all(|one| *one == each[0]),
            "{place:?} was judged anew"
        );
        first.extend(each.into_iter().next().map(|one| (place, one)));
    }
    ledger.check_kinds(&first, &BTreeSet::new());
    ledger.check_verdicts_in_order(&first);
    ledger.check_order(&first_times(&ledger, output), &[], Order::ByPartition);
    check_same(&first, &rig.undisturbed_outcomes(&ledger));
}

/// The records without the repetitions.
fn first_times(ledger: &Ledger, output: Vec<Record>) -> Vec<Record> {
    let mut seen = BTreeSet::new();
    let records = output.into_iter();
    records
        .filter(|record| seen.insert(ledger.place_of_output(record)))
        .collect()
}
