//! Delivery on a real Apache Kafka: whatever happens to the stage, its replicas or the broker, every message comes out
//! exactly once, in order, and with the verdict it would have got in peace.
//!
//! Each test puts articles with known ids on a topic ([`corpus`]), lets a fault happen while they are worked on, proves
//! that it did happen, and then holds what a read-committed consumer finds against what was sent ([`ledger`]).
//! Random moments come from a seed that is printed; `NEWSSTAGE_TEST_SEED` repeats it.

#[path = "../support/mod.rs"]
mod support;

mod at_least_once;
mod corpus;
mod kills;
mod ledger;
mod load;
mod outage;
mod outcome;
mod paused;
mod refusals;
mod replicas;
mod rig;
mod signals;
mod timeouts;
mod transactions;
