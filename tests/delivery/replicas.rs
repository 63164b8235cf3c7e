//! Replicas join and leave under load, in order and by `kill -9`.

use crate::corpus::{Corpus, Random};
use crate::ledger::Order;
use crate::load::Load;
use crate::rig::{PATIENCE, Rig, terminate, wait_for_metric, wait_for_partitions};
use crate::support::broker::Broker;
use crate::support::process::{Stage, StageConfig};
use crate::transactions::{Step, Transactions};

const PARTITIONS: u16 = 4;
const PRODUCED: &str = "newsstage_messages_produced_total";

#[test]
fn replicas_come_and_go_with_cooperative_rebalancing() {
    replicas_come_and_go("cooperative");
}

#[test]
fn replicas_come_and_go_with_the_group_protocol_of_kip_848() {
    replicas_come_and_go("consumer");
}

#[track_caller]
fn replicas_come_and_go(protocol: &str) {
    let mut random = Random::printed(protocol);
    let mut rig = Rig::new(&Broker::shared().bootstrap(), PARTITIONS);
    rig.config.set("kafka.rebalance", protocol);
    // After a kill the others wait for these: for the partitions, and for the transaction that was left open.
    rig.config.set("kafka.session_timeout", "2s");
    rig.config.set("kafka.transaction_timeout", "3s");
    let second = rig.replica("two");
    let load = Load::start(&rig, Corpus::new(&mut random, PARTITIONS));
    let mut first = rig.config.start();
    wait_for_partitions(&mut first, PARTITIONS);

    let mut joined = join(&second);
    terminate(&mut joined);
    wait_for_partitions(&mut first, PARTITIONS);

    kill_in_a_transaction(&rig, &second);
    wait_for_partitions(&mut first, PARTITIONS);
    let mut joined = join(&second);

    let ledger = load.finish();
    rig.wait_all_committed(&mut first, &ledger);
    terminate(&mut joined);
    terminate(&mut first);
    println!("{protocol}: {} messages", ledger.len());
    rig.check_exactly_once(&ledger, Order::ByPartition);
    assert_moved(&first, "partitions revoked");
    assert_moved(&first, "partitions assigned");
}

/// Starts a replica and waits until it has published its share.
#[track_caller]
fn join(replica: &StageConfig) -> Stage {
    let mut stage = replica.start();
    wait_for_partitions(&mut stage, 1);
    wait_for_metric(&mut stage, PRODUCED, &[], 60.0);
    stage
}

/// Kills a replica until a transaction of it was open at that time; the broker has to abort that one.
#[track_caller]
fn kill_in_a_transaction(rig: &Rig, replica: &StageConfig) {
    for _ in 0..10 {
        let mut stage = join(replica);
        let mut transactions = Transactions::of(&rig.bootstrap, rig.transactional_id("two"));
        transactions.wait_for(Step::Writing);
        stage.kill();
        if transactions.now().is_open() {
            let seen = transactions.steps().len();
            let ended =
                transactions.until(PATIENCE, |steps| steps[seen..].contains(&Step::Aborted));
            assert!(ended, "the broker aborts what nobody goes on with");
            return;
        }
    }
    panic!("no kill fell into a transaction");
}

/// Partitions did change hands: more than once, and not only none.
#[track_caller]
fn assert_moved(stage: &Stage, message: &str) {
    let log = stage.log();
    let moves = log.iter().filter(|line| line.message() == Some(message));
    let moves = moves.filter(|line| {
        line.text_field("partitions")
            .is_some_and(|text| text != "[]")
    });
    assert!(
        moves.count() >= 2,
        "{message}: partitions moved at least twice"
    );
}
