//! `newsstage demo --live`: the articles one by one, and the live view of the admin address beside them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use super::super::articles::Articles;
use super::super::enrich::{Trouble, unreadable};
use super::super::screen::Paint;
use super::super::{Exit, now_ms, run, say};
use super::broker::{self, Broker, Crawler, INPUT};
use super::{Process, config, messages, show, start, table, trouble};
use crate::admin::{self, AdminState, LiveState};
use crate::article::{Message, Position};
use crate::cli::reload::Hangups;
use crate::config::{AdminConfig, LiveConfig, TimeSpan};

/// How often a wait looks whether it should end.
const LOOK: Duration = Duration::from_millis(50);

/// Arguments of `demo --live`.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// Serve the live view while the articles come one by one, until Ctrl-C.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:9464")]
    live: Option<String>,
    /// Articles of your own instead of the bundled ones: NDJSON or JSON, a few megabytes.
    #[arg(long, value_name = "FILE", requires = "live")]
    articles: Option<PathBuf>,
    /// Time between two articles.
    #[arg(long, value_name = "TIME", default_value = "700ms", requires = "live")]
    pace: TimeSpan,
}

impl LiveArgs {
    pub(super) fn is_on(&self) -> bool {
        self.live.is_some()
    }
}

/// Plays the articles and stays until it is told to end.
pub(super) fn play(args: &LiveArgs, paint: Paint) -> Result<Exit, Trouble> {
    let broker = Broker::start().map_err(|error| trouble(&error))?;
    let folder = tempfile::tempdir().map_err(|error| trouble(&error))?;
    let mut config = config(&broker, folder.path());
    config.admin = AdminConfig {
        enabled: true,
        listen: args.live.clone().unwrap_or_default(),
        live: LiveConfig {
            enabled: true,
            ..LiveConfig::default()
        },
    };
    let articles = match &args.articles {
        None => messages(),
        Some(file) => {
            let opened = Articles::open(file, |_| {});
            let read = opened.and_then(|mut articles| articles.take(usize::MAX));
            read.map_err(|error| unreadable(file, &error))?
        }
    };
    let process = Process::new(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| trouble(&error))?;
    let stop = Arc::new(AtomicBool::new(false));
    runtime
        .block_on(run::listen_to_signals(stop.clone(), Hangups::default()))
        .map_err(|error| trouble(&error))?;
    let listener = runtime
        .block_on(admin::bind(&config.admin.listen))
        .map_err(|error| trouble(&error))?;
    let address = listener.local_addr().map_err(|error| trouble(&error))?;
    let state = AdminState {
        metrics: process.metrics.clone(),
        health: process.health.clone(),
        clock: now_ms,
        listen: config.admin.listen.clone(),
        live: LiveState::new(
            process.live.clone(),
            &config.admin.live,
            process.metrics.clone(),
            now_ms(),
        ),
    };
    run::serve_admin(&runtime, listener, state);
    show(&format!(
        "{}\n{} articles go through the stage, one by one. Look at them:\n\n  {}\n  newsstage tap --admin http://{address}\n  \
         newsstage top --admin http://{address}\n\nCtrl-C ends it.\n\n{}\n",
        paint.bold("newsstage demo --live"),
        articles.len(),
        paint.bold(&format!("http://{address}/live")),
        table::head(paint),
    ))?;
    let worker = start(config, process, stop.clone())?;
    let crawler = broker.crawler().map_err(|error| trouble(&error))?;
    let (pace, ends) = (args.pace.duration(), stop.clone());
    let writing = std::thread::spawn(move || write(&crawler, articles, pace, &ends));
    let reader = broker.reader().map_err(|error| trouble(&error))?;
    while !stop.load(Ordering::Acquire) && !worker.is_finished() {
        if let Some(record) = broker::next(&reader) {
            show(&table::row(&record, paint))?;
        }
    }
    stop.store(true, Ordering::Release);
    writing.join().ok();
    match worker.join() {
        Ok(Ok(())) => Ok(Exit::Success),
        Ok(Err(error)) => Err(trouble(&error)),
        Err(_) => Err(Trouble::Said(Exit::Software)),
    }
}

/// Writes one article after the other, as crawlers do.
fn write(crawler: &Crawler, articles: Vec<Message>, pace: Duration, stop: &AtomicBool) {
    for (offset, mut message) in (0_i64..).zip(articles) {
        message.position = Position {
            topic: INPUT.into(),
            partition: 0,
            offset,
        };
        message.timestamp_ms = Some(now_ms());
        if let Err(error) = crawler.send(&[message]) {
            say(&format!("demo: {error}\n"));
            return;
        }
        let mut left = pace;
        while !left.is_zero() {
            if stop.load(Ordering::Acquire) {
                return;
            }
            let part = left.min(LOOK);
            std::thread::sleep(part);
            left -= part;
        }
    }
}
