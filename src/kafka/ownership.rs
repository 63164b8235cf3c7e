//! Which partitions this process owns, and which of its unfinished work still counts.
//!
//! Every message is tagged with the *epoch* of its partition when it is read. The epoch changes when the partition is
//! revoked, lost or rewound, so that work begun before can be told from work that may be committed: nothing is
//! committed for a partition that is no longer owned, and nothing twice after a rewind.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A partition's number on the input topic.
pub type Partition = i32;

/// How often a partition has changed hands or been rewound; only equality matters.
pub type Epoch = u64;

#[derive(Debug, Default)]
struct Owned {
    epoch: Epoch,
    /// First offset read in this epoch: the place to go back to when nothing was ever committed.
    first: Option<i64>,
    /// Last offset read in this epoch, or since the rewind.
    last: Option<i64>,
    /// Next offset to read after the last commit by this process.
    committed: Option<i64>,
    /// Messages of this epoch that were handed on and are not committed yet.
    in_flight: usize,
}

#[derive(Debug, Default)]
struct Table {
    last_epoch: Epoch,
    rewind: bool,
    owned: BTreeMap<Partition, Owned>,
}

/// The table, shared by the reading and the committing thread.
#[derive(Debug, Default)]
pub struct Ownership {
    table: Mutex<Table>,
    changed: Condvar,
}

/// How many messages of which partition and epoch a batch holds.
pub type Holdings = BTreeMap<(Partition, Epoch), usize>;

impl Ownership {
    /// An empty table: nothing is owned.
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions were assigned.
    pub fn assign(&self, partitions: impl IntoIterator<Item = Partition>) {
        let mut table = self.table();
        for partition in partitions {
            table.last_epoch += 1;
            let epoch = table.last_epoch;
            table.owned.insert(
                partition,
                Owned {
                    epoch,
                    ..Owned::default()
                },
            );
        }
        self.changed.notify_all();
    }

    /// Partitions were revoked or lost: whatever is unfinished for them must not be committed.
    pub fn release(&self, partitions: impl IntoIterator<Item = Partition>) {
        let mut table = self.table();
        for partition in partitions {
            table.owned.remove(&partition);
        }
        self.changed.notify_all();
    }

    /// The partitions owned now, in order.
    pub fn partitions(&self) -> Vec<Partition> {
        self.table().owned.keys().copied().collect()
    }

    /// Tags a message that was just read. `None` when it does not count: the partition is not owned, or a rewind is
    /// due and the message will be read again.
    pub fn tag(&self, partition: Partition, offset: i64) -> Option<Epoch> {
        let mut table = self.table();
        let rewind = table.rewind;
        let owned = table.owned.get_mut(&partition)?;
        // Noted even when the message does not count now: it is where the rewind must go back to.
        owned.first.get_or_insert(offset);
        owned.last = Some(offset);
        (!rewind).then_some(owned.epoch)
    }

    /// Whether work of this epoch may be committed.
    pub fn is_current(&self, partition: Partition, epoch: Epoch) -> bool {
        let table = self.table();
        !table.rewind
            && table
                .owned
                .get(&partition)
                .is_some_and(|owned| owned.epoch == epoch)
    }

    /// A batch is handed on.
    pub fn begin(&self, holdings: &Holdings) {
        self.count(holdings, |count, n| count + n);
    }

    /// A batch was committed or given up.
    pub fn finish(&self, holdings: &Holdings) {
        self.count(holdings, usize::saturating_sub);
    }

    /// How many messages were handed on and are not committed yet.
    pub fn in_flight(&self) -> u64 {
        let table = self.table();
        let counts = table.owned.values().map(|owned| owned.in_flight as u64);
        counts.sum()
    }

    fn count(&self, holdings: &Holdings, change: impl Fn(usize, usize) -> usize) {
        let mut table = self.table();
        for (&(partition, epoch), &messages) in holdings {
            if let Some(owned) = table
                .owned
                .get_mut(&partition)
                .filter(|owned| owned.epoch == epoch)
            {
                owned.in_flight = change(owned.in_flight, messages);
            }
        }
        self.changed.notify_all();
    }

    /// Offsets were committed: the next offset to read for each partition and epoch.
    pub fn committed(&self, offsets: &BTreeMap<(Partition, Epoch), i64>) {
        let mut table = self.table();
        for (&(partition, epoch), &next) in offsets {
            if let Some(owned) = table
                .owned
                .get_mut(&partition)
                .filter(|owned| owned.epoch == epoch)
            {
                owned.committed = Some(next);
            }
        }
    }

    /// Asks the reading thread to go back to the committed offsets. Until it has, nothing counts.
    pub fn request_rewind(&self) {
        self.table().rewind = true;
        self.changed.notify_all();
    }

    /// Whether a rewind is due.
    pub fn rewind_requested(&self) -> bool {
        self.table().rewind
    }

    /// Where this process left each owned partition: the last commit of its own, else the first offset it read, else
    /// `None` when it read nothing yet.
    pub fn resume_points(&self) -> Vec<(Partition, Option<i64>)> {
        self.table()
            .owned
            .iter()
            .map(|(&partition, owned)| (partition, owned.committed.or(owned.first)))
            .collect()
    }

    /// Whether every message that was read from the partition is committed.
    pub fn is_caught_up(&self, partition: Partition) -> bool {
        let table = self.table();
        table
            .owned
            .get(&partition)
            .is_some_and(|owned| match owned.last {
                Some(last) => owned.committed == Some(last + 1),
                None => owned.first.is_none(),
            })
    }

    /// The reading thread is back at the committed offsets: what is read from now on counts again.
    pub fn rewound(&self) {
        let mut table = self.table();
        let Table {
            last_epoch,
            owned,
            rewind,
        } = &mut *table;
        for partition in owned.values_mut() {
            *last_epoch += 1;
            partition.epoch = *last_epoch;
            partition.in_flight = 0;
            partition.last = None;
        }
        *rewind = false;
        self.changed.notify_all();
    }

    /// Waits until nothing is in flight for the partitions, at most `budget`. A rewind also ends the wait: then nothing
    /// will be committed for them any more. Returns whether the work was finished.
    pub fn wait_finished(&self, partitions: &[Partition], budget: Duration) -> bool {
        let deadline = Instant::now() + budget;
        let mut table = self.table();
        loop {
            let busy = partitions
                .iter()
                .any(|partition| table.owned.get(partition).is_some_and(|p| p.in_flight > 0));
            if !busy {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if table.rewind || left.is_zero() {
                return false;
            }
            table = self
                .changed
                .wait_timeout(table, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holdings(partition: Partition, epoch: Epoch, messages: usize) -> Holdings {
        Holdings::from([((partition, epoch), messages)])
    }

    #[test]
    fn a_message_of_a_partition_that_is_not_owned_is_not_tagged() {
        let ownership = Ownership::new();
        assert_eq!(ownership.tag(0, 5), None);
        ownership.assign([0]);
        assert!(ownership.tag(0, 5).is_some());
    }

    #[test]
    fn a_partition_that_comes_back_has_another_epoch() {
        let ownership = Ownership::new();
        ownership.assign([3]);
        let before = ownership.tag(3, 0).unwrap();
        ownership.release([3]);
        assert!(!ownership.is_current(3, before));
        ownership.assign([3]);
        assert!(
            !ownership.is_current(3, before),
            "work from before the revocation must stay void"
        );
        assert!(ownership.is_current(3, ownership.tag(3, 0).unwrap()));
    }

    #[test]
    fn only_the_released_partition_loses_its_work() {
        let ownership = Ownership::new();
        ownership.assign([0, 1]);
        let (zero, one) = (ownership.tag(0, 0).unwrap(), ownership.tag(1, 0).unwrap());
        ownership.release([0]);
        assert!(!ownership.is_current(0, zero));
        assert!(ownership.is_current(1, one));
    }

    #[test]
    fn nothing_counts_between_the_request_and_the_rewind() {
        let ownership = Ownership::new();
        ownership.assign([0]);
        let epoch = ownership.tag(0, 7).unwrap();
        ownership.request_rewind();
        assert!(!ownership.is_current(0, epoch));
        assert_eq!(
            ownership.tag(0, 8),
            None,
            "a message read before the seek would be read twice"
        );
        ownership.rewound();
        assert!(!ownership.is_current(0, epoch));
        assert!(ownership.tag(0, 7).is_some());
    }

    #[test]
    fn the_resume_point_is_the_last_commit_else_the_first_offset_read() {
        let ownership = Ownership::new();
        ownership.assign([0, 1]);
        assert_eq!(ownership.resume_points(), [(0, None), (1, None)]);
        let epoch = ownership.tag(0, 40).unwrap();
        ownership.tag(0, 41);
        assert_eq!(ownership.resume_points(), [(0, Some(40)), (1, None)]);
        ownership.committed(&BTreeMap::from([((0, epoch), 42)]));
        assert_eq!(ownership.resume_points(), [(0, Some(42)), (1, None)]);
        ownership.committed(&BTreeMap::from([((0, epoch + 100), 99)]));
        assert_eq!(
            ownership.resume_points()[0],
            (0, Some(42)),
            "another epoch's commit says nothing"
        );
    }

    #[test]
    fn a_partition_is_caught_up_when_its_last_message_is_committed() {
        let ownership = Ownership::new();
        assert!(!ownership.is_caught_up(0), "not ours");
        ownership.assign([0]);
        assert!(ownership.is_caught_up(0), "nothing read");
        let epoch = ownership.tag(0, 40).unwrap();
        ownership.tag(0, 41);
        ownership.committed(&BTreeMap::from([((0, epoch), 41)]));
        assert!(!ownership.is_caught_up(0));
        ownership.committed(&BTreeMap::from([((0, epoch), 42)]));
        assert!(ownership.is_caught_up(0));
        ownership.request_rewind();
        ownership.rewound();
        assert!(!ownership.is_caught_up(0), "messages will be read again");
    }

    #[test]
    fn a_first_message_that_comes_while_a_rewind_is_due_is_not_forgotten() {
        let ownership = Ownership::new();
        ownership.assign([0]);
        ownership.request_rewind();
        assert_eq!(ownership.tag(0, 12), None);
        assert_eq!(
            ownership.resume_points(),
            [(0, Some(12))],
            "the rewind must read offset 12 again"
        );
    }

    #[test]
    fn waiting_ends_when_the_work_is_finished_given_up_or_the_budget_is_spent() {
        let ownership = Ownership::new();
        ownership.assign([0]);
        let epoch = ownership.tag(0, 0).unwrap();
        let batch = holdings(0, epoch, 3);
        ownership.begin(&batch);
        assert!(!ownership.wait_finished(&[0], Duration::ZERO));
        std::thread::scope(|scope| {
            scope.spawn(|| ownership.finish(&batch));
            assert!(ownership.wait_finished(&[0], Duration::from_secs(60)));
        });
        ownership.begin(&batch);
        std::thread::scope(|scope| {
            scope.spawn(|| ownership.request_rewind());
            assert!(!ownership.wait_finished(&[0], Duration::from_secs(60)));
        });
    }

    #[test]
    fn a_batch_from_before_a_rewind_does_not_count_down_the_new_one() {
        let ownership = Ownership::new();
        ownership.assign([0]);
        let old = holdings(0, ownership.tag(0, 0).unwrap(), 2);
        ownership.begin(&old);
        ownership.request_rewind();
        ownership.rewound();
        let new = holdings(0, ownership.tag(0, 0).unwrap(), 2);
        ownership.begin(&new);
        ownership.finish(&old);
        assert!(!ownership.wait_finished(&[0], Duration::ZERO));
        ownership.finish(&new);
        assert!(ownership.wait_finished(&[0], Duration::ZERO));
    }
}
