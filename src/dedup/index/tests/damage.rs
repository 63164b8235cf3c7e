//! Files changed by something else.

use std::fs;

use super::super::format::{BLOCK_HEADER, FILE_HEADER};
use super::*;

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
