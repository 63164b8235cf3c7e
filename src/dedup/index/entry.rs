//! Looking into the index, for `explain` and for people.

use super::DedupIndex;
use super::key::{Kind, name_key, position_key, short};
use crate::article::Position;
use crate::dedup::DedupVerdict;

/// A question to [`DedupIndex::entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKey<'a> {
    /// The message at a position.
    Position(&'a Position),
    /// The latest article with this [`id_key`](crate::dedup::Fingerprint::id_key).
    Id(u128),
    /// The latest article with this [`url_key`](crate::dedup::Fingerprint::url_key).
    Url(u128),
    /// The first article with this [`content_key`](crate::dedup::Fingerprint::content_key).
    Content(u128),
    /// The earliest article that is remembered of a cluster.
    Cluster(&'a str),
}

/// What the index knows of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The article's identifier.
    pub id: String,
    /// Where its message stood.
    pub position: Position,
    /// When it arrived, in milliseconds since 1970.
    pub arrived_ms: i64,
    /// The verdict it got.
    pub verdict: DedupVerdict,
}

impl DedupIndex {
    /// What is known of a position, id, URL, text or cluster.
    pub fn entry(&self, key: EntryKey<'_>) -> Option<Entry> {
        let (kind, key, position) = match key {
            EntryKey::Position(position) => (
                Kind::Position,
                position_key(self.streams.find(position)?, position.offset),
                Some(position),
            ),
            EntryKey::Id(key) => (Kind::Id, short(key), None),
            EntryKey::Url(key) => (Kind::Url, short(key), None),
            EntryKey::Content(key) => (Kind::Content, short(key), None),
            EntryKey::Cluster(name) => (Kind::Cluster, name_key(name), None),
        };
        let number = self.lookup().number(kind, key)?;
        let record = self.articles.record(number)?;
        let (topic, partition) = self.streams.name(record.stream())?;
        let entry = Entry {
            id: record.texts()?.id.to_owned(),
            position: Position {
                topic,
                partition,
                offset: record.offset(),
            },
            arrived_ms: self.articles.arrived_ms(number)?,
            verdict: record.verdict()?,
        };
        position
            .is_none_or(|asked| *asked == entry.position)
            .then_some(entry)
    }
}
