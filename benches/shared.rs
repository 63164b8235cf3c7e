//! The shared index on a real server: articles per second, bytes of the server's memory for each, and how long a batch keeps other
//! replicas out.
//!
//! `cargo bench --bench shared -- [--articles N] [--batch N] [--replicas N] [--cluster]`
//!
//! Articles of some 400 words, every fifth a copy, are judged in batches, by one replica or several at once, beside the embedded index
//! in memory. The time of a batch is that of recall, look-ups, verdicts and writing, without reading and text.

#[path = "../tests/shared_index/desk.rs"]
mod desk;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use desk::{Desk, NOW, Sheet, article, open, prose, settings};
use newsstage::dedup::{DedupIndex, DedupSettings};
use support::valkey::{Mode, Valkey};

struct Options {
    articles: usize,
    batch: usize,
    replicas: usize,
    mode: Mode,
}

impl Options {
    fn read() -> Self {
        let given: Vec<String> = std::env::args().collect();
        let number = |name: &str, default: usize| {
            let at = given.iter().position(|argument| argument == name);
            let value = at.and_then(|at| given.get(at + 1));
            value.map_or(default, |value| value.parse().expect("a number"))
        };
        Self {
            articles: number("--articles", 100_000),
            batch: number("--batch", 1_000),
            replicas: number("--replicas", 1),
            mode: match given.iter().any(|argument| argument == "--cluster") {
                true => Mode::Cluster,
                false => Mode::Single,
            },
        }
    }
}

fn sheets(desk: &Desk, replica: usize, batch: usize, size: usize) -> Vec<Sheet> {
    (batch * size..(batch + 1) * size)
        .map(|number| {
            // Copies are of stories that the other replicas may have.
            let story = if number % 5 == 4 {
                number as u64 / 2
            } else {
                ((replica as u64) << 32) + number as u64
            };
            let id = format!("r{replica}n{number}");
            let value = article(&id, number % 40, &prose(story * 77, 400));
            desk.sheet(replica as i32, number as i64, &value)
        })
        .collect()
}

/// Time in the index, and each batch's under the lease.
struct Times {
    working: Duration,
    held: Vec<Duration>,
}

fn work(desk: &Desk, index: &mut DedupIndex, replica: usize, options: &Options) -> Times {
    let mut times = Times {
        working: Duration::ZERO,
        held: Vec::new(),
    };
    let batches = options.articles / options.batch / options.replicas;
    for batch in 0..batches {
        let sheets = sheets(desk, replica, batch, options.batch);
        let begin = Instant::now();
        drop(desk.judge_at_last(index, &sheets, NOW + batch as i64));
        times.working += begin.elapsed();
        times.held.extend(index.held());
    }
    times.held.sort_unstable();
    times
}

fn used_memory(servers: &DedupSettings) -> u64 {
    let (servers, _) = newsstage::dedup::inspect(&servers.shared).expect("the server answers");
    servers.iter().map(|server| server.memory_bytes).sum()
}

fn main() {
    let options = Options::read();
    let server = Valkey::start(options.mode);
    let desk = Desk::new(settings(&server, options.mode));
    drop(open(&desk.settings));
    let before = used_memory(&desk.settings);
    let begin = Instant::now();
    let times: Vec<Times> = std::thread::scope(|scope| {
        let (desk, options) = (&desk, &options);
        let replicas: Vec<_> = (0..options.replicas)
            .map(|replica| {
                scope.spawn(move || work(desk, &mut open(&desk.settings), replica, options))
            })
            .collect();
        let ended = replicas.into_iter().map(|thread| thread.join());
        ended.map(|times| times.expect("a replica")).collect()
    });
    let all = begin.elapsed();
    let bytes = (used_memory(&desk.settings) - before) / options.articles as u64;
    let mut embedded = DedupIndex::in_memory(&DedupSettings::default());
    let alone = Options {
        replicas: 1,
        articles: options.articles.min(20_000),
        ..options
    };
    let reference = work(&desk, &mut embedded, 0, &alone);
    let each = |time: Duration, articles: usize| time.as_secs_f64() * 1e6 / articles as f64;
    println!(
        "{} articles, {:?}, {} replicas, batches of {}",
        options.articles, options.mode, options.replicas, options.batch
    );
    println!(
        "all, with reading and text: {:.0} articles/s",
        options.articles as f64 / all.as_secs_f64()
    );
    println!("bytes of the server's memory: {bytes} each");
    for (replica, times) in times.iter().enumerate() {
        let at = |share: f64| times.held[((times.held.len() - 1) as f64 * share) as usize];
        let articles = options.articles / options.replicas;
        println!(
            "replica {replica}: {:.0} µs an article with waiting; lease held for {:.1?} (median), {:.1?} (p99) a batch",
            each(times.working, articles),
            at(0.5),
            at(0.99),
        );
    }
    println!(
        "embedded, in memory: {:.0} µs an article",
        each(reference.working, alone.articles)
    );
}
