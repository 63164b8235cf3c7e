//! A process that is killed at any moment.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Says to the program of the tests that it is the one to be killed, and names the folder.
const FOLDER: &str = "NEWSSTAGE_TEST_CRASH_FOLDER";

fn crash_settings(folder: &Path) -> DedupSettings {
    DedupSettings {
        max_articles: 2_000.try_into().unwrap(),
        ..settings(folder)
    }
}

/// Fills the index for ever, and says what is safe after each flush.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut index = open(&crash_settings(Path::new(&folder)));
    loop {
        for _ in 0..5 {
            let number = index.next_article();
            push(&mut index, number, 0);
        }
        index.set_meta(index.next_article().to_le_bytes().to_vec());
        index.flush().unwrap();
        println!("\nflushed {}", index.next_article());
        index.expire(0).unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = crash_settings(folder.path());
    let mut end = 0;
    for round in 0_u64..40 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("dedup::store::tests::crash::child")
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed while it goes on after so many flushes: whatever it is doing then.
        let flushes = 1 + key(round) as usize % 60;
        let safe = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("flushed ")?.parse::<u64>().ok())
            .nth(flushes - 1)
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let (index, report) = try_open(&settings).unwrap();
        assert!(report.damage.is_empty(), "{report:?}");
        let next = index.next_article();
        assert!(next >= safe && next > end, "{next} {safe} {end}");
        // Whole flushes only, with the blob of the last one.
        assert_eq!((next % 5, index.meta()), (0, &next.to_le_bytes()[..]));
        let first = next - index.len() as u64;
        assert!(first == 0 || index.len() >= 1_500, "{first} {next}");
        assert_holds(&index, &(first..next).collect::<Vec<_>>());
        end = next;
    }
    assert!(end > 3_000, "{end}");
}
