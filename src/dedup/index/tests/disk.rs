//! Files written, cut short, locked and refused.

use std::fs;

use super::super::format::FILE_HEADER;
use super::*;

#[test]
fn everything_flushed_survives_a_restart_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("made/on/demand"));
    let messages = messages(30);
    let mut index = open(&settings);
    let verdicts = fill(&mut index, &messages[..20], 6);
    let lost = messages[20..]
        .iter()
        .map(|(position, print)| index.judge(position, print, 0))
        .collect::<Vec<_>>();
    let bytes = index.disk_bytes();
    drop(index);

    let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
    assert_eq!(
        report,
        OpenReport {
            segments: 1,
            articles: 20,
            ..OpenReport::default()
        }
    );
    assert_eq!(index.disk_bytes(), bytes);
    assert_eq!(bytes, fs::metadata(segment(&settings, 1)).unwrap().len());
    assert_replay(&mut index, &messages, &[verdicts, lost].concat());
    assert_eq!(index.len(), 30);
    // A flush without news does not touch the file.
    index.flush().unwrap();
    let before = fs::read(segment(&settings, 1)).unwrap();
    index.flush().unwrap();
    assert_eq!(fs::read(segment(&settings, 1)).unwrap(), before);
}

#[test]
fn memory_after_a_restart_is_memory_before() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 64.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    fill(&mut index, &messages(60), 7);
    let shape = |index: &DedupIndex| {
        (
            index.articles.segments().len(),
            index.len(),
            index.disk_bytes(),
            index.next_segment,
        )
    };
    let before = shape(&index);
    drop(index);
    assert_eq!(shape(&open(&settings)), before);
    assert_eq!(before.0, 15);
}

#[test]
fn a_write_cut_at_any_byte_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let messages = messages(12);
    let mut index = open(&settings);
    let mut verdicts = fill(&mut index, &messages[..8], 4);
    let good = index.disk_bytes();
    verdicts.extend(fill(&mut index, &messages[8..], 4));
    drop(index);
    let file = segment(&settings, 1);
    let whole = fs::read(&file).unwrap();
    assert!(whole.len() as u64 > good);
    for length in good as usize..whole.len() {
        for filler in [None, Some(0), Some(0xa5)] {
            let mut torn = whole[..length].to_vec();
            torn.resize(
                filler.map_or(length, |_| whole.len()),
                filler.unwrap_or_default(),
            );
            fs::write(&file, &torn).unwrap();
            let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
            let bytes = torn.len() as u64 - good;
            let tail = (bytes > 0).then(|| TornTail {
                file: file.clone(),
                offset: good,
                bytes,
            });
            assert_eq!((report.articles, report.torn), (8, tail), "cut at {length}");
            assert_eq!(fs::metadata(&file).unwrap().len(), good);
            assert_replay(&mut index, &messages, &verdicts);
            index.flush().unwrap();
            drop(index);
            assert_eq!(
                fs::read(&file).unwrap(),
                whole,
                "the same messages give the same file"
            );
        }
    }
}

#[test]
fn a_new_file_cut_at_any_byte_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 64.try_into().unwrap(),
        ..settings(folder.path())
    };
    let messages = messages(8);
    let mut index = open(&settings);
    let verdicts = fill(&mut index, &messages, 4);
    drop(index);
    let file = segment(&settings, 2);
    let whole = fs::read(&file).unwrap();
    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
        assert_eq!(report.articles, 4, "cut at {length}");
        assert_eq!(
            report.torn.is_none(),
            length == FILE_HEADER || length == 0,
            "cut at {length}"
        );
        assert_replay(&mut index, &messages, &verdicts);
        index.flush().unwrap();
        drop(index);
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let index = open(&settings);
    let error = DedupIndex::open(&settings, 0).err().unwrap();
    assert!(
        matches!(&error, IndexError::Locked { process: Some(id), .. } if *id == std::process::id()),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&folder.path().display().to_string()),
        "{error}"
    );
    drop(index);
    assert!(DedupIndex::open(&settings, 0).is_ok());
}

#[test]
fn a_full_disk_loses_nothing() {
    let messages = messages(24);
    for room in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let settings = DedupSettings {
            max_articles: 128.try_into().unwrap(),
            ..settings(folder.path())
        };
        let mut index = open(&settings);
        let mut verdicts = fill(&mut index, &messages[..4], 4);
        let good = index.disk_bytes();
        // Twelve more make one block in the first file and two more files.
        verdicts.extend(
            messages[4..20]
                .iter()
                .map(|(position, print)| index.judge(position, print, 0)),
        );
        index.folder.as_mut().unwrap().room = Some(room);
        match index.flush() {
            Ok(()) => {
                assert!(room > 1_000, "{room}");
                break;
            }
            Err(error) => assert!(
                matches!(
                    error,
                    IndexError::Io {
                        action: "write",
                        ..
                    }
                ),
                "{error}"
            ),
        }
        let on_disk: u64 = (1..=3)
            .filter_map(|number| fs::metadata(segment(&settings, number)).ok())
            .map(|meta| meta.len())
            .sum();
        assert_eq!(on_disk, index.disk_bytes(), "no half block stays behind");
        assert!(on_disk >= good);
        assert_replay(&mut index, &messages[..20], &verdicts);
        if room % 2 == 0 {
            // There is room again.
            index.folder.as_mut().unwrap().room = None;
            verdicts.extend(fill(&mut index, &messages[20..], 4));
        }
        drop(index);
        let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
        assert_eq!(report.torn, None);
        assert!(report.articles == 24 || room % 2 == 1);
        assert_replay(&mut index, &messages, &verdicts);
    }
}

#[test]
fn expiry_deletes_files_and_waits_for_the_flush() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    index.judge(&at(0, 0), &print("a", "", "story one"), 0);
    index.flush().unwrap();
    index.judge(&at(0, 1), &print("b", "", "story two"), DAY_MS);
    assert_eq!(
        index.expire(40 * DAY_MS).unwrap(),
        Expired {
            segments: 1,
            articles: 1
        }
    );
    assert!(!segment(&settings, 1).exists());
    index.flush().unwrap();
    assert!(segment(&settings, 2).exists());
    assert_eq!(index.expire(40 * DAY_MS).unwrap().articles, 1);
    assert_eq!((index.len(), index.disk_bytes()), (0, 0));
    index.judge(&at(0, 2), &print("c", "", "story three"), 40 * DAY_MS);
    index.flush().unwrap();
    drop(index);
    let (index, report) = DedupIndex::open(&settings, 60 * DAY_MS).unwrap();
    assert_eq!((index.len(), report.expired), (0, 1));
}

#[test]
fn streams_keep_their_numbers_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    for partition in 0..20 {
        let mut index = open(&settings);
        index.judge(
            &at(partition, 0),
            &print(
                &format!("id {partition}"),
                "",
                &format!("story {partition}"),
            ),
            0,
        );
        index.flush().unwrap();
    }
    let index = open(&settings);
    for partition in 0..20 {
        assert_eq!(
            index
                .entry(EntryKey::Position(&at(partition, 0)))
                .unwrap()
                .id,
            format!("id {partition}")
        );
    }
}
