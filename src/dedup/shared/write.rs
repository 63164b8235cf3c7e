//! What a batch writes to the server.
//!
//! A posting is appended to its bucket. That is harmless when it comes late: the number of a batch that was given up counts
//! nowhere. A whole bucket is written by a script that looks at the fence first: when it is new, when it was last written anew a quarter
//! of the window ago, so that it would end before its postings do, when much of it does not count any more, and when it is split.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::{self, ENTRY};
use super::client::Call;
use super::known::Place;
use super::scripts::Script;
use super::{IndexError, Open, SLICES, Shard, Shared, layout};

/// Whole buckets in one call: so many take the server less than a millisecond, and others come in between.
const WHOLE: usize = 128;
/// Buckets read in a shard after which the count of its postings is corrected by what they held.
const SAMPLE: u64 = 512;

/// What a batch changes in a shard.
#[derive(Default)]
struct Changes {
    /// Entries to append.
    appended: BTreeMap<u64, Vec<u8>>,
    /// Whole buckets.
    whole: BTreeMap<u64, Vec<u8>>,
    /// Postings more than before.
    more: i64,
}

impl Shared {
    /// Counts what a bucket held when it was read.
    pub(super) fn sampled(&mut self, (shard, _): Place, bytes: &[u8]) {
        if let Some(sample) = self.samples.get_mut(shard as usize) {
            sample.0 += 1;
            sample.1 += bucket::entries(bytes).count() as u64;
        }
    }

    /// Everything that the batch writes.
    ///
    /// # Errors
    /// The server does not answer: buckets that change must be known.
    pub(super) fn writes(&mut self, open: &Open) -> Result<Vec<Call>, IndexError> {
        let mut calls = self.record_writes(open);
        let mut added: Vec<BTreeMap<u64, Vec<u8>>> = vec![BTreeMap::new(); open.shards.len()];
        for (key, posting) in self.known.postings() {
            let (shard, place) = self.place(open, *key);
            if let Some(buckets) = added.get_mut(shard as usize) {
                bucket::push(buckets.entry(place).or_default(), *key, *posting);
            }
        }
        let (mut changing, mut splits) = (Vec::new(), Vec::new());
        for ((number, shard), added) in (0_u64..).zip(&open.shards).zip(&added) {
            let bytes: usize = added.values().map(Vec::len).sum();
            let end = shard.buckets + splits_of(*shard, (bytes / ENTRY) as u64);
            splits.push(shard.buckets..end);
            let sources = (shard.buckets..end).map(layout::source);
            let sources = sources.filter(|source| *source < shard.buckets);
            changing.extend(added.keys().copied().chain(sources).map(|at| (number, at)));
        }
        self.read(changing.into_iter())?;
        for (((number, shard), added), splits) in (0_u64..).zip(&open.shards).zip(added).zip(splits)
        {
            calls.extend(self.shard_writes(open, number, *shard, added, splits));
        }
        Ok(calls)
    }

    /// How long an article is kept: a slice longer than the window, for clocks differ.
    fn keep_ms(&self) -> i64 {
        self.window_ms.saturating_add(self.window_ms / SLICES)
    }

    /// After how long a bucket is written anew.
    fn late_ms(&self) -> i64 {
        self.window_ms / 4
    }

    fn record_writes(&self, open: &Open) -> Vec<Call> {
        let keep_ms = self.keep_ms();
        let records = self.known.new_records();
        let write = |(number, record, arrived_ms): (u64, &[u8], i64)| {
            let left = arrived_ms
                .saturating_add(keep_ms)
                .saturating_sub(open.now_ms);
            let mut command = redis::cmd("SET");
            command
                .arg(self.names.record(number))
                .arg(record)
                .arg("PX")
                .arg(left.clamp(1, keep_ms));
            Call::new(self.names.shard_of_record(number), &command)
        };
        records.map(write).collect()
    }

    fn shard_writes(
        &mut self,
        open: &Open,
        number: u64,
        shard: Shard,
        added: BTreeMap<u64, Vec<u8>>,
        splits: std::ops::Range<u64>,
    ) -> Vec<Call> {
        if added.is_empty() {
            return Vec::new();
        }
        let mut changes = self.changes(open, number, added);
        let base = match self.samples.get_mut(number as usize) {
            Some((read, held)) if *read >= SAMPLE => {
                let mean = *held as f64 / *read as f64;
                (*read, *held) = (0, 0);
                (mean * shard.buckets as f64) as i64
            }
            _ => i64::try_from(shard.postings).unwrap_or(i64::MAX),
        };
        let postings = base.saturating_add(changes.more).max(0).to_string();
        let split_calls = self.splits(open, number, splits, &mut changes);
        let mut calls = Vec::new();
        for (place, entries) in &changes.appended {
            let mut command = redis::cmd("APPEND");
            command
                .arg(self.names.bucket(number, *place))
                .arg(entries.as_slice());
            calls.push(Call::new(number, &command));
        }
        let whole: Vec<(u64, Vec<u8>)> = std::mem::take(&mut changes.whole).into_iter().collect();
        for part in whole.chunks(WHOLE) {
            calls.push(self.whole(open, number, "", "", part));
        }
        calls.extend(split_calls);
        calls.push(self.whole(open, number, "", &postings, &[]));
        calls
    }

    /// Sorts the buckets that get postings by how they are written.
    fn changes(&self, open: &Open, number: u64, added: BTreeMap<u64, Vec<u8>>) -> Changes {
        let now_s = open.now_s();
        let late_s = u64::try_from(self.late_ms() / 1_000).unwrap_or_default();
        let mut changes = Changes::default();
        for (place, entries) in added {
            let before = self.known.bucket((number, place));
            let is_late = bucket::written_s(before).is_none_or(|at| at + late_s <= now_s);
            let length = before.len() + entries.len();
            let is_long = length > 4 * layout::LOAD as usize * ENTRY;
            changes.more += (entries.len() / ENTRY) as i64;
            if is_late || is_long {
                let all = [before, entries.as_slice()].concat();
                let whole = bucket::anew(&all, now_s, |article| open.counts(article));
                if is_late || whole.len() < length - length / 4 {
                    let gone = bucket::entries(&all).count() - bucket::entries(&whole).count();
                    changes.more -= gone as i64;
                    changes.whole.insert(place, whole);
                    continue;
                }
            }
            changes.appended.insert(place, entries);
        }
        changes
    }

    /// Splits buckets in order (linear hashing), some in one call, which leaves the shard as it must be for so many buckets.
    fn splits(
        &self,
        open: &Open,
        number: u64,
        splits: std::ops::Range<u64>,
        changes: &mut Changes,
    ) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut state: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        let mut part: BTreeSet<u64> = BTreeSet::new();
        for new in splits.clone() {
            let source = layout::source(new);
            let whole = state
                .remove(&source)
                .or_else(|| changes.whole.remove(&source));
            let whole = whole.unwrap_or_else(|| {
                let entries = changes.appended.remove(&source).unwrap_or_default();
                [self.known.bucket((number, source)), entries.as_slice()].concat()
            });
            let is_new = |key| layout::bucket(key, new + 1) == new;
            let (stay, moved) = bucket::split(&whole, open.now_s(), is_new);
            state.extend([(source, stay), (new, moved)]);
            part.extend([source, new]);
            if part.len() >= WHOLE || new + 1 == splits.end {
                let buckets = (new + 1).to_string();
                let written: Vec<(u64, Vec<u8>)> = std::mem::take(&mut part)
                    .into_iter()
                    .filter_map(|place| Some((place, state.get(&place)?.clone())))
                    .collect();
                calls.push(self.whole(open, number, &buckets, "", &written));
            }
        }
        calls
    }

    fn whole(
        &self,
        open: &Open,
        number: u64,
        buckets: &str,
        postings: &str,
        written: &[(u64, Vec<u8>)],
    ) -> Call {
        // For as long as a posting that comes just before it is late.
        let keep_ms = self.keep_ms().saturating_add(self.late_ms());
        let keep = (keep_ms / 1_000 + 60).to_string();
        let keys: Vec<String> = std::iter::once(self.names.meta(number))
            .chain(
                written
                    .iter()
                    .map(|(place, _)| self.names.bucket(number, *place)),
            )
            .collect();
        let head = [open.token.as_str(), buckets, postings, &keep];
        let arguments: Vec<&[u8]> = head
            .iter()
            .map(|text| text.as_bytes())
            .chain(written.iter().map(|(_, bytes)| bytes.as_slice()))
            .collect();
        Call::script(number, Script::Write, &keys, &arguments)
    }
}

/// How many buckets a shard gets that takes so many postings more.
fn splits_of(shard: Shard, added: u64) -> u64 {
    if added == 0 {
        return 0;
    }
    let wanted = (shard.postings + added) / layout::LOAD;
    wanted.saturating_sub(shard.buckets).min(added / 4 + 8)
}
