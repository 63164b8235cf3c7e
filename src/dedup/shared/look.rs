//! Looking up on the server what a batch asks for.

use redis::Value;

use super::client::Call;
use super::scripts::Script;
use super::{Shared, TOGETHER, layout};
use crate::dedup::IndexError;
use crate::dedup::store::Posting;

impl Shared {
    /// The postings of these keys that count.
    pub(super) fn look(&mut self, keys: &[u64]) -> Result<Vec<(u64, Vec<Posting>)>, IndexError> {
        let open = self.open()?;
        let mut by_shard: Vec<Vec<u64>> = vec![Vec::new(); open.shards.len()];
        for key in keys {
            if let Some(list) = by_shard.get_mut(self.names.shard(*key) as usize) {
                list.push(*key);
            }
        }
        let (mut calls, mut order) = (Vec::new(), Vec::new());
        for ((list, shard), number) in by_shard.iter().zip(&open.shards).zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let bucket = |key: &u64| {
                    self.names
                        .bucket(number, layout::bucket(*key, shard.buckets))
                };
                let buckets: Vec<String> = some.iter().map(bucket).collect();
                let fields: Vec<_> = some.iter().map(|key| layout::field(*key)).collect();
                calls.push(Call::script(number, Script::Look, &buckets, &fields));
                order.extend_from_slice(some);
            }
        }
        let (horizon, abandoned) = (open.horizon, open.abandoned.clone());
        let counts = |posting: &Posting| {
            let abandoned = || {
                abandoned
                    .iter()
                    .any(|range| range.contains(&posting.article))
            };
            posting.article >= horizon && !abandoned()
        };
        let answers = self.run(&calls)?;
        let lists = answers.into_iter().flat_map(|answer| match answer {
            Value::Array(lists) => lists,
            _ => Vec::new(),
        });
        let found = order.into_iter().zip(lists);
        Ok(found
            .filter_map(|(key, list)| match list {
                Value::BulkString(bytes) => {
                    Some((key, layout::postings(&bytes).filter(counts).collect()))
                }
                _ => None,
            })
            .collect())
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
