//! What is remembered in memory: a table from keys to articles, and their records.

use std::ops::ControlFlow;

use hashbrown::HashTable;

use super::chunks::{Arena, Chunks};
use super::{Base, Posting};

/// The table is many small ones, so that growing one is short.
const SHARDS: usize = 1 << 8;
/// No link.
const NONE: u32 = u32::MAX;

/// The newest articles, in memory. Also usable alone, for the articles of one batch.
///
/// The postings of a key are a doubly linked list in order of arrival; the table leads to its first, and the first leads
/// to its last.
pub struct Head {
    first: u64,
    shards: Vec<HashTable<u32>>,
    postings: Chunks<Link>,
    records: Arena,
    oldest_ms: i64,
    newest_ms: i64,
}

#[derive(Clone, Copy)]
struct Link {
    key: u64,
    /// Counted from the first of the head.
    article: u32,
    next: u32,
    /// In the first of a key, the last of it.
    previous: u32,
    mark: u8,
}

impl Head {
    /// An empty head, whose first article gets this number.
    pub fn new(first: u64) -> Self {
        Self {
            first,
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
            postings: Chunks::default(),
            records: Arena::default(),
            oldest_ms: i64::MAX,
            newest_ms: i64::MIN,
        }
    }

    /// Remembers an article and returns its number: one more than the last.
    pub fn push(&mut self, record: &[u8], keys: &[(u64, u8)], arrived_ms: i64) -> u64 {
        // A head is sealed long before four billion articles or postings.
        let article = self.records.len() as u32;
        for (key, mark) in keys.iter().copied() {
            self.enter(key, article, mark);
        }
        self.records.push(record);
        self.oldest_ms = self.oldest_ms.min(arrived_ms);
        self.newest_ms = self.newest_ms.max(arrived_ms);
        self.first.saturating_add(u64::from(article))
    }

    fn enter(&mut self, key: u64, article: u32, mark: u8) {
        let Some(shard) = self.shards.get_mut(shard(key)) else {
            return;
        };
        let postings = &mut self.postings;
        let new = postings.len() as u32;
        let known = shard
            .find(key, |first| {
                postings
                    .get(*first as usize)
                    .is_some_and(|link| link.key == key)
            })
            .copied();
        let link = |previous| Link {
            key,
            article,
            next: NONE,
            previous,
            mark,
        };
        let Some(first) = known else {
            postings.push(link(new));
            shard.insert_unique(key, new, |other| {
                postings.get(*other as usize).map_or(0, |link| link.key)
            });
            return;
        };
        let last = postings
            .get_mut(first as usize)
            .map_or(first, |first| std::mem::replace(&mut first.previous, new));
        if let Some(last) = postings.get_mut(last as usize) {
            last.next = new;
        }
        postings.push(link(last));
    }

    fn first_of(&self, key: u64) -> Option<u32> {
        let same = |first: &u32| self.link(*first).is_some_and(|link| link.key == key);
        self.shards.get(shard(key))?.find(key, same).copied()
    }

    fn link(&self, place: u32) -> Option<&Link> {
        self.postings.get(place as usize)
    }

    fn posting(&self, link: &Link) -> Posting {
        Posting {
            article: self.first.saturating_add(u64::from(link.article)),
            mark: link.mark,
        }
    }

    /// The number of its first article.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number of the article after its last.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.records.len() as u64)
    }

    /// Articles in it.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no article in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When its articles arrived, the first and the last; `None` when there is none.
    pub fn arrived_ms(&self) -> Option<(i64, i64)> {
        (!self.is_empty()).then_some((self.oldest_ms, self.newest_ms))
    }

    /// Bytes reserved.
    pub fn memory_bytes(&self) -> usize {
        let shards: usize = self.shards.iter().map(HashTable::allocation_size).sum();
        shards
            + SHARDS * size_of::<HashTable<u32>>()
            + self.postings.memory_bytes()
            + self.records.memory_bytes()
    }

    /// Every posting, as key, article counted from the first, and mark; by article.
    pub(super) fn postings(&self) -> impl Iterator<Item = (u64, u32, u8)> {
        self.postings
            .iter()
            .map(|link| (link.key, link.article, link.mark))
    }

    pub(super) fn posting_count(&self) -> usize {
        self.postings.len()
    }

    /// The record of an article counted from the first.
    pub(super) fn record_at(&self, article: usize) -> Option<&[u8]> {
        self.records.get(article)
    }
}

impl Base for Head {
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(first) = self.first_of(key) else {
            return ControlFlow::Continue(());
        };
        let mut place = self.link(first).map_or(NONE, |link| link.previous);
        while let Some(link) = self.link(place) {
            visit(self.posting(link))?;
            if place == first {
                break;
            }
            place = link.previous;
        }
        ControlFlow::Continue(())
    }

    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut place = self.first_of(key).unwrap_or(NONE);
        while let Some(link) = self.link(place) {
            visit(self.posting(link))?;
            place = link.next;
        }
        ControlFlow::Continue(())
    }

    fn record(&self, article: u64) -> Option<&[u8]> {
        let place = usize::try_from(article.checked_sub(self.first)?).ok()?;
        self.records.get(place)
    }
}

fn shard(key: u64) -> usize {
    // Bits that the tables do not use: they take the lowest and the highest seven.
    (key >> 40) as usize % SHARDS
}
