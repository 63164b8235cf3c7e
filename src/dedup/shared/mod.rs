//! The shared index: what replicas remember together, on a Valkey or Redis server or a cluster of them.
//!
//! # Why no verdict is wrong when replicas race
//! A batch is worked on under a *lease*. `acquire` takes it on the server, with a *token* that is one greater at each acquisition,
//! and says which number the batch's first article gets. Then `enter` raises the *fence* of every shard to the token; a shard
//! refuses whole buckets under an older one. What is looked up is looked up after that. At the end the batch announces its
//! numbers, writes postings and records to all shards, and last `commit` makes it count, if its token is still the latest.
//!
//! - *One step decides.* An article counts if and only if its batch was committed. Who takes the lease while a batch is announced
//!   and not committed, notes its numbers as abandoned in the same step; from then on it cannot be committed, and
//!   nobody counts its numbers, whatever of it was written before or comes late. So a half written batch is no batch.
//! - *Nobody decides on old knowledge.* A batch that is committed was the last to acquire. Every batch before it was committed
//!   before that acquisition, with all its writes done, or never will be. So all that counts was there to be looked up.
//! - *The lease is not trusted.* It only keeps replicas from working in vain. A holder that stalls for longer loses its work when
//!   it goes on (`FENCED`), and begins the batch again.
//! - A batch that was committed here and not in Kafka comes again and is found by its positions, with the verdicts it got.
//!
//! Optimistic batches without lease would overlap more, but with copies in flight, which is when it matters, they would redo
//! each other's work. What needs no index (reading, text, language, topics: most of the time) is outside of the lease.
//!
//! A server that lost its data is noticed, as a whole or in one shard, by an id that all shards have. Nothing is judged then
//! until one replica, under a claim, has built the index again from the output topic.
//!
//! See `layout` for what is stored.

mod answer;
mod bucket;
mod client;
mod cluster;
mod inspect;
mod known;
mod layout;
mod lease;
mod look;
mod rebuild;
mod scripts;
mod settings;
mod write;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;

use self::answer::{text, words};
use self::client::{Call, Client};
use self::known::Known;
use self::layout::Names;
use self::scripts::Script;
use super::DedupSettings;
use super::backend::{Claim, Store};
use super::store::{Base, Expired, IndexError, NewArticle, Posting};

pub use self::inspect::{Inspection, inspect};
pub use self::settings::{Backend, SharedSettings, SharedTls};

/// Keys in one call: so many take the server less than a millisecond, and others come in between.
const TOGETHER: usize = 512;
/// Parts of the window by which articles are counted.
const SLICES: i64 = 16;

/// A shard as the batch found it.
#[derive(Debug, Clone, Copy)]
struct Shard {
    buckets: u64,
    postings: u64,
}

/// A batch that has the lease.
struct Open {
    token: String,
    horizon: u64,
    now_ms: i64,
    shards: Vec<Shard>,
    abandoned: Vec<std::ops::Range<u64>>,
    since: Instant,
}

impl Open {
    /// Whether a posting of this article counts: it is in the window, and its batch was not given up.
    fn counts(&self, article: u64) -> bool {
        let given_up = || self.abandoned.iter().any(|range| range.contains(&article));
        article >= self.horizon && !given_up()
    }

    fn now_s(&self) -> u64 {
        u64::try_from(self.now_ms / 1_000).unwrap_or_default()
    }
}

/// The index on the server.
pub(super) struct Shared {
    client: Mutex<Client>,
    names: Names,
    owner: String,
    window_ms: i64,
    max_articles: usize,
    lease: Duration,
    /// Whether an index that is empty will do.
    empty_will_do: bool,
    /// The id of the index that this process is building, while it does.
    building: Option<String>,
    open: Option<Open>,
    known: Known,
    /// Of each shard, buckets that were read and postings that they held.
    samples: Vec<(u64, u64)>,
    articles: usize,
    oldest_ms: Option<i64>,
    /// How long the last batch had the lease.
    held: Option<Duration>,
    random: u64,
}

impl Shared {
    /// Reads the files of the settings. The server is asked by [`Store::claim`].
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn new(settings: &DedupSettings) -> Result<Self, IndexError> {
        let shared = &settings.shared;
        let random = RandomState::new().hash_one(std::process::id());
        Ok(Self {
            client: Mutex::new(Client::new(shared)?),
            names: Names {
                prefix: shared.prefix.clone(),
                shards: u64::from(shared.shards.get()),
            },
            owner: format!("{:x}-{random:016x}", std::process::id()),
            window_ms: settings.window.as_millis(),
            max_articles: settings.max_articles.get(),
            lease: shared.lease.duration(),
            empty_will_do: settings.rebuild == super::Rebuild::Never,
            building: None,
            open: None,
            known: Known::new(0),
            samples: vec![(0, 0); usize::from(shared.shards.get())],
            articles: 0,
            oldest_ms: None,
            held: None,
            random,
        })
    }

    fn client(&mut self) -> &mut Client {
        self.client
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&mut self, calls: &[Call]) -> Result<Vec<Value>, IndexError> {
        self.client().run(calls)
    }

    /// Runs a script of the control key and reads its answer: a word, then what belongs to it.
    fn control(
        &mut self,
        script: Script,
        abandoned: bool,
        arguments: &[String],
    ) -> Result<(String, Vec<Value>), IndexError> {
        self.client().ready()?;
        let mut keys = vec![self.names.control()];
        if abandoned {
            keys.push(self.names.abandoned());
        }
        let answers = self.run(&[Call::script(0, script, &keys, arguments)])?;
        words(answers.into_iter().next())
    }

    fn new_id(&mut self) -> String {
        self.random = RandomState::new().hash_one(self.random);
        format!("{:016x}", self.random)
    }

    fn slice(&self, ms: i64) -> i64 {
        ms.max(0) / (self.window_ms / SLICES).max(1)
    }
}

impl Store for Shared {
    fn begin(&mut self, now_ms: i64) -> Result<(), IndexError> {
        self.open = None;
        self.known = Known::new(0);
        let (mut open, first, id) = self.acquire(now_ms)?;
        open.shards = self.enter(&open.token, &id)?;
        if self.articles > self.max_articles
            && let Some(oldest) = self.oldest_ms
        {
            let cut = layout::number_at(oldest.saturating_add(self.window_ms / SLICES));
            open.horizon = open.horizon.max(cut);
        }
        self.known = Known::new(first);
        self.open = Some(open);
        Ok(())
    }

    fn fetch(&mut self, keys: &[u64]) -> Result<(), IndexError> {
        let missing = self.known.missing(keys);
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.look(&missing)?;
        let unread = self.known.unread(&found);
        self.records(&unread)?;
        self.known.add_found(found);
        Ok(())
    }

    fn base(&self) -> &dyn Base {
        &self.known
    }

    fn look_up_ahead(&self, _: &[u64], _: usize, _: &mut Vec<(u32, Posting)>) -> bool {
        false
    }

    fn look_up_rest(&self, keys: &[u64], most: usize, out: &mut Vec<(u32, Posting)>) {
        self.known.look_up(keys, most, out);
    }

    fn push(&mut self, article: NewArticle<'_>) -> u64 {
        self.known.push(article)
    }

    fn finish(&mut self) -> Result<(), IndexError> {
        let open = self
            .open
            .take()
            .ok_or_else(|| IndexError::Unavailable("no batch has the lease".to_owned()))?;
        let articles = self.known.added();
        if articles > 0 {
            let first = self.known.first();
            let arguments = [
                open.token.clone(),
                first.to_string(),
                (first + articles as u64).to_string(),
                self.lease.as_millis().to_string(),
            ];
            let (word, rest) = self.control(Script::Announce, false, &arguments)?;
            if word != "OK" {
                return Err(self.refusal(&word, &rest));
            }
            let calls = self.writes(&open)?;
            for answer in self.run(&calls)? {
                if let Value::Array(_) = answer {
                    let (word, rest) = words(Some(answer))?;
                    if word != "OK" {
                        return Err(self.refusal(&word, &rest));
                    }
                }
            }
        }
        self.commit(&open, articles)?;
        self.held = Some(open.since.elapsed());
        self.known = Known::new(0);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        Ok(())
    }

    fn expire(&mut self, _: i64) -> Result<Expired, IndexError> {
        Ok(Expired::default())
    }

    fn claim(&mut self, now_ms: i64) -> Result<Claim, IndexError> {
        self.claim_building(now_ms)
    }

    fn restored(&mut self) -> Result<(), IndexError> {
        if self.building.is_none() {
            return Ok(());
        }
        // So that every shard is there, also those to which nothing was written.
        self.begin(0)?;
        self.finish()?;
        let owner = self.owner.clone();
        let (word, rest) = self.control(Script::Restored, false, &[owner])?;
        match word.as_str() {
            "OK" => {
                self.building = None;
                Ok(())
            }
            word => Err(self.refusal(word, &rest)),
        }
    }

    fn len(&self) -> usize {
        self.articles
    }

    fn disk_bytes(&self) -> u64 {
        0
    }

    fn memory_bytes(&self) -> u64 {
        self.known.memory_bytes() as u64
    }

    fn oldest_ms(&self) -> Option<i64> {
        self.oldest_ms
    }

    fn held(&self) -> Option<Duration> {
        self.held
    }
}

impl Drop for Shared {
    /// Gives the lease back, so that others need not wait until it ends.
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            // It ends by itself otherwise.
            drop(self.commit(&open, 0));
        }
    }
}
