//! Reading the index from its folder, and what to do about files that are not as they should be.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::folder::Folder;
use super::format::FileHeader;
use super::segment::{Loaded, Segment, Stream};
use super::{DedupSettings, IndexError, OnDamage};

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
    /// Damaged files that were discarded (only with [`OnDamage::DiscardSegment`]): their articles are forgotten.
    pub discarded: Vec<PathBuf>,
}

/// The end of the newest file where a write was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub file: PathBuf,
    /// Where it was cut, in bytes from its beginning.
    pub offset: u64,
    /// Bytes that were cut off.
    pub bytes: u64,
}

/// The segments of a folder, oldest first, and the streams they name.
pub(super) struct Contents {
    pub segments: VecDeque<Segment>,
    pub streams: Vec<Stream>,
    pub report: OpenReport,
}

/// Reads all segments. Changes files only to cut an unfinished write or, if the settings say so, to discard damage.
pub(super) fn read(folder: &mut Folder, settings: &DedupSettings) -> Result<Contents, IndexError> {
    let mut contents = Contents {
        segments: VecDeque::new(),
        streams: Vec::new(),
        report: OpenReport::default(),
    };
    let numbers = folder.segments()?;
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
        return Ok(contents);
    };
    for number in first..=last {
        let discard = settings.on_damage == OnDamage::DiscardSegment;
        match load(folder, &contents, number, number == last) {
            Ok(Some(loaded)) => contents.add(folder, loaded, discard)?,
            Ok(None) => contents.drop_unfinished(folder, number)?,
            Err(IndexError::Damaged { file, .. }) if discard => {
                contents.report.discarded.push(file);
                contents.discard(folder, number, number == last)?;
            }
            Err(error) => return Err(error),
        }
    }
    contents.report.segments = contents.segments.len();
    contents.report.articles = contents.segments.iter().map(Segment::articles).sum();
    Ok(contents)
}

fn load(
    folder: &Folder,
    before: &Contents,
    number: u64,
    newest: bool,
) -> Result<Option<Loaded>, IndexError> {
    let file = folder.file(number);
    let damaged = |what| IndexError::Damaged {
        file: file.clone(),
        offset: 0,
        what,
    };
    let image = match folder.read(number) {
        Err(IndexError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged("the file is missing"));
        }
        image => image?,
    };
    let Some(loaded) = Segment::load(&file, number, image, newest)? else {
        return Ok(None);
    };
    let same =
        |known: &Stream, new: &Stream| (known.0 == new.0) == (known.1 == new.1 && known.2 == new.2);
    if loaded
        .streams
        .iter()
        .any(|new| !before.streams.iter().all(|known| same(known, new)))
    {
        return Err(damaged("a stream number has two meanings"));
    }
    Ok(Some(loaded))
}

impl Contents {
    fn add(
        &mut self,
        folder: &mut Folder,
        loaded: Loaded,
        discard: bool,
    ) -> Result<(), IndexError> {
        if let Some(last) = self.segments.back()
            && !last.header().discarded
            && loaded.segment.header().previous != last.bytes() as u64
        {
            let (number, offset) = (last.header().number, last.bytes() as u64);
            let file = folder.file(number);
            if !discard {
                return Err(IndexError::Damaged {
                    file,
                    offset,
                    what: "the end of the file is missing",
                });
            }
            self.report.discarded.push(file);
            self.segments.pop_back();
            self.discard(folder, number, false)?;
        }
        if let Some(fault) = loaded.torn {
            self.cut(folder, loaded.segment.header().number, fault.offset as u64)?;
        }
        for stream in loaded.streams {
            if !self.streams.contains(&stream) {
                self.streams.push(stream);
            }
        }
        self.segments.push_back(loaded.segment);
        Ok(())
    }

    /// The newest file was being created.
    fn drop_unfinished(&mut self, folder: &mut Folder, number: u64) -> Result<(), IndexError> {
        self.cut(folder, number, 0)?;
        folder.delete(number)
    }

    fn cut(&mut self, folder: &Folder, number: u64, offset: u64) -> Result<(), IndexError> {
        let bytes = (folder.read(number)?.len() as u64).saturating_sub(offset);
        folder.truncate(number, offset)?;
        if bytes > 0 {
            self.report.torn = Some(TornTail {
                file: folder.file(number),
                offset,
                bytes,
            });
        }
        Ok(())
    }

    /// Deletes a damaged file. One between others leaves an empty file, so that a file missing for another reason
    /// is still noticed.
    fn discard(
        &mut self,
        folder: &mut Folder,
        number: u64,
        newest: bool,
    ) -> Result<(), IndexError> {
        let Some(last) = self.segments.back() else {
            return folder.delete(number);
        };
        if newest {
            return folder.delete(number);
        }
        let previous = last.bytes() as u64;
        let header = FileHeader {
            number,
            base_ms: last.newest_ms(),
            previous,
            discarded: true,
        };
        folder.write(number, 0, &header.encode())?;
        self.segments.push_back(Segment::discarded(header));
        Ok(())
    }
}
