//! Why the index cannot be opened or written.

use std::cmp::Ordering;
use std::io;
use std::path::{Path, PathBuf};

use super::format::Fault;

/// An error of the index. Judging never fails.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process uses the folder.
    #[error(
        "the dedup index {} is in use by {}: stop it, or give this one a folder of its own with dedup.path",
        .path.display(), holder(*.process)
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The other process, where its id could be read.
        process: Option<u32>,
    },
    /// A file is damaged, or missing. Nothing was changed.
    #[error(
        "the dedup index is damaged: {} at byte {offset}: {what}. Set dedup.on_damage = \"rebuild\" to learn again from \
         the output topic what was lost, or \"discard_segment\" to go on without it, or delete the folder to start with \
         an empty index",
        .file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in the file, in bytes from its beginning.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The file was written by another version of the program.
    #[error(
        "the dedup index file {} has format {found}, but this program knows only format {known}: {}",
        .file.display(), other_version(*.found, *.known)
    )]
    Version {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this program.
        known: u32,
    },
    /// The operating system refused: disk full, rights, a failing disk.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb: `open`, `write` …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The shared index is out of reach, or in the hands of another replica. Nothing of the batch may be published; it may be
    /// tried again.
    #[error("the shared index is away: {0}")]
    Unavailable(String),
    /// The shared index does not fit the settings or this program.
    #[error("{0}")]
    Refused(String),
    /// The shared index has lost its articles while the stage was running.
    #[error(
        "the shared index has lost its articles, or a shard of them: nothing more is judged. After a restart it is built          again from the output topic"
    )]
    Emptied,
}

impl IndexError {
    /// Whether the same may succeed later, without anybody doing anything about it here.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(super) fn damaged(file: &Path, fault: Fault) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            offset: fault.offset,
            what: fault.what,
        }
    }
}

/// Names what was tried on which path.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IndexError {
    move |source| IndexError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn holder(process: Option<u32>) -> String {
    process.map_or_else(
        || "another process".to_owned(),
        |id| format!("process {id}"),
    )
}

fn other_version(found: u32, known: u32) -> &'static str {
    match found.cmp(&known) {
        Ordering::Less => {
            "delete the folder; an empty index is built again from the output topic where that is configured"
        }
        _ => "run the newer version, or delete the folder to start with an empty index",
    }
}
