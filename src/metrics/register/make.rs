//! Makes and registers single metrics.

use prometheus_client::registry::{Metric, Registry};

use super::Counters;
use crate::metrics::bounded::BoundedCounters;
use crate::metrics::labels::one;

/// Registers a metric and hands it back.
pub(super) fn add<M: Metric + Clone>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// A counter family by one label, with every value at zero.
pub(super) fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl Iterator<Item = &'static str>,
) -> Counters {
    let family = Counters::default();
    for value in values {
        drop(family.get_or_create(&one(label, value)));
    }
    add(registry, name, help, family)
}

/// A counter family by a label from data.
pub(super) fn bounded(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
) -> BoundedCounters {
    let counters = BoundedCounters::new(label);
    registry.register(name, help, counters.family());
    counters
}
