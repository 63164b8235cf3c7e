//! What is remembered in memory: a table from keys to articles, and their records.

use std::hint::black_box;
use std::ops::ControlFlow;

use super::chunks::{Arena, Chunks};
use super::table::Table;
use super::{Base, Posting};

/// No link.
const NONE: u32 = u32::MAX;

/// The newest articles, in memory. Also usable alone, for the articles of one batch.
///
/// The postings of a key are a doubly linked list in order of arrival; the table leads to its first, and the first leads
/// to its last.
pub struct Head {
    first: u64,
    table: Table,
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
            table: Table::new(),
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
        let new = self.postings.len() as u32;
        let known = self.first_of(key);
        let postings = &mut self.postings;
        let link = |previous| Link {
            key,
            article,
            next: NONE,
            previous,
            mark,
        };
        let Some(first) = known else {
            postings.push(link(new));
            self.table.insert(key, new);
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
        let same = |first: u32| self.link(first).is_some_and(|link| link.key == key);
        self.table.find(key, same)
    }

    /// Looks up several keys and visits the postings of each, newest first, until `visit` breaks, which ends that key
    /// only. Faster than one after the other, because waiting for memory overlaps; afterwards an article with these keys
    /// is pushed faster, too.
    pub fn look_up(&self, keys: &[u64], visit: &mut dyn FnMut(usize, Posting) -> ControlFlow<()>) {
        let touched = keys.iter().fold(0, |sum, key| sum ^ self.table.touch(*key));
        black_box(touched);
        for (place, key) in keys.iter().enumerate() {
            let _ = self.newest(*key, &mut |posting| visit(place, posting));
        }
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
        self.table.memory_bytes() + self.postings.memory_bytes() + self.records.memory_bytes()
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
