//! One to four replicas with a shared index: articles per second, and whether each came out once and each story was unique once.
//!
//! `cargo bench --bench scale_out [-- --articles 10000 --cpu 30]`
//!
//! A real broker with twelve partitions and a real Valkey or Redis, as the tests start them; replicas are processes of their own, with
//! the settings of production. `--cpu` is what each replica may use at most, in per cent of one core, so that four of them fit into a
//! machine with few; 0 is no bound. It needs the right to make a control group, and ends with the reason where that is missing. After
//! one to four in peace, four come and go: the last row is read back and held against what was sent like all others.

mod stream;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use stream::articles::{fill, story};
use stream::{Asker, cpu_seconds, option};
use support::broker::Broker;
use support::client::{Isolation, read_all};
use support::process::{Stage, StageConfig};
use support::topics;
use support::valkey::{Mode, Valkey};
use support::wait_for;

const PARTITIONS: u16 = 12;
const PATIENCE: Duration = Duration::from_secs(240);

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("scale_out: run it with cargo bench");
        return;
    }
    let (articles, cpu) = (option("--articles", 10_000), option("--cpu", 30));
    let (broker, server) = (Broker::shared(), Valkey::start(Mode::Single));
    let quota = Quota::new(cpu);
    println!("{PARTITIONS} partitions, articles of 3 kB, every fifth a copy in another partition");
    match cpu {
        0 => println!("replicas share the cores with broker and index"),
        _ => println!("each replica may use {cpu} % of a core"),
    }
    println!(
        "| replicas | articles | articles/s | CPU µs/article, replicas | out once | stories unique once |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for replicas in 1..=4 {
        let run = Run::new(&broker.bootstrap(), &server, &quota);
        run.in_peace(replicas, articles * replicas);
    }
    let run = Run::new(&broker.bootstrap(), &server, &quota);
    run.come_and_go(articles * 6);
}

/// Topics and a group of their own, and an empty index.
struct Run<'a> {
    bootstrap: String,
    input: String,
    output: String,
    dead: String,
    config: StageConfig,
    asker: Asker,
    quota: &'a Quota,
}

impl<'a> Run<'a> {
    fn new(bootstrap: &str, server: &Valkey, quota: &'a Quota) -> Self {
        server.ask::<()>(&["FLUSHALL"]);
        let [input, output] = ["scale-raw", "scale-enriched"]
            .map(|prefix| topics::create_unique(bootstrap, prefix, PARTITIONS));
        let dead = topics::create_unique(bootstrap, "scale-dead", 1);
        let group = topics::unique("scale");
        let mut config = StageConfig::new(bootstrap, &group, [&input, &output, &dead]);
        config
            .set("dedup.backend", "valkey")
            .set("dedup.shared.urls", server.urls())
            .set("kafka.session_timeout", "6s")
            .set("kafka.transaction_timeout", "10s")
            .set("log.filter", "warn,newsstage=info");
        Self {
            asker: Asker::new(bootstrap, &group, PARTITIONS),
            bootstrap: bootstrap.to_owned(),
            input,
            output,
            dead,
            config,
            quota,
        }
    }

    fn replica(&self, name: &str) -> StageConfig {
        let mut config = self.config.replica();
        config.set("kafka.instance", name);
        config
    }

    fn start(&self, config: &StageConfig) -> Stage {
        let stage = config.start();
        self.quota.take(stage.pid());
        stage
    }

    fn fill(&self, articles: usize) {
        fill(&self.bootstrap, &self.input, PARTITIONS, 0..articles);
    }

    fn wait_done(&self, articles: usize) {
        wait_for(&format!("{articles} articles done"), PATIENCE, || {
            self.asker.committed(&self.input) >= articles
        });
    }

    /// All replicas have their share of the partitions before the first article comes.
    fn in_peace(&self, replicas: usize, articles: usize) {
        let configs: Vec<_> = (0..replicas)
            .map(|n| self.replica(&n.to_string()))
            .collect();
        let mut stages: Vec<_> = configs.iter().map(|config| self.start(config)).collect();
        let share = f64::from(PARTITIONS) / replicas as f64;
        for stage in &mut stages {
            wait_for("a share of the partitions", PATIENCE, || {
                stage.metric("newsstage_assigned_partitions", &[]) == Some(share)
            });
        }
        let cpu = |stages: &[Stage]| -> f64 { stages.iter().map(|s| cpu_seconds(s.pid())).sum() };
        let used = cpu(&stages);
        self.fill(articles);
        let (begin, before) = (Instant::now(), self.asker.committed(&self.input));
        self.wait_done(articles);
        let rate = (articles - before) as f64 / begin.elapsed().as_secs_f64();
        let each = (cpu(&stages) - used) * 1e6 / articles as f64;
        for stage in &mut stages {
            stage.terminate(PATIENCE);
        }
        self.check_and_print(&replicas.to_string(), articles, rate, &format!("{each:.0}"));
    }

    /// Under load: one, then four; two are killed, one of them comes back; another ends in order, and a new one comes.
    fn come_and_go(&self, articles: usize) {
        let configs: Vec<_> = (0..5).map(|n| self.replica(&n.to_string())).collect();
        let at = |share: f64| self.wait_done((articles as f64 * share) as usize);
        self.fill(articles);
        let begin = Instant::now();
        let mut one = self.start(&configs[0]);
        at(0.08);
        let mut two = self.start(&configs[1]);
        at(0.16);
        let (mut three, mut four) = (self.start(&configs[2]), self.start(&configs[3]));
        at(0.35);
        four.kill();
        two.kill();
        at(0.45);
        two = self.start(&configs[1]);
        at(0.6);
        let mut five = self.start(&configs[4]);
        three.kill();
        at(0.75);
        one.terminate(PATIENCE);
        four = self.start(&configs[3]);
        at(1.0);
        let rate = articles as f64 / begin.elapsed().as_secs_f64();
        for stage in [&mut two, &mut four, &mut five] {
            stage.terminate(PATIENCE);
        }
        let what =
            "1 → 2 → 4 → 2 (killed) → 3 → 3 (one comes, one killed) → 3 (one ends, one comes)";
        self.check_and_print(what, articles, rate, "");
    }

    /// Reads everything back.
    fn check_and_print(&self, what: &str, articles: usize, rate: f64, cpu: &str) {
        let read = |topic| read_all(&self.bootstrap, topic, Isolation::ReadCommitted);
        assert!(read(&self.dead).is_empty(), "no article is a dead letter");
        let mut times = vec![0_u32; articles];
        let mut unique: BTreeMap<usize, u32> = BTreeMap::new();
        for record in read(&self.output) {
            let article = record.json();
            let url = article["url"].as_str().expect("a URL");
            let number = url.rsplit('/').next().and_then(|n| n.parse::<usize>().ok());
            let number = number.expect("the URL ends in the number");
            times[number] += 1;
            let is_unique = article["enrichment"]["dedup"]["status"] == "unique";
            *unique.entry(story(number)).or_default() += u32::from(is_unique);
        }
        let once = times.iter().filter(|times| **times == 1).count();
        let right = unique.values().filter(|unique| **unique == 1).count();
        println!(
            "| {what} | {articles} | {rate:.0} | {cpu} | {once} of {articles} | {right} of {} |",
            unique.len()
        );
        assert_eq!(once, articles, "every article comes out once");
        assert_eq!(right, unique.len(), "every story is unique once");
    }
}

/// A bound on the processor time of each process, by control groups.
struct Quota {
    per_cent: u32,
    root: PathBuf,
}

impl Quota {
    fn new(per_cent: u32) -> Self {
        let name = format!("newsstage-bench-{}", std::process::id());
        // Version 1 has a tree for each controller.
        let (first, second) = (PathBuf::from("/sys/fs/cgroup/cpu"), "/sys/fs/cgroup");
        let root = if first.is_dir() { first } else { second.into() };
        Self {
            per_cent,
            root: root.join(name),
        }
    }

    /// From now on the process keeps to the bound.
    fn take(&self, pid: u32) {
        if self.per_cent == 0 {
            return;
        }
        let group = self.root.join(pid.to_string());
        let quota = self.per_cent * 1_000;
        let bound = || {
            std::fs::create_dir_all(&group)?;
            let version_1 = group.join("cpu.cfs_quota_us");
            if version_1.exists() {
                std::fs::write(version_1, quota.to_string())?;
            } else {
                std::fs::write(self.root.join("cgroup.subtree_control"), "+cpu")?;
                std::fs::write(group.join("cpu.max"), format!("{quota} 100000"))?;
            }
            std::fs::write(group.join("cgroup.procs"), pid.to_string())
        };
        let done: std::io::Result<()> = bound();
        done.unwrap_or_else(|error| panic!("no bound for process {pid}, use --cpu 0: {error}"));
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group can go when its process has gone.
        let groups = std::fs::read_dir(&self.root).into_iter().flatten();
        for group in groups.flatten().filter(|each| each.path().is_dir()) {
            let _ = std::fs::remove_dir(group.path());
        }
        let _ = std::fs::remove_dir(&self.root);
    }
}
