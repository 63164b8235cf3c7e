//! Memory, processor time and open files of this process, read from `/proc/self` at each scrape.
//!
//! Elsewhere than on Linux, or where `/proc` is not mounted, the metrics are absent rather than
//! wrong. The names are those of the official Prometheus clients and carry no prefix.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Ticks per second in `/proc/self/stat`: part of Linux' interface to programs (`USER_HZ`), 100
/// on every architecture this builds for, whatever the kernel's own timer.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc/self` when scraped.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if let Some(bytes) = fs::read_to_string("/proc/self/status")
            .ok()
            .as_deref()
            .and_then(resident_bytes)
        {
            let metric = ConstGauge::new(bytes);
            let help = "Resident memory of the process in bytes.";
            metric.encode(encoder.encode_descriptor(
                "process_resident_memory_bytes",
                help,
                None,
                metric.metric_type(),
            )?)?;
        }
        if let Some(seconds) = fs::read_to_string("/proc/self/stat")
            .ok()
            .as_deref()
            .and_then(cpu_seconds)
        {
            let metric = ConstCounter::new(seconds);
            let help = "Processor time in user and system mode, in seconds.";
            metric.encode(encoder.encode_descriptor(
                "process_cpu_seconds",
                help,
                None,
                metric.metric_type(),
            )?)?;
        }
        // The directory handle that counts is one of the files: leave it out.
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            let metric = ConstGauge::new(entries.count().saturating_sub(1) as u64);
            let help = "Open file descriptors.";
            metric.encode(encoder.encode_descriptor(
                "process_open_fds",
                help,
                None,
                metric.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

/// `VmRSS` of `/proc/self/status`, in bytes.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// User plus system time of `/proc/self/stat`, in seconds.
fn cpu_seconds(stat: &str) -> Option<f64> {
    // The second field is the program's name in parentheses and may hold spaces and parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user as f64 + system as f64) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(
            resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t1\n"),
            Some(2048 * 1024)
        );
        assert_eq!(resident_bytes("Name:\tx\n"), None);
        assert_eq!(resident_bytes("VmRSS: many kB\n"), None);
    }

    #[test]
    fn processor_time_survives_a_hostile_program_name() {
        let stat = "7 (a ) b (c) 1 2) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("7 (x) S 1 2"), None);
        assert_eq!(cpu_seconds(""), None);
    }
}
