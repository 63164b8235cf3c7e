//! The spine: reads batches, has them analysed and committed, and keeps to the rules when partitions move or the
//! process must stop.
//!
//! Three threads, each handing on to the next through a [`slot::Slot`]: this one polls the consumer and collects
//! batches, one analyses, one commits. So the next batch is analysed while the last one commits, and polling never stops
//! for long, whatever the others do.

mod away;
pub mod batch;
pub mod breaker;
pub mod commit;
pub mod publisher;
mod reader;
mod rebuild;
mod recovery;
pub mod slot;
pub mod spans;
pub mod tally;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::config::{Config, RetryConfig};
use crate::dedup::IndexError;
use crate::health::{Health, Part};
use crate::kafka::error::KafkaFailure;
use crate::kafka::ownership::Ownership;
use crate::kafka::source::Source;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use away::Patience;
use batch::{Analysed, Batch, BatchLimits};
use breaker::{Breaker, BreakerLimits};
use commit::Committer;
use publisher::{Publisher, Rooms};
use reader::Reader;
use slot::Slot;
use spans::Spans;

/// How often a process that connects looks whether it was asked to stop.
const LOOK_FOR_STOP: Duration = Duration::from_millis(50);
/// A wait that only closing the slot ends.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Trouble that ends the process.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Kafka trouble.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// The duplicate index cannot be written.
    #[error("duplicate index: {0}")]
    Index(#[from] IndexError),
    /// Unfinished work was left behind at the deadline; it will be read again.
    #[error("the drain deadline passed; unfinished work will be read again")]
    DrainDeadline,
    /// A thread ended that should not have.
    #[error("a worker thread failed: {0}")]
    Thread(String),
}

/// What the threads share.
pub struct Shared {
    /// Which partitions are ours.
    pub ownership: Arc<Ownership>,
    /// Metrics.
    pub metrics: Metrics,
    /// Health.
    pub health: Health,
    /// Tells the time, in milliseconds since 1970.
    pub clock: fn() -> i64,
    /// Spans for OpenTelemetry.
    pub spans: Spans,
    stop: Arc<AtomicBool>,
    breaker: AtomicBool,
    output_room: AtomicUsize,
    failure: Mutex<Option<WorkerError>>,
}

impl Shared {
    /// Whether the process was asked to stop.
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Whether the breaker stopped the stage.
    pub fn breaker_open(&self) -> bool {
        self.breaker.load(Ordering::Acquire)
    }

    fn open_breaker(&self, reason: &str) {
        tracing::error!(
            reason,
            "breaker open: the input looks broken; nothing more is read, nothing of this batch was published. Look at \
             the dead-letter topic and at the producers of the input, then restart; dead_letter.* sets the limits"
        );
        self.breaker.store(true, Ordering::Release);
        self.health.open_breaker(reason);
        self.metrics.set_breaker_open(true);
    }

    fn set_output_room(&self, bytes: usize) {
        self.output_room.store(bytes, Ordering::Release);
    }

    fn fail(&self, error: WorkerError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }

    fn has_failed(&self) -> bool {
        let failure = self.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take_failure(&self) -> Option<WorkerError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Everything the worker needs from outside.
pub struct Parts {
    /// The resolved configuration.
    pub config: Config,
    /// The stages.
    pub pipeline: Pipeline,
    /// Metrics.
    pub metrics: Metrics,
    /// Health.
    pub health: Health,
    /// Tells the time, in milliseconds since 1970.
    pub clock: fn() -> i64,
    /// Set to stop: the worker drains and returns.
    pub stop: Arc<AtomicBool>,
    /// How long the broker may take to answer at the start.
    pub connect_timeout: Duration,
    /// What the topics take, where the broker cannot be asked.
    pub rooms: Option<Rooms>,
    /// Spans for OpenTelemetry.
    pub spans: Spans,
}

/// Runs the stage until it is told to stop or cannot go on.
///
/// # Errors
/// [`WorkerError`] says what happened; whatever was not committed will be read again.
pub fn run(parts: Parts) -> Result<(), WorkerError> {
    let Parts {
        config,
        mut pipeline,
        metrics,
        health,
        clock,
        stop,
        connect_timeout,
        rooms,
        spans,
    } = parts;
    // Registering the transactional id ends what a killed process left open, so that all it published can be read.
    let Some(publisher) = connect(&config, connect_timeout, rooms, &stop)? else {
        return Ok(());
    };
    // So that a long rebuild of the index does not look like a broker that is away.
    health.set_broker_up(true, clock());
    let around = rebuild::Around {
        config: &config,
        metrics: &metrics,
        health: &health,
        clock,
        timeout: connect_timeout,
        stopping: &|| stop.load(Ordering::Acquire),
    };
    if !rebuild::rebuild(&mut pipeline, &around)? {
        return Ok(());
    }
    health.set_ready(Part::Index);
    let ownership = Arc::new(Ownership::new());
    let shared = Arc::new(Shared {
        ownership: ownership.clone(),
        metrics: metrics.clone(),
        health: health.clone(),
        clock,
        spans,
        stop,
        breaker: AtomicBool::new(false),
        output_room: AtomicUsize::new(publisher.rooms.output),
        failure: Mutex::new(None),
    });
    let source = Arc::new(Source::subscribe(
        &config,
        ownership,
        metrics,
        health.clone(),
        clock,
    )?);
    health.set_ready(Part::Source);
    let breaker = Breaker::new(BreakerLimits {
        max_ratio: config.dead_letter.max_ratio,
        window: config.dead_letter.window,
        max_consecutive: config.dead_letter.max_consecutive,
    });
    let read: Arc<Slot<Batch>> = Arc::default();
    let analysed: Arc<Slot<Analysed>> = Arc::default();
    let committer = Committer::new(
        &config,
        publisher,
        source.clone(),
        shared.clone(),
        breaker,
        pipeline.live(),
    );
    let threads = [
        spawn_analysis(
            pipeline,
            shared.clone(),
            config.retry.clone(),
            read.clone(),
            analysed.clone(),
        )?,
        spawn_commit(committer, shared.clone(), analysed)?,
    ];
    let limits = BatchLimits {
        messages: config.batch.messages,
        bytes: config.batch.bytes.len(),
        linger: config.batch.linger.duration(),
    };
    let mut reader = Reader {
        source,
        shared: shared.clone(),
        read,
        limits,
        open: Batch::default(),
        paused: false,
    };
    let outcome = reader.run(&threads);
    health.set_draining();
    let deadline = Instant::now() + config.shutdown.timeout.duration();
    let drained = reader.drain(&threads, deadline);
    // Whichever way it ends now: dropping the consumer must not wait for work that nobody does.
    reader.source.nothing_more_to_commit();
    if let Some(failure) = shared.take_failure() {
        return Err(failure);
    }
    outcome?;
    if !drained || !reader.close(deadline) {
        return Err(WorkerError::DrainDeadline);
    }
    Ok(())
}

/// Connects, and returns `None` when the process is asked to stop meanwhile: nothing was read yet, so there is nothing to wait for.
fn connect(
    config: &Config,
    timeout: Duration,
    rooms: Option<Rooms>,
    stop: &AtomicBool,
) -> Result<Option<Publisher>, WorkerError> {
    let (sender, receiver) = mpsc::channel();
    let config = config.clone();
    // The client library blocks while it connects.
    spawn("connect", move || {
        drop(sender.send(Publisher::connect(&config, timeout, rooms)));
    })?;
    loop {
        match receiver.recv_timeout(LOOK_FOR_STOP) {
            Ok(publisher) => return Ok(Some(publisher?)),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Acquire) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(WorkerError::Thread("connect".to_owned()));
            }
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, WorkerError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| WorkerError::Thread(format!("{name}: {error}")))
}

fn spawn_analysis(
    mut pipeline: Pipeline,
    shared: Arc<Shared>,
    retry: RetryConfig,
    read: Arc<Slot<Batch>>,
    analysed: Arc<Slot<Analysed>>,
) -> Result<JoinHandle<()>, WorkerError> {
    spawn("analyse", move || {
        let patience = Patience {
            health: &shared.health,
            clock: shared.clock,
            retry: &retry,
            // The deadline of the shutdown ends the wait, with the process.
            give_up: &|| shared.has_failed(),
        };
        while let Some(batch) = read.take() {
            let begun = SystemTime::now();
            pipeline.set_max_record_bytes(shared.output_room.load(Ordering::Acquire));
            let judged =
                patience.until_back(|| pipeline.process(&batch.messages, (shared.clock)()));
            let outcomes = match judged {
                Ok(Some(outcomes)) => outcomes,
                Ok(None) => break,
                Err(error) => {
                    shared.fail(error.into());
                    break;
                }
            };
            // The index must know what is about to be committed, or a crash in between would let a later copy pass as
            // unique.
            if let Err(error) = pipeline.flush((shared.clock)()) {
                shared.fail(error.into());
                break;
            }
            let holdings = batch.holdings();
            if analysed
                .put(
                    Analysed {
                        batch,
                        outcomes,
                        holdings,
                        analysis: (begun, SystemTime::now()),
                    },
                    FOR_EVER,
                )
                .is_err()
            {
                break;
            }
        }
        analysed.close();
        read.close();
    })
}

fn spawn_commit(
    committer: Committer,
    shared: Arc<Shared>,
    analysed: Arc<Slot<Analysed>>,
) -> Result<JoinHandle<()>, WorkerError> {
    spawn("commit", move || {
        if let Err(failure) = committer.run(&analysed) {
            shared.fail(failure.into());
        }
        analysed.close();
    })
}
