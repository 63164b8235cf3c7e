//! From scrapes to the figures that people look at: rates over seconds, shares over a minute.

use std::collections::{HashMap, VecDeque};

use super::exposition::Scrape;

/// Rates are taken over this time, in milliseconds.
const RATE_MS: i64 = 5_000;
/// Shares and latencies are taken over this time, in milliseconds.
const SHARE_MS: i64 = 60_000;
/// The most scrapes that are kept.
const MAX_SCRAPES: usize = 600;

/// The scrapes of the last minute.
#[derive(Debug, Default)]
pub(super) struct History {
    scrapes: VecDeque<(i64, Scrape)>,
}

/// A name and how often it was counted.
pub(super) type Count = (String, f64);

/// What is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figures {
    pub version: String,
    /// Seconds since the process started.
    pub up: f64,
    /// Seconds that shares and latencies are taken over; `None` when that is the whole life of the process.
    pub over: Option<f64>,
    /// A second: read, written, refused.
    pub read: Option<f64>,
    pub written: Option<f64>,
    pub dead: Option<f64>,
    pub transactions: Option<f64>,
    /// Processor cores in use.
    pub cores: Option<f64>,
    pub aborted: f64,
    pub in_flight: f64,
    pub breaker: bool,
    pub split: bool,
    pub rebalances: f64,
    /// By partition, the largest first: topic/partition, messages, seconds.
    pub lag: Vec<(String, f64, Option<f64>)>,
    /// Seconds at the quantiles 0.5, 0.9 and 0.99; infinite above the last bucket.
    pub latency: Option<[f64; 3]>,
    pub verdicts: Vec<Count>,
    pub languages: Vec<Count>,
    pub topics: Vec<Count>,
    pub dead_letters: Vec<Count>,
    pub entries: f64,
    pub disk_bytes: f64,
    pub memory_bytes: f64,
    pub resident_bytes: f64,
}

impl History {
    /// Notes a scrape taken at `now_ms`. A process that is not the one before begins a new history.
    pub fn push(&mut self, now_ms: i64, scrape: Scrape) {
        let started = |scrape: &Scrape| scrape.sum("newsstage_start_time_seconds");
        if let Some((_, last)) = self.scrapes.back()
            && started(last) != started(&scrape)
        {
            self.scrapes.clear();
        }
        self.scrapes.push_back((now_ms, scrape));
        // The oldest that is left is the youngest from before the window, so that the window is full.
        while self.scrapes.len() > MAX_SCRAPES
            || self
                .scrapes
                .get(1)
                .is_some_and(|(at, _)| now_ms - at >= SHARE_MS)
        {
            self.scrapes.pop_front();
        }
    }

    /// The youngest scrape that is at least so old, or else the oldest, and its age in seconds.
    fn before(&self, now_ms: i64, age_ms: i64) -> Option<(f64, &Scrape)> {
        let earlier = self.scrapes.len().checked_sub(1)?;
        let earlier = self.scrapes.iter().take(earlier);
        let mut found = None;
        for (at, scrape) in earlier {
            if found.is_none() || now_ms - at >= age_ms {
                found = Some((at, scrape));
            }
        }
        let (at, scrape) = found?;
        let seconds = (now_ms - at) as f64 / 1000.0;
        (seconds > 0.0).then_some((seconds, scrape))
    }

    /// The figures as of the last scrape.
    pub fn figures(&self) -> Option<Figures> {
        let (now_ms, now) = self.scrapes.back()?;
        let none = Scrape::default();
        let recent = self.before(*now_ms, RATE_MS);
        let rate = |name: &str| {
            let (seconds, then) = recent?;
            Some(((now.sum(name) - then.sum(name)) / seconds).max(0.0))
        };
        let rate_of = |name: &str, label: &str, value: &str| {
            let (seconds, then) = recent?;
            Some(
                ((now.with(name, label, value) - then.with(name, label, value)) / seconds).max(0.0),
            )
        };
        // Only a window in which something happened says anything.
        let window = self
            .before(*now_ms, SHARE_MS)
            .filter(|(seconds, then)| *seconds >= 10.0 && articles(now) > articles(then));
        let then = window.map_or(&none, |(_, then)| then);
        let started = now.sum("newsstage_start_time_seconds");
        let build = now.all("newsstage_build_info").first();
        Some(Figures {
            version: build.map_or_else(String::new, |info| info.label("version").to_owned()),
            up: (*now_ms as f64 / 1000.0 - started).max(0.0),
            over: window.map(|(seconds, _)| seconds),
            read: rate("newsstage_messages_consumed_total"),
            written: rate_of("newsstage_messages_produced_total", "kind", "output"),
            dead: rate("newsstage_dead_letters_total"),
            transactions: rate("newsstage_transactions_total"),
            cores: rate("process_cpu_seconds_total"),
            aborted: now.with("newsstage_transactions_total", "result", "aborted"),
            in_flight: now.sum("newsstage_inflight_messages"),
            breaker: now.sum("newsstage_breaker_open") > 0.0,
            split: now.sum("newsstage_dedup_index_split") > 0.0,
            rebalances: now.sum("newsstage_rebalances_total"),
            lag: lag(now),
            latency: quantiles(now, then, "newsstage_end_to_end_duration_seconds_bucket"),
            verdicts: verdicts(now, then),
            languages: counts(now, then, "newsstage_articles_language_total", "language"),
            topics: counts(now, then, "newsstage_articles_topic_total", "topic"),
            dead_letters: counts(now, &none, "newsstage_dead_letters_total", "reason"),
            entries: now.sum("newsstage_dedup_entries"),
            disk_bytes: now.sum("newsstage_dedup_disk_bytes"),
            memory_bytes: now.sum("newsstage_dedup_memory_bytes"),
            resident_bytes: now.sum("process_resident_memory_bytes"),
        })
    }
}

/// Articles that were published or counted.
fn articles(scrape: &Scrape) -> f64 {
    let written = scrape.with("newsstage_messages_produced_total", "kind", "output");
    // Duplicates that are dropped are not written, but have a language.
    written.max(scrape.sum("newsstage_articles_language_total"))
}

fn lag(now: &Scrape) -> Vec<(String, f64, Option<f64>)> {
    let mut seconds: HashMap<String, f64> = HashMap::new();
    let place = |series: &super::exposition::Series| {
        format!("{}/{}", series.label("topic"), series.label("partition"))
    };
    for series in now.all("newsstage_consumer_lag_seconds") {
        seconds.insert(place(series), series.value);
    }
    let partitions = now.all("newsstage_consumer_lag_messages").iter();
    let mut lag: Vec<_> = partitions
        .map(|series| {
            let name = place(series);
            let age = seconds.get(&name).copied();
            (name, series.value, age)
        })
        .collect();
    lag.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    lag
}

/// How often each value of a label was counted since `then`, the most frequent first, without zeros.
fn counts(now: &Scrape, then: &Scrape, name: &str, label: &str) -> Vec<Count> {
    let series = now.all(name).iter();
    let mut counts: Vec<Count> = series
        .map(|series| {
            let value = series.label(label);
            (
                value.to_owned(),
                series.value - then.with(name, label, value),
            )
        })
        .filter(|(_, count)| *count > 0.0)
        .collect();
    counts.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// Unique articles, then those that repeat an earlier one, by how.
fn verdicts(now: &Scrape, then: &Scrape) -> Vec<Count> {
    let all = articles(now) - articles(then);
    let repeats = counts(now, then, "newsstage_duplicates_total", "kind");
    let repeated: f64 = repeats.iter().map(|(_, count)| count).sum();
    let unique = ("unique".to_owned(), (all - repeated).max(0.0));
    let all = std::iter::once(unique).chain(repeats);
    all.filter(|(_, count)| *count > 0.0).collect()
}

/// Quantiles of a histogram since `then`, as `histogram_quantile` of Prometheus has them: linear within a bucket.
fn quantiles(now: &Scrape, then: &Scrape, name: &str) -> Option<[f64; 3]> {
    let mut buckets: Vec<(f64, f64)> = now
        .all(name)
        .iter()
        .filter_map(|series| {
            let le = series.label("le");
            Some((le.parse().ok()?, series.value - then.with(name, "le", le)))
        })
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = buckets
        .last()
        .map(|(_, count)| *count)
        .filter(|count| *count > 0.0)?;
    let quantile = |q: f64| {
        let rank = q * total;
        let (mut lower, mut below) = (0.0, 0.0);
        for (upper, count) in &buckets {
            if *count >= rank {
                let share = if *count > below {
                    (rank - below) / (count - below)
                } else {
                    1.0
                };
                return if upper.is_finite() {
                    lower + (upper - lower) * share
                } else {
                    f64::INFINITY
                };
            }
            (lower, below) = (*upper, *count);
        }
        f64::INFINITY
    };
    Some([quantile(0.5), quantile(0.9), quantile(0.99)])
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
