//! From keys to articles.

use hashbrown::HashTable;

use super::articles::Articles;
use super::record::{Kind, Record};

/// A table is many small ones, so that growing one is short: about 20,000 articles each at 20 million.
const SHARDS: usize = 1 << 10;

/// Finds articles by one kind of key. Holds numbers of articles; the keys are in the records. Numbers of forgotten
/// articles stay until their shard is full, and count as absent.
pub(super) struct Table {
    kind: Kind,
    shards: Vec<HashTable<u32>>,
}

impl Table {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, shards: vec![HashTable::new(); SHARDS] }
    }

    /// Makes room for all articles at once, to spare growing while they are entered.
    pub(super) fn reserve(&mut self, articles: usize) {
        for shard in &mut self.shards {
            *shard = HashTable::with_capacity(articles / SHARDS * 9 / 8);
        }
    }

    /// The article that stands for the key: see [`Kind::keeps_first`].
    pub(super) fn find<'a>(&self, articles: &'a Articles, key: u64) -> Option<Record<'a>> {
        let shard = self.shards.get(shard(key))?;
        let same = |number: &u32| articles.key(*number, self.kind) == Some(key);
        let number = if self.kind.keeps_first() {
            shard.iter_hash(key).copied().filter(same).min_by_key(|number| articles.age(*number))
        } else {
            shard.find(key, same).copied()
        }?;
        articles.record(number)
    }

    /// Enters an article, the newest so far.
    pub(super) fn enter(&mut self, articles: &Articles, number: u32) {
        let kind = self.kind;
        let Some(key) = articles.key(number, kind) else { return };
        let Some(shard) = self.shards.get_mut(shard(key)) else { return };
        let same = |other: &u32| articles.key(*other, kind) == Some(key);
        if kind.keeps_first() {
            // One for each segment: when a segment is forgotten, the next one knows its own first.
            if shard.iter_hash(key).any(|other| articles.same_segment(*other, number) && same(other)) {
                return;
            }
        } else if let Some(known) = shard.find_mut(key, same) {
            *known = number;
            return;
        }
        if shard.len() == shard.capacity() {
            *shard = rebuilt(shard, articles, kind);
        }
        shard.insert_unique(key, number, |other| articles.key(*other, kind).unwrap_or_default());
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let shards: usize = self.shards.iter().map(HashTable::allocation_size).sum();
        shards + SHARDS * size_of::<HashTable<u32>>()
    }
}

fn shard(key: u64) -> usize {
    // Bits that the tables do not use: they take the lowest and the highest seven.
    (key >> 40) as usize % SHARDS
}

/// The shard without forgotten articles and with room for half as many more.
fn rebuilt(full: &HashTable<u32>, articles: &Articles, kind: Kind) -> HashTable<u32> {
    let key = |number: &u32| articles.key(*number, kind);
    let live = full.iter().filter(|number| articles.is_known(**number)).count();
    let mut table = HashTable::with_capacity(live + live / 2 + 1);
    for number in full.iter().copied() {
        if let Some(hash) = key(&number) {
            table.insert_unique(hash, number, |number| key(number).unwrap_or_default());
        }
    }
    table
}
