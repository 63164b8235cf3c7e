//! The producer: ordered sending, delivery reports that are awaited, and transactions.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header as KafkaHeader, OwnedHeaders};
use rdkafka::producer::{
    BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext, ThreadedProducer,
};
use rdkafka::{ClientConfig, TopicPartitionList};

use super::error::{KafkaFailure, is_out_of_step, is_retriable};
use super::oauth::TokenSource;
use crate::article::Header;

/// A record to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic to send to.
    pub topic: Arc<str>,
    /// Partition, or `None` to choose by key.
    pub partition: Option<i32>,
    /// Key bytes; `None` is a null key.
    pub key: Option<Vec<u8>>,
    /// Value bytes; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// Timestamp in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
}

/// A record the broker did not take: its index in the sent order, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Index of the record, counted from the last [`Producer::reset`].
    pub index: usize,
    /// librdkafka's or the broker's code.
    pub code: RDKafkaErrorCode,
    /// The error for a person.
    pub reason: String,
}

#[derive(Debug, Default)]
struct Reports {
    outstanding: usize,
    /// Number of the first record since the last reset.
    first: usize,
    failed: Vec<Undelivered>,
}

/// Collects delivery reports.
pub struct Tracker {
    reports: Mutex<Reports>,
    changed: Condvar,
    tokens: TokenSource,
}

impl Tracker {
    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Tracker {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn stats_raw(&self, _: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(client = "producer", %error, reason, "kafka client reports an error");
    }

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.tokens.token()
    }
}

impl ProducerContext for Tracker {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        let mut reports = self.reports();
        reports.outstanding = reports.outstanding.saturating_sub(1);
        // Reports of records before the last reset may still come; nobody asks for them any more.
        if let (Err((error, _)), Some(index)) = (result, index.checked_sub(reports.first)) {
            let code = error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown);
            reports.failed.push(Undelivered {
                index,
                code,
                reason: error.to_string(),
            });
        }
        if reports.outstanding == 0 || result.is_err() {
            self.changed.notify_all();
        }
    }
}

/// A producer whose delivery reports are served by a thread of its own: librdkafka's flush, commit and abort would
/// otherwise wait in steps of 100 ms, or for ever.
pub struct Producer {
    inner: ThreadedProducer<Tracker, NoCustomPartitioner>,
    transactional: bool,
    /// Records sent since the beginning.
    sent: usize,
}

impl Producer {
    /// Makes the client; nothing connects yet.
    ///
    /// # Errors
    /// When a property is wrong.
    pub fn new(config: &ClientConfig, tokens: TokenSource) -> Result<Self, KafkaFailure> {
        let tracker = Tracker {
            reports: Mutex::default(),
            changed: Condvar::new(),
            tokens,
        };
        let inner = config
            .create_with_context(tracker)
            .map_err(|error| KafkaFailure::of_start(&error))?;
        Ok(Self {
            inner,
            transactional: config.get("transactional.id").is_some(),
            sent: 0,
        })
    }

    /// Forgets the reports of the last batch and counts records from 0 again.
    pub fn reset(&mut self) {
        let mut reports = self.inner.context().reports();
        reports.first = self.sent;
        reports.failed.clear();
    }

    /// Queues a record behind those sent before. When the queue is full it waits for room until `deadline`.
    ///
    /// # Errors
    /// The reason for which the record was not queued: a refusal of librdkafka itself, such as a record over
    /// `message.max.bytes`, is reported like a refusal of the broker.
    pub fn send(&mut self, record: &Record, deadline: Instant) -> Result<(), Undelivered> {
        let index = self.sent;
        self.sent += 1;
        let headers = (!record.headers.is_empty()).then(|| {
            record.headers.iter().fold(
                OwnedHeaders::new_with_capacity(record.headers.len()),
                |headers, (key, value)| {
                    headers.insert(KafkaHeader {
                        key,
                        value: value.as_deref(),
                    })
                },
            )
        });
        let mut pending = BaseRecord::with_opaque_to(&record.topic, index);
        pending.partition = record.partition;
        pending.key = record.key.as_deref();
        pending.payload = record.value.as_deref();
        pending.timestamp = record.timestamp_ms;
        pending.headers = headers;
        self.inner.context().reports().outstanding += 1;
        loop {
            match self.inner.send::<[u8], [u8]>(pending) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < deadline =>
                {
                    pending = back;
                    self.wait_for_room();
                }
                Err((error, _)) => {
                    let mut reports = self.inner.context().reports();
                    reports.outstanding = reports.outstanding.saturating_sub(1);
                    let code = error
                        .rdkafka_error_code()
                        .unwrap_or(RDKafkaErrorCode::Unknown);
                    return Err(Undelivered {
                        index: index.saturating_sub(reports.first),
                        code,
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    fn wait_for_room(&self) {
        let tracker = self.inner.context();
        let reports = tracker.reports();
        // Room comes with any report, the condition only with the last: look again soon.
        drop(
            tracker
                .changed
                .wait_timeout(reports, Duration::from_millis(5)),
        );
    }

    /// Waits until every record sent since [`Self::reset`] has its report, and returns those that failed. In a
    /// transaction the first failure is enough: it must be aborted, and records behind the failed one may wait for ever.
    ///
    /// # Errors
    /// How many reports are missing at the deadline.
    pub fn wait_delivered(&self, deadline: Instant) -> Result<Vec<Undelivered>, usize> {
        let tracker = self.inner.context();
        let mut reports = tracker.reports();
        let settled = |reports: &Reports| {
            reports.outstanding == 0 || (self.transactional && !reports.failed.is_empty())
        };
        while !settled(&reports) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(reports.outstanding);
            }
            reports = tracker
                .changed
                .wait_timeout(reports, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let mut failed = std::mem::take(&mut reports.failed);
        let all = reports.outstanding == 0;
        drop(reports);
        // librdkafka counts a message until its report is destroyed, a moment after the callback; a commit that finds
        // one would sleep for 100 ms.
        while all && self.inner.in_flight_count() > 0 && Instant::now() < deadline {
            std::thread::yield_now();
        }
        failed.sort_by_key(|report| report.index);
        Ok(failed)
    }

    /// Messages that wait in the producer.
    pub fn queue_len(&self) -> usize {
        usize::try_from(self.inner.in_flight_count()).unwrap_or(0)
    }

    /// Registers the transactional id, which ends every open transaction of an earlier instance and fences it.
    ///
    /// # Errors
    /// When the coordinator cannot be reached within `timeout` or refuses.
    pub fn init_transactions(&self, timeout: Duration) -> Result<(), KafkaFailure> {
        self.inner
            .init_transactions(timeout)
            .map_err(|error| KafkaFailure::of_start(&error))
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// When the producer is in no state to open one.
    pub fn begin(&self) -> Result<(), KafkaFailure> {
        self.inner
            .begin_transaction()
            .map_err(|error| KafkaFailure::of_transaction(&error))
    }

    /// Adds consumed offsets to the open transaction; the broker refuses them when this member is no longer current.
    ///
    /// # Errors
    /// See [`KafkaFailure::of_transaction`].
    pub fn send_offsets(
        &self,
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        deadline: Instant,
        on_retry: impl FnMut(),
    ) -> Result<(), KafkaFailure> {
        retrying(deadline, on_retry, |step| {
            self.inner.send_offsets_to_transaction(offsets, group, step)
        })
    }

    /// Commits the open transaction.
    ///
    /// # Errors
    /// See [`KafkaFailure::of_transaction`].
    pub fn commit(&self, deadline: Instant, on_retry: impl FnMut()) -> Result<(), KafkaFailure> {
        retrying(deadline, on_retry, |step| {
            self.inner.commit_transaction(step)
        })
    }

    /// Aborts the open transaction and drops what is still queued.
    ///
    /// # Errors
    /// See [`KafkaFailure::of_transaction`].
    pub fn abort(&self, deadline: Instant, on_retry: impl FnMut()) -> Result<(), KafkaFailure> {
        retrying(deadline, on_retry, |step| {
            self.inner.abort_transaction(step)
        })
    }

    /// Why the open transaction cannot be committed any more, if so. The records of such a transaction are reported as
    /// purged, which does not say why.
    pub fn trouble(&self) -> Option<KafkaFailure> {
        // In a transaction that fails, with the reason, and changes nothing: librdkafka has no other way to ask.
        let error = self.inner.begin_transaction().err()?;
        let KafkaError::Transaction(inner) = &error else {
            return None;
        };
        (inner.txn_requires_abort() || inner.is_fatal())
            .then(|| KafkaFailure::of_transaction(&error))
    }

    /// Whether the client is unusable for a reason for which a new one with the same transactional id can go on.
    pub fn is_out_of_step(&self) -> bool {
        let error = self.inner.client().fatal_error();
        error.is_some_and(|(code, _)| is_out_of_step(code))
    }

    /// The error that made the client unusable, if there is one.
    pub fn fatal_error(&self) -> Option<String> {
        self.inner
            .client()
            .fatal_error()
            .map(|(code, reason)| format!("{code}: {reason}"))
    }
}

/// Repeats a transactional call while librdkafka says that it may be repeated.
fn retrying(
    deadline: Instant,
    mut on_retry: impl FnMut(),
    mut call: impl FnMut(Duration) -> Result<(), KafkaError>,
) -> Result<(), KafkaFailure> {
    const STEP: Duration = Duration::from_secs(5);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match call(left.clamp(Duration::from_millis(100), STEP)) {
            Ok(()) => return Ok(()),
            Err(error) if is_retriable(&error) && !left.is_zero() => on_retry(),
            Err(error) => return Err(KafkaFailure::of_transaction(&error)),
        }
    }
}
