//! A stream of made-up articles on the real broker, and how far a group is with it.
#![allow(dead_code, reason = "each benchmark uses its own part of this module")]

pub mod articles;

use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the broker how far a group is, over one connection.
pub struct Asker {
    consumer: BaseConsumer,
    partitions: u16,
}

impl Asker {
    /// For topics with so many partitions.
    pub fn new(bootstrap: &str, group: &str, partitions: u16) -> Self {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", group)
            .create()
            .expect("a consumer");
        Self {
            consumer,
            partitions,
        }
    }

    /// How many messages of `topic` the group has done.
    pub fn committed(&self, topic: &str) -> usize {
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition_range(topic, 0, i32::from(self.partitions) - 1);
        // A group that is just being made has no coordinator for a moment.
        let Ok(committed) = self.consumer.committed_offsets(wanted, PATIENCE) else {
            return 0;
        };
        committed
            .elements()
            .iter()
            .filter_map(|element| element.offset().to_raw())
            .map(|n| n.max(0) as usize)
            .sum()
    }

    /// How many records `topic` holds.
    pub fn written(&self, topic: &str) -> usize {
        let end = |partition| {
            let ends = self.consumer.fetch_watermarks(topic, partition, PATIENCE);
            ends.expect("an end").1
        };
        (0..i32::from(self.partitions))
            .map(|partition| end(partition).max(0) as usize)
            .sum()
    }
}

/// User and system time of a process, in seconds (proc(5), fields 14 and 15; 100 ticks a second on Linux).
pub fn cpu_seconds(pid: u32) -> f64 {
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

/// The most memory that a process ever held, in MiB.
pub fn peak_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

/// Lets all threads of a process run on these CPUs only; `None` is all.
pub fn pin(pid: u32, cpus: Option<&str>) {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let all = format!("0-{}", count.saturating_sub(1));
    let status = Command::new("taskset")
        .args(["-acp", cpus.unwrap_or(&all), &pid.to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("taskset").success(), "taskset {pid}");
}

/// The number after `--name`, or the default.
pub fn option<T: std::str::FromStr>(name: &str, default: T) -> T {
    let mut given = std::env::args().skip_while(|argument| argument != name);
    let value = given.nth(1).and_then(|value| value.parse().ok());
    value.unwrap_or(default)
}
