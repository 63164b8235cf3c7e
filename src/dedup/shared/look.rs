//! Looking up on the server what a batch asks for.

use redis::Value;

use super::client::Call;
use super::known::Place;
use super::{Open, Shared, TOGETHER, bucket, layout};
use crate::dedup::IndexError;
use crate::dedup::store::Posting;

impl Shared {
    /// Where the postings of a key are.
    pub(super) fn place(&self, open: &Open, key: u64) -> Place {
        let shard = self.names.shard(key);
        let of = usize::try_from(shard)
            .ok()
            .and_then(|at| open.shards.get(at));
        let buckets = of.map_or(1, |shard| shard.buckets);
        (shard, layout::bucket(key, buckets))
    }

    /// The postings of these keys that count; keys without any are left out.
    pub(super) fn look(&mut self, keys: &[u64]) -> Result<Vec<(u64, Vec<Posting>)>, IndexError> {
        let open = self.open()?;
        let places: Vec<Place> = keys.iter().map(|key| self.place(open, *key)).collect();
        self.read(places.iter().copied())?;
        let open = self.open()?;
        let found = keys.iter().zip(places).map(|(key, place)| {
            let postings = bucket::postings(self.known.bucket(place), *key);
            let counting = postings.filter(|posting| open.counts(posting.article));
            (*key, counting.collect::<Vec<_>>())
        });
        Ok(found.filter(|(_, list)| !list.is_empty()).collect())
    }

    /// Reads these buckets, each once.
    pub(super) fn read(&mut self, places: impl Iterator<Item = Place>) -> Result<(), IndexError> {
        let mut unread: Vec<Place> = places.filter(|place| !self.known.has(*place)).collect();
        unread.sort_unstable();
        unread.dedup();
        let mut calls = Vec::new();
        let parts = || {
            let shards = unread.chunk_by(|(a, _), (b, _)| a == b);
            shards.flat_map(|shard| shard.chunks(TOGETHER))
        };
        for part in parts() {
            let mut command = redis::cmd("MGET");
            for (shard, bucket) in part {
                command.arg(self.names.bucket(*shard, *bucket));
            }
            let shard = part.first().map_or(0, |(shard, _)| *shard);
            calls.push(Call::new(shard, &command));
        }
        for (part, answer) in parts().zip(self.run(&calls)?) {
            let Value::Array(buckets) = answer else {
                return Err(IndexError::Unavailable(
                    "the server's answer is not understood".to_owned(),
                ));
            };
            for (place, bucket) in part.iter().zip(buckets) {
                let bytes = match bucket {
                    Value::BulkString(bytes) => bytes,
                    _ => Vec::new(),
                };
                self.sampled(*place, &bytes);
                self.known.add_bucket(*place, bytes);
            }
        }
        Ok(())
    }

    /// The records of these articles, where the server still has them.
    pub(super) fn records(&mut self, articles: &[u64]) -> Result<(), IndexError> {
        let mut by_shard: Vec<Vec<u64>> = vec![Vec::new(); self.names.shards as usize];
        for article in articles {
            if let Some(list) = by_shard.get_mut(self.names.shard_of_record(*article) as usize) {
                list.push(*article);
            }
        }
        let (mut calls, mut order) = (Vec::new(), Vec::new());
        for (list, shard) in by_shard.iter().zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let mut command = redis::cmd("MGET");
                some.iter().for_each(|article| {
                    command.arg(self.names.record(*article));
                });
                calls.push(Call::new(shard, &command));
                order.extend_from_slice(some);
            }
        }
        let answers = self.run(&calls)?;
        let records = answers.into_iter().flat_map(|answer| match answer {
            Value::Array(records) => records,
            _ => Vec::new(),
        });
        for (article, record) in order.into_iter().zip(records) {
            if let Value::BulkString(bytes) = record {
                self.known.add_record(article, bytes);
            }
        }
        Ok(())
    }
}
