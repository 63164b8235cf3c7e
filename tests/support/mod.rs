//! What the integration tests share: a real Kafka ([`broker`]), topics and groups ([`topics`]), plain Kafka clients
//! ([`client`]) and the newsstage program as a process ([`process`]).
//!
//! Nothing here sleeps for a fixed time and hopes: everything waits for a condition, with a deadline, and says what it
//! was waiting for when the deadline passes.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its own part of this module"
)]

use std::time::{Duration, Instant};

pub mod acl;
pub mod broker;
pub mod client;
mod observe;
pub mod process;
mod reader;
mod stage_config;
pub mod topics;
pub mod valkey;

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Calls `look` until it returns something, and returns that; `None` when it has not within `deadline`.
pub fn eventually<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if started.elapsed() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Waits until `condition` holds; panics, naming `what` was awaited, when it does not within `deadline`.
#[track_caller]
pub fn wait_for(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    if eventually(deadline, || condition().then_some(())).is_none() {
        panic!("waited {deadline:?} in vain for {what}");
    }
}
