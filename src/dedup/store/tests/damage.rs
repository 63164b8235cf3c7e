//! Files changed by something else.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::dedup::OnDamage;

/// An index with three segments, two logs that are complete, and one that goes on: articles 0..64, 64..72, 72..80, 80..86.
fn made() -> (tempfile::TempDir, DedupSettings) {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 125.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    index.restored().unwrap();
    fill(&mut index, 0..64, 8);
    index.settle().unwrap();
    index.set_meta(b"meta".to_vec());
    index.disk.as_ref().unwrap().background.hold(true);
    fill(&mut index, 64..80, 8);
    fill(&mut index, 80..86, 3);
    drop(index);
    (folder, settings)
}

/// Puts the files back as they are now.
struct Backup(Vec<(PathBuf, Vec<u8>)>, PathBuf);

impl Backup {
    fn of(settings: &DedupSettings) -> Self {
        let files = fs::read_dir(&settings.path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap() != "lock")
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        Self(files, settings.path.clone())
    }

    fn restore(&self) {
        for entry in fs::read_dir(&self.1).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() != "lock" {
                fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in &self.0 {
            fs::write(path, bytes).unwrap();
        }
    }

    fn file(&self, ending: &str, place: usize) -> PathBuf {
        let mut files: Vec<_> = self
            .0
            .iter()
            .map(|(path, _)| path.clone())
            .filter(|path| path.to_str().unwrap().ends_with(ending))
            .collect();
        files.sort();
        files.swap_remove(place)
    }
}

#[test]
fn a_changed_byte_is_never_believed() {
    let (_folder, settings) = made();
    let backup = Backup::of(&settings);
    let (mut refused, mut cut) = (0, 0);
    for (file, whole) in &backup.0 {
        let step = if whole.len() > 10_000 { 61 } else { 3 };
        for place in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[place] ^= [0x01, 0x80][place % 2];
            fs::write(file, &changed).unwrap();
            match try_open(&settings) {
                Err(IndexError::Damaged {
                    file: named,
                    offset,
                    ..
                }) => {
                    assert_eq!(named, *file, "byte {place}");
                    let offset = offset as usize;
                    assert!(
                        (offset..offset + (64 << 10)).contains(&place),
                        "{offset} {place}"
                    );
                    assert_eq!(fs::read(file).unwrap(), changed, "it is left alone");
                    refused += 1;
                }
                Ok((index, report)) => {
                    // Only the last block of the newest log can pass for an unfinished write.
                    assert_eq!(*file, backup.file("log", 2), "byte {place}");
                    assert_eq!(report.torn.unwrap().file, *file);
                    assert_holds(&index, &(0..83).collect::<Vec<_>>());
                    cut += 1;
                    drop(index);
                    backup.restore();
                }
                Err(error) => panic!("{error}"),
            }
            fs::write(file, whole).unwrap();
        }
    }
    assert!(refused > 1_000 && cut > 20, "{refused} {cut}");
    backup.restore();
    assert_holds(&open(&settings), &(0..86).collect::<Vec<_>>());
}

#[test]
fn a_file_cut_short_or_missing_is_never_believed() {
    let (_folder, settings) = made();
    let backup = Backup::of(&settings);
    for (file, whole) in &backup.0 {
        let newest_log = *file == backup.file("log", 2);
        for length in (0..whole.len())
            .step_by(whole.len() / 40 + 1)
            .map(Some)
            .chain([None])
        {
            backup.restore();
            match length {
                Some(length) => fs::write(file, &whole[..length]).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
            match try_open(&settings) {
                Err(IndexError::Damaged { file: named, .. }) => {
                    assert_eq!(named, *file, "{length:?}");
                    assert_eq!(
                        fs::read(file).ok().map(|bytes| bytes.len()),
                        length,
                        "it is left alone"
                    );
                }
                Ok((index, _)) => {
                    assert!(newest_log && length.is_some_and(|length| length >= 40));
                    let end = index.next_article();
                    assert!([80, 83].contains(&end), "{end}");
                    assert_holds(&index, &(0..end).collect::<Vec<_>>());
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn files_of_another_place_are_refused() {
    let (_folder, settings) = made();
    let backup = Backup::of(&settings);
    for ending in ["sorted", "log"] {
        let (from, to) = (backup.file(ending, 0), backup.file(ending, 1));
        fs::copy(&from, &to).unwrap();
        let error = try_open(&settings).err().unwrap();
        assert!(
            matches!(&error, IndexError::Damaged { file, .. } if *file == to),
            "{error}"
        );
        backup.restore();
    }
}

/// What is left, and what is said to be lost, for each file that can be damaged.
#[test]
fn damage_is_discarded_and_what_was_lost_is_named() {
    let (_folder, mut settings) = made();
    let backup = Backup::of(&settings);
    let ranges: Vec<std::ops::Range<u64>> = {
        let index = open(&settings);
        let shapes = index.sealed.segments.iter();
        shapes
            .map(|segment| segment.shape().first..segment.shape().end())
            .filter(|range| range.end <= 64)
            .collect()
    };
    assert!(ranges.len() >= 2, "{ranges:?}");
    let mut cases: Vec<(PathBuf, std::ops::Range<u64>)> = ranges
        .iter()
        .enumerate()
        .map(|(place, range)| (backup.file("sorted", place), range.clone()))
        .collect();
    // Files are sorted by id, and merged segments have younger ids than what they were made of; so find each by range.
    cases.iter_mut().for_each(|(file, range)| {
        *file = backup
            .0
            .iter()
            .map(|(path, _)| path)
            .filter(|path| path.extension() == Some("sorted".as_ref()))
            .find(|path| {
                let id = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
                backup.restore();
                let segment = super::super::segment::Segment::open(path, id).unwrap();
                segment.shape().first == range.start
            })
            .unwrap()
            .clone();
    });
    cases.push((backup.file("log", 0), 64..72));
    cases.push((backup.file("log", 1), 72..80));
    cases.push((backup.file("log", 2), 80..u64::MAX));
    for (file, range) in cases {
        for missing in [false, true] {
            for policy in [OnDamage::DiscardSegment, OnDamage::Rebuild] {
                backup.restore();
                if missing {
                    fs::remove_file(&file).unwrap();
                } else {
                    let mut bytes = fs::read(&file).unwrap();
                    bytes[3] ^= 4;
                    fs::write(&file, bytes).unwrap();
                }
                settings.on_damage = policy;
                let (mut index, report) = try_open(&settings).unwrap();
                assert_eq!(report.damage.len(), 1);
                assert_eq!(report.damage[0].file, file);
                assert_eq!(report.lost.len(), 1, "{file:?}");
                assert_eq!(report.lost[0].articles, range, "{file:?}");
                assert_eq!(index.meta(), b"meta");
                let left: Vec<u64> = (0..86).filter(|number| !range.contains(number)).collect();
                assert_holds(&index, &left);
                // It goes on, and is whole from then on.
                let next = index.next_article();
                fill(&mut index, next..next + 20, 4);
                index.settle().unwrap();
                let left = [left, (next..next + 20).collect()].concat();
                assert_holds(&index, &left);
                drop(index);
                settings.on_damage = OnDamage::Refuse;
                let (mut index, again) = try_open(&settings).unwrap();
                assert_holds(&index, &left);
                assert!(again.damage.is_empty());
                match policy {
                    OnDamage::Rebuild => {
                        assert_eq!(again.lost, report.lost, "until somebody has seen to it");
                        index.restored().unwrap();
                        drop(index);
                        index = open(&settings);
                    }
                    _ => assert!(again.lost.is_empty()),
                }
                drop(index);
                let (_, last) = try_open(&settings).unwrap();
                assert!(last.lost.is_empty());
            }
        }
    }
}

#[test]
fn without_a_manifest_everything_is_lost_and_only_rebuilding_goes_on() {
    let (_folder, mut settings) = made();
    let backup = Backup::of(&settings);
    for missing in [false, true] {
        backup.restore();
        let file = backup.file("manifest", 0);
        match missing {
            true => fs::remove_file(&file).unwrap(),
            false => fs::write(&file, b"NEWSIDX\n").unwrap(),
        }
        for policy in [OnDamage::Refuse, OnDamage::DiscardSegment] {
            settings.on_damage = policy;
            let error = try_open(&settings).err().unwrap();
            assert!(
                matches!(&error, IndexError::Damaged { file: named, .. } if *named == file),
                "{error}"
            );
        }
        settings.on_damage = OnDamage::Rebuild;
        let (mut index, report) = try_open(&settings).unwrap();
        assert_eq!((report.articles, report.damage.len()), (0, 1));
        assert_eq!(report.lost, [Lost::EVERYTHING]);
        fill(&mut index, 0..20, 4);
        index.settle().unwrap();
        drop(index);
        let (index, report) = try_open(&settings).unwrap();
        assert_eq!((report.articles, report.damage.len()), (20, 0));
        assert_eq!(report.lost, [Lost::EVERYTHING], "it is not built again yet");
        assert_holds(&index, &(0..20).collect::<Vec<_>>());
    }
}

#[test]
fn clearing_forgets_everything_and_says_so_until_it_is_built_again() {
    let (_folder, settings) = made();
    let index = open(&settings);
    let mut index = index.cleared().unwrap();
    assert_eq!(
        (index.len(), index.next_article(), index.meta()),
        (0, 86, &b""[..])
    );
    fill(&mut index, 86..100, 5);
    drop(index);
    let (mut index, report) = try_open(&settings).unwrap();
    assert_eq!((report.articles, report.lost), (14, vec![Lost::EVERYTHING]));
    assert_holds(&index, &(86..100).collect::<Vec<_>>());
    index.restored().unwrap();
    drop(index);
    assert!(try_open(&settings).unwrap().1.lost.is_empty());
}

/// Damage that appears while the index is open is not copied into a new file with good checksums.
#[test]
fn merging_notices_damage() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut index = open(&settings);
    index.disk.as_ref().unwrap().background.hold(true);
    fill(&mut index, 0..16, 8);
    index.disk.as_ref().unwrap().background.hold(false);
    index.settle().unwrap();
    let backup = Backup::of(&settings);
    let file = backup.file("sorted", 0);
    let mut bytes = fs::read(&file).unwrap();
    bytes[2 * 4096] ^= 1;
    fs::write(&file, bytes).unwrap();
    let error = (16..2_000)
        .find_map(|number| {
            push(&mut index, number, 0);
            index.flush().err()
        })
        .or_else(|| index.settle().err())
        .unwrap();
    assert!(
        matches!(&error, IndexError::Damaged { file: named, .. } if *named == file),
        "{error}"
    );
}
