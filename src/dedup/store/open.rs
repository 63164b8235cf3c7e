//! Opening the index: checks everything before it changes anything.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::IndexError;
use super::catalog::{Catalog, Frozen};
use super::error::failed;
use super::folder::{Folder, Listing};
use super::head::Head;
use super::log::Log;
use super::manifest::{Entry, Lost, Manifest};
use super::replay::{Chain, Tail};
use super::seal::seal;
use super::segment::Segment;
use crate::dedup::{DedupSettings, OnDamage};

/// Blocks that one task checks.
const CHECKED_TOGETHER: usize = 128;

/// What opening found and did. Worth a line in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Segments in use.
    pub segments: usize,
    /// Articles remembered.
    pub articles: usize,
    /// Articles forgotten because their time was over.
    pub expired: usize,
    /// The unfinished write that was cut off. Its articles were never answered for, so nothing is lost.
    pub torn: Option<TornTail>,
    /// What was damaged, and has been discarded (never with [`OnDamage::Refuse`]).
    pub damage: Vec<Damage>,
    /// What is not remembered although it should be: everything, when the index is new or its manifest is damaged. With
    /// [`OnDamage::Rebuild`], and when the index is new, each start says so again until
    /// [`Embedded::restored`](super::Embedded::restored).
    pub lost: Vec<Lost>,
}

/// The end of the newest log where a write was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub file: PathBuf,
    /// Where it was cut, in bytes from its beginning.
    pub offset: u64,
    /// Bytes that were cut off.
    pub bytes: u64,
}

/// A damaged or missing file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, in bytes from its beginning.
    pub offset: u64,
    /// What is wrong there.
    pub what: &'static str,
}

/// An index that is open.
pub(super) struct Opened {
    pub folder: Arc<Folder>,
    pub catalog: Catalog,
    pub head: Head,
    pub log: Log,
    pub meta: Vec<u8>,
    pub report: OpenReport,
}

/// What is done about damage, and what was.
pub(super) struct Damages {
    policy: OnDamage,
    pub found: Vec<Damage>,
    pub lost: Vec<Lost>,
}

impl Damages {
    /// Notes damage, or refuses to go on.
    pub(super) fn note(&mut self, error: IndexError) -> Result<(), IndexError> {
        match error {
            IndexError::Damaged { file, offset, what } if self.policy != OnDamage::Refuse => {
                self.found.push(Damage { file, offset, what });
                Ok(())
            }
            error => Err(error),
        }
    }
}

pub(super) fn open(settings: &DedupSettings) -> Result<Opened, IndexError> {
    let folder = Folder::lock(&settings.path, settings.fsync)?;
    let listing = folder.list()?;
    let mut damages = Damages {
        policy: settings.on_damage,
        found: Vec::new(),
        lost: Vec::new(),
    };
    let (manifest, trusted) = read_manifest(&folder, &listing, &mut damages)?;
    let segments = open_segments(&folder, &manifest, &mut damages)?;
    let chain = Chain::read(&folder, &listing, &manifest, trusted, &mut damages)?;
    // From here on files are changed.
    let mut catalog = Catalog {
        segments,
        sealed_log: manifest.sealed_log,
        next_article: manifest.next_article,
        next_segment: manifest.next_segment,
        clock_ms: manifest.clock_ms,
        lost: manifest.lost.clone(),
        meta: manifest.meta.clone(),
    };
    let mut report = OpenReport {
        lost: [manifest.lost.clone(), damages.lost.clone()].concat(),
        damage: damages.found,
        ..OpenReport::default()
    };
    match settings.on_damage {
        // Somebody decided to go on without.
        OnDamage::DiscardSegment if !report.damage.is_empty() => catalog.lost.clear(),
        _ => catalog.lost.extend(damages.lost),
    }
    for frozen in &chain.full {
        seal_now(&folder, frozen, &mut catalog)?;
    }
    let log = tail(&folder, &chain, &mut report)?;
    finish(&folder, &listing, &manifest, &catalog, &log)?;
    Ok(Opened {
        folder: Arc::new(folder),
        catalog,
        head: chain.head,
        log,
        meta: chain.meta,
        report,
    })
}

/// The manifest, and whether it was found intact.
fn read_manifest(
    folder: &Folder,
    listing: &Listing,
    damages: &mut Damages,
) -> Result<(Manifest, bool), IndexError> {
    let path = folder.manifest();
    let read = match listing.manifest {
        true => {
            let bytes = fs::read(&path).map_err(failed("read", &path))?;
            Manifest::decode(&path, &bytes)
        }
        // The first log is made before the first manifest.
        false if Chain::is_blank(folder, listing)? => {
            let manifest = Manifest {
                next_segment: 1,
                clock_ms: i64::MIN,
                lost: vec![Lost::EVERYTHING],
                ..Manifest::default()
            };
            return Ok((manifest, false));
        }
        false => Err(IndexError::Damaged {
            file: path,
            offset: 0,
            what: "the file is missing",
        }),
    };
    match read {
        // Without a manifest nothing can be told about any file, and an order to do without a segment does not cover
        // doing without them all.
        Err(error @ IndexError::Damaged { .. }) if damages.policy == OnDamage::Rebuild => {
            damages.note(error)?;
            damages.lost.push(Lost::EVERYTHING);
            let manifest = Manifest {
                sealed_log: listing.logs.last().copied().unwrap_or_default(),
                next_segment: listing.segments.last().map_or(1, |last| last + 1),
                clock_ms: i64::MIN,
                ..Manifest::default()
            };
            Ok((manifest, false))
        }
        read => read.map(|manifest| (manifest, true)),
    }
}

/// Opens the segments and compares all their bytes with their checksums, on all cores.
fn open_segments(
    folder: &Folder,
    manifest: &Manifest,
    damages: &mut Damages,
) -> Result<Vec<Arc<Segment>>, IndexError> {
    let opened: Vec<Result<Segment, IndexError>> = manifest
        .segments
        .iter()
        .map(|entry| open_segment(folder, entry))
        .collect();
    let tasks: Vec<(usize, &Segment, usize)> = opened
        .iter()
        .enumerate()
        .filter_map(|(index, segment)| Some((index, segment.as_ref().ok()?)))
        .flat_map(|(index, segment)| {
            (0..segment.blocks())
                .step_by(CHECKED_TOGETHER)
                .map(move |block| (index, segment, block))
        })
        .collect();
    let faults: Vec<(usize, IndexError)> = tasks
        .into_par_iter()
        .filter_map(|(index, segment, first)| {
            let mut buffer = Vec::new();
            let end = segment.blocks().min(first + CHECKED_TOGETHER);
            let error =
                (first..end).find_map(|block| segment.check_block(block, &mut buffer).err())?;
            Some((index, error))
        })
        .collect();
    let mut faults = faults.into_iter().peekable();
    let mut segments = Vec::new();
    for (index, (opened, entry)) in opened.into_iter().zip(&manifest.segments).enumerate() {
        // The first fault of a segment is enough.
        let mut fault = None;
        while let Some((_, error)) = faults.next_if(|(other, _)| *other == index) {
            fault.get_or_insert(error);
        }
        match (opened, fault) {
            (Ok(segment), None) => segments.push(Arc::new(segment)),
            (Err(error), _) | (Ok(_), Some(error)) => {
                damages.note(error)?;
                damages.lost.push(Lost {
                    articles: entry.first..entry.first + u64::from(entry.articles),
                    arrived_ms: Some((entry.oldest_ms, entry.newest_ms)),
                });
            }
        }
    }
    Ok(segments)
}

fn open_segment(folder: &Folder, entry: &Entry) -> Result<Segment, IndexError> {
    let path = folder.segment(entry.id);
    let damaged = |what| IndexError::Damaged {
        file: path.clone(),
        offset: 0,
        what,
    };
    let segment = match Segment::open(&path, entry.id) {
        Err(IndexError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged("the file is missing"));
        }
        segment => segment?,
    };
    let shape = segment.shape();
    let same = (shape.first, shape.articles, segment.file_length())
        == (entry.first, entry.articles, entry.length)
        && (shape.oldest_ms, shape.newest_ms) == (entry.oldest_ms, entry.newest_ms);
    if !same {
        return Err(damaged("the file belongs elsewhere in the index"));
    }
    Ok(segment)
}

fn seal_now(folder: &Folder, frozen: &Frozen, catalog: &mut Catalog) -> Result<(), IndexError> {
    let segments = seal(folder, &frozen.head, &mut catalog.next_segment)?;
    catalog.add(segments, frozen);
    Ok(())
}

/// The log that goes on.
fn tail(folder: &Folder, chain: &Chain, report: &mut OpenReport) -> Result<Log, IndexError> {
    match &chain.tail {
        Tail::New { number } => Log::create(folder, *number, chain.head.first()),
        Tail::Whole { number, end } => Log::resume(folder, *number, *end),
        Tail::Torn {
            number,
            end,
            length,
        } => {
            report.torn = Some(TornTail {
                file: folder.log(*number),
                offset: *end,
                bytes: length - end,
            });
            Log::resume(folder, *number, *end)
        }
    }
}

/// Saves the manifest if it changed, then deletes the files that do not belong to the index.
fn finish(
    folder: &Folder,
    listing: &Listing,
    before: &Manifest,
    catalog: &Catalog,
    log: &Log,
) -> Result<(), IndexError> {
    let manifest = catalog.manifest();
    if !listing.manifest || manifest != *before {
        folder.replace(&folder.manifest(), &manifest.encode())?;
    }
    let in_use = |id: &u64| manifest.segments.iter().any(|entry| entry.id == *id);
    let segments = listing.segments.iter().filter(|id| !in_use(id));
    let logs = listing
        .logs
        .iter()
        .filter(|number| **number != log.number());
    let obsolete = segments
        .map(|id| folder.segment(*id))
        .chain(logs.map(|number| folder.log(*number)))
        .chain(listing.unfinished.iter().cloned());
    for path in obsolete {
        folder.delete(&path)?;
    }
    Ok(())
}
