//! Reading the logs that are not sealed yet: what the heads held.

use std::fs;

use super::IndexError;
use super::catalog::Frozen;
use super::error::failed;
use super::folder::{Folder, Listing};
use super::format::Fault;
use super::head::Head;
use super::log::{self, Found, LogEntry};
use super::manifest::{Lost, Manifest};
use super::open::Damages;

/// The logs after the sealed ones, read.
pub(super) struct Chain {
    /// Of logs that are complete, oldest first.
    pub full: Vec<Frozen>,
    /// Of the log that goes on.
    pub head: Head,
    pub tail: Tail,
    /// The meta blob.
    pub meta: Vec<u8>,
}

/// The log that goes on.
pub(super) enum Tail {
    /// It must be made.
    New { number: u64 },
    /// It ends well.
    Whole { number: u64, end: u64 },
    /// It ends in an unfinished write.
    Torn { number: u64, end: u64, length: u64 },
}

impl Chain {
    /// Whether the folder holds no article: nothing, or only the first log, just made.
    pub(super) fn is_blank(folder: &Folder, listing: &Listing) -> Result<bool, IndexError> {
        if !listing.segments.is_empty() {
            return Ok(false);
        }
        match listing.logs.as_slice() {
            [] => Ok(true),
            [1] => is_unused(folder, 1),
            _ => Ok(false),
        }
    }

    /// Reads the logs. Without a manifest that can be trusted none counts.
    pub(super) fn read(
        folder: &Folder,
        listing: &Listing,
        manifest: &Manifest,
        trusted: bool,
        damages: &mut Damages,
    ) -> Result<Self, IndexError> {
        let mut reading = Reading {
            folder,
            damages,
            // An unused log after one that does not end was made by a process that was killed before it went on there.
            last: listing
                .logs
                .last()
                .copied()
                .filter(|last| *last > manifest.sealed_log),
            unused_last: false,
            chain: Self {
                full: Vec::new(),
                head: Head::new(manifest.next_article),
                tail: Tail::New {
                    number: manifest.sealed_log + 1,
                },
                meta: manifest.meta.clone(),
            },
            gap: None,
        };
        if !trusted {
            return Ok(reading.chain);
        }
        let Some(last) = reading.last else {
            reading.missing(manifest.sealed_log + 1)?;
            reading.close_gap(None);
            return Ok(reading.chain);
        };
        reading.unused_last = last > manifest.sealed_log + 1 && is_unused(folder, last)?;
        for number in manifest.sealed_log + 1..=last {
            let done = match listing.logs.binary_search(&number) {
                Ok(_) => reading.log(number)?,
                Err(_) => {
                    reading.missing(number)?;
                    false
                }
            };
            if done {
                return Ok(reading.chain);
            }
        }
        // The last one says that another follows.
        reading.missing(last + 1)?;
        reading.close_gap(None);
        Ok(reading.chain)
    }
}

/// Whether a log has a header at most, or not even that.
fn is_unused(folder: &Folder, number: u64) -> Result<bool, IndexError> {
    let path = folder.log(number);
    let image = fs::read(&path).map_err(failed("read", &path))?;
    let (found, _) = log::read(&path, &image, number)?;
    Ok(found.blocks == 0 && (found.fault.is_none() || found.torn))
}

struct Reading<'a> {
    folder: &'a Folder,
    damages: &'a mut Damages,
    last: Option<u64>,
    unused_last: bool,
    chain: Chain,
    /// The number of the first article that may be missing after a damaged log.
    gap: Option<u64>,
}

impl Reading<'_> {
    /// Reads a log. Returns whether it is the one that goes on.
    fn log(&mut self, number: u64) -> Result<bool, IndexError> {
        let path = self.folder.log(number);
        let image = fs::read(&path).map_err(failed("read", &path))?;
        let (found, entries) = log::read(&path, &image, number)?;
        let newest = self.last == Some(number)
            || (self.unused_last && self.last == Some(number + 1) && !found.closed);
        let fault = self.fault(&found, image.len() as u64, newest);
        let usable = found.end > 0 && self.follows(&found);
        if usable {
            self.close_gap(Some(found.first));
            self.chain.head = Head::new(found.first);
            self.remember(&entries);
        }
        let Some(fault) = fault else {
            self.go_on(number, &found, image.len() as u64);
            return Ok(!found.closed);
        };
        self.damages.note(IndexError::damaged(&path, fault))?;
        let end = self.chain.head.end();
        self.gap.get_or_insert(end);
        if !newest || (usable && found.closed) {
            self.full(number, 0);
            self.chain.tail = Tail::New { number: number + 1 };
        } else if usable {
            self.chain.tail = Tail::Whole {
                number,
                end: found.end,
            };
        } else {
            self.chain.tail = Tail::New { number };
        }
        if newest {
            self.close_gap(None);
        }
        Ok(newest)
    }

    /// What is wrong with a log.
    fn fault(&self, found: &Found, length: u64, newest: bool) -> Option<Fault> {
        let fault = |offset, what| Some(Fault { offset, what });
        if found.end == 0 {
            return found.fault;
        }
        if !self.follows(found) {
            return fault(0, "the file belongs elsewhere in the index");
        }
        match found.fault {
            Some(_) if newest && found.torn => None,
            None if !found.closed && !newest => fault(length, "the end of the file is missing"),
            fault => fault,
        }
    }

    /// Whether the log begins where the one before ends; somewhere after it, when that one was damaged.
    fn follows(&self, found: &Found) -> bool {
        let end = self.chain.head.end();
        found.first == end || (self.gap.is_some() && found.first >= end)
    }

    /// Goes on in or after an intact log.
    fn go_on(&mut self, number: u64, found: &Found, length: u64) {
        if found.closed {
            self.full(number, length);
            return;
        }
        let end = found.end;
        self.chain.tail = match found.fault {
            Some(_) => Tail::Torn {
                number,
                end,
                length,
            },
            None => Tail::Whole { number, end },
        };
    }

    fn full(&mut self, log: u64, log_bytes: u64) {
        let end = self.chain.head.end();
        let head = std::mem::replace(&mut self.chain.head, Head::new(end));
        self.chain.full.push(Frozen {
            head,
            log,
            log_bytes,
            meta: self.chain.meta.clone(),
        });
    }

    fn remember(&mut self, entries: &[LogEntry<'_>]) {
        let mut keys = Vec::new();
        for entry in entries {
            match entry {
                LogEntry::Article {
                    arrived_ms,
                    keys: bytes,
                    record,
                } => {
                    keys.clear();
                    keys.extend(log::keys(bytes));
                    self.chain.head.push(record, &keys, *arrived_ms);
                }
                LogEntry::Meta(meta) => self.chain.meta = meta.to_vec(),
                LogEntry::End => {}
            }
        }
    }

    /// A log that should be there is not.
    fn missing(&mut self, number: u64) -> Result<(), IndexError> {
        self.damages.note(IndexError::Damaged {
            file: self.folder.log(number),
            offset: 0,
            what: "the file is missing",
        })?;
        let end = self.chain.head.end();
        self.gap.get_or_insert(end);
        self.chain.tail = Tail::New { number };
        // An empty head for the missing log, so that it counts as sealed.
        if self.last.is_some_and(|last| last > number) {
            self.full(number, 0);
        }
        Ok(())
    }

    /// Notes what was lost, up to the article where it is known again.
    fn close_gap(&mut self, end: Option<u64>) {
        if let Some(start) = self.gap.take() {
            self.damages.lost.push(Lost {
                articles: start..end.unwrap_or(u64::MAX),
                arrived_ms: None,
            });
        }
    }
}
