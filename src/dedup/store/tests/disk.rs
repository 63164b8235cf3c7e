//! Files written, cut short, locked and refused.

use std::fs;

use super::super::log::LogEntry;
use super::*;

/// The newest log.
fn newest_log(settings: &DedupSettings) -> std::path::PathBuf {
    let mut logs: Vec<_> = fs::read_dir(&settings.path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    logs.sort();
    logs.pop().unwrap()
}

#[test]
fn everything_flushed_survives_a_restart_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("made/on/demand"));
    let mut index = open(&settings);
    fill(&mut index, 0..29, 6);
    index.set_meta(b"streams".to_vec());
    index.flush().unwrap();
    index.set_meta(b"not flushed".to_vec());
    push(&mut index, 29, 0);
    drop(index);
    let (mut index, report) = try_open(&settings).unwrap();
    assert_eq!(
        (report.articles, report.torn, report.expired),
        (29, None, 0)
    );
    assert_eq!(index.meta(), b"streams");
    assert_holds(&index, &(0..29).collect::<Vec<_>>());
    // A flush without news does not touch the log.
    let log = newest_log(&settings);
    let before = fs::read(&log).unwrap();
    index.flush().unwrap();
    assert_eq!(fs::read(&log).unwrap(), before);
    index.settle().unwrap();
    let files: u64 = fs::read_dir(&settings.path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| !["lock", "manifest"].contains(&entry.file_name().to_str().unwrap()))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert_eq!(index.disk_bytes(), files);
}

#[test]
fn meta_survives_sealing_and_merging() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    index.set_meta(b"first".to_vec());
    fill(&mut index, 0..100, 8);
    index.settle().unwrap();
    drop(index);
    let mut index = open(&settings);
    assert_eq!(index.meta(), b"first");
    // With an article that ends a head, and alone.
    index.set_meta(b"second".to_vec());
    fill(&mut index, 100..108, 8);
    assert_eq!(index.head().len(), 0);
    drop(index);
    let mut index = open(&settings);
    assert_eq!(index.meta(), b"second");
    index.set_meta(b"third".to_vec());
    index.flush().unwrap();
    drop(index);
    assert_eq!(open(&settings).meta(), b"third");
}

#[test]
fn a_write_cut_at_any_byte_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        head_articles: 100.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    fill(&mut index, 0..8, 4);
    let file = newest_log(&settings);
    let good = fs::read(&file).unwrap().len();
    fill(&mut index, 8..12, 4);
    drop(index);
    let whole = fs::read(&file).unwrap();
    assert!(whole.len() > good);
    for length in good..whole.len() {
        for filler in [None, Some(0), Some(0xa5)] {
            let mut torn = whole[..length].to_vec();
            torn.resize(
                filler.map_or(length, |_| whole.len()),
                filler.unwrap_or_default(),
            );
            fs::write(&file, &torn).unwrap();
            let (mut index, report) = try_open(&settings).unwrap();
            let bytes = (torn.len() - good) as u64;
            let tail = (bytes > 0).then(|| TornTail {
                file: file.clone(),
                offset: good as u64,
                bytes,
            });
            assert_eq!((report.articles, report.torn), (8, tail), "cut at {length}");
            assert_eq!(fs::metadata(&file).unwrap().len(), good as u64);
            assert_holds(&index, &(0..8).collect::<Vec<_>>());
            // Another process begins, so the blob is written again; the articles are the same.
            fill(&mut index, 8..12, 4);
            drop(index);
            assert_holds(&open(&settings), &(0..12).collect::<Vec<_>>());
        }
    }
}

/// The states between which a head is handed over: closing block torn, next log made.
#[test]
fn a_crash_while_a_head_is_handed_over_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    fill(&mut index, 0..4, 4);
    let first = newest_log(&settings);
    let good = fs::read(&first).unwrap().len();
    index.disk.as_ref().unwrap().background.hold(true);
    fill(&mut index, 4..8, 4);
    drop(index);
    let second = newest_log(&settings);
    assert_ne!(first, second);
    let (closed, blank) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
    for length in good..=closed.len() {
        fs::write(&first, &closed[..length]).unwrap();
        fs::write(&second, &blank).unwrap();
        let (mut index, report) = try_open(&settings).unwrap();
        let articles = if length == closed.len() { 8 } else { 4 };
        assert_eq!(report.articles, articles, "cut at {length}");
        assert!(report.damage.is_empty());
        assert_eq!(
            report.torn.is_some(),
            length != closed.len() && length != good
        );
        fill(&mut index, articles as u64..12, 4);
        assert_holds(&index, &(0..12).collect::<Vec<_>>());
        drop(index);
        assert_holds(&open(&settings), &(0..12).collect::<Vec<_>>());
        // From the beginning again.
        fs::remove_dir_all(&settings.path).unwrap();
        let mut index = open(&settings);
        fill(&mut index, 0..4, 4);
        index.disk.as_ref().unwrap().background.hold(true);
        fill(&mut index, 4..8, 4);
    }
}

#[test]
fn the_creation_of_an_index_may_be_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    drop(open(&settings));
    let (log, manifest) = (newest_log(&settings), settings.path.join("manifest"));
    let header = fs::read(&log).unwrap();
    for length in 0..=header.len() {
        fs::remove_file(&manifest).unwrap();
        fs::write(&log, &header[..length]).unwrap();
        fs::write(settings.path.join("manifest.unfinished"), b"NEWS").unwrap();
        let (mut index, report) = try_open(&settings).unwrap();
        assert_eq!((report.articles, report.torn), (0, None));
        assert_eq!(
            report.lost,
            [Lost::EVERYTHING],
            "a new index says that it is new"
        );
        fill(&mut index, 0..3, 3);
        drop(index);
        let (index, _) = try_open(&settings).unwrap();
        assert_eq!(index.len(), 3);
        assert!(!settings.path.join("manifest.unfinished").exists());
        drop(index);
        fs::remove_file(&log).unwrap();
    }
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let index = open(&settings);
    let error = Embedded::open(&settings, 0).err().unwrap();
    assert!(
        matches!(&error, IndexError::Locked { process: Some(id), .. } if *id == std::process::id()),
        "{error}"
    );
    drop(index);
    assert!(try_open(&settings).is_ok());
}

#[test]
fn other_formats_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    fs::write(folder.path().join("000000000007.segment"), b"NEWSIDX\n").unwrap();
    let error = try_open(&settings).err().unwrap();
    assert!(
        matches!(
            error,
            IndexError::Version {
                found: 1,
                known: 4,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("delete the folder"), "{error}");
    fs::remove_file(folder.path().join("000000000007.segment")).unwrap();

    drop(open(&settings));
    let manifest = settings.path.join("manifest");
    let mut bytes = fs::read(&manifest).unwrap();
    bytes[8] = 9;
    let end = bytes.len() - 8;
    let sum = super::super::format::checksum(&bytes[..end], 0, 0);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    fs::write(&manifest, bytes).unwrap();
    let error = try_open(&settings).err().unwrap();
    assert!(
        matches!(error, IndexError::Version { found: 9, .. }),
        "{error}"
    );
}

#[test]
fn a_full_disk_loses_nothing() {
    for room in (0..).step_by(97) {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let mut index = open(&settings);
        fill(&mut index, 0..12, 4);
        index.settle().unwrap();
        let set_room = |index: &Embedded, room| {
            *index.disk.as_ref().unwrap().folder.room.lock().unwrap() = room;
        };
        set_room(&index, Some(room));
        // Heads are handed over, sealed and merged meanwhile, as far as there is room.
        let mut failed = 0;
        for number in 12..60 {
            push(&mut index, number, 0);
            match index.flush() {
                Ok(()) => {}
                Err(IndexError::Io { source, .. }) => {
                    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
                    failed += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_holds(&index, &(0..60).collect::<Vec<_>>());
        if room % 2 == 0 {
            // There is room again.
            set_room(&index, None);
            // What was being written then may still fail.
            while index.settle().is_err() {}
            fill(&mut index, 60..90, 4);
            drop(index);
            assert_holds(&open(&settings), &(0..90).collect::<Vec<_>>());
        } else {
            drop(index);
            let (index, report) = try_open(&settings).unwrap();
            assert!(report.damage.is_empty() && report.torn.is_none());
            let end = index.next_article();
            assert!((12..=60).contains(&end));
            assert_holds(&index, &(0..end).collect::<Vec<_>>());
        }
        if failed == 0 {
            assert!(room > 10_000, "{room}");
            break;
        }
    }
}

#[test]
fn a_block_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    fill(&mut index, 0..3, 3);
    let path = newest_log(&settings);
    let image = fs::read(&path).unwrap();
    let (found, entries) = super::super::log::read(&path, &image, 1).unwrap();
    assert_eq!((found.first, found.blocks, found.closed), (0, 1, false));
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[3], LogEntry::Meta(b""));
    let LogEntry::Article { record, keys, .. } = entries[1] else {
        panic!("{entries:?}");
    };
    let (expected, expected_keys) = article(1);
    assert_eq!(record, expected);
    assert!(super::super::log::keys(keys).eq(expected_keys));
}

#[test]
fn expiry_is_by_time_and_by_count_and_deletes_files() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 40.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    // One article a day: the head is handed over because of its age.
    for number in 0..30 {
        push(&mut index, number, number as i64 * DAY_MS);
        index.flush().unwrap();
        index.expire(number as i64 * DAY_MS).unwrap();
        index.settle().unwrap();
    }
    assert!((14..=18).contains(&index.len()), "{}", index.len());
    let oldest = index.oldest_ms().unwrap();
    assert!((11 * DAY_MS..=16 * DAY_MS).contains(&oldest), "{oldest}");
    // Much later everything is old, the head too, as soon as it is sealed.
    index.expire(100 * DAY_MS).unwrap();
    index.settle().unwrap();
    index.expire(100 * DAY_MS).unwrap();
    assert_eq!((index.len(), index.oldest_ms()), (0, None));
    index.settle().unwrap();
    assert!(
        fs::read_dir(&settings.path)
            .unwrap()
            .all(|entry| entry.unwrap().path().extension() != Some("sorted".as_ref()))
    );
    // Many at once: the oldest make room, a fifth at a time.
    for number in 30..130 {
        push(&mut index, number, 100 * DAY_MS);
        if number % 4 == 3 {
            index.flush().unwrap();
            index.settle().unwrap();
            index.expire(100 * DAY_MS).unwrap();
            assert!(index.len() <= 48, "{}", index.len());
        }
    }
    assert!(index.len() >= 32, "{}", index.len());
    assert_eq!(index.next_article(), 130, "numbers are never used twice");
}

#[test]
fn time_never_runs_backwards_inside_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    push(&mut index, 0, 5 * DAY_MS);
    push(&mut index, 1, 2 * DAY_MS);
    assert_eq!(index.clock_ms(), 5 * DAY_MS);
    index.flush().unwrap();
    drop(index);
    let (mut index, _) = try_open(&settings).unwrap();
    assert_eq!(index.clock_ms(), 5 * DAY_MS);
    assert_eq!(index.oldest_ms(), Some(5 * DAY_MS));
    assert_eq!(index.expire(0).unwrap(), Expired::default());
}

/// Whoever fills faster than the disk takes waits instead of growing.
#[test]
fn at_most_two_full_heads_wait() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    index.disk.as_ref().unwrap().background.hold(true);
    fill(&mut index, 0..16, 8);
    assert_eq!(index.sealed().frozen.len(), 2);
    (16..24).for_each(|number| {
        push(&mut index, number, 0);
    });
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let index = &mut index;
        let hold = index.disk.as_ref().unwrap().background.holder();
        scope.spawn(move || {
            index.flush().unwrap();
            sender.send(index.sealed().frozen.len()).unwrap();
        });
        // It cannot be done before the thread goes on.
        assert!(receiver.try_recv().is_err());
        hold(false);
        assert!(receiver.recv().unwrap() <= 2);
    });
    assert_holds(&index, &(0..24).collect::<Vec<_>>());
}
