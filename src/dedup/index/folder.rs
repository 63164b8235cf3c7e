//! The index folder: the lock, the segment files and the one place that writes them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::IndexError;

const LOCK: &str = "lock";
const EXTENSION: &str = "segment";

/// A folder that this process alone uses until it drops this value.
pub(super) struct Folder {
    path: PathBuf,
    fsync: bool,
    /// Holds the lock; the system releases it when the process ends in whatever way.
    _lock: File,
    /// The file written last.
    current: Option<(u64, File)>,
    /// Bytes that may be written before the disk counts as full.
    #[cfg(test)]
    pub(super) room: Option<usize>,
}

/// Names what was tried on which path.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IndexError {
    move |source| IndexError::Io {
        action,
        path: path.to_owned(),
        source,
    }
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
            current: None,
            #[cfg(test)]
            room: None,
        })
    }

    /// The file of a segment.
    pub(super) fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:012}.{EXTENSION}"))
    }

    /// Numbers of the segments, ascending. Other files are left alone.
    pub(super) fn segments(&self) -> Result<Vec<u64>, IndexError> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed("list", &self.path))? {
            let path = entry.map_err(failed("list", &self.path))?.path();
            let number = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .and_then(|stem| stem.parse().ok());
            if let Some(number) = number.filter(|number| self.file(*number) == path) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// All bytes of a segment's file.
    pub(super) fn read(&self, number: u64) -> Result<Vec<u8>, IndexError> {
        let path = self.file(number);
        fs::read(&path).map_err(failed("read", &path))
    }

    /// Cuts a segment's file.
    pub(super) fn truncate(&self, number: u64, length: u64) -> Result<(), IndexError> {
        let path = self.file(number);
        let file = File::options()
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        file.set_len(length)
            .and_then(|()| self.sync(&file))
            .map_err(failed("truncate", &path))
    }

    /// Deletes a segment's file; a missing one is as good.
    pub(super) fn delete(&mut self, number: u64) -> Result<(), IndexError> {
        self.current.take_if(|(current, _)| *current == number);
        let path = self.file(number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("delete", &path)(error))
            }
            // On disk as well, or a power failure could bring back this file but not the next.
            _ => self.sync_names(),
        }
    }

    /// Writes bytes at a place of a segment's file and waits for the disk. Whatever is there already from that place
    /// on is replaced. After a failure the file ends at the place, unless the disk refuses that too.
    pub(super) fn write(&mut self, number: u64, at: u64, bytes: &[u8]) -> Result<(), IndexError> {
        let path = self.file(number);
        let mut file = match self.current.take() {
            Some((current, file)) if current == number => file,
            _ => File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(failed("create", &path))?,
        };
        let outcome = self
            .write_at(&mut file, at, bytes)
            .and_then(|()| self.sync(&file));
        if let Err(error) = outcome {
            // Best effort: the next write or the next start cuts the file as well.
            let _ = file.set_len(at);
            return Err(failed("write", &path)(error));
        }
        if at == 0 {
            self.sync_names()?;
        }
        self.current = Some((number, file));
        Ok(())
    }

    fn write_at(&mut self, file: &mut File, at: u64, bytes: &[u8]) -> io::Result<()> {
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        #[cfg(test)]
        if let Some(room) = &mut self.room {
            let fitting = bytes.len().min(*room);
            *room -= fitting;
            file.write_all(bytes.get(..fitting).unwrap_or_default())?;
            return if fitting < bytes.len() {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            };
        }
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.fsync { file.sync_data() } else { Ok(()) }
    }

    /// Makes new and deleted names durable.
    fn sync_names(&self) -> Result<(), IndexError> {
        if !self.fsync {
            return Ok(());
        }
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("write", &self.path))
    }
}
