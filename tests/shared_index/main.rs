//! The shared index on a real Valkey or Redis: alone, with TLS and an ACL user, and as a cluster of three nodes; with replicas that
//! race, stall and die, and servers that are killed.

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "shared with the delivery tests")]
#[path = "../delivery/corpus.rs"]
mod corpus;
#[allow(dead_code, reason = "shared with the delivery tests")]
#[path = "../delivery/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "shared with the delivery tests")]
#[path = "../delivery/load.rs"]
mod load;
#[allow(dead_code, reason = "shared with the delivery tests")]
#[path = "../delivery/outcome.rs"]
mod outcome;
#[allow(dead_code, reason = "shared with the delivery tests")]
#[path = "../delivery/rig.rs"]
mod rig;

mod desk;
mod model;
mod races;
mod scale_out;
mod servers;
mod stages;
