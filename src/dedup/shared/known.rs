//! What a batch knows: what was fetched of the server, and over it what the batch itself has added.

use std::ops::ControlFlow;

use hashbrown::HashMap;

use crate::dedup::store::{Base, Head, NewArticle, Posting};

/// Shard and bucket.
pub(super) type Place = (u64, u64);

/// Fetched and added articles.
pub(super) struct Known {
    /// Buckets as they were read; present and empty where the server has none.
    buckets: HashMap<Place, Vec<u8>>,
    bucket_bytes: usize,
    /// By key, the oldest first; present and empty where the server has none.
    fetched: HashMap<u64, Vec<Posting>>,
    records: HashMap<u64, Vec<u8>>,
    added: Head,
    /// What was added, in order, for the server.
    postings: Vec<(u64, Posting)>,
    /// When the records arrived, in milliseconds since 1970, in order.
    arrivals: Vec<i64>,
    record_bytes: usize,
}

impl Known {
    /// Nothing; the first article to be added gets this number.
    pub(super) fn new(first: u64) -> Self {
        Self {
            buckets: HashMap::new(),
            bucket_bytes: 0,
            fetched: HashMap::new(),
            records: HashMap::new(),
            added: Head::new(first),
            postings: Vec::new(),
            arrivals: Vec::new(),
            record_bytes: 0,
        }
    }

    /// Whether the bucket was read.
    pub(super) fn has(&self, place: Place) -> bool {
        self.buckets.contains_key(&place)
    }

    pub(super) fn add_bucket(&mut self, place: Place, bytes: Vec<u8>) {
        self.bucket_bytes += bytes.capacity();
        self.buckets.insert(place, bytes);
    }

    /// What the bucket held when it was read.
    pub(super) fn bucket(&self, place: Place) -> &[u8] {
        self.buckets.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The keys among these that were not fetched yet, each once. They count as fetched from now on.
    pub(super) fn missing(&mut self, keys: &[u64]) -> Vec<u64> {
        let mut missing = Vec::new();
        for key in keys {
            self.fetched.entry(*key).or_insert_with(|| {
                missing.push(*key);
                Vec::new()
            });
        }
        missing
    }

    /// The articles among these whose records were not fetched yet.
    pub(super) fn unread(&self, found: &[(u64, Vec<Posting>)]) -> Vec<u64> {
        let all = found
            .iter()
            .flat_map(|(_, list)| list.iter().map(|posting| posting.article));
        let mut unread: Vec<u64> = all
            .filter(|article| !self.records.contains_key(article))
            .collect();
        unread.sort_unstable();
        unread.dedup();
        unread
    }

    pub(super) fn add_record(&mut self, article: u64, record: Vec<u8>) {
        self.record_bytes += record.len();
        self.records.insert(article, record);
    }

    /// Adds what was found. What has no record was never finished or is over, and counts as absent.
    pub(super) fn add_found(&mut self, found: Vec<(u64, Vec<Posting>)>) {
        for (key, mut list) in found {
            list.retain(|posting| self.records.contains_key(&posting.article));
            list.sort_by_key(|posting| posting.article);
            self.fetched.insert(key, list);
        }
    }

    /// Remembers an article of the batch and returns its number.
    pub(super) fn push(&mut self, article: NewArticle<'_>) -> u64 {
        let number = self
            .added
            .push(article.record, article.keys, article.arrived_ms);
        let postings = article.keys.iter().map(|(key, mark)| {
            let posting = Posting {
                article: number,
                mark: *mark,
            };
            (*key, posting)
        });
        self.postings.extend(postings);
        self.arrivals.push(article.arrived_ms);
        number
    }

    /// Appends the newest `most` articles of each key with its index.
    pub(super) fn look_up(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) {
        for (key, index) in keys.iter().zip(0_u32..) {
            let mut left = most;
            let _ = self.newest(*key, &mut |posting| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                out.push((index, posting));
                ControlFlow::Continue(())
            });
        }
    }

    /// What was added: keys and postings.
    pub(super) fn postings(&self) -> &[(u64, Posting)] {
        &self.postings
    }

    /// What was added: numbers, records and arrivals.
    pub(super) fn new_records(&self) -> impl Iterator<Item = (u64, &[u8], i64)> {
        let numbers = self.added.first()..self.added.end();
        numbers
            .zip(&self.arrivals)
            .filter_map(|(number, arrived)| Some((number, self.added.record(number)?, *arrived)))
    }

    /// The number of the first article that is added.
    pub(super) fn first(&self) -> u64 {
        self.added.first()
    }

    /// Articles that were added.
    pub(super) fn added(&self) -> usize {
        self.added.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let lists: usize = self.fetched.values().map(Vec::capacity).sum();
        self.added.memory_bytes()
            + self.record_bytes
            + self.bucket_bytes
            + self.buckets.capacity() * size_of::<(Place, Vec<u8>)>()
            + self.postings.capacity() * size_of::<(u64, Posting)>()
            + lists * size_of::<Posting>()
            + self.fetched.capacity() * size_of::<(u64, Vec<Posting>)>()
            + self.records.capacity() * size_of::<(u64, Vec<u8>)>()
    }
}

impl Base for Known {
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.added.newest(key, visit)?;
        let list = self.fetched.get(&key).into_iter().flatten();
        list.rev().try_for_each(|posting| visit(*posting))
    }

    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut list = self.fetched.get(&key).into_iter().flatten();
        list.try_for_each(|posting| visit(*posting))?;
        self.added.oldest(key, visit)
    }

    fn record(&self, article: u64) -> Option<&[u8]> {
        match article >= self.added.first() {
            true => self.added.record(article),
            false => self.records.get(&article).map(Vec::as_slice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(article: u64) -> Posting {
        Posting { article, mark: 1 }
    }

    #[test]
    fn what_was_added_is_newer_than_what_was_fetched() {
        let mut known = Known::new(100);
        assert_eq!(known.missing(&[7, 8, 7]), [7, 8]);
        assert!(known.missing(&[8]).is_empty());
        let found = vec![(7, vec![posting(5), posting(3), posting(4)])];
        assert_eq!(known.unread(&found), [3, 4, 5]);
        known.add_record(3, vec![3]);
        known.add_record(5, vec![5]);
        known.add_found(found);
        let article = NewArticle {
            record: &[9],
            keys: &[(7, 1)],
            arrived_ms: 1,
        };
        assert_eq!(known.push(article), 100);
        let mut seen = Vec::new();
        let _ = known.newest(7, &mut |posting| {
            seen.push(posting.article);
            ControlFlow::Continue(())
        });
        assert_eq!(seen, [100, 5, 3], "4 has no record");
        let mut out = Vec::new();
        known.look_up(&[7], 2, &mut out);
        assert_eq!(out, [(0, posting(100)), (0, posting(5))]);
        assert_eq!(known.record(100), Some(&[9][..]));
        assert_eq!(known.record(4), None);
        assert_eq!(
            known.new_records().collect::<Vec<_>>(),
            [(100, &[9][..], 1)]
        );
    }
}
