//! Articles per second through a real broker: a bare pass-through beside the stage, in one run.
//!
//! `cargo bench --bench end_to_end [-- --articles 60000 --rounds 3 --only "pass|off"]`
//!
//! Every candidate is a process of its own with the same client settings (those of `newsstage::config`), codec and batch
//! limits; the broker is the one of the tests. The rounds go through all candidates in turn, so that a noisy neighbour
//! hits all of them; medians are printed, and ratios are what to quote.

mod stream;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use newsstage::config::{Config, Delivery, Sources};
use newsstage::health::Health;
use newsstage::kafka::oauth::TokenSource;
use newsstage::kafka::ownership::Ownership;
use newsstage::kafka::producer::{Producer, Record};
use newsstage::kafka::source::Source;
use newsstage::kafka::{client_config, error::KafkaFailure};
use newsstage::metrics::{Metrics, ProcessInfo};
use stream::articles::fill;
use stream::{Asker, cpu_seconds, option, peak_mib, pin};
use support::broker::Broker;
use support::topics;

const PARTITIONS: u16 = 8;

/// A way to carry the articles over.
struct Candidate {
    name: &'static str,
    /// `--set` arguments.
    sets: &'static [&'static str],
    /// The bare pass-through instead of the stage.
    bare: bool,
    /// CPUs that it and the broker may use together; `None` is all.
    cpus: Option<&'static str>,
}

const ALL_OFF: [&str; 3] = [
    "stages.dedup=false",
    "stages.language=false",
    "stages.topics=false",
];
const OFF: &[&str] = &[ALL_OFF[0], ALL_OFF[1], ALL_OFF[2]];
const OFF_AT_LEAST_ONCE: &[&str] = &[ALL_OFF[0], ALL_OFF[1], ALL_OFF[2], "delivery=at_least_once"];
const AT_LEAST_ONCE: &[&str] = &["delivery=at_least_once"];
/// Without work, batches of this size come every 130 ms or so.
const LARGE: [&str; 2] = ["batch.messages=8000", "batch.bytes=32MiB"];
const OFF_LARGE: &[&str] = &[ALL_OFF[0], ALL_OFF[1], ALL_OFF[2], LARGE[0], LARGE[1]];
const OFF_LARGE_AT_LEAST_ONCE: &[&str] = &[
    ALL_OFF[0],
    ALL_OFF[1],
    ALL_OFF[2],
    LARGE[0],
    LARGE[1],
    AT_LEAST_ONCE[0],
];
const ONE_THREAD: &[&str] = &["threads=1"];
const TWO_THREADS: &[&str] = &["threads=2"];

const CANDIDATES: &[Candidate] = &[
    Candidate {
        name: "pass-through, exactly once",
        sets: &[],
        bare: true,
        cpus: None,
    },
    Candidate {
        name: "pass-through, at least once",
        sets: AT_LEAST_ONCE,
        bare: true,
        cpus: None,
    },
    Candidate {
        name: "stages off, exactly once",
        sets: OFF,
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages off, at least once",
        sets: OFF_AT_LEAST_ONCE,
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages off, exactly once, large batches",
        sets: OFF_LARGE,
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages off, at least once, large batches",
        sets: OFF_LARGE_AT_LEAST_ONCE,
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages on, exactly once",
        sets: &[],
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages on, at least once",
        sets: AT_LEAST_ONCE,
        bare: false,
        cpus: None,
    },
    Candidate {
        name: "stages on, one core with the broker",
        sets: ONE_THREAD,
        bare: false,
        cpus: Some("0"),
    },
    Candidate {
        name: "stages on, two cores with the broker",
        sets: TWO_THREADS,
        bare: false,
        cpus: Some("0,1"),
    },
];

#[derive(Debug, Clone, Copy)]
struct Figures {
    per_second: f64,
    cpu_us: f64,
    peak_mib: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments
        .iter()
        .position(|argument| argument == "--pass-through")
    {
        let sets = arguments[at + 1..].to_vec();
        pass_through(&sets).expect("the pass-through works");
        return;
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("end_to_end: run it with cargo bench");
        return;
    }
    let (articles, rounds) = (option("--articles", 60_000), option("--rounds", 3));
    let only: String = option("--only", String::new());
    let broker = Broker::shared();
    let bootstrap = broker.bootstrap();
    let input = topics::create_unique(&bootstrap, "bench-raw", PARTITIONS);
    let bytes = fill(&bootstrap, &input, PARTITIONS, 0..articles);
    println!(
        "{articles} articles, {:.1} kB each, {PARTITIONS} partitions, lz4",
        bytes as f64 / articles as f64 / 1e3
    );
    let mut results: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    for round in 0..rounds {
        for (n, candidate) in CANDIDATES.iter().enumerate() {
            if !only.split('|').any(|part| candidate.name.contains(part)) {
                continue;
            }
            pin(broker.pid(), candidate.cpus);
            let figures = measure(candidate, &bootstrap, &input, articles);
            eprintln!(
                "round {round} {:<36} {:>8.0} articles/s",
                candidate.name, figures.per_second
            );
            results.entry(n).or_default().push(figures);
        }
    }
    report(&results);
}

fn report(results: &BTreeMap<usize, Vec<Figures>>) {
    let median = |figures: &[Figures], value: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("| candidate | articles/s | CPU µs/article | peak MiB |\n|---|---:|---:|---:|");
    let mut rate = BTreeMap::new();
    for (n, figures) in results {
        let name = CANDIDATES[*n].name;
        let per_second = median(figures, |f| f.per_second);
        let (cpu, peak) = (
            median(figures, |f| f.cpu_us),
            median(figures, |f| f.peak_mib),
        );
        rate.insert(name, per_second);
        println!("| {name} | {per_second:.0} | {cpu:.1} | {peak:.0} |");
    }
    let ratio = |what: &str, a: &str, b: &str| {
        if let (Some(a), Some(b)) = (rate.get(a), rate.get(b)) {
            println!("{what}: {:.2}", a / b);
        }
    };
    println!();
    ratio(
        "stages off / pass-through, exactly once",
        "stages off, exactly once",
        "pass-through, exactly once",
    );
    ratio(
        "stages off / pass-through, at least once",
        "stages off, at least once",
        "pass-through, at least once",
    );
    ratio(
        "exactly once / at least once, stages off",
        "stages off, exactly once",
        "stages off, at least once",
    );
    ratio(
        "exactly once / at least once, stages off, large batches",
        "stages off, exactly once, large batches",
        "stages off, at least once, large batches",
    );
    ratio(
        "exactly once / at least once, stages on",
        "stages on, exactly once",
        "stages on, at least once",
    );
    ratio(
        "two cores / one core, stages on",
        "stages on, two cores with the broker",
        "stages on, one core with the broker",
    );
}

/// A candidate, which does not outlive a failed measurement.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn measure(candidate: &Candidate, bootstrap: &str, input: &str, articles: usize) -> Figures {
    let output = topics::create_unique(bootstrap, "bench-out", PARTITIONS);
    let dead = topics::create_unique(bootstrap, "bench-dead", 1);
    let group = topics::unique("bench");
    let folder = tempfile::tempdir().expect("a folder");
    let mut sets = vec![
        format!("input.topic={input}"),
        format!("output.topic={output}"),
        format!("dead_letter.topic={dead}"),
        format!("kafka.brokers={bootstrap}"),
        format!("kafka.group={group}"),
        format!("kafka.instance={group}"),
        format!("dedup.path={}", folder.path().join("index").display()),
        "admin.enabled=false".to_owned(),
        "log.filter=warn".to_owned(),
    ];
    sets.extend(candidate.sets.iter().map(|set| (*set).to_owned()));
    let mut child = Running(start(candidate, &sets));
    // Under at least once offsets are committed once a second, but every record in the output counts; under exactly once
    // the output also holds transaction markers, but the offsets are exact.
    let at_least_once = candidate.sets.contains(&"delivery=at_least_once");
    let asker = Asker::new(bootstrap, &group, PARTITIONS);
    let done = || {
        if at_least_once {
            asker.written(&output)
        } else {
            asker.committed(input)
        }
    };
    let figures = watch(&mut child.0, done, articles);
    let pid = child.0.id().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    child.0.wait().expect("it ends");
    for topic in [&output, &dead] {
        topics::delete(bootstrap, topic);
    }
    figures
}

fn start(candidate: &Candidate, sets: &[String]) -> Child {
    let program = if candidate.bare {
        std::env::current_exe().expect("own path")
    } else {
        env!("CARGO_BIN_EXE_newsstage").into()
    };
    let mut command = match candidate.cpus {
        Some(cpus) => {
            let mut command = Command::new("taskset");
            command.args(["-c", cpus]).arg(&program);
            command
        }
        None => Command::new(&program),
    };
    if candidate.bare {
        command.arg("--pass-through").args(sets);
    } else {
        command
            .arg("run")
            .args(sets.iter().flat_map(|set| ["--set", set]));
    }
    command.stdout(Stdio::null()).spawn().expect("it starts")
}

/// Watches until all articles are through. The clock runs from the first that are seen.
fn watch(child: &mut Child, done: impl Fn() -> usize, articles: usize) -> Figures {
    let deadline = Instant::now() + Duration::from_secs(300);
    let mut first: Option<(Instant, usize, f64)> = None;
    loop {
        assert!(Instant::now() < deadline, "too slow");
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended early"
        );
        let (count, cpu) = (done(), cpu_seconds(child.id()));
        let now = Instant::now();
        match first {
            None if count > 0 => first = Some((now, count, cpu)),
            Some((start, before, cpu_before)) if count >= articles => {
                let carried = (count - before) as f64;
                return Figures {
                    per_second: carried / (now - start).as_secs_f64(),
                    cpu_us: (cpu - cpu_before) * 1e6 / carried,
                    peak_mib: peak_mib(child.id()),
                };
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Consume, produce, commit; nothing else. The settings are those of the stage.
fn pass_through(sets: &[String]) -> Result<(), KafkaFailure> {
    let sources = Sources {
        sets: sets.to_vec(),
        ..Sources::default()
    };
    let config = Config::load(&sources)
        .map_err(|errors| KafkaFailure::Settings(errors.to_string()))?
        .config;
    let info = ProcessInfo::default();
    let ownership = Arc::new(Ownership::new());
    let metrics = Metrics::new(&info);
    let source = Source::subscribe(
        &config,
        ownership.clone(),
        metrics,
        Health::new(0, 60_000),
        || 0,
    )?;
    let client = client_config(&config, newsstage::config::Role::Producer);
    let mut producer = Producer::new(&client, TokenSource::new(&config))?;
    let exactly_once = config.delivery == Delivery::ExactlyOnce;
    if exactly_once {
        producer.init_transactions(Duration::from_secs(30))?;
    }
    let output: Arc<str> = config.output.topic.as_str().into();
    while Path::new("/proc/self").exists() {
        let mut batch = Vec::new();
        let (mut bytes, mut opened) = (0, None::<Instant>);
        while batch.len() < config.batch.messages && bytes < config.batch.bytes.len() {
            if opened.is_some_and(|opened| opened.elapsed() >= config.batch.linger.duration()) {
                break;
            }
            if let Some((message, epoch)) = source.poll(Duration::from_millis(10))? {
                opened.get_or_insert_with(Instant::now);
                bytes += message.payload.as_ref().map_or(0, Vec::len);
                batch.push((message, epoch));
            }
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        if exactly_once {
            producer.begin()?;
        }
        producer.reset();
        let mut next = BTreeMap::new();
        for (message, epoch) in batch {
            next.insert(
                (message.position.partition, epoch),
                message.position.offset + 1,
            );
            let record = Record {
                topic: output.clone(),
                partition: None,
                key: message.key,
                value: message.payload,
                headers: message.headers,
                timestamp_ms: message.timestamp_ms,
            };
            producer
                .send(&record, deadline)
                .map_err(|undelivered| KafkaFailure::Abort(undelivered.reason))?;
        }
        let failed = producer
            .wait_delivered(deadline)
            .map_err(|n| KafkaFailure::Abort(n.to_string()))?;
        assert!(failed.is_empty(), "{failed:?}");
        if exactly_once {
            let group = source
                .group_metadata()
                .ok_or_else(|| KafkaFailure::Abort("no group".to_owned()))?;
            producer.send_offsets(&source.offset_list(&next)?, &group, deadline, || ())?;
            producer.commit(deadline, || ())?;
        } else {
            source.store(&next);
        }
    }
    Ok(())
}
