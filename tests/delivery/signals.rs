//! SIGTERM in mid-stream: the stage finishes what it has begun, and the next one goes on.

use crate::corpus::{Corpus, Random};
use crate::ledger::{Ledger, Order};
use crate::outcome::check_same;
use crate::rig::{PATIENCE, Rig, said, terminate};
use crate::support::broker::Broker;
use crate::transactions::{Step, Transactions};

const TIMES: usize = 5;

#[test]
fn sigterm_in_mid_stream_leaves_nothing_half_done() {
    let mut random = Random::printed("SIGTERM");
    let rig = Rig::new(&Broker::shared().bootstrap(), 1);
    let mut corpus = Corpus::new(&mut random, 1).with_revisions();
    let mut ledger = Ledger::default();
    ledger.send(&rig.bootstrap, &rig.input, corpus.take(4000));

    let group = rig.group();
    let mut transactions = None;
    let mut before = 0;
    for _ in 0..TIMES {
        let mut stage = rig.config.start();
        stage.wait_for_message("partitions assigned", PATIENCE);
        let transactions = transactions
            .get_or_insert_with(|| Transactions::of(&rig.bootstrap, rig.transactional_id("one")));
        for _ in 0..random.below(4) {
            transactions.wait_for(Step::Committed);
        }
        transactions.wait_for(Step::Writing);
        terminate(&mut stage);
        assert_eq!(said(&stage, "stopped"), 1);

        let done = group.done();
        println!("done: {done}");
        assert!(
            before < done && done < ledger.len(),
            "in mid-stream: {before} < {done} < {}",
            ledger.len()
        );
        before = done;
        // Exactly what is committed came out, and nothing else was ever written.
        assert_eq!(transactions.now(), Step::Committed, "nothing is left open");
        let deliveries = rig.deliveries(&ledger);
        assert_eq!(deliveries.len(), done);
        assert_eq!(rig.aborted_records(), 0);
    }

    let mut stage = rig.config.start();
    rig.finish(&mut stage, &ledger);
    let outcomes = rig.check_exactly_once(&ledger, Order::ByPartition);
    ledger.check_verdicts_in_order(&outcomes);
    check_same(&outcomes, &rig.undisturbed_outcomes(&ledger));
}
