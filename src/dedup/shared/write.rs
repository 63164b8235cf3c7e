//! What a batch writes to the server.

use super::client::Call;
use super::scripts::Script;
use super::{Open, SLICES, Shard, Shared, TOGETHER, layout};
use crate::dedup::store::Posting;

impl Shared {
    /// Everything that the batch writes.
    pub(super) fn writes(&self, open: &Open) -> Vec<Call> {
        let keep_ms = self.window_ms.saturating_add(self.window_ms / SLICES);
        let keep_seconds = (keep_ms / 1000 + 60).to_string();
        let mut calls = Vec::new();
        for (number, record, arrived_ms) in self.known.new_records() {
            let left = arrived_ms
                .saturating_add(keep_ms)
                .saturating_sub(open.now_ms);
            let mut command = redis::cmd("SET");
            command
                .arg(self.names.record(number))
                .arg(record)
                .arg("PX")
                .arg(left.clamp(1, keep_ms));
            calls.push(Call::new(self.names.shard_of_record(number), &command));
        }
        let mut by_shard: Vec<Vec<(u64, Posting)>> = vec![Vec::new(); open.shards.len()];
        for (key, posting) in self.known.postings() {
            if let Some(list) = by_shard.get_mut(self.names.shard(*key) as usize) {
                list.push((*key, *posting));
            }
        }
        let head = [
            open.token.clone(),
            open.horizon.to_string(),
            keep_seconds,
            layout::MOST_CHUNKS.to_string(),
        ];
        for ((list, shard), number) in by_shard.iter().zip(&open.shards).zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let bucket = |key| {
                    self.names
                        .bucket(number, layout::bucket(key, shard.buckets))
                };
                let keys: Vec<String> = std::iter::once(self.names.meta(number))
                    .chain(some.iter().map(|(key, _)| bucket(*key)))
                    .collect();
                let entries = some.iter().map(|(key, posting)| {
                    let entry: Vec<u8> = layout::entry(*key, *posting).into();
                    entry
                });
                let arguments: Vec<Vec<u8>> = head
                    .iter()
                    .map(|text| text.clone().into_bytes())
                    .chain(entries)
                    .collect();
                calls.push(Call::script(number, Script::Write, &keys, &arguments));
            }
            calls.extend(self.tending(open, *shard, number, list.len() as u64));
        }
        calls
    }

    /// Splits buckets as there are postings, and looks through some others for what is over: for each 24 postings that come one
    /// bucket, so that all are looked through in half a window.
    fn tending(
        &self,
        open: &Open,
        shard: Shard,
        number: u64,
        added: u64,
    ) -> impl Iterator<Item = Call> {
        let budget = added / 8 + 8;
        let wanted = (shard.postings / layout::LOAD).saturating_sub(shard.buckets);
        let splits = if added == 0 { 0 } else { wanted.min(budget) };
        let old_enough = self
            .oldest_ms
            .is_some_and(|oldest| open.now_ms.saturating_sub(oldest) >= self.window_ms / 2);
        let looks = if old_enough && added > 0 {
            (added / 24 + 1).min(shard.buckets)
        } else {
            0
        };
        let keep = (self.window_ms + self.window_ms / SLICES) / 1000 + 60;
        // A few buckets in one call, for the same reason as with keys.
        let parts = splits.max(looks).div_ceil(16);
        (0..parts).map(move |part| {
            let (from, to) = ((part * 16).min(splits), (part * 16 + 16).min(splits));
            let first_new = shard.buckets + from;
            let mut keys = vec![self.names.meta(number)];
            for new in first_new..shard.buckets + to {
                keys.push(self.names.bucket(number, layout::source(new)));
                keys.push(self.names.bucket(number, new));
            }
            let visit = (part * 16).min(looks)..(part * 16 + 16).min(looks);
            let cursor = |step: u64| (shard.cursor + step) % shard.buckets;
            keys.extend(
                visit
                    .clone()
                    .map(|step| self.names.bucket(number, cursor(step))),
            );
            let arguments = [
                open.token.clone(),
                open.horizon.to_string(),
                keep.to_string(),
                (to - from).to_string(),
                first_new.to_string(),
                cursor(visit.end).to_string(),
            ];
            Call::script(number, Script::Tend, &keys, &arguments)
        })
    }
}
