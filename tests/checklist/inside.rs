//! The library inside the test's own process: where errors are put in, or single steps are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use newsstage::cli::Exit;
use newsstage::config::{AdminConfig, Config, TimeSpan};
use newsstage::health::Health;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::Pipeline;
use newsstage::worker::publisher::Rooms;
use newsstage::worker::{self, Parts, WorkerError};

use crate::scene::Scene;
use crate::support::process::{PATIENCE, metric};
use crate::support::wait_for;

/// What the mock cluster takes; it cannot be asked.
const ROOM: usize = 1_000_000;

/// The clock that the program uses, too.
pub fn now_ms() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_millis()).expect("a time")
}

/// Metrics of a process without a name.
pub fn new_metrics() -> Metrics {
    Metrics::new(&ProcessInfo::default())
}

/// The settings of a stage in the scene, for the replica of this name.
pub fn settings(scene: &Scene, instance: &str) -> Config {
    let mut config = Config::default();
    config.kafka.brokers.clone_from(&scene.bootstrap);
    config.kafka.group.clone_from(&scene.group);
    config.kafka.instance = Some(instance.to_owned());
    config.kafka.session_timeout = TimeSpan::from_secs(6);
    config.kafka.properties.set("statistics.interval.ms", "200");
    config.input.topic.clone_from(&scene.input);
    config.output.topic.clone_from(&scene.output);
    config.dead_letter.topic.clone_from(&scene.dead);
    config.dedup.path = scene.config.folder().join(instance);
    config.dedup.fsync = false;
    config.admin = AdminConfig {
        enabled: false,
        ..AdminConfig::default()
    };
    config
}

/// A running stage: everything that `newsstage run` runs except its signals and its HTTP.
pub struct Worker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), WorkerError>>>,
    metrics: Metrics,
}

impl Worker {
    #[track_caller]
    pub fn start(config: Config) -> Self {
        let metrics = new_metrics();
        let stop = Arc::new(AtomicBool::new(false));
        let (pipeline, _) = Pipeline::new(&config, metrics.clone(), now_ms()).expect("a pipeline");
        let parts = Parts {
            config,
            pipeline,
            metrics: metrics.clone(),
            health: Health::new(now_ms(), 60_000),
            clock: now_ms,
            stop: stop.clone(),
            connect_timeout: Duration::from_secs(30),
            spans: Default::default(),
            rooms: Some(Rooms {
                output: ROOM,
                dead_letter: ROOM,
            }),
        };
        let thread = Some(std::thread::spawn(move || worker::run(parts)));
        Self {
            stop,
            thread,
            metrics,
        }
    }

    /// As [`Stage::metric`](crate::support::process::Stage::metric).
    pub fn metric(&self, name: &str, labels: &[&str]) -> Option<f64> {
        metric(&self.metrics.encode(), name, labels)
    }

    /// Waits until it owns partitions.
    #[track_caller]
    pub fn wait_assigned(&self) {
        wait_for("partitions", PATIENCE, || {
            assert!(
                !self.thread.as_ref().is_some_and(JoinHandle::is_finished),
                "it ended"
            );
            self.metric("newsstage_assigned_partitions", &[]) > Some(0.0)
        });
    }

    /// Waits for its end, and returns the exit code that the program would have.
    #[track_caller]
    pub fn exit_code(mut self) -> u8 {
        wait_for("the end", PATIENCE, || {
            self.thread.as_ref().is_some_and(JoinHandle::is_finished)
        });
        let ended = self
            .thread
            .take()
            .expect("it was running")
            .join()
            .expect("no panic");
        ended.map_or_else(|error| Exit::from(&error) as u8, |()| 0)
    }

    /// Asks it to stop, and waits for its end.
    #[track_caller]
    pub fn stop(self) -> u8 {
        self.stop.store(true, Ordering::Release);
        self.exit_code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // When a test fails, its failure is what counts.
            drop(thread.join());
        }
    }
}
