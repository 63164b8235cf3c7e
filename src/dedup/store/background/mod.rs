//! The thread that seals heads, merges segments, and deletes files.

mod work;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::IndexError;
use super::catalog::{Catalog, Frozen, Parts};
use super::error::failed;
use super::folder::Folder;
use super::plan::Bounds;
use super::segment::Segment;

/// Full heads that may wait to be sealed. When more would, the thread that fills them waits.
pub(super) const MOST_FROZEN: usize = 2;
/// How often a waiting thread makes sure that somebody works for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// What both sides know. Only held for moments, never while reading or writing files.
struct State {
    catalog: Catalog,
    frozen: VecDeque<Arc<Frozen>>,
    /// Counts changes of segments and frozen heads.
    version: u64,
    /// Whether the manifest says less than the catalog.
    unsaved: bool,
    /// Files that the next manifest no longer names.
    obsolete: Vec<PathBuf>,
    /// Large things to be dropped on the other thread.
    trash: Vec<Parts>,
    failure: Option<IndexError>,
    /// Whether the thread is at work, or waits to try again.
    busy: bool,
    stop: bool,
    /// Nothing is begun, as if the thread were very slow.
    #[cfg(test)]
    held: bool,
}

struct Shared {
    folder: Arc<Folder>,
    bounds: Bounds,
    state: Mutex<State>,
    /// There is something to do.
    work: Condvar,
    /// Something was done.
    done: Condvar,
}

/// The thread and what it shares. Dropping it waits for what is being written, but not for merges.
pub(super) struct Background {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub(super) fn start(
        folder: Arc<Folder>,
        catalog: Catalog,
        bounds: Bounds,
    ) -> Result<Self, IndexError> {
        let shared = Arc::new(Shared {
            folder,
            bounds,
            state: Mutex::new(State {
                catalog,
                frozen: VecDeque::new(),
                version: 1,
                unsaved: false,
                obsolete: Vec::new(),
                trash: Vec::new(),
                failure: None,
                busy: false,
                stop: false,
                #[cfg(test)]
                held: false,
            }),
            work: Condvar::new(),
            done: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("dedup-index".to_owned())
            .spawn(move || own.run())
            .map_err(failed("start a thread for", &shared.folder.manifest()))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Fetches the segments and heads if they are others than in this version.
    pub(super) fn changed(&self, version: &mut u64) -> Option<Parts> {
        let state = self.shared.lock();
        if state.version == *version {
            return None;
        }
        *version = state.version;
        let frozen = state.frozen.iter().map(Arc::clone).collect();
        Some((state.catalog.segments.clone(), frozen))
    }

    /// Takes what the caller no longer needs, to be freed on the other thread.
    pub(super) fn dispose(&self, parts: Parts) {
        self.shared.lock().trash.push(parts);
        self.shared.work.notify_one();
    }

    /// Waits until there is room for another frozen head.
    ///
    /// # Errors
    /// Sealing fails, or is impossible.
    pub(super) fn wait_for_room(&self) -> Result<(), IndexError> {
        self.wait(|state| state.frozen.len() < MOST_FROZEN)
    }

    /// Waits until everything is sealed, saved and merged.
    ///
    /// # Errors
    /// One of these fails.
    pub(super) fn wait_until_idle(&self) -> Result<(), IndexError> {
        self.wait(|state| !state.busy && self.shared.next(state).is_none())
    }

    /// Waits until the manifest says what the catalog does.
    pub(super) fn wait_until_saved(&self) -> Result<(), IndexError> {
        self.wait(|state| !state.busy && !state.unsaved)
    }

    /// Lets the thread begin nothing more, or go on.
    #[cfg(test)]
    pub(super) fn hold(&self, held: bool) {
        self.holder()(held);
    }

    /// [`Self::hold`] for another thread.
    #[cfg(test)]
    pub(super) fn holder(&self) -> impl Fn(bool) + use<> {
        let shared = Arc::clone(&self.shared);
        move |held| {
            shared.lock().held = held;
            shared.work.notify_one();
        }
    }

    fn wait(&self, enough: impl Fn(&State) -> bool) -> Result<(), IndexError> {
        let mut state = self.shared.lock();
        // After a failure the thread pauses, and whoever waits does not. What failed before may go well now.
        state
            .failure
            .take_if(|failure| !matches!(failure, IndexError::Damaged { .. }));
        self.shared.work.notify_one();
        while !enough(&state) {
            if let Some(failure) = state.failure.take() {
                return Err(failure);
            }
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                let gone = io::Error::other("the thread that writes segments has ended");
                return Err(failed("write", &self.shared.folder.manifest())(gone));
            }
            state = self
                .shared
                .done
                .wait_timeout(state, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(())
    }

    /// Damage that was found while reading segments, which must not be overlooked.
    pub(super) fn damage(&self) -> Result<(), IndexError> {
        let mut state = self.shared.lock();
        match state.failure {
            Some(IndexError::Damaged { .. }) => state.failure.take().map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    /// Hands a full head over.
    pub(super) fn freeze(&self, frozen: Frozen) {
        let mut state = self.shared.lock();
        state.frozen.push_back(Arc::new(frozen));
        state.version += 1;
        self.shared.work.notify_one();
    }

    /// Drops segments from the oldest on, as long as `due` says so.
    pub(super) fn expire(&self, mut due: impl FnMut(&Segment) -> bool) {
        let mut state = self.shared.lock();
        while state
            .catalog
            .segments
            .first()
            .is_some_and(|oldest| due(oldest))
        {
            let oldest = state.catalog.segments.remove(0);
            state.obsolete.push(oldest.path().to_owned());
            state.unsaved = true;
            state.version += 1;
        }
        if state.unsaved {
            self.shared.work.notify_one();
        }
    }

    /// Says that what was lost has been dealt with.
    pub(super) fn forget_lost(&self) -> Result<(), IndexError> {
        let mut state = self.shared.lock();
        state.catalog.lost.clear();
        state.unsaved = true;
        self.shared.work.notify_one();
        drop(state);
        self.wait_until_saved()
    }

    /// Ends the thread and returns the catalog. Frozen heads stay in their logs.
    pub(super) fn stop(mut self) -> Catalog {
        self.end();
        let mut state = self.shared.lock();
        let empty = Catalog::empty();
        std::mem::replace(&mut state.catalog, empty)
    }

    fn end(&mut self) {
        self.shared.lock().stop = true;
        self.shared.work.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened; what it left unfinished is done at the next start.
            let _ = thread.join();
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}
