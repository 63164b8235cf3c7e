//! How much memory an index takes that is many times as large.

use std::fs;
use std::process::Command;

use super::*;
use crate::config::ByteSize;

const FOLDER: &str = "NEWSSTAGE_TEST_MEMORY_FOLDER";
/// The bound, in MiB.
const BOUND: u64 = 128;

/// A line of `/proc/self/status`, in kB; `None` where the system has none.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A process of its own, whose memory nobody else uses.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let Some(before) = status("VmRSS:") else {
        return;
    };
    let settings = DedupSettings {
        path: folder.into(),
        fsync: false,
        memory: ByteSize::from_mib(BOUND),
        ..DedupSettings::default()
    };
    let (mut index, _) = try_open(&settings).unwrap();
    // Long records make the index large in little time.
    let record = vec![7; 6_000];
    let keys = |number: u64| -> Vec<(u64, u8)> {
        (0..16).map(|place| (key(number * 16 + place), 0)).collect()
    };
    let articles = 16 * (BOUND << 20) / 30_000;
    let (mut anonymous, mut files) = (0, 0);
    let (mut found, mut copy) = (Vec::new(), Vec::new());
    for number in 0..articles {
        index.push(NewArticle {
            record: &record,
            keys: &keys(number),
            arrived_ms: 0,
        });
        // Look-ups and records all over the index.
        if number % 2 == 0 {
            continue;
        }
        let earlier = key(number) % (number + 1);
        let own: Vec<u64> = keys(earlier).iter().map(|(key, _)| *key).collect();
        found.clear();
        index.batch_look_up(&own, 4, &mut found);
        assert_eq!(index.record(earlier), Some(&*record));
        if number % 200 == 199 {
            index.flush().unwrap();
            anonymous = anonymous.max(status("RssAnon:").unwrap());
            files = files.max(status("RssFile:").unwrap());
        }
    }
    println!(
        "anonymous at most {} MiB, files at most {} MiB at the end of a batch",
        anonymous / 1024,
        files / 1024
    );
    index.flush().unwrap();
    index.settle().unwrap();
    assert!(index.disk_bytes() > 3 * (BOUND << 20));
    for number in (0..articles).step_by(3) {
        let own: Vec<u64> = keys(number).iter().map(|(key, _)| *key).collect();
        found.clear();
        index.batch_look_up(&own, 4, &mut found);
        let sealed = found.iter().any(|(_, posting)| posting.article == number);
        assert_eq!(sealed, number < index.head().first());
        assert!(index.read_record(number, &mut copy));
        assert_eq!(copy, record);
    }
    let peak = status("VmHWM:").unwrap();
    println!(
        "before {} MiB, at most {} MiB, index {} MiB",
        before / 1024,
        peak / 1024,
        index.disk_bytes() >> 20
    );
    assert!(peak <= before + BOUND * 1024, "{before} kB, {peak} kB");
}

#[test]
fn memory_stays_within_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("dedup::store::tests::memory::child")
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    println!("{text}");
}
