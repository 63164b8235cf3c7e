//! Topics that refuse a record: the article goes to the dead letters, and when those refuse as well, the stage stops.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::corpus::{Corpus, Random};
use crate::ledger::{Ledger, Order};
use crate::outcome::{Delivery, Outcomes, check_same};
use crate::rig::{Rig, said, terminate, wait_for_metric};
use crate::support::broker::Broker;
use crate::support::client::{Isolation, Place, read_all};
use crate::support::topics;

/// Bytes of an article that is too large once the output topic takes less.
const LARGE: usize = 30_000;

#[test]
fn an_article_too_large_for_a_changed_output_topic_is_a_dead_letter() {
    let mut random = Random::printed("refusals, size");
    let rig = Rig::new(&Broker::shared().bootstrap(), 1);
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    let send_part = |corpus: &mut Corpus, ledger: &mut Ledger| {
        for _ in 0..4 {
            let mut messages = corpus.take(150);
            messages.push(corpus.large(LARGE));
            ledger.send(&rig.bootstrap, &rig.input, messages);
        }
    };
    send_part(&mut corpus, &mut ledger);
    let mut stage = rig.config.start();
    rig.wait_all_committed(&mut stage, &ledger);
    let large = |ledger: &Ledger| {
        ledger.places(|planned| {
            planned
                .record
                .payload
                .as_ref()
                .is_some_and(|p| p.len() > LARGE)
        })
    };
    let fitted = large(&ledger);

    topics::configure(
        &rig.bootstrap,
        &rig.output,
        &[("max.message.bytes", "12000")],
    );
    send_part(&mut corpus, &mut ledger);
    rig.wait_all_committed(&mut stage, &ledger);
    let renewed = "the topics take smaller records than before; making a new producer";
    assert_eq!(said(&stage, renewed), 1, "the broker refused a batch");
    wait_for_metric(
        &mut stage,
        "newsstage_transactions_total",
        &[r#"result="aborted""#],
        1.0,
    );
    terminate(&mut stage);

    let refused: BTreeSet<Place> = large(&ledger).difference(&fitted).copied().collect();
    // Four each time, and copies of them.
    assert!(fitted.len() >= 4 && refused.len() >= 4);
    check_refused(&rig, &ledger, &refused, "output_too_large");
}

#[test]
fn a_record_that_the_output_topic_refuses_is_a_dead_letter() {
    let mut random = Random::printed("refusals, key");
    let rig = Rig::new(&Broker::shared().bootstrap(), 1);
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(300));
    let mut stage = rig.config.start();
    rig.wait_all_committed(&mut stage, &ledger);

    // A compacted topic takes no record without a key.
    topics::configure(
        &rig.bootstrap,
        &rig.output,
        &[("cleanup.policy", "compact")],
    );
    for _ in 0..4 {
        let mut messages = corpus.take(150);
        let mut keyless = corpus.large(1);
        keyless.record.key = None;
        messages.insert(75, keyless);
        ledger.send(&rig.bootstrap, &rig.input, messages);
    }
    rig.wait_all_committed(&mut stage, &ledger);
    wait_for_metric(
        &mut stage,
        "newsstage_transactions_total",
        &[r#"result="aborted""#],
        1.0,
    );
    terminate(&mut stage);

    let refused = ledger.places(|planned| planned.record.key.is_none());
    assert_eq!(refused.len(), 4);
    check_refused(&rig, &ledger, &refused, "output_refused");
}

#[test]
fn a_dead_letter_that_is_refused_stops_the_stage_and_commits_nothing() {
    let mut random = Random::printed("refusals, dead letters");
    let mut rig = Rig::new(&Broker::shared().bootstrap(), 1);
    // The messages below are one batch.
    rig.config.set("batch.linger", "1s");
    let mut corpus = Corpus::new(&mut random, 1);
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(120));
    let mut stage = rig.config.start();
    rig.finish(&mut stage, &ledger);
    let before = rig.group().committed();
    let (output, dead) = rig.committed_records();

    topics::configure(&rig.bootstrap, &rig.dead, &[("cleanup.policy", "compact")]);
    let mut messages = corpus.take(40);
    messages[20] = corpus.broken();
    messages[20].record.key = None;
    ledger.send(&rig.bootstrap, &rig.input, messages);
    for _ in 0..2 {
        let mut stage = rig.config.start();
        // At once: there is nothing to drain, for which it would take the 25 s of `shutdown.timeout`.
        let status = stage.wait_exit(Duration::from_secs(20));
        assert_eq!(status.code(), Some(76), "{status}");
        let log = stage.log();
        let last = log
            .iter()
            .rev()
            .find(|line| line.message() == Some("stopping"));
        let reason = last
            .and_then(|line| line.text_field("error"))
            .expect("a reason");
        assert!(reason.contains("dead-letter topic refuses"), "{reason}");
        assert_eq!(rig.group().committed(), before);
        assert_eq!(rig.committed_records(), (output.clone(), dead.clone()));
    }

    topics::configure(&rig.bootstrap, &rig.dead, &[("cleanup.policy", "delete")]);
    let mut stage = rig.config.start();
    rig.finish(&mut stage, &ledger);
    rig.check_exactly_once(&ledger, Order::ByPartition);
    let all = read_all(&rig.bootstrap, &rig.output, Isolation::ReadUncommitted).len();
    println!("records of the output topic, those aborted included: {all}");
}

/// The articles at `refused` are dead letters with this code, and all else is as it would be without them being refused.
#[track_caller]
fn check_refused(rig: &Rig, ledger: &Ledger, refused: &BTreeSet<Place>, code: &str) {
    let (output, dead) = rig.committed_records();
    let outcomes = ledger.exactly_once(ledger.deliveries(&output, &dead));
    ledger.check_kinds(&outcomes, refused);
    ledger.check_order(&output, &dead, Order::ByPartition);
    for place in refused {
        assert_eq!(
            outcomes[place],
            Delivery::Dead(code.to_owned()),
            "{place:?}"
        );
    }
    let others = |outcomes: &Outcomes| -> Outcomes {
        let kept = outcomes
            .iter()
            .filter(|(place, _)| !refused.contains(place));
        kept.map(|(place, outcome)| (*place, outcome.clone()))
            .collect()
    };
    check_same(
        &others(&outcomes),
        &others(&rig.undisturbed_outcomes(ledger)),
    );
}
