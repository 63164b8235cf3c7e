//! `newsstage run`: the service.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::reload::{Hangups, Watcher};
use super::{ConfigArgs, Exit, load_for_run, now_ms, process_info, queries, say};
use crate::admin::{self, AdminState, LiveState};
use crate::config::Config;
use crate::health::{Health, Part};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::pipeline::{Pipeline, PipelineError};
use crate::telemetry;
use crate::worker::spans::Spans;
use crate::worker::{self, Parts};

/// How long the broker may take to answer at the start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

pub fn main(args: &ConfigArgs) -> Exit {
    let config = match load_for_run(args) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let log = telemetry::init(log_format(config.log.format), &config.log.filter);
    let _guard = match log {
        Ok(guard) => guard,
        Err(error) => {
            say(&format!("{error}\n"));
            return Exit::Config;
        }
    };
    match serve(args, config) {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

fn log_format(format: crate::config::LogFormat) -> telemetry::LogFormat {
    match format {
        crate::config::LogFormat::Auto => telemetry::LogFormat::Auto,
        crate::config::LogFormat::Json => telemetry::LogFormat::Json,
        crate::config::LogFormat::Text => telemetry::LogFormat::Text,
    }
}

fn serve(args: &ConfigArgs, config: Config) -> Result<(), Exit> {
    let info = process_info(&config);
    tracing::info!(
        version = info.version,
        config = info.config_fingerprint,
        input = config.input.topic,
        output = config.output.topic,
        dead_letter = config.dead_letter.topic,
        group = config.kafka.group,
        delivery = ?config.delivery,
        "starting"
    );
    let metrics = Metrics::new(&info);
    let stalled_after = i64::try_from(config.liveness.stalled_after.millis()).unwrap_or(i64::MAX);
    let health = Health::new(now_ms(), stalled_after);
    health.set_ready(Part::Config);
    let stop = Arc::new(AtomicBool::new(false));
    let hangups = Hangups::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .thread_name("admin")
        .build()
        .map_err(|error| failed(Exit::Software, "runtime", &error))?;
    runtime
        .block_on(listen_to_signals(stop.clone(), hangups.clone()))
        .map_err(|error| failed(Exit::Software, "signals", &error))?;
    let live = Live::new(&config.admin.live, metrics.clone(), now_ms());
    if config.admin.enabled {
        let listener = runtime
            .block_on(admin::bind(&config.admin.listen))
            .map_err(|error| failed(Exit::Failure, "admin.listen", &error))?;
        let state = AdminState {
            metrics: metrics.clone(),
            health: health.clone(),
            clock: now_ms,
            listen: config.admin.listen.clone(),
            live: LiveState::new(live.clone(), &config.admin.live, metrics.clone(), now_ms()),
        };
        serve_admin(&runtime, listener, state);
    }
    let (mut pipeline, report) =
        Pipeline::new(&config, metrics.clone(), now_ms()).map_err(|error| {
            let exit = if matches!(error, PipelineError::Index(_)) {
                Exit::InputOutput
            } else {
                Exit::Config
            };
            failed(exit, "pipeline", &error)
        })?;
    pipeline.set_live(live);
    tracing::info!(?report, path = %config.dedup.path.display(), backend = ?config.dedup.backend, "duplicate index open");
    if let Some(loader) = pipeline.take_query_loader() {
        queries::watch(loader, &config, hangups.clone(), stop.clone())?;
    }
    let watcher = Watcher::new(args, &config, pipeline.reloader(), metrics.clone());
    watcher.start(hangups, stop.clone())?;
    let spans = Spans::open(&config).map_err(|error| failed(Exit::Config, "tracing", &error))?;
    let parts = Parts {
        config,
        pipeline,
        metrics,
        health,
        clock: now_ms,
        stop,
        connect_timeout: CONNECT_TIMEOUT,
        rooms: None,
        spans: spans.clone(),
    };
    let ended = worker::run(parts);
    spans.close();
    match ended {
        Ok(()) => {
            tracing::info!("stopped");
            Ok(())
        }
        Err(error) => {
            let code = Exit::from(&error);
            tracing::error!(%error, exit = code as u8, "stopping");
            // A thread may still wait for the broker, and the client library may hang in its destructor; what was not
            // committed is read again by whoever comes next.
            exit(code as i32);
        }
    }
}

fn failed(exit: Exit, what: &str, error: &dyn std::fmt::Display) -> Exit {
    tracing::error!(what, %error, exit = exit as u8, "cannot start");
    exit
}

/// The first SIGTERM or SIGINT asks for an orderly end, the second ends the process. SIGHUP asks for a reload.
pub(super) async fn listen_to_signals(
    stop: Arc<AtomicBool>,
    hangups: Hangups,
) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            hangups.add();
        }
    });
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if stop.swap(true, Ordering::AcqRel) {
                tracing::warn!(
                    signal = name,
                    "second signal: ending at once; unfinished work will be read again"
                );
                exit(Exit::Interrupted as i32);
            }
            tracing::info!(signal = name, "asked to stop");
        }
    });
    Ok(())
}

pub(super) fn serve_admin(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    state: AdminState,
) {
    let address = listener
        .local_addr()
        .map_or_else(|_| state.listen.clone(), |address| address.to_string());
    tracing::info!(admin = format!("http://{address}"), "admin listening");
    runtime.spawn(async move {
        if let Err(error) = admin::serve(listener, state, std::future::pending()).await {
            tracing::error!(%error, "admin server ended");
        }
    });
}
