//! The index folder: the lock, the names of the files, and the one place that writes, renames and deletes them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::IndexError;
use super::error::failed;
use super::format::FORMAT;

const LOCK: &str = "lock";
const MANIFEST: &str = "manifest";
const LOG: &str = "log";
const SEGMENT: &str = "sorted";
/// Ending of files that are not complete yet.
const UNFINISHED: &str = "unfinished";
/// Ending of segments in format 1.
const FORMER_SEGMENT: &str = "segment";

/// A folder that this process alone uses until it drops this value.
pub(super) struct Folder {
    path: PathBuf,
    fsync: bool,
    /// Holds the lock; the system releases it when the process ends in whatever way.
    _lock: File,
    /// Bytes that may be written before the disk counts as full.
    #[cfg(test)]
    pub(super) room: std::sync::Mutex<Option<usize>>,
}

/// The index files in a folder, each list ascending.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub manifest: bool,
    pub logs: Vec<u64>,
    pub segments: Vec<u64>,
    /// What a crash left half written.
    pub unfinished: Vec<PathBuf>,
}

impl Folder {
    /// Makes the folder if it is missing, and locks it.
    pub(super) fn lock(path: &Path, fsync: bool) -> Result<Self, IndexError> {
        fs::create_dir_all(path).map_err(failed("create", path))?;
        let lock_path = path.join(LOCK);
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let process = lock
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| text.trim().parse().ok());
                return Err(IndexError::Locked {
                    path: path.to_owned(),
                    process,
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source)),
        }
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            writeln!(lock, "{}", std::process::id())
        };
        write(&mut lock).map_err(failed("write", &lock_path))?;
        Ok(Self {
            path: path.to_owned(),
            fsync,
            _lock: lock,
            #[cfg(test)]
            room: std::sync::Mutex::new(None),
        })
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.path.join(MANIFEST)
    }

    pub(super) fn log(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:012}.{LOG}"))
    }

    pub(super) fn segment(&self, id: u64) -> PathBuf {
        self.path.join(format!("{id:012}.{SEGMENT}"))
    }

    /// The files of the index. Others are left alone.
    ///
    /// # Errors
    /// Besides refusals of the system, a folder of format 1.
    pub(super) fn list(&self) -> Result<Listing, IndexError> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.path).map_err(failed("list", &self.path))? {
            let path = entry.map_err(failed("list", &self.path))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let ending = path.extension().and_then(|ending| ending.to_str());
            let number: Option<u64> = stem.and_then(|stem| stem.parse().ok());
            match (ending, number) {
                (Some(UNFINISHED), _) => listing.unfinished.push(path),
                (Some(LOG), Some(number)) if self.log(number) == path => listing.logs.push(number),
                (Some(SEGMENT), Some(id)) if self.segment(id) == path => listing.segments.push(id),
                (Some(FORMER_SEGMENT), Some(_)) => {
                    return Err(IndexError::Version {
                        file: path,
                        found: 1,
                        known: FORMAT,
                    });
                }
                (None, _) if stem == Some(MANIFEST) => listing.manifest = true,
                _ => {}
            }
        }
        listing.logs.sort_unstable();
        listing.segments.sort_unstable();
        Ok(listing)
    }

    /// Deletes a file; a missing one is as good. Its name may come back after a power failure.
    pub(super) fn delete(&self, path: &Path) -> Result<(), IndexError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("delete", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Puts a file in the place of another, or of none, in one step: after a crash there is the old one or the new one.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), IndexError> {
        let mut new = self.begin(path)?;
        new.write_at(0, bytes)?;
        new.finish()
    }

    /// Begins a file that gets its name when it is complete.
    pub(super) fn begin(&self, path: &Path) -> Result<NewFile<'_>, IndexError> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".");
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&unfinished)
            .map_err(failed("create", &unfinished))?;
        Ok(NewFile {
            folder: self,
            file,
            unfinished,
            path: path.to_owned(),
            unsynced: 0,
            finished: false,
        })
    }

    /// Writes at a place of a file. Does not wait for the disk.
    pub(super) fn write_at(&self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(room) = self
            .room
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_mut()
        {
            let fitting = bytes.len().min(*room);
            *room -= fitting;
            file.write_all_at(bytes.get(..fitting).unwrap_or_default(), at)?;
            return if fitting < bytes.len() {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            };
        }
        file.write_all_at(bytes, at)
    }

    /// Waits until the disk has the bytes of a file.
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        if self.fsync { file.sync_data() } else { Ok(()) }
    }

    /// Waits until the disk has new, changed and deleted names.
    pub(super) fn sync_names(&self) -> Result<(), IndexError> {
        if !self.fsync {
            return Ok(());
        }
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("write", &self.path))
    }
}

/// A file that is written under another name and deleted unless it is finished.
pub(super) struct NewFile<'a> {
    folder: &'a Folder,
    file: File,
    unfinished: PathBuf,
    path: PathBuf,
    unsynced: usize,
    finished: bool,
}

/// Bytes after which a long file is handed to the disk, so that a flush of the log never waits behind gigabytes.
const SYNC_STEP: usize = 8 << 20;

impl NewFile<'_> {
    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), IndexError> {
        self.unsynced += bytes.len();
        let sync = self.unsynced >= SYNC_STEP;
        if sync {
            self.unsynced = 0;
        }
        self.folder
            .write_at(&self.file, at, bytes)
            .and_then(|()| match sync {
                true => self.folder.sync(&self.file),
                false => Ok(()),
            })
            .map_err(failed("write", &self.unfinished))
    }

    /// Makes the bytes durable, then the name.
    pub(super) fn finish(mut self) -> Result<(), IndexError> {
        self.folder
            .sync(&self.file)
            .map_err(failed("write", &self.unfinished))?;
        fs::rename(&self.unfinished, &self.path).map_err(failed("rename", &self.unfinished))?;
        self.finished = true;
        self.folder.sync_names()
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // Best effort: the next start deletes it as well.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}
