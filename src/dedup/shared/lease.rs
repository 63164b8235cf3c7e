//! The lease of a batch: taking it, shutting out older ones, and making the batch count.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use redis::Value;

use super::answer::{number, text, words};
use super::client::Call;
use super::scripts::Script;
use super::{Open, SLICES, Shard, Shared, layout};
use crate::dedup::IndexError;

/// Pauses between looks at a lease that another replica has.
const LOOK: std::ops::Range<u64> = 1..12;

impl Shared {
    /// Takes the lease, waiting for others.
    pub(super) fn acquire(&mut self, now_ms: i64) -> Result<(Open, u64, String), IndexError> {
        let since = Instant::now();
        let horizon = layout::number_at(now_ms.saturating_sub(self.window_ms));
        let arguments = [
            self.owner.clone(),
            self.lease.as_millis().to_string(),
            layout::number_at(now_ms).to_string(),
            horizon.to_string(),
            self.names.shards.to_string(),
            layout::FORMAT.to_string(),
            self.new_id(),
            u8::from(self.empty_will_do).to_string(),
        ];
        loop {
            let (word, rest) = self.control(Script::Acquire, true, &arguments)?;
            match (word.as_str(), rest.as_slice()) {
                ("OK", [token, first, id, floor, Value::Array(abandoned)]) => {
                    let open = Open {
                        token: text(token),
                        horizon: horizon.max(number(floor)),
                        now_ms,
                        shards: Vec::new(),
                        abandoned: abandoned
                            .iter()
                            .filter_map(|range| layout::abandoned(&text(range)))
                            .collect(),
                        since: Instant::now(),
                    };
                    return Ok((open, number(first), text(id)));
                }
                ("BUSY", _) if since.elapsed() < self.lease => {
                    self.random = RandomState::new().hash_one(self.random);
                    let pause = LOOK.start + self.random % (LOOK.end - LOOK.start);
                    std::thread::sleep(Duration::from_millis(pause));
                }
                ("BUSY", _) => {
                    return Err(IndexError::Unavailable(format!(
                        "other replicas have kept the lease for {:?}",
                        self.lease
                    )));
                }
                (word, rest) => return Err(self.refusal(word, rest)),
            }
        }
    }

    /// Shuts out older holders and learns how large the shards are.
    pub(super) fn enter(&mut self, token: &str, id: &str) -> Result<Vec<Shard>, IndexError> {
        let may_make = self.empty_will_do || self.building.as_deref() == Some(id);
        let arguments = [
            token.to_owned(),
            id.to_owned(),
            layout::FIRST_BUCKETS.to_string(),
            u8::from(may_make).to_string(),
        ];
        let calls: Vec<Call> = (0..self.names.shards)
            .map(|shard| Call::script(shard, Script::Enter, &[self.names.meta(shard)], &arguments))
            .collect();
        let mut shards = Vec::new();
        for answer in self.run(&calls)? {
            let (word, rest) = words(Some(answer))?;
            match (word.as_str(), rest.as_slice()) {
                ("OK", [buckets, postings]) => shards.push(Shard {
                    buckets: number(buckets).max(1),
                    postings: number(postings),
                }),
                (word, rest) => return Err(self.refusal(word, rest)),
            }
        }
        Ok(shards)
    }

    /// Ends the batch on the server.
    pub(super) fn commit(&mut self, open: &Open, articles: usize) -> Result<(), IndexError> {
        let oldest = self.slice(open.now_ms.saturating_sub(self.window_ms));
        let arguments = [
            open.token.clone(),
            articles.to_string(),
            self.slice(open.now_ms).to_string(),
            oldest.to_string(),
        ];
        let (word, rest) = self.control(Script::Commit, false, &arguments)?;
        match (word.as_str(), rest.as_slice()) {
            ("OK", [total, oldest]) => {
                self.articles = number(total) as usize;
                let slice = text(oldest).parse::<i64>().ok();
                self.oldest_ms = slice.map(|slice| slice * (self.window_ms / SLICES).max(1));
                Ok(())
            }
            (word, rest) => Err(self.refusal(word, rest)),
        }
    }

    pub(super) fn refusal(&self, word: &str, rest: &[Value]) -> IndexError {
        let found = rest.first().map(text).unwrap_or_default();
        match word {
            "EMPTY" | "LOST" => IndexError::Emptied,
            "SHARDS" => IndexError::Refused(format!(
                "the shared index was made with dedup.shared.shards = {found}, not {}: set it so, or choose another \
                 dedup.shared.prefix to begin a new index",
                self.names.shards
            )),
            "FORMAT" => IndexError::Refused(format!(
                "the shared index has format {found}, but this program knows only format {}: run the version that made it, \
                 or choose another dedup.shared.prefix to begin a new index",
                layout::FORMAT
            )),
            "FENCED" => IndexError::Unavailable(
                "another replica took the lease over: the batch begins again".to_owned(),
            ),
            other => IndexError::Unavailable(format!("the server answers {other:?}")),
        }
    }

    pub(super) fn open(&self) -> Result<&Open, IndexError> {
        let none = || IndexError::Unavailable("no batch has the lease".to_owned());
        self.open.as_ref().ok_or_else(none)
    }
}
