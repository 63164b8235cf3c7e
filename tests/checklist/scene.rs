//! What most tests here begin with: three topics, a group, and the configuration of a stage between them.

use std::time::{Duration, Instant};

use crate::support::broker::Broker;
use crate::support::client::{Outgoing, Place, Record, produce, read_committed};
use crate::support::process::{PATIENCE, Stage, StageConfig};
use crate::support::{topics, wait_for};

/// Input, output and dead-letter topic, a group of their own, and a stage that is not started yet.
pub struct Scene {
    pub bootstrap: String,
    pub input: String,
    pub output: String,
    pub dead: String,
    pub group: String,
    pub config: StageConfig,
}

impl Scene {
    /// On the shared broker; input and output have `partitions` partitions, the dead-letter topic has one.
    #[track_caller]
    pub fn new(partitions: u16) -> Self {
        Self::with(partitions, &[], &[])
    }

    /// With topic settings for the output and the dead-letter topic.
    #[track_caller]
    pub fn with(partitions: u16, output: &[(&str, &str)], dead: &[(&str, &str)]) -> Self {
        let scene = Self::on(&Broker::shared().bootstrap());
        // Nothing here reads a record that the input's own limit would refuse.
        let large = [("max.message.bytes", "20000000")];
        topics::create(&scene.bootstrap, &scene.input, partitions, &large);
        topics::create(&scene.bootstrap, &scene.output, partitions, output);
        topics::create(&scene.bootstrap, &scene.dead, 1, dead);
        scene
    }

    /// At this address, with names for topics that the caller makes.
    pub fn on(bootstrap: &str) -> Self {
        let [input, output, dead, group] = ["raw", "enriched", "dead", "group"].map(topics::unique);
        let mut config = StageConfig::new(bootstrap, &group, [&input, &output, &dead]);
        config.set("dedup.fsync", false).set("threads", 2);
        config.set("kafka.instance", "one");
        // Lag and broker state come with the statistics; tests do not wait 5 s for them.
        config.set_dotted("kafka.properties", "statistics.interval.ms", "200");
        Self {
            bootstrap: bootstrap.to_owned(),
            input,
            output,
            dead,
            group,
            config,
        }
    }

    /// Produces to the input topic.
    #[track_caller]
    pub fn send(&self, records: &[Outgoing]) -> Vec<Place> {
        produce(&self.bootstrap, &self.input, records)
    }

    /// Starts the stage and waits until it says that it owns partitions.
    #[track_caller]
    pub fn start(&self) -> Stage {
        let mut stage = self.config.start();
        stage.wait_for_message("partitions assigned", PATIENCE);
        stage
    }

    /// The committed records of the output topic, once there are `count` of them.
    #[track_caller]
    pub fn outputs(&self, count: usize) -> Vec<Record> {
        read_committed(&self.bootstrap, &self.output, PATIENCE, |records| {
            records.len() >= count
        })
    }

    /// The committed records of the dead-letter topic, once there are `count` of them.
    #[track_caller]
    pub fn dead_letters(&self, count: usize) -> Vec<Record> {
        read_committed(&self.bootstrap, &self.dead, PATIENCE, |records| {
            records.len() >= count
        })
    }

    /// The sum of the offsets that the group has committed: with an input that began empty and holds no transactions,
    /// the number of messages that are done.
    #[track_caller]
    pub fn done(&self) -> i64 {
        let committed = topics::committed(&self.bootstrap, &self.group, &self.input);
        committed.values().sum()
    }

    /// Waits until `count` messages are done.
    #[track_caller]
    pub fn wait_done(&self, count: usize) {
        let wanted = i64::try_from(count).expect("a count");
        wait_for("the group to commit the input", PATIENCE, || {
            self.done() >= wanted
        });
    }
}

/// An article in English with this id, keyed by it; `words` more words make it longer.
pub fn article(id: &str, words: usize) -> Outgoing {
    Outgoing::keyed(id, article_json(id, words))
}

/// The value of [`article`].
pub fn article_json(id: &str, words: usize) -> String {
    const WORDS: [&str; 12] = [
        "harbour",
        "ferries",
        "council",
        "budget",
        "winter",
        "timetable",
        "engineers",
        "island",
        "repairs",
        "passengers",
        "mayor",
        "storm",
    ];
    let more: Vec<&str> = (0..words).map(|n| WORDS[(n * 7 + n / 12) % 12]).collect();
    format!(
        r#"{{"id":"{id}","title":"The harbour of {id} gets a new ferry","body":"The council of {id} decided on Monday that the old ferry will be replaced before the winter. {}","price":1.50,"Extra":[1e2,null]}}"#,
        more.join(" "),
    )
}

/// The id in the enrichment of an output record.
pub fn id_of(record: &Record) -> String {
    let json = record.json();
    let id = json.pointer("/enrichment/id").and_then(|id| id.as_str());
    id.expect("the enrichment has an id").to_owned()
}

/// Checks that `condition` holds all through `time`: for what must not happen, which no event announces.
#[track_caller]
pub fn holds_for(what: &str, time: Duration, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while started.elapsed() < time {
        assert!(
            condition(),
            "{what}: no longer after {:?}",
            started.elapsed()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
