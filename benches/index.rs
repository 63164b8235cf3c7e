//! The storage of the dedup index: look-up, insert, pauses, size, memory, and opening, at a million and ten million
//! articles. `cargo bench --bench index -- [articles in millions, such as 1 10] [memory=2GiB] [folder=PATH]`

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use newsstage::dedup::DedupSettings;
use newsstage::dedup::store::{Base, Embedded, NewArticle, Posting};

/// Keys of an article.
const KEYS: u64 = 54;
/// Keys that a copy has from an earlier article.
const SHARED: u64 = 43;
/// Bytes of a record.
const RECORD: usize = 190;
const BATCH: u64 = 4_000;
/// Articles that are measured once the index is full and at rest.
const MEASURED: u64 = 20_000;

/// SplitMix64: evenly spread numbers from a counter.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Keys of an article, three in ten sharing four fifths of them with an earlier one.
fn keys(number: u64, out: &mut Vec<(u64, u8)>) {
    let chance = mix(number ^ 0x5bd1_e995);
    let source = match chance % 10 {
        0..3 if number > 0 => (chance >> 8) % number,
        _ => number,
    };
    out.clear();
    out.extend((0..KEYS).map(|place| {
        let from = if place < SHARED { source } else { number };
        (mix(from * KEYS + place), place as u8)
    }));
}

/// Times of single calls, in nanoseconds. Means and longest times suffer from whatever else the machine does, medians
/// and the thread's own work hardly.
#[derive(Default)]
struct Timer {
    taken: Vec<u32>,
    /// The longest that the processor worked for a call.
    longest_work: u64,
}

/// Nanoseconds that the processor has worked for this thread.
#[allow(unsafe_code)]
fn worked() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Timer {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (work_start, start) = (worked(), Instant::now());
        let value = work();
        let taken = start.elapsed().as_nanos();
        self.longest_work = self.longest_work.max(worked() - work_start);
        self.taken.push(u32::try_from(taken).unwrap_or(u32::MAX));
        value
    }

    fn median_us(&mut self) -> f64 {
        let middle = self.taken.len() / 2;
        if self.taken.is_empty() {
            return 0.0;
        }
        f64::from(*self.taken.select_nth_unstable(middle).1) / 1e3
    }

    fn mean_us(&self) -> f64 {
        self.taken
            .iter()
            .map(|taken| f64::from(*taken))
            .sum::<f64>()
            / self.taken.len().max(1) as f64
            / 1e3
    }

    /// The longest call in milliseconds, and of what the processor worked for one.
    fn longest(&self) -> String {
        let taken = f64::from(self.taken.iter().copied().max().unwrap_or(0)) / 1e6;
        format!("{taken:.1} ({:.1})", self.longest_work as f64 / 1e6)
    }
}

#[derive(Default)]
struct Times {
    sealed: Timer,
    head: Timer,
    push: Timer,
    flush: Timer,
    expire: Timer,
    found: u64,
}

impl Times {
    fn print(&mut self, what: &str) {
        let articles = self.push.taken.len().max(1) as f64;
        let mean = self.sealed.mean_us() + self.head.mean_us() + self.push.mean_us();
        let (sealed, head, push) = (
            self.sealed.median_us(),
            self.head.median_us(),
            self.push.median_us(),
        );
        println!(
            "  {what}: median {:.1} µs (look-up {sealed:.1} sealed, {head:.1} head; insert {push:.1}), mean {mean:.1}; \
             {:.1} postings found",
            sealed + head + push,
            self.found as f64 / articles,
        );
        println!(
            "    longest, and longest work, in ms: look-up {}, insert {}, expire {}, flush {}; flush of {BATCH}: median {:.1} ms",
            self.sealed.longest(),
            self.push.longest(),
            self.expire.longest(),
            self.flush.longest(),
            self.flush.median_us() / 1e3,
        );
    }
}

fn feed(index: &mut Embedded, numbers: std::ops::Range<u64>, times: &mut Times) {
    let record = [7_u8; RECORD];
    let (mut keyed, mut plain, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let end = numbers.end;
    for number in numbers {
        keys(number, &mut keyed);
        plain.clear();
        plain.extend(keyed.iter().map(|(key, _)| *key));
        times.sealed.time(|| {
            found.clear();
            index.batch_look_up(&plain, 8, &mut found);
        });
        times.head.time(|| {
            index.head_batch_look_up(&plain, &mut |place, posting: Posting| {
                found.push((place as u32, posting));
                ControlFlow::Continue(())
            });
        });
        times.found += found.len() as u64;
        times.push.time(|| {
            index.push(NewArticle {
                record: &record,
                keys: &keyed,
                arrived_ms: number as i64,
            })
        });
        if (number + 1) % BATCH == 0 || number + 1 == end {
            times.flush.time(|| index.flush()).expect("flush");
            times
                .expire
                .time(|| index.expire(number as i64))
                .expect("expire");
        }
    }
}

/// A line of `/proc/self/status`, in MiB.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok())
        .map_or(0, |kilobytes: u64| kilobytes / 1024)
}

fn print_memory() {
    println!(
        "  resident {} MiB, of which files {} MiB; at most {} MiB so far",
        status("VmRSS:"),
        status("RssFile:"),
        status("VmHWM:")
    );
}

fn measure(folder: &Path, articles: u64, memory: &str) {
    println!("{articles} articles, memory = {memory:?}");
    let settings = DedupSettings {
        path: folder.to_owned(),
        memory: memory.parse().expect("memory"),
        ..DedupSettings::default()
    };
    let (mut index, _) = Embedded::open(&settings, 0).expect("open");
    let mut times = Times::default();
    let begun = Instant::now();
    let next = index.next_article();
    feed(&mut index, next..articles, &mut times);
    times.print("while filling");
    println!(
        "  filled in {:.1} s, {} segments",
        begun.elapsed().as_secs_f64(),
        index.sealed().segments()
    );
    index.settle().expect("settle");
    println!(
        "  settled after {:.1} s: {} segments, {:.0} bytes of disk an article, {} MiB of memory by its own account",
        begun.elapsed().as_secs_f64(),
        index.sealed().segments(),
        index.disk_bytes() as f64 / index.len() as f64,
        index.memory_bytes() >> 20,
    );
    print_memory();
    for round in 1..=2 {
        let mut times = Times::default();
        let next = index.next_article();
        feed(&mut index, next..next + MEASURED, &mut times);
        times.print(&format!("full, round {round}"));
    }
    print_memory();
    let threads = 2;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let index = &index;
            scope.spawn(move || {
                let (mut keyed, mut found) = (Vec::new(), Vec::new());
                for number in 0..MEASURED {
                    keys(articles * 2 + thread * MEASURED + number, &mut keyed);
                    let plain: Vec<u64> = keyed.iter().map(|(key, _)| *key).collect();
                    found.clear();
                    index.batch_look_up(&plain, 8, &mut found);
                }
            });
        }
    });
    println!(
        "  {threads} threads: {:.1} µs a look-up",
        start.elapsed().as_secs_f64() * 1e6 / (threads * MEASURED) as f64
    );
    let start = Instant::now();
    let mut bytes = 0;
    for number in 0..MEASURED {
        let article = mix(number) % articles;
        bytes += index.record(article).map_or(0, <[u8]>::len);
    }
    println!(
        "  {:.2} µs a record of {} bytes",
        start.elapsed().as_secs_f64() * 1e6 / MEASURED as f64,
        bytes as u64 / MEASURED
    );
    drop(index);
    for round in 1..=2 {
        let start = Instant::now();
        let (index, report) = Embedded::open(&settings, 0).expect("open");
        println!(
            "  opened {} articles in {:.2} s (round {round})",
            report.articles,
            start.elapsed().as_secs_f64()
        );
        drop(index);
    }
}

fn main() {
    let mut memory = "2GiB".to_owned();
    let mut folder: Option<PathBuf> = None;
    let mut sizes = Vec::new();
    for argument in std::env::args().skip(1) {
        if let Some(value) = argument.strip_prefix("memory=") {
            memory = value.to_owned();
        } else if let Some(value) = argument.strip_prefix("folder=") {
            folder = Some(value.into());
        } else if let Ok(millions) = argument.parse::<f64>() {
            sizes.push((millions * 1e6) as u64);
        }
    }
    if sizes.is_empty() {
        sizes = vec![1_000_000, 10_000_000];
    }
    for articles in sizes {
        // A folder that was given is kept, and filled on.
        let temporary = tempfile::tempdir().expect("folder");
        let folder = folder.clone().unwrap_or(temporary.path().to_owned());
        measure(&folder, articles, &memory);
    }
}
