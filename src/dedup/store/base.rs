//! What is remembered of an article, and how it is looked up.

use std::ops::ControlFlow;

/// One article that has a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Posting {
    /// The number of the article.
    pub article: u64,
    /// What was noted with the key.
    pub mark: u8,
}

/// What is remembered of earlier articles.
pub trait Base {
    /// Visits the articles that have `key`, newest first, until `visit` breaks; returns whether it did. Keys are stored
    /// shortened where there are many, so it may, rarely, visit an article that does not have the key: whoever needs
    /// to be sure compares records.
    fn newest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()>;

    /// The same, oldest first.
    fn oldest(
        &self,
        key: u64,
        visit: &mut dyn FnMut(Posting) -> ControlFlow<()>,
    ) -> ControlFlow<()>;

    /// The record of an article; `None` when it is not remembered (any more).
    fn record(&self, article: u64) -> Option<&[u8]>;
}

/// An article to remember.
#[derive(Clone, Copy, Debug)]
pub struct NewArticle<'a> {
    /// What is remembered of it.
    pub record: &'a [u8],
    /// The keys that lead to it, with what is noted of each. They must be spread evenly over all 64-bit numbers, as good
    /// hashes are.
    pub keys: &'a [(u64, u8)],
    /// When it arrived, in milliseconds since 1970.
    pub arrived_ms: i64,
}
