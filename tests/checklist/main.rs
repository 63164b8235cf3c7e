//! The behaviours of a trustworthy Kafka stage.
#[path = "../support/mod.rs"]
mod support;
#[test]
fn a() { let b = support::broker::Broker::shared(); println!("{}", b.bootstrap()); }
