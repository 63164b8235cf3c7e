//! The thread that looks after stored queries while the stage runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cli::Exit;
use crate::cli::reload::Hangups;
use crate::config::Config;
use crate::kafka::queries::QueryTopic;
use crate::topics::query::QueryLoader;

/// How long the broker may take to answer at the start, and the topic to be read.
const START: Duration = Duration::from_secs(60);
/// Longest sleep before the thread looks whether it must end.
const NAP: Duration = Duration::from_millis(200);

/// Reads the topic of queries, where there is one, and starts the thread that loads what changes.
///
/// # Errors
/// When the topic cannot be read: articles without their queries would be wrong.
pub fn watch(
    mut loader: QueryLoader,
    config: &Config,
    hangups: Hangups,
    stop: Arc<AtomicBool>,
) -> Result<(), Exit> {
    let mut topic = match &config.topics.queries_topic {
        None => None,
        Some(name) => {
            loader.use_topic(name);
            Some(read_topic(&mut loader, config, name)?)
        }
    };
    let pause = Duration::from_secs(u64::from(config.topics.queries_poll_seconds));
    std::thread::Builder::new()
        .name("queries".to_owned())
        .spawn(move || {
            let mut next = Instant::now() + pause;
            let mut seen = 0;
            while !stop.load(Ordering::Acquire) {
                let changed = match &mut topic {
                    Some(topic) => topic.read(|key, value| loader.record(key, value)) > 0,
                    None => false,
                };
                if hangups.is_new(&mut seen) {
                    next = Instant::now();
                }
                // A burst of records is one load.
                if !changed && Instant::now() >= next {
                    loader.poll();
                    next = Instant::now() + pause;
                }
                std::thread::sleep(NAP.min(next.saturating_duration_since(Instant::now())));
            }
        })
        .map(drop)
        .map_err(|error| {
            tracing::error!(%error, "cannot start the thread of the queries");
            Exit::Software
        })
}

fn read_topic(loader: &mut QueryLoader, config: &Config, name: &str) -> Result<QueryTopic, Exit> {
    let failed = |reason: &dyn std::fmt::Display, exit: Exit| {
        tracing::error!(topic = name, %reason, exit = exit as u8, "cannot read the queries");
        exit
    };
    let mut topic = QueryTopic::open(config, name, START)
        .map_err(|failure| failed(&failure, Exit::from(&failure)))?;
    let started = Instant::now();
    while !topic.is_complete() {
        topic.read(|key, value| loader.record(key, value));
        if started.elapsed() > START {
            return Err(failed(
                &"it was not read to its end within a minute",
                Exit::Unavailable,
            ));
        }
    }
    loader.poll();
    Ok(topic)
}
