//! `newsstage demo`: the real source, pipeline and sink on a broker inside this process.
//!
//! The broker is librdkafka's mock cluster: it needs nothing installed, but it keeps only a few megabytes and does not
//! honour transactions, so the demo runs at least once. Nothing of it is kept.

mod broker;
mod live;
mod table;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::enrich::{self, Trouble};
use super::screen::Paint;
use super::{Exit, explain, now_ms, print, process_info, say};
use crate::article::{Message, Position};
use crate::config::{AdminConfig, ByteSize, Config, Delivery, RebalanceProtocol, TimeSpan};
use crate::health::{Health, Part};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::worker::publisher::Rooms;
use crate::worker::{self, Parts};
use broker::{Broker, DEAD_LETTER, INPUT, OUTPUT, Seen};

/// The bundled articles: see `src/cli/demo/README.md`.
const ARTICLES: &str = include_str!("demo/articles.ndjson");
/// The article that is explained at the end.
const EXPLAINED: &str = "demo-ar-001-agg";
/// Longest the demo may take before it says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the mock cluster takes.
const ROOM: usize = 1_000_000;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Do not wait between the rows of the table.
    #[arg(long)]
    fast: bool,
    #[command(flatten)]
    live: live::LiveArgs,
}

pub fn main(args: &DemoArgs) -> Exit {
    demo(args).unwrap_or_else(|trouble| trouble.exit())
}

fn demo(args: &DemoArgs) -> Result<Exit, Trouble> {
    let terminal = std::io::stdout().is_terminal();
    let paint = Paint::new(terminal);
    if args.live.is_on() {
        return live::play(&args.live, paint);
    }
    let broker = Broker::start().map_err(|error| trouble(&error))?;
    let folder = tempfile::tempdir().map_err(|error| trouble(&error))?;
    let config = config(&broker, folder.path());
    let messages = messages();
    show(&format!(
        "{}\nAn embedded broker runs at {}; {} bundled articles go through topic {INPUT}.\n\
         It is librdkafka's mock cluster: for a look only, without exactly-once delivery.\n\n{}\n",
        paint.bold("newsstage demo"),
        broker.bootstrap(),
        messages.len(),
        table::head(paint),
    ))?;
    let crawler = broker.crawler().map_err(|error| trouble(&error))?;
    crawler.send(&messages).map_err(|error| trouble(&error))?;
    let stop = Arc::new(AtomicBool::new(false));
    let process = Process::new(&config);
    let worker = start(config.clone(), process, stop.clone())?;
    let seen = watch(
        &broker,
        messages.len(),
        &worker,
        args.fast || !terminal,
        paint,
    )?;
    stop.store(true, Ordering::Release);
    match worker.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(trouble(&error)),
        Err(_) => return Err(Trouble::Said(Exit::Software)),
    }
    show(&table::summary(&seen, paint))?;
    explained(&config, &messages, paint)?;
    show(&next_steps(paint))?;
    Ok(Exit::Success)
}

fn trouble(error: &dyn std::fmt::Display) -> Trouble {
    say(&format!("demo: {error}\n"));
    Trouble::Said(Exit::Failure)
}

fn show(text: &str) -> Result<(), Trouble> {
    match print(text) {
        Exit::Success => Ok(()),
        exit => Err(Trouble::Said(exit)),
    }
}

fn config(broker: &Broker, folder: &std::path::Path) -> Config {
    let mut config = Config::default();
    config.input.topic = INPUT.to_owned();
    config.output.topic = OUTPUT.to_owned();
    config.dead_letter.topic = DEAD_LETTER.to_owned();
    config.delivery = Delivery::AtLeastOnce;
    config.kafka.brokers = broker.bootstrap();
    config.kafka.group = "demo".to_owned();
    // The new protocol joins a group at once; the classic one waits three seconds on the mock cluster.
    config.kafka.rebalance = RebalanceProtocol::Consumer;
    config.batch.messages = 16;
    config.batch.bytes = ByteSize::from_mib(1);
    config.batch.linger = TimeSpan::from_millis(20);
    config.dedup.path = folder.join("index");
    config.admin = AdminConfig {
        enabled: false,
        ..AdminConfig::default()
    };
    config
}

/// The bundled articles, and the two messages that no text file can hold: bytes that are not UTF-8, and a tombstone.
fn messages() -> Vec<Message> {
    let lines = ARTICLES
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| Some(line.as_bytes().to_vec()));
    let broken = [Some(b"{\"title\":\"caf\xe9\"}".to_vec()), None];
    lines
        .chain(broken)
        .enumerate()
        .map(|(n, payload)| Message {
            position: Position {
                topic: INPUT.into(),
                partition: 0,
                offset: n as i64,
            },
            key: Some(format!("demo-{n}").into_bytes()),
            payload,
            headers: Vec::new(),
            timestamp_ms: Some(now_ms()),
        })
        .collect()
}

/// What the process tells of itself.
struct Process {
    metrics: Metrics,
    health: Health,
    live: Live,
}

impl Process {
    fn new(config: &Config) -> Self {
        let metrics = Metrics::new(&process_info(config));
        let health = Health::new(now_ms(), 60_000);
        health.set_ready(Part::Config);
        Self {
            health,
            live: Live::new(&config.admin.live, metrics.clone(), now_ms()),
            metrics,
        }
    }
}

type Worker = std::thread::JoinHandle<Result<(), worker::WorkerError>>;

fn start(config: Config, process: Process, stop: Arc<AtomicBool>) -> Result<Worker, Trouble> {
    let Process {
        metrics,
        health,
        live,
    } = process;
    let (mut pipeline, _) =
        Pipeline::new(&config, metrics.clone(), now_ms()).map_err(|error| trouble(&error))?;
    pipeline.set_live(live);
    let rooms = Some(Rooms {
        output: ROOM,
        dead_letter: ROOM,
    });
    let connect_timeout = Duration::from_secs(10);
    let parts = Parts {
        config,
        pipeline,
        metrics,
        health,
        clock: now_ms,
        stop,
        connect_timeout,
        rooms,
        spans: Default::default(),
    };
    std::thread::Builder::new()
        .name("worker".into())
        .spawn(move || worker::run(parts))
        .map_err(|error| trouble(&error))
}

/// Shows every record of the output and dead-letter topics as it comes, until all messages are accounted for.
fn watch(
    broker: &Broker,
    expected: usize,
    worker: &Worker,
    fast: bool,
    paint: Paint,
) -> Result<Vec<Seen>, Trouble> {
    let consumer = broker.reader().map_err(|error| trouble(&error))?;
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while seen.len() < expected {
        if Instant::now() > deadline || worker.is_finished() {
            return Err(trouble(&format!(
                "only {} of {expected} messages came through",
                seen.len()
            )));
        }
        if let Some(record) = broker::next(&consumer) {
            show(&table::row(&record, paint))?;
            seen.push(record);
            if !fast {
                std::thread::sleep(Duration::from_millis(30));
            }
        }
    }
    Ok(seen)
}

/// Explains one article by the production path, after those before it.
fn explained(config: &Config, messages: &[Message], paint: Paint) -> Result<(), Trouble> {
    let wanted = format!("\"id\": \"{EXPLAINED}\"");
    let compact = format!("\"id\":\"{EXPLAINED}\"");
    let holds = |message: &&Message| {
        let text = message
            .payload
            .as_deref()
            .map(String::from_utf8_lossy)
            .unwrap_or_default();
        text.contains(&wanted) || text.contains(&compact)
    };
    let Some(message) = messages.iter().find(holds) else {
        return Ok(());
    };
    let mut pipeline = enrich::pipeline(config.clone(), None)?;
    let before = usize::try_from(message.position.offset).unwrap_or(0);
    let earlier = &messages[..before.min(messages.len())];
    let judged = pipeline.process(earlier, now_ms());
    judged.map_err(enrich::index_trouble)?;
    let (text, _) = explain::render(&mut pipeline, message, false, paint);
    show(&format!(
        "\n{}\n\n{text}",
        paint.bold(&format!(
            "newsstage explain: why {EXPLAINED} got its verdicts"
        ))
    ))
}

fn next_steps(paint: Paint) -> String {
    format!(
        "\n{}\n  newsstage demo --live                                     the same in a browser, as it happens\n  newsstage enrich your-articles.ndjson > enriched.ndjson   your own crawler's output, no broker\n  \
         newsstage explain one-article.json                        why it got its verdicts\n  \
         newsstage check --config newsstage.toml                   before the first run on your Kafka\n",
        paint.bold("Try next"),
    )
}

#[cfg(test)]
mod tests;
