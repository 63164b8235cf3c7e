//! From keys to articles.

use hashbrown::HashTable;

use super::articles::Articles;
use super::key::Kind;

/// A table is many small ones, so that growing one is short: about 20,000 articles each at 20 million.
const SHARDS: usize = 1 << 10;
/// Articles that are entered together when an index is opened.
const PART: usize = 1 << 20;

/// Finds articles by one kind of key. Holds numbers of articles; the keys are in the records. Numbers of forgotten
/// articles stay until their shard is full, and count as absent.
pub(super) struct Table {
    kind: Kind,
    shards: Vec<HashTable<u32>>,
}

impl Table {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            shards: vec![HashTable::new(); SHARDS],
        }
    }

    /// The table of all articles.
    pub(super) fn of(kind: Kind, articles: &Articles) -> Self {
        let mut table = Self::new(kind);
        // A cluster is entered once for each segment only; its table grows as it needs.
        let keys = match kind {
            Kind::Cluster => 0,
            _ => articles
                .numbers()
                .filter(|number| articles.key(*number, kind).is_some())
                .count(),
        };
        for shard in &mut table.shards {
            // A little more than the mean, because keys are spread by chance.
            *shard = HashTable::with_capacity(keys / SHARDS * 17 / 16);
        }
        let mut numbers = articles.numbers().peekable();
        while numbers.peek().is_some() {
            // Shard by shard, which is several times faster than jumping between them.
            let part = numbers.by_ref().take(PART);
            let mut entries: Vec<(usize, u32)> = part
                .filter_map(|number| Some((shard(articles.key(number, kind)?), number)))
                .collect();
            entries.sort_by_key(|(shard, _)| *shard);
            entries
                .iter()
                .for_each(|(_, number)| table.enter(articles, *number));
        }
        table
    }

    /// The article that stands for the key: see [`Kind::keeps_first`].
    pub(super) fn find(&self, articles: &Articles, key: u64) -> Option<u32> {
        let shard = self.shards.get(shard(key))?;
        let same = |number: &u32| articles.key(*number, self.kind) == Some(key);
        if self.kind.keeps_first() {
            shard
                .iter_hash(key)
                .copied()
                .filter(same)
                .min_by_key(|number| articles.age(*number))
        } else {
            shard.find(key, same).copied()
        }
    }

    /// Enters an article, the newest so far.
    pub(super) fn enter(&mut self, articles: &Articles, number: u32) {
        let kind = self.kind;
        let Some(key) = articles.key(number, kind) else {
            return;
        };
        let Some(shard) = self.shards.get_mut(shard(key)) else {
            return;
        };
        let same = |other: &u32| articles.key(*other, kind) == Some(key);
        if kind.keeps_first() {
            // One for each segment: when a segment is forgotten, the next one knows its own first.
            if shard
                .iter_hash(key)
                .any(|other| articles.same_segment(*other, number) && same(other))
            {
                return;
            }
        } else if let Some(known) = shard.find_mut(key, same) {
            *known = number;
            return;
        }
        if shard.len() == shard.capacity() {
            *shard = rebuilt(shard, articles, kind);
        }
        shard.insert_unique(key, number, |other| {
            articles.key(*other, kind).unwrap_or_default()
        });
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
    let live = full
        .iter()
        .filter(|number| articles.is_known(**number))
        .count();
    let mut table = HashTable::with_capacity(live + live / 2 + 1);
    for number in full.iter().copied() {
        if let Some(hash) = key(&number) {
            table.insert_unique(hash, number, |number| key(number).unwrap_or_default());
        }
    }
    table
}
