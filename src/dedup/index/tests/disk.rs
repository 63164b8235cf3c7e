//! Files cut, damaged, locked and refused.

use std::fs;
use std::path::PathBuf;

use super::super::format::{BLOCK_HEADER, FILE_HEADER};
use super::*;

/// Messages with copies, versions and strangers among them.
fn messages(count: i64) -> Vec<(Position, Fingerprint)> {
    let message = |number: i64| {
        let id = format!("id{}", number % 7);
        (
            at((number % 2) as i32, number / 2),
            print(&id, "", &format!("story {}", number % 5)),
        )
    };
    (0..count).map(message).collect()
}

/// Judges in batches of `batch`, flushing each, and returns the verdicts.
fn fill(
    index: &mut DedupIndex,
    messages: &[(Position, Fingerprint)],
    batch: usize,
) -> Vec<DedupVerdict> {
    let mut verdicts = Vec::new();
    for batch in messages.chunks(batch) {
        verdicts.extend(
            batch
                .iter()
                .map(|(position, print)| index.judge(position, print, 0)),
        );
        index.flush().unwrap();
    }
    verdicts
}

fn segment(settings: &DedupSettings, number: u64) -> PathBuf {
    settings.path.join(format!("{number:012}.segment"))
}

/// Every message gets the verdict it got, or the one that is due when the messages from `known` on were forgotten.
fn assert_replay(
    index: &mut DedupIndex,
    messages: &[(Position, Fingerprint)],
    verdicts: &[DedupVerdict],
) {
    for ((position, print), verdict) in messages.iter().zip(verdicts) {
        assert_eq!(index.judge(position, print, 0), *verdict, "{position}");
    }
}

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
fn a_changed_byte_is_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 128.try_into().unwrap(),
        ..settings(folder.path())
    };
    let messages = messages(20);
    let mut index = open(&settings);
    let verdicts = fill(&mut index, &messages, 4);
    drop(index);
    let (mut refused, mut cut) = (0, 0);
    for number in 1..=3 {
        let file = segment(&settings, number);
        let whole = fs::read(&file).unwrap();
        for place in 0..whole.len() {
            for flip in [0x01, 0x80] {
                let mut changed = whole.clone();
                changed[place] ^= flip;
                fs::write(&file, &changed).unwrap();
                match DedupIndex::open(&settings, 0) {
                    Err(IndexError::Damaged {
                        file: named,
                        offset,
                        ..
                    }) => {
                        assert_eq!(named, file);
                        assert!(offset as usize <= place);
                        refused += 1;
                    }
                    Ok((mut index, report)) => {
                        // Only the last block of the newest file can pass for an unfinished write.
                        assert_eq!(number, 3, "{report:?}");
                        assert!(report.torn.is_some());
                        assert_eq!(report.articles, 16);
                        assert_replay(&mut index, &messages, &verdicts);
                        cut += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
                assert!(
                    number == 3 || fs::read(&file).unwrap() == changed,
                    "a refused file is left alone"
                );
            }
        }
        fs::write(&file, &whole).unwrap();
    }
    assert!(refused > 1_000 && cut > 100, "{refused} {cut}");
    assert_replay(&mut open(&settings), &messages, &verdicts);
}

#[test]
fn a_changed_byte_before_the_last_block_of_the_newest_file_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    fill(&mut index, &messages(8), 4);
    let good = index.disk_bytes();
    fill(&mut index, &messages(12)[8..], 4);
    drop(index);
    let file = segment(&settings, 1);
    let whole = fs::read(&file).unwrap();
    for place in 0..good as usize {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        fs::write(&file, &changed).unwrap();
        assert!(
            matches!(
                DedupIndex::open(&settings, 0),
                Err(IndexError::Damaged { .. })
            ),
            "byte {place}"
        );
    }
}

/// Three files of eight, eight and four articles; the second is then changed.
fn damaged(change: impl Fn(&std::path::Path)) -> (tempfile::TempDir, DedupSettings) {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 128.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    fill(&mut index, &messages(20), 4);
    drop(index);
    change(&segment(&settings, 2));
    (folder, settings)
}

#[test]
fn damage_is_refused_or_discarded_once() {
    let flip = |file: &std::path::Path| {
        let mut bytes = fs::read(file).unwrap();
        bytes[FILE_HEADER + BLOCK_HEADER + 30] ^= 1;
        fs::write(file, bytes).unwrap();
    };
    let cut = |file: &std::path::Path| {
        // Exactly the last block: what is left looks whole.
        let mut bytes = fs::read(file).unwrap();
        let length =
            u32::from_le_bytes(bytes[FILE_HEADER + 4..FILE_HEADER + 8].try_into().unwrap());
        bytes.truncate(FILE_HEADER + BLOCK_HEADER + length as usize);
        fs::write(file, bytes).unwrap();
    };
    let remove = |file: &std::path::Path| fs::remove_file(file).unwrap();
    let changes: [&dyn Fn(&std::path::Path); 3] = [&flip, &cut, &remove];
    for change in changes {
        let (_folder, mut settings) = damaged(change);
        let file = segment(&settings, 2);
        let error = DedupIndex::open(&settings, 0).err().unwrap();
        assert!(
            matches!(&error, IndexError::Damaged { file: named, .. } if *named == file),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .contains("dedup.on_damage = \"discard_segment\""),
            "{error}"
        );

        settings.on_damage = OnDamage::DiscardSegment;
        let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
        assert_eq!((report.articles, report.discarded), (12, vec![file]));
        fill(&mut index, &messages(40)[20..], 4);
        drop(index);

        settings.on_damage = OnDamage::Refuse;
        let (index, report) = DedupIndex::open(&settings, 0).unwrap();
        assert_eq!((index.len(), report.discarded.len()), (32, 0));
    }
}

#[test]
fn the_first_and_the_last_file_can_be_discarded_too() {
    for number in [1, 3] {
        let (_folder, mut settings) = damaged(|_| ());
        let file = segment(&settings, number);
        let mut bytes = fs::read(&file).unwrap();
        bytes[3] ^= 1;
        fs::write(&file, bytes).unwrap();
        settings.on_damage = OnDamage::DiscardSegment;
        let (mut index, report) = DedupIndex::open(&settings, 0).unwrap();
        assert_eq!(report.discarded, [file]);
        fill(&mut index, &messages(40)[20..], 4);
        drop(index);
        settings.on_damage = OnDamage::Refuse;
        assert!(DedupIndex::open(&settings, 0).is_ok());
    }
}

#[test]
fn a_file_of_another_place_or_format_is_refused() {
    let (_folder, settings) = damaged(|_| ());
    fs::copy(segment(&settings, 1), segment(&settings, 2)).unwrap();
    assert!(matches!(
        DedupIndex::open(&settings, 0),
        Err(IndexError::Damaged { .. })
    ));

    let mut header = fs::read(segment(&settings, 1)).unwrap();
    header[8] = 9;
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&header[..40], 1_u64.rotate_left(32));
    header[40..48].copy_from_slice(&sum.to_le_bytes());
    fs::write(segment(&settings, 1), header).unwrap();
    let error = DedupIndex::open(&settings, 0).err().unwrap();
    assert!(
        matches!(
            error,
            IndexError::Version {
                found: 9,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
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
