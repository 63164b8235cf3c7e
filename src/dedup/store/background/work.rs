//! What the thread does: the most urgent first.

use std::ops::ControlFlow;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::IndexError;
use super::super::catalog::{Frozen, piece};
use super::super::merge::merge;
use super::super::plan::{Merge, Piece, plan};
use super::super::seal::seal;
use super::super::segment::Segment;
use super::{Shared, State};

/// How long to wait after a failure before trying again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) enum Task {
    Seal(Arc<Frozen>),
    Save,
    Merge(Merge),
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn run(&self) {
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

    pub(super) fn next(&self, state: &State) -> Option<Task> {
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
