//! Counters by a label whose values come from data, with a bound on how many there can be.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::Value;
use super::labels::OneLabel;

/// The most distinct values a label from data may take; later ones count as [`OTHER`].
pub const MAX_LABEL_VALUES: usize = 200;

/// The label value of everything past the bound.
pub const OTHER: &str = "other";

/// The longest label value in bytes; longer ones count as [`OTHER`].
const MAX_VALUE_BYTES: usize = 64;

/// A counter family with at most [`MAX_LABEL_VALUES`] values and [`OTHER`].
pub(super) struct BoundedCounters {
    label: &'static str,
    family: Family<OneLabel, Counter>,
    /// Look-up by borrowed text, so that counting allocates nothing.
    known: RwLock<HashMap<Box<str>, Counter>>,
}

impl BoundedCounters {
    /// Counters by `label`.
    pub(super) fn new(label: &'static str) -> Self {
        Self {
            label,
            family: Family::default(),
            known: RwLock::default(),
        }
    }

    /// The family to register.
    pub(super) fn family(&self) -> Family<OneLabel, Counter> {
        self.family.clone()
    }

    /// Counts one of `value`.
    pub(super) fn inc(&self, value: &str) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(value) {
            counter.inc();
            return;
        }
        drop(known);
        self.counter(value).inc();
    }

    /// The counter of a value seen for the first time.
    fn counter(&self, value: &str) -> Counter {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(value) {
            return counter.clone();
        }
        let fits = value.len() <= MAX_VALUE_BYTES && !value.is_empty() && value != OTHER;
        if !fits || known.len() >= MAX_LABEL_VALUES {
            return self
                .family
                .get_or_create_owned(&[(self.label, Value::Borrowed(OTHER))]);
        }
        let counter = self
            .family
            .get_or_create_owned(&[(self.label, Value::Owned(value.to_owned()))]);
        known.insert(value.into(), counter.clone());
        counter
    }
}
