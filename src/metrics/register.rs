//! The metrics themselves: names, meanings, buckets.

mod live;
mod make;
mod settings;
mod sizes;

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use live::Live;
use make::{add, bounded, counters};
use settings::Settings;
use sizes::Sizes;

use super::bounded::BoundedCounters;
use super::labels::{
    OneLabel, PartitionLabels, Produced, QueryReload, RebalanceEvent, TransactionResult, one,
};
use super::process::ProcessCollector;
use super::{ProcessInfo, Value};
use crate::article::RejectCode;
use crate::dedup::DedupStatus;
use crate::health::Blocker;

/// A gauge of a fractional value.
type FloatGauge = Gauge<f64, AtomicU64>;

/// A counter family by one label.
type Counters = Family<OneLabel, Counter>;

/// Every metric that the stage sets.
pub(super) struct Series {
    pub(super) flow: Flow,
    pub(super) articles: Articles,
    pub(super) queries: Queries,
    pub(super) live: Live,
    pub(super) sizes: Sizes,
    pub(super) partitions: Partitions,
    pub(super) settings: Settings,
}

impl Series {
    /// Creates and registers all of them. The registry adds `_total` to counters, `_info` to
    /// infos, and a full stop to each text.
    pub(super) fn register(root: &mut Registry, info: &ProcessInfo) -> Self {
        root.register_collector(Box::new(ProcessCollector));
        let r = root.sub_registry_with_prefix("newsstage");
        infos(r, info);
        Self {
            flow: Flow::register(r),
            articles: Articles::register(r),
            queries: Queries::register(r),
            live: Live::register(r),
            sizes: Sizes::register(r),
            partitions: Partitions::register(r),
            settings: Settings::register(r, info),
        }
    }
}

/// What passes through the stage.
pub(super) struct Flow {
    pub(super) consumed: Counter,
    pub(super) produced: Counters,
    pub(super) dead_letters: Counters,
    pub(super) stale_dropped: Counter,
    pub(super) inflight: Gauge,
    pub(super) producer_queue: Gauge,
    pub(super) transactions: Counters,
    pub(super) transaction_retries: Counter,
    pub(super) last_progress: FloatGauge,
    pub(super) breaker_open: Gauge,
    pub(super) not_ready: Family<OneLabel, Gauge>,
}

impl Flow {
    fn register(r: &mut Registry) -> Self {
        Self {
            consumed: add(
                r,
                "messages_consumed",
                "Messages taken from the input topic",
                Counter::default(),
            ),
            produced: counters(
                r,
                "messages_produced",
                "Records acknowledged by the broker, by what they are",
                "kind",
                Produced::ALL.iter().map(|v| v.as_str()),
            ),
            dead_letters: counters(
                r,
                "dead_letters",
                "Messages sent to the dead-letter topic, by error code",
                "reason",
                RejectCode::ALL.iter().map(|v| v.as_str()),
            ),
            stale_dropped: add(
                r,
                "stale_messages_dropped",
                "Messages dropped because their partition went to another process before they were processed",
                Counter::default(),
            ),
            inflight: add(
                r,
                "inflight_messages",
                "Messages taken but not yet committed",
                Gauge::default(),
            ),
            producer_queue: add(
                r,
                "producer_queue_messages",
                "Records waiting in the producer's queue",
                Gauge::default(),
            ),
            transactions: counters(
                r,
                "transactions",
                "Finished transactions, by how they ended",
                "result",
                TransactionResult::ALL.iter().map(|v| v.as_str()),
            ),
            transaction_retries: add(
                r,
                "transaction_retries",
                "Transactional calls repeated after a retriable error",
                Counter::default(),
            ),
            last_progress: add(
                r,
                "last_progress_timestamp_seconds",
                "Time of the last finished batch, in seconds since 1970; 0 before the first",
                FloatGauge::default(),
            ),
            breaker_open: add(
                r,
                "breaker_open",
                "1 while the stage has stopped itself because too many messages are dead letters, else 0",
                Gauge::default(),
            ),
            not_ready: not_ready(r),
        }
    }
}

/// One gauge for each thing that can keep the process from being ready.
fn not_ready(r: &mut Registry) -> Family<OneLabel, Gauge> {
    let family: Family<OneLabel, Gauge> = Family::default();
    for blocker in Blocker::ALL {
        drop(family.get_or_create(&one("reason", blocker.as_str())));
    }
    let help = "1 while this keeps the process from being ready, else 0";
    add(r, "not_ready", help, family)
}

/// What the articles are.
pub(super) struct Articles {
    pub(super) duplicates: Counters,
    pub(super) languages: BoundedCounters,
    pub(super) topics: BoundedCounters,
    pub(super) dedup_rebuilt: Counter,
    pub(super) dedup_split: Gauge,
    pub(super) dedup_entries: Gauge,
    pub(super) dedup_disk: Gauge,
    pub(super) dedup_memory: Gauge,
}

impl Articles {
    fn register(r: &mut Registry) -> Self {
        Self {
            duplicates: counters(
                r,
                "duplicates",
                "Articles related to an earlier one, by how: exact and near ones are duplicates, later versions and quotations are not",
                "kind",
                [
                    DedupStatus::Exact,
                    DedupStatus::Near,
                    DedupStatus::Partial,
                    DedupStatus::Update,
                ]
                .iter()
                .map(|v| v.as_str()),
            ),
            languages: bounded(
                r,
                "articles_language",
                "Articles by detected language (BCP 47, und when unknown); past 200 languages, other",
                "language",
            ),
            topics: bounded(
                r,
                "articles_topic",
                "Tags of the shipped taxonomy on articles, by topic; past 200 topics, other",
                "topic",
            ),
            dedup_rebuilt: add(
                r,
                "dedup_rebuilt_articles",
                "Articles learned again from the output topic because the dedup index had lost them",
                Counter::default(),
            ),
            dedup_split: add(
                r,
                "dedup_index_split",
                "1 while other processes own partitions of the input topic and this one's dedup index is its own, so that copies across processes are not found; else 0",
                Gauge::default(),
            ),
            dedup_entries: add(
                r,
                "dedup_entries",
                "Entries in the dedup index",
                Gauge::default(),
            ),
            dedup_disk: add(
                r,
                "dedup_disk_bytes",
                "Bytes of the dedup index on disk",
                Gauge::default(),
            ),
            dedup_memory: add(
                r,
                "dedup_memory_bytes",
                "Bytes of the dedup index in memory",
                Gauge::default(),
            ),
        }
    }
}

/// Stored queries.
pub(super) struct Queries {
    pub(super) number: Family<OneLabel, Gauge>,
    pub(super) memory: Gauge,
    pub(super) reloads: Counters,
    pub(super) matches: Counter,
    pub(super) candidates: Counter,
    pub(super) over_budget: BoundedCounters,
}

impl Queries {
    fn register(r: &mut Registry) -> Self {
        let number: Family<OneLabel, Gauge> = Family::default();
        for state in ["active", "disabled"] {
            drop(number.get_or_create(&one("state", state)));
        }
        Self {
            number: add(
                r,
                "queries",
                "Stored queries: active, or disabled because of an error in them",
                number,
            ),
            memory: add(
                r,
                "queries_memory_bytes",
                "Bytes of the stored queries in memory",
                Gauge::default(),
            ),
            reloads: counters(
                r,
                "query_loads",
                "Loads of stored queries, by how they ended; a failed one leaves the old queries in use",
                "result",
                QueryReload::ALL.iter().map(|v| v.as_str()),
            ),
            matches: add(
                r,
                "query_matches",
                "Matches of stored queries on articles",
                Counter::default(),
            ),
            candidates: add(
                r,
                "query_candidates",
                "Stored queries that were looked at because a word they need was in the article",
                Counter::default(),
            ),
            over_budget: bounded(
                r,
                "query_over_budget",
                "Articles on which a stored query was given up because it took too many steps, by query; past 200 queries, other",
                "query",
            ),
        }
    }
}

/// The input partitions of this process.
pub(super) struct Partitions {
    pub(super) lag_messages: Family<PartitionLabels, Gauge>,
    pub(super) lag_seconds: Family<PartitionLabels, FloatGauge>,
    pub(super) assigned_partitions: Gauge,
    pub(super) rebalances: Counters,
}

impl Partitions {
    fn register(r: &mut Registry) -> Self {
        Self {
            lag_messages: add(
                r,
                "consumer_lag_messages",
                "Messages not yet processed in a partition this process owns",
                Family::default(),
            ),
            lag_seconds: add(
                r,
                "consumer_lag_seconds",
                "Age of the oldest message not yet processed in a partition this process owns, in seconds",
                Family::default(),
            ),
            assigned_partitions: add(
                r,
                "assigned_partitions",
                "Input partitions this process owns",
                Gauge::default(),
            ),
            rebalances: counters(
                r,
                "rebalances",
                "Changes in the partitions of this process, by kind",
                "event",
                RebalanceEvent::ALL.iter().map(|v| v.as_str()),
            ),
        }
    }
}

/// What does not change while the process lives.
fn infos(registry: &mut Registry, info: &ProcessInfo) {
    let build = [
        ("version", Value::Owned(info.version.clone())),
        ("revision", Value::Owned(info.revision.clone())),
    ];
    registry.register(
        "build",
        "Version and source revision of the program",
        Info::new(build),
    );
    let started = FloatGauge::default();
    started.set(info.started_ms as f64 / 1000.0);
    registry.register(
        "start_time_seconds",
        "Time the process started, in seconds since 1970",
        started,
    );
}
