//! What the stage counts, for Prometheus.
//!
//! [`Metrics`] is cheap to clone and safe to share; every method is a few atomic operations or
//! one short lock. Label values are bounded: nothing of an article (identifier, URL, domain,
//! text) is ever a label. `docs/metrics.md` lists every name; a test keeps it true.

mod bounded;
#[cfg(test)]
mod documented;
mod labels;
mod process;
mod register;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::registry::Registry;

use crate::article::RejectCode;
use crate::dedup::DedupStatus;
use crate::health::Blocker;
use register::Series;

pub use bounded::{MAX_LABEL_VALUES, OTHER};
pub use labels::{ConfigReload, Produced, QueryReload, RebalanceEvent, Step, TransactionResult};

/// What is known of the process when it starts. The default is of no process in particular.
#[derive(Debug, Clone, Default)]
pub struct ProcessInfo {
    /// Version of the program, e.g. `0.1.0`.
    pub version: String,
    /// Source revision it was built from, or `unknown`.
    pub revision: String,
    /// Fingerprint of the effective configuration, without secrets.
    pub config_fingerprint: String,
    /// When the process started, in milliseconds since 1970.
    pub started_ms: i64,
}

/// All metrics of one process. Clones share their values.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    series: Series,
    /// The partitions this process owns: only these may show lag.
    owned: Mutex<BTreeSet<(String, i32)>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Registers every metric. Those with a fixed set of label values start at zero, so that a
    /// first event is visible as an increase.
    pub fn new(info: &ProcessInfo) -> Self {
        let mut registry = Registry::default();
        let series = Series::register(&mut registry, info);
        let owned = Mutex::new(BTreeSet::new());
        Self {
            inner: Arc::new(Inner {
                registry,
                series,
                owned,
            }),
        }
    }

    /// The exposition in OpenMetrics 1.0 text, ending in `# EOF`.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(32 * 1024);
        match prometheus_client::encoding::text::encode(&mut text, &self.inner.registry) {
            Ok(()) => text,
            // Writing to a `String` does not fail; a half-written exposition must not be served.
            Err(fmt::Error) => "# EOF\n".to_owned(),
        }
    }

    /// Counts messages taken from the input topic.
    pub fn consumed(&self, messages: u64) {
        self.inner.series.flow.consumed.inc_by(messages);
    }

    /// Counts records that the broker acknowledged (and, under exactly once, committed).
    pub fn produced(&self, kind: Produced, records: u64) {
        self.inner
            .series
            .flow
            .produced
            .get_or_create(&labels::one("kind", kind.as_str()))
            .inc_by(records);
    }

    /// Counts one message sent to the dead-letter topic.
    pub fn dead_letter(&self, reason: RejectCode) {
        self.inner
            .series
            .flow
            .dead_letters
            .get_or_create(&labels::one("reason", reason.as_str()))
            .inc();
    }

    /// Counts articles that were learned again from the output topic.
    pub fn dedup_rebuilt(&self, articles: u64) {
        self.inner.series.articles.dedup_rebuilt.inc_by(articles);
    }

    /// Counts one article by its dedup verdict; a unique one is not a duplicate and not counted.
    pub fn dedup_status(&self, status: DedupStatus) {
        if status != DedupStatus::Unique {
            self.inner
                .series
                .articles
                .duplicates
                .get_or_create(&labels::one("kind", status.as_str()))
                .inc();
        }
    }

    /// Counts one article by its language code (`und` when unknown).
    pub fn language(&self, code: &str) {
        self.inner.series.articles.languages.inc(code);
    }

    /// Counts one tag of the taxonomy. Customers' queries are not counted here: they have no bound.
    pub fn topic(&self, id: &str) {
        self.inner.series.articles.topics.inc(id);
    }

    /// Counts one reload of the configuration.
    pub fn config_reload(&self, result: ConfigReload) {
        let settings = &self.inner.series.settings;
        let label = labels::one("result", result.as_str());
        settings.reloads.get_or_create(&label).inc();
        let successful = matches!(result, ConfigReload::Loaded | ConfigReload::Unchanged);
        settings.last_successful.set(i64::from(successful));
    }

    /// Says which configuration is in use.
    pub fn set_config_fingerprint(&self, fingerprint: String) {
        self.inner.series.settings.fingerprint.set(fingerprint);
    }

    /// Counts one load of stored queries.
    pub fn query_reload(&self, result: QueryReload) {
        self.inner
            .series
            .queries
            .reloads
            .get_or_create(&labels::one("result", result.as_str()))
            .inc();
    }

    /// Sets how many stored queries are in use and how many are disabled by an error, and the bytes they take.
    pub fn set_queries(&self, active: u64, disabled: u64, bytes: u64) {
        let queries = &self.inner.series.queries;
        for (state, number) in [("active", active), ("disabled", disabled)] {
            queries
                .number
                .get_or_create(&labels::one("state", state))
                .set(gauge(number));
        }
        queries.memory.set(gauge(bytes));
    }

    /// Counts what stored queries did with one article: matches, and queries that were looked at.
    pub fn query_matches(&self, matches: u64, candidates: u64) {
        self.inner.series.queries.matches.inc_by(matches);
        self.inner.series.queries.candidates.inc_by(candidates);
    }

    /// Counts one query that was given up on one article because it took too many steps.
    pub fn query_over_budget(&self, id: &str) {
        self.inner.series.queries.over_budget.inc(id);
    }

    /// Records how long a step took, in seconds. Steps on articles are observed for one
    /// article in 16; `dedup`, `flush`, `publish` and `commit` for every batch.
    pub fn step(&self, step: Step, seconds: f64) {
        if let Some(histogram) = self.inner.series.sizes.steps.get(step as usize) {
            histogram.observe(sane(seconds));
        }
    }

    /// Records the size of one batch.
    pub fn batch(&self, messages: usize, bytes: usize) {
        self.inner
            .series
            .sizes
            .batch_messages
            .observe(messages as f64);
        self.inner.series.sizes.batch_bytes.observe(bytes as f64);
    }

    /// Records one finished transaction: how it ended, and the seconds from begin to end.
    pub fn transaction(&self, result: TransactionResult, seconds: f64) {
        let label = labels::one("result", result.as_str());
        self.inner
            .series
            .flow
            .transactions
            .get_or_create(&label)
            .inc();
        self.inner
            .series
            .sizes
            .transaction_duration
            .observe(sane(seconds));
    }

    /// Counts one retry of a transactional call after a retriable error.
    pub fn transaction_retry(&self) {
        self.inner.series.flow.transaction_retries.inc();
    }

    /// Records the seconds from a message's timestamp to its acknowledged output.
    pub fn end_to_end(&self, seconds: f64) {
        self.inner.series.sizes.end_to_end.observe(sane(seconds));
    }

    /// Counts one rebalance callback.
    pub fn rebalance(&self, event: RebalanceEvent) {
        self.inner
            .series
            .partitions
            .rebalances
            .get_or_create(&labels::one("event", event.as_str()))
            .inc();
    }

    /// Says that this process now owns a partition; only owned partitions may show lag.
    pub fn add_partition(&self, topic: &str, partition: i32) {
        let mut owned = self
            .inner
            .owned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        owned.insert((topic.to_owned(), partition));
        self.inner
            .series
            .partitions
            .assigned_partitions
            .set(owned.len() as i64);
    }

    /// Says that a partition was revoked or lost; its lag disappears from the exposition.
    pub fn remove_partition(&self, topic: &str, partition: i32) {
        let mut owned = self
            .inner
            .owned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        owned.remove(&(topic.to_owned(), partition));
        self.inner
            .series
            .partitions
            .assigned_partitions
            .set(owned.len() as i64);
        let label = labels::partition(topic, partition);
        self.inner.series.partitions.lag_messages.remove(&label);
        self.inner.series.partitions.lag_seconds.remove(&label);
    }

    /// Sets the lag of an owned partition: messages not yet processed, and the age in seconds of
    /// the oldest of them (`None` while unknown). Ignored for a partition that is not owned, so a
    /// statistic that arrives late cannot bring a revoked partition back.
    pub fn set_lag(&self, topic: &str, partition: i32, messages: u64, seconds: Option<f64>) {
        let owned = self
            .inner
            .owned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !owned.contains(&(topic.to_owned(), partition)) {
            return;
        }
        let label = labels::partition(topic, partition);
        self.inner
            .series
            .partitions
            .lag_messages
            .get_or_create(&label)
            .set(gauge(messages));
        match seconds {
            Some(seconds) => {
                self.inner
                    .series
                    .partitions
                    .lag_seconds
                    .get_or_create(&label)
                    .set(sane(seconds));
            }
            None => {
                self.inner.series.partitions.lag_seconds.remove(&label);
            }
        }
    }

    /// Counts messages dropped because their partition was revoked before they were processed;
    /// the new owner processes them.
    pub fn stale_dropped(&self, messages: u64) {
        self.inner.series.flow.stale_dropped.inc_by(messages);
    }

    /// Sets how many messages are taken but not yet committed.
    pub fn set_inflight(&self, messages: u64) {
        self.inner.series.flow.inflight.set(gauge(messages));
    }

    /// Sets how many records wait in the producer's queue.
    pub fn set_producer_queue(&self, messages: u64) {
        self.inner.series.flow.producer_queue.set(gauge(messages));
    }

    /// Counts articles that were put before the viewers of the live view.
    pub fn live_shown(&self, articles: u64) {
        self.inner.series.live.articles.inc_by(articles);
    }

    /// Counts articles that viewers of the live view missed.
    pub fn live_dropped(&self, articles: u64) {
        self.inner.series.live.dropped.inc_by(articles);
    }

    /// Sets how many viewers the live view has.
    pub fn set_live_viewers(&self, viewers: usize) {
        let viewers = i64::try_from(viewers).unwrap_or(i64::MAX);
        self.inner.series.live.viewers.set(viewers);
    }

    /// Says whether copies across processes are not found, because each has an index of its own.
    pub fn set_dedup_split(&self, split: bool) {
        let gauge = &self.inner.series.articles.dedup_split;
        gauge.set(i64::from(split));
    }

    /// Sets the size of the dedup index: entries, bytes on disk and bytes in memory.
    pub fn set_dedup_index(&self, entries: u64, disk_bytes: u64, memory_bytes: u64) {
        self.inner.series.articles.dedup_entries.set(gauge(entries));
        self.inner.series.articles.dedup_disk.set(gauge(disk_bytes));
        self.inner
            .series
            .articles
            .dedup_memory
            .set(gauge(memory_bytes));
    }

    /// Says what keeps the process from being ready now; everything else does not.
    pub fn set_not_ready(&self, blockers: &[Blocker]) {
        for blocker in Blocker::ALL {
            self.inner
                .series
                .flow
                .not_ready
                .get_or_create(&labels::one("reason", blocker.as_str()))
                .set(i64::from(blockers.contains(&blocker)));
        }
    }

    /// Says whether the dead-letter breaker is open: the stage has stopped itself.
    pub fn set_breaker_open(&self, open: bool) {
        self.inner.series.flow.breaker_open.set(i64::from(open));
    }

    /// Notes the time of the last progress, in milliseconds since 1970.
    pub fn progress(&self, now_ms: i64) {
        self.inner
            .series
            .flow
            .last_progress
            .set(now_ms as f64 / 1000.0);
    }
}

/// A duration as a histogram may hold it: skewed clocks give negative ones, which count as zero.
fn sane(seconds: f64) -> f64 {
    if seconds.is_finite() {
        seconds.max(0.0)
    } else {
        0.0
    }
}

/// A count as a gauge holds it.
fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A label value: constants are borrowed, others owned.
type Value = Cow<'static, str>;
