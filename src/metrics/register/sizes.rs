//! Histograms: how long and how large things are.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::make::add;
use crate::metrics::labels::{OneLabel, Step, one};

/// Seconds of one step: 10 µs to 10 s.
const STEP_SECONDS: [f64; 13] = [
    1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0,
];
/// Seconds of one transaction: 5 ms to a minute, the usual broker limit.
const TRANSACTION_SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0,
];
/// Seconds from the message's timestamp to its output: 10 ms to a day of backlog.
const END_TO_END_SECONDS: [f64; 14] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 3600.0, 21_600.0, 86_400.0,
];
/// Messages of one batch.
const BATCH_MESSAGES: [f64; 11] = [
    1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 500.0, 1e3, 2e3, 5e3, 1e4,
];
/// Bytes of one batch: 1 KiB to 64 MiB.
const BATCH_BYTES: [f64; 9] = [
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// How long and how large things are.
pub(in crate::metrics) struct Sizes {
    /// One histogram per [`Step`], in its order: observing takes no look-up.
    pub(in crate::metrics) steps: Vec<Histogram>,
    pub(in crate::metrics) batch_messages: Histogram,
    pub(in crate::metrics) batch_bytes: Histogram,
    pub(in crate::metrics) transaction_duration: Histogram,
    pub(in crate::metrics) end_to_end: Histogram,
}

impl Sizes {
    pub(super) fn register(r: &mut Registry) -> Self {
        Self {
            steps: steps(r),
            batch_messages: histogram(
                r,
                "batch_messages",
                "Messages in one batch",
                &BATCH_MESSAGES,
            ),
            batch_bytes: histogram(
                r,
                "batch_bytes",
                "Bytes of input values in one batch",
                &BATCH_BYTES,
            ),
            transaction_duration: histogram(
                r,
                "transaction_duration_seconds",
                "Time from the begin of a transaction to its end, in seconds",
                &TRANSACTION_SECONDS,
            ),
            end_to_end: histogram(
                r,
                "end_to_end_duration_seconds",
                "Time from the timestamp of an input message to its acknowledged output, in seconds",
                &END_TO_END_SECONDS,
            ),
        }
    }
}

fn histogram(registry: &mut Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    add(
        registry,
        name,
        help,
        Histogram::new(buckets.iter().copied()),
    )
}

/// One histogram per step.
fn steps(registry: &mut Registry) -> Vec<Histogram> {
    let new: fn() -> Histogram = || Histogram::new(STEP_SECONDS);
    let family = Family::<OneLabel, Histogram, fn() -> Histogram>::new_with_constructor(new);
    let help = "Time of one step in seconds: parse, text, language, topics, queries and assemble of one article in 16; recall, dedup, lease, flush, publish and commit of every batch";
    let family = add(registry, "step_duration_seconds", help, family);
    Step::ALL
        .iter()
        .map(|step| family.get_or_create_owned(&one("step", step.as_str())))
        .collect()
}
