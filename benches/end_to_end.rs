//! Articles per second through a real broker: a bare pass-through beside the stage, in one run.
//!
//! `cargo bench --bench end_to_end [-- --articles 60000 --rounds 3]`
//!
//! Every candidate is a process of its own with the same client settings (those of `newsstage::config`), codec and batch
//! limits; the broker is the one of the tests. The rounds go through all candidates in turn, so that a noisy neighbour
//! hits all of them; medians are printed, and ratios are what to quote.

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
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use support::broker::Broker;
use support::client::{Outgoing, produce_with};
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
    let number = |name: &str, default: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1))
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let (articles, rounds) = (number("--articles", 60_000), number("--rounds", 3));
    let broker = Broker::shared();
    let bootstrap = broker.bootstrap();
    let input = topics::create_unique(&bootstrap, "bench-raw", PARTITIONS);
    let bytes = fill(&bootstrap, &input, articles);
    println!(
        "{articles} articles, {:.1} kB each, {PARTITIONS} partitions, lz4",
        bytes as f64 / articles as f64 / 1e3
    );
    let mut results: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    for round in 0..rounds {
        for (n, candidate) in CANDIDATES.iter().enumerate() {
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
    let ratio = |what: &str, a: &str, b: &str| println!("{what}: {:.2}", rate[a] / rate[b]);
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

/// Produces the articles and returns their bytes.
fn fill(bootstrap: &str, topic: &str, articles: usize) -> usize {
    let mut total = 0;
    let vocabularies = [vocabulary(false), vocabulary(true)];
    for chunk in 0..articles.div_ceil(5_000) {
        let from = chunk * 5_000;
        let records: Vec<Outgoing> = (from..articles.min(from + 5_000))
            .map(|n| {
                let payload = article(n, &vocabularies);
                total += payload.len();
                Outgoing::keyed(format!("key-{n}"), payload)
                    .to((n % usize::from(PARTITIONS)) as i32)
            })
            .collect();
        let properties = [
            ("bootstrap.servers", bootstrap),
            ("compression.type", "lz4"),
            ("linger.ms", "20"),
        ];
        produce_with(&properties, topic, &records);
    }
    total
}

/// The running words of the bundled articles in one script: random draws from them have the frequencies of real text,
/// and compress like it (lz4 takes them to a little over half).
fn vocabulary(arabic: bool) -> Vec<&'static str> {
    include_str!("../src/cli/demo/articles.ndjson")
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() > 1)
        .filter(|word| {
            let first = word.chars().next().map_or(0, u32::from);
            if arabic {
                (0x0620..0x06d0).contains(&first)
            } else {
                first < 0x80
            }
        })
        .collect()
}

/// An article of about 3 kB, in English or Arabic in turn; every fifth repeats an earlier story at another address.
fn article(n: usize, [english, arabic]: &[Vec<&'static str>; 2]) -> String {
    let story = if n % 5 == 4 { n - 4 } else { n };
    let (words, sentences) = if story % 2 == 0 {
        (english, 28)
    } else {
        (arabic, 16)
    };
    let mut seed = story as u64 + 1;
    let mut draw = |count: usize| -> Vec<&str> {
        (0..count)
            .map(|_| {
                // Knuth's MMIX generator; the high bits are the good ones.
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                words[(seed >> 33) as usize % words.len()]
            })
            .collect()
    };
    let title = draw(9).join(" ");
    let body: Vec<String> = (0..sentences)
        .map(|_| format!("{}.", draw(15).join(" ")))
        .collect();
    let paragraphs: Vec<String> = body
        .chunks(3)
        .map(|sentences| sentences.join(" "))
        .collect();
    serde_json::json!({
        "url": format!("https://news{}.example/story/{n}", n % 37),
        "title": title,
        "maintext": paragraphs.join("\n"),
        "language": null,
        "date_publish": "2026-11-20 08:30:00",
        "authors": ["A. Writer"],
    })
    .to_string()
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
    let asker = Asker::new(bootstrap, &group);
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

/// Lets all threads of a process run on these CPUs only; `None` is all.
fn pin(pid: u32, cpus: Option<&str>) {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let all = format!("0-{}", count.saturating_sub(1));
    let status = Command::new("taskset")
        .args(["-acp", cpus.unwrap_or(&all), &pid.to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("taskset").success(), "taskset {pid}");
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

/// Asks the broker how far a candidate is, over one connection.
struct Asker(BaseConsumer);

impl Asker {
    fn new(bootstrap: &str, group: &str) -> Self {
        let mut client = ClientConfig::new();
        Self(
            client
                .set("bootstrap.servers", bootstrap)
                .set("group.id", group)
                .create()
                .expect("a consumer"),
        )
    }

    fn committed(&self, topic: &str) -> usize {
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition_range(topic, 0, i32::from(PARTITIONS) - 1);
        // A group that is just being made has no coordinator for a moment.
        let Ok(committed) = self.0.committed_offsets(wanted, Duration::from_secs(10)) else {
            return 0;
        };
        committed
            .elements()
            .iter()
            .filter_map(|element| element.offset().to_raw())
            .map(|n| n.max(0) as usize)
            .sum()
    }

    fn written(&self, topic: &str) -> usize {
        let end = |partition| {
            self.0
                .fetch_watermarks(topic, partition, Duration::from_secs(10))
                .expect("an end")
                .1
        };
        (0..i32::from(PARTITIONS))
            .map(|partition| end(partition).max(0) as usize)
            .sum()
    }
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

/// User and system time of a process, in seconds (proc(5), fields 14 and 15; 100 ticks a second on Linux).
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

fn peak_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
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
    let info = ProcessInfo {
        version: String::new(),
        revision: String::new(),
        config_fingerprint: String::new(),
        started_ms: 0,
    };
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
