//! How fast a lost index is learned again from the output topic, on one core.
//!
//! `cargo bench --bench rebuild [-- --articles 100000]`
//!
//! The stage carries articles over on a real broker, its index is deleted, and it starts again: its log tells how long it read. Stage
//! and broker have a core each, where there are two.

mod stream;
#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::Duration;

use stream::articles::fill;
use stream::{Asker, cpu_seconds, option, pin};
use support::broker::Broker;
use support::process::StageConfig;
use support::{topics, wait_for};

const PARTITIONS: u16 = 8;
const PATIENCE: Duration = Duration::from_secs(600);

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("rebuild: run it with cargo bench");
        return;
    }
    let articles = option("--articles", 100_000);
    let broker = Broker::shared();
    let bootstrap = broker.bootstrap();
    let [input, output] = ["rebuild-raw", "rebuild-enriched"]
        .map(|prefix| topics::create_unique(&bootstrap, prefix, PARTITIONS));
    let dead = topics::create_unique(&bootstrap, "rebuild-dead", 1);
    let group = topics::unique("rebuild");
    let config = StageConfig::new(&bootstrap, &group, [&input, &output, &dead]);
    fill(&bootstrap, &input, PARTITIONS, 0..articles);
    let mut stage = config.start();
    let asker = Asker::new(&bootstrap, &group, PARTITIONS);
    wait_for("all articles", PATIENCE, || {
        asker.committed(&input) >= articles
    });
    stage.terminate(PATIENCE);
    let index = config.folder().join("index");
    let size = |path| Command::new("du").arg("-sh").arg(path).status();
    size(&index).expect("du");
    std::fs::remove_dir_all(&index).expect("the index is deleted");
    pin(broker.pid(), Some("1"));
    let mut stage = config.start_with(&["--set", "threads=1"], &[]);
    pin(stage.pid(), Some("0"));
    stage.wait_ready(PATIENCE);
    let cpu = cpu_seconds(stage.pid());
    let log = stage.log();
    let line = log
        .iter()
        .find(|line| line.message() == Some("the duplicate index is complete"))
        .expect("it was rebuilt");
    let field = |name| line.field(name).and_then(serde_json::Value::as_f64);
    let (restored, seconds) = (
        field("restored").expect("a count"),
        field("seconds").expect("a time"),
    );
    println!(
        "{restored} of {articles} articles restored in {seconds:.2} s: {:.0} a second on one core; CPU with the start {cpu:.2} s",
        restored / seconds
    );
    stage.terminate(PATIENCE);
}
