//! The rules: from what is known to a verdict. `crate::dedup` has them in words.

use super::super::{DedupMethod, DedupStatus, DedupVerdict, Fingerprint};
use super::articles::Articles;
use super::key::{Kind, name_key, position_key, short};
use super::record::{Record, Texts};
use super::table::Table;
use crate::article::Position;

/// What to do with a message.
pub(super) enum Decision {
    /// It was judged before: give the same verdict and record nothing.
    Known(DedupVerdict),
    /// Record it with this verdict.
    New(DedupVerdict),
}

/// What is known, and the ways to find it.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub articles: &'a Articles,
    /// One for each of [`Kind::ALL`], in that order.
    pub tables: &'a [Table],
}

impl<'a> Lookup<'a> {
    /// The record for a key: the earliest or the latest, as [`Kind::keeps_first`] says.
    pub(super) fn find(&self, kind: Kind, key: u64) -> Option<Record<'a>> {
        self.articles.record(self.number(kind, key)?)
    }

    /// The same as the article's number.
    pub(super) fn number(&self, kind: Kind, key: u64) -> Option<u32> {
        self.tables.get(kind as usize)?.find(self.articles, key)
    }

    /// The latest record of a position.
    pub(super) fn position(&self, stream: u32, offset: i64) -> Option<Record<'a>> {
        let record = self.find(Kind::Position, position_key(stream, offset))?;
        (record.stream() == stream && record.offset() == offset).then_some(record)
    }

    /// Judges a message. `stream` is `None` for a topic and partition never seen.
    pub(super) fn decide(
        &self,
        stream: Option<u32>,
        position: &Position,
        print: &Fingerprint,
    ) -> Decision {
        let known = stream.and_then(|stream| self.position(stream, position.offset));
        if let Some(record) = known.filter(|record| record.payload_key() == print.payload_key)
            && let Some(verdict) = record.verdict()
        {
            return Decision::Known(verdict);
        }
        let mut verdict = self
            .compare(print)
            .unwrap_or_else(|| self.unique(position, print));
        verdict.position_reused = known.is_some();
        Decision::New(verdict)
    }

    /// Compares with earlier articles; `None` when there is no relation.
    fn compare(&self, print: &Fingerprint) -> Option<DedupVerdict> {
        let same_text = print
            .content_key
            .and_then(|key| self.article(Kind::Content, key))
            .map(|(_, texts)| texts);
        let earlier = (print.id_key.and_then(|key| self.article(Kind::Id, key)))
            .map(|found| (found, DedupMethod::Id))
            .or_else(|| Some((self.article(Kind::Url, print.url_key?)?, DedupMethod::Url)));
        let Some(((record, earlier), method)) = earlier else {
            return same_text.map(|texts| copy(texts, DedupMethod::Content));
        };
        if record.text_key() == short(print.text_key) {
            return Some(copy(earlier, method));
        }
        match same_text {
            // An older version again, or the new version of a page whose copy had it first.
            Some(texts) if texts.cluster == earlier.cluster => {
                Some(copy(texts, DedupMethod::Content))
            }
            _ => Some(DedupVerdict {
                status: DedupStatus::Update,
                cluster: earlier.cluster.to_owned(),
                of: Some(earlier.id.to_owned()),
                method: Some(method),
                similarity: None,
                position_reused: false,
            }),
        }
    }

    fn article(&self, kind: Kind, key: u128) -> Option<(Record<'a>, Texts<'a>)> {
        let record = self.find(kind, short(key))?;
        Some((record, record.texts()?))
    }

    /// The first of its story. Its cluster gets its id, with the position where another cluster has that name.
    fn unique(&self, position: &Position, print: &Fingerprint) -> DedupVerdict {
        let taken = self.find(Kind::Cluster, name_key(&print.id)).is_some();
        DedupVerdict {
            status: DedupStatus::Unique,
            cluster: if taken {
                format!("{}@{position}", print.id)
            } else {
                print.id.clone()
            },
            of: None,
            method: None,
            similarity: None,
            position_reused: false,
        }
    }
}

fn copy(of: Texts<'_>, method: DedupMethod) -> DedupVerdict {
    DedupVerdict {
        status: DedupStatus::Exact,
        cluster: of.cluster.to_owned(),
        of: Some(of.id.to_owned()),
        method: Some(method),
        similarity: Some(1.0),
        position_reused: false,
    }
}
