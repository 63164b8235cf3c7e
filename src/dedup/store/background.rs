//! The thread that seals heads, merges segments, and deletes files.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::IndexError;
use super::error::failed;
use super::folder::Folder;
use super::head::Head;
use super::manifest::{Entry, Lost, Manifest};
use super::merge::merge;
use super::plan::{Bounds, Merge, Piece, plan};
use super::seal::seal;
use super::segment::Segment;

/// Full heads that may wait to be sealed. When more would, the thread that fills them waits.
pub(super) const MOST_FROZEN: usize = 2;
/// How long to wait after a failure before trying again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a waiting thread makes sure that somebody works for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// A full head that is to become a segment, still readable.
pub(super) struct Frozen {
    pub head: Head,
    /// The log that holds it, and its length.
    pub log: u64,
    pub log_bytes: u64,
    /// The meta blob at the end of that log.
    pub meta: Vec<u8>,
}

/// What a view of the index is made of: segments and heads, oldest first.
pub(super) type Parts = (Vec<Arc<Segment>>, Vec<Arc<Frozen>>);

/// The index on disk, as the manifest names it or soon will.
pub(super) struct Catalog {
    pub segments: Vec<Arc<Segment>>,
    pub sealed_log: u64,
    pub next_article: u64,
    pub next_segment: u64,
    pub clock_ms: i64,
    pub lost: Vec<Lost>,
    pub meta: Vec<u8>,
}

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

enum Task {
    Seal(Arc<Frozen>),
    Save,
    Merge(Merge),
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.stop {
            let trash = std::mem::take(&mut state.trash);
            if !trash.is_empty() {
                drop(state);
                drop(trash);
                state = self.lock();
                continue;
            }
            let Some(task) = self.next(&state) else {
                state.busy = false;
                self.done.notify_all();
                state = self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy = true;
            drop(state);
            let outcome = self.perform(task);
            state = self.lock();
            if let Err(failure) = outcome {
                tracing::error!("dedup index: {failure}");
                state.failure = Some(failure);
                self.done.notify_all();
                state = self
                    .work
                    .wait_timeout(state, RETRY)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            self.done.notify_all();
        }
    }

    fn next(&self, state: &State) -> Option<Task> {
        #[cfg(test)]
        if state.held {
            return None;
        }
        if let Some(frozen) = state.frozen.front() {
            return Some(Task::Seal(Arc::clone(frozen)));
        }
        if state.unsaved {
            return Some(Task::Save);
        }
        let pieces: Vec<Piece> = state
            .catalog
            .segments
            .iter()
            .map(|segment| piece(segment))
            .collect();
        plan(&pieces, &self.bounds).map(Task::Merge)
    }

    fn perform(&self, task: Task) -> Result<(), IndexError> {
        match task {
            Task::Seal(frozen) => self.seal(&frozen),
            Task::Save => self.save(),
            Task::Merge(merge) => self.merge(&merge),
        }
    }

    fn seal(&self, frozen: &Arc<Frozen>) -> Result<(), IndexError> {
        let mut next = self.lock().catalog.next_segment;
        let segments = seal(&self.folder, &frozen.head, &mut next)?;
        let mut state = self.lock();
        state.frozen.pop_front();
        state.catalog.add(segments, frozen);
        state.catalog.next_segment = next;
        state.obsolete.push(self.folder.log(frozen.log));
        state.version += 1;
        state.unsaved = true;
        drop(state);
        self.save()
    }

    /// Writes the manifest, then deletes what it no longer names.
    fn save(&self) -> Result<(), IndexError> {
        let mut state = self.lock();
        let manifest = state.catalog.manifest();
        let obsolete = std::mem::take(&mut state.obsolete);
        state.unsaved = false;
        drop(state);
        let saved = self
            .folder
            .replace(&self.folder.manifest(), &manifest.encode());
        if let Err(failure) = saved {
            let mut state = self.lock();
            state.unsaved = true;
            state.obsolete.extend(obsolete);
            return Err(failure);
        }
        for path in obsolete {
            if let Err(failure) = self.folder.delete(&path) {
                // It takes room until the next start, which deletes it too.
                tracing::warn!("dedup index: {failure}");
            }
        }
        Ok(())
    }

    fn merge(&self, task: &Merge) -> Result<(), IndexError> {
        let mut state = self.lock();
        let inputs = state.catalog.segments.get(task.pieces.clone());
        let inputs = inputs.unwrap_or_default().to_vec();
        let id = state.catalog.next_segment;
        state.catalog.next_segment += 1;
        drop(state);
        let mut go_on = || self.between(&inputs);
        let merged = merge(&self.folder, &inputs, id, task.last, &mut go_on)?;
        let Some(merged) = merged else {
            return Ok(());
        };
        let mut state = self.lock();
        let Some(place) = state.catalog.position(&inputs) else {
            // Some of it was forgotten meanwhile.
            state.obsolete.push(merged.path().to_owned());
            state.unsaved = true;
            return Ok(());
        };
        let range = place..place + inputs.len();
        state.catalog.segments.splice(range, [merged]);
        state
            .obsolete
            .extend(inputs.iter().map(|input| input.path().to_owned()));
        state.version += 1;
        state.unsaved = true;
        drop(state);
        self.save()
    }

    /// What is more urgent than the merge that asks, and whether the merge should go on.
    fn between(&self, inputs: &[Arc<Segment>]) -> Result<ControlFlow<()>, IndexError> {
        loop {
            let mut state = self.lock();
            if state.stop || state.catalog.position(inputs).is_none() {
                return Ok(ControlFlow::Break(()));
            }
            let trash = std::mem::take(&mut state.trash);
            let urgent = match state.frozen.front() {
                Some(frozen) => Some(Task::Seal(Arc::clone(frozen))),
                None => state.unsaved.then_some(Task::Save),
            };
            drop(state);
            drop(trash);
            let Some(urgent) = urgent else {
                return Ok(ControlFlow::Continue(()));
            };
            self.perform(urgent)?;
            self.done.notify_all();
        }
    }
}

impl Catalog {
    pub(super) fn empty() -> Self {
        Self {
            segments: Vec::new(),
            sealed_log: 0,
            next_article: 0,
            next_segment: 1,
            clock_ms: i64::MIN,
            lost: Vec::new(),
            meta: Vec::new(),
        }
    }

    /// Adds what a head became.
    pub(super) fn add(&mut self, segments: Vec<Arc<Segment>>, frozen: &Frozen) {
        self.segments.extend(segments);
        self.sealed_log = frozen.log;
        self.next_article = frozen.head.end();
        self.meta.clone_from(&frozen.meta);
        if let Some((_, newest_ms)) = frozen.head.arrived_ms() {
            self.clock_ms = self.clock_ms.max(newest_ms);
        }
    }

    pub(super) fn manifest(&self) -> Manifest {
        let entry = |segment: &Arc<Segment>| Entry {
            id: segment.shape().id,
            length: segment.file_length(),
            first: segment.shape().first,
            articles: segment.shape().articles,
            oldest_ms: segment.shape().oldest_ms,
            newest_ms: segment.shape().newest_ms,
        };
        Manifest {
            sealed_log: self.sealed_log,
            next_article: self.next_article,
            next_segment: self.next_segment,
            clock_ms: self.clock_ms,
            segments: self.segments.iter().map(entry).collect(),
            lost: self.lost.clone(),
            meta: self.meta.clone(),
        }
    }

    /// Where these segments are, one after another.
    fn position(&self, segments: &[Arc<Segment>]) -> Option<usize> {
        let first = segments.first()?;
        let place = self
            .segments
            .iter()
            .position(|segment| Arc::ptr_eq(segment, first))?;
        let found = self.segments.get(place..place + segments.len())?;
        found
            .iter()
            .zip(segments)
            .all(|(left, right)| Arc::ptr_eq(left, right))
            .then_some(place)
    }
}

fn piece(segment: &Segment) -> Piece {
    let shape = segment.shape();
    Piece {
        first: shape.first,
        articles: u64::from(shape.articles),
        postings: u64::from(shape.postings),
        record_bytes: u64::from(shape.record_bytes),
        oldest_ms: shape.oldest_ms,
        newest_ms: shape.newest_ms,
    }
}
