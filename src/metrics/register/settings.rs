//! The settings in use, and how reloads of them ended.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::make::{add, counters};
use super::{Counters, ProcessInfo, Value};
use crate::metrics::labels::ConfigReload;

/// The settings in use.
pub(in crate::metrics) struct Settings {
    pub(in crate::metrics) fingerprint: Fingerprint,
    pub(in crate::metrics) reloads: Counters,
    pub(in crate::metrics) last_successful: Gauge,
}

impl Settings {
    pub(super) fn register(r: &mut Registry, info: &ProcessInfo) -> Self {
        let last_successful = Gauge::default();
        last_successful.set(1);
        Self {
            fingerprint: add(
                r,
                "config",
                "Fingerprint of the effective configuration",
                Fingerprint::new(&info.config_fingerprint),
            ),
            reloads: counters(
                r,
                "config_reloads",
                "Reloads of the configuration and the word lists, by how they ended; refused ones wait for a restart in part, failed ones leave the old settings in use",
                "result",
                ConfigReload::ALL.iter().map(|v| v.as_str()),
            ),
            last_successful: add(
                r,
                "config_last_reload_successful",
                "1 unless the last reload of the configuration has failed or was refused in part, then 0",
                last_successful,
            ),
        }
    }
}

/// An info metric whose value changes with a reload.
#[derive(Clone)]
pub(in crate::metrics) struct Fingerprint(Arc<RwLock<String>>);

impl Fingerprint {
    fn new(text: &str) -> Self {
        Self(Arc::new(RwLock::new(text.to_owned())))
    }

    pub(in crate::metrics) fn set(&self, text: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl EncodeMetric for Fingerprint {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        let text = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        encoder.encode_info(&[("fingerprint", Value::Owned(text))])
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Info
    }
}
