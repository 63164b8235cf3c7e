//! The shared index: what replicas remember together, on a Valkey or Redis server or a cluster of them.
//!
//! # Why no verdict is wrong when replicas race
//! A batch is worked on under a *lease*. `acquire` takes it on the server, with a *token* that is one greater at each acquisition,
//! and says which number the batch's first article gets. Then `enter` raises the *fence* of every shard to the token; a shard
//! refuses postings under an older one. What is looked up is looked up after that. At the end the batch announces its
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

mod client;
mod inspect;
mod known;
mod layout;
mod scripts;
mod settings;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;

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
/// Pauses between looks at a lease that another replica has.
const LOOK: std::ops::Range<u64> = 1..12;

/// A shard as the batch found it.
#[derive(Debug, Clone, Copy)]
struct Shard {
    buckets: u64,
    postings: u64,
    cursor: u64,
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

    /// Takes the lease, waiting for others.
    fn acquire(&mut self, now_ms: i64) -> Result<(Open, u64, String), IndexError> {
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
    fn enter(&mut self, token: &str, id: &str) -> Result<Vec<Shard>, IndexError> {
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
                ("OK", [buckets, postings, cursor]) => shards.push(Shard {
                    buckets: number(buckets).max(1),
                    postings: number(postings),
                    cursor: number(cursor),
                }),
                (word, rest) => return Err(self.refusal(word, rest)),
            }
        }
        Ok(shards)
    }

    fn refusal(&self, word: &str, rest: &[Value]) -> IndexError {
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

    fn open(&self) -> Result<&Open, IndexError> {
        let none = || IndexError::Unavailable("no batch has the lease".to_owned());
        self.open.as_ref().ok_or_else(none)
    }

    /// The postings of these keys that count.
    fn look(&mut self, keys: &[u64]) -> Result<Vec<(u64, Vec<Posting>)>, IndexError> {
        let open = self.open()?;
        let mut by_shard: Vec<Vec<u64>> = vec![Vec::new(); open.shards.len()];
        for key in keys {
            if let Some(list) = by_shard.get_mut(self.names.shard(*key) as usize) {
                list.push(*key);
            }
        }
        let (mut calls, mut order) = (Vec::new(), Vec::new());
        for ((list, shard), number) in by_shard.iter().zip(&open.shards).zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let bucket = |key: &u64| {
                    self.names
                        .bucket(number, layout::bucket(*key, shard.buckets))
                };
                let buckets: Vec<String> = some.iter().map(bucket).collect();
                let fields: Vec<_> = some.iter().map(|key| layout::field(*key)).collect();
                calls.push(Call::script(number, Script::Look, &buckets, &fields));
                order.extend_from_slice(some);
            }
        }
        let (horizon, abandoned) = (open.horizon, open.abandoned.clone());
        let counts = |posting: &Posting| {
            let abandoned = || {
                abandoned
                    .iter()
                    .any(|range| range.contains(&posting.article))
            };
            posting.article >= horizon && !abandoned()
        };
        let answers = self.run(&calls)?;
        let lists = answers.into_iter().flat_map(|answer| match answer {
            Value::Array(lists) => lists,
            _ => Vec::new(),
        });
        let found = order.into_iter().zip(lists);
        Ok(found
            .filter_map(|(key, list)| match list {
                Value::BulkString(bytes) => {
                    Some((key, layout::postings(&bytes).filter(counts).collect()))
                }
                _ => None,
            })
            .collect())
    }

    /// The records of these articles, where the server still has them.
    fn records(&mut self, articles: &[u64]) -> Result<(), IndexError> {
        let mut by_shard: Vec<Vec<u64>> = vec![Vec::new(); self.names.shards as usize];
        for article in articles {
            if let Some(list) = by_shard.get_mut(self.names.shard_of_record(*article) as usize) {
                list.push(*article);
            }
        }
        let (mut calls, mut order) = (Vec::new(), Vec::new());
        for (list, shard) in by_shard.iter().zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let mut command = redis::cmd("MGET");
                some.iter().for_each(|article| {
                    command.arg(self.names.record(*article));
                });
                calls.push(Call::new(shard, &command));
                order.extend_from_slice(some);
            }
        }
        let answers = self.run(&calls)?;
        let records = answers.into_iter().flat_map(|answer| match answer {
            Value::Array(records) => records,
            _ => Vec::new(),
        });
        for (article, record) in order.into_iter().zip(records) {
            if let Value::BulkString(bytes) = record {
                self.known.add_record(article, bytes);
            }
        }
        Ok(())
    }

    /// Everything that the batch writes.
    fn writes(&self, open: &Open) -> Vec<Call> {
        let keep_ms = self.window_ms.saturating_add(self.window_ms / SLICES);
        let keep_seconds = (keep_ms / 1000 + 60).to_string();
        let mut calls = Vec::new();
        for (number, record, arrived_ms) in self.known.new_records() {
            let left = arrived_ms
                .saturating_add(keep_ms)
                .saturating_sub(open.now_ms);
            let mut command = redis::cmd("SET");
            command
                .arg(self.names.record(number))
                .arg(record)
                .arg("PX")
                .arg(left.clamp(1, keep_ms));
            calls.push(Call::new(self.names.shard_of_record(number), &command));
        }
        let mut by_shard: Vec<Vec<(u64, Posting)>> = vec![Vec::new(); open.shards.len()];
        for (key, posting) in self.known.postings() {
            if let Some(list) = by_shard.get_mut(self.names.shard(*key) as usize) {
                list.push((*key, *posting));
            }
        }
        let head = [
            open.token.clone(),
            open.horizon.to_string(),
            keep_seconds,
            layout::MOST_CHUNKS.to_string(),
        ];
        for ((list, shard), number) in by_shard.iter().zip(&open.shards).zip(0_u64..) {
            for some in list.chunks(TOGETHER) {
                let bucket = |key| {
                    self.names
                        .bucket(number, layout::bucket(key, shard.buckets))
                };
                let keys: Vec<String> = std::iter::once(self.names.meta(number))
                    .chain(some.iter().map(|(key, _)| bucket(*key)))
                    .collect();
                let entries = some.iter().map(|(key, posting)| {
                    let entry: Vec<u8> = layout::entry(*key, *posting).into();
                    entry
                });
                let arguments: Vec<Vec<u8>> = head
                    .iter()
                    .map(|text| text.clone().into_bytes())
                    .chain(entries)
                    .collect();
                calls.push(Call::script(number, Script::Write, &keys, &arguments));
            }
            calls.extend(self.tending(open, *shard, number, list.len() as u64));
        }
        calls
    }

    /// Splits buckets as there are postings, and looks through some others for what is over: for each 24 postings that come one
    /// bucket, so that all are looked through in half a window.
    fn tending(
        &self,
        open: &Open,
        shard: Shard,
        number: u64,
        added: u64,
    ) -> impl Iterator<Item = Call> {
        let budget = added / 8 + 8;
        let wanted = (shard.postings / layout::LOAD).saturating_sub(shard.buckets);
        let splits = if added == 0 { 0 } else { wanted.min(budget) };
        let old_enough = self
            .oldest_ms
            .is_some_and(|oldest| open.now_ms.saturating_sub(oldest) >= self.window_ms / 2);
        let looks = if old_enough && added > 0 {
            (added / 24 + 1).min(shard.buckets)
        } else {
            0
        };
        let keep = (self.window_ms + self.window_ms / SLICES) / 1000 + 60;
        // A few buckets in one call, for the same reason as with keys.
        let parts = splits.max(looks).div_ceil(16);
        (0..parts).map(move |part| {
            let (from, to) = ((part * 16).min(splits), (part * 16 + 16).min(splits));
            let first_new = shard.buckets + from;
            let mut keys = vec![self.names.meta(number)];
            for new in first_new..shard.buckets + to {
                keys.push(self.names.bucket(number, layout::source(new)));
                keys.push(self.names.bucket(number, new));
            }
            let visit = (part * 16).min(looks)..(part * 16 + 16).min(looks);
            let cursor = |step: u64| (shard.cursor + step) % shard.buckets;
            keys.extend(
                visit
                    .clone()
                    .map(|step| self.names.bucket(number, cursor(step))),
            );
            let arguments = [
                open.token.clone(),
                open.horizon.to_string(),
                keep.to_string(),
                (to - from).to_string(),
                first_new.to_string(),
                cursor(visit.end).to_string(),
            ];
            Call::script(number, Script::Tend, &keys, &arguments)
        })
    }

    /// Ends the batch on the server.
    fn commit(&mut self, open: &Open, articles: usize) -> Result<(), IndexError> {
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
            let calls = self.writes(&open);
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
        if self.empty_will_do {
            return Ok(Claim::Whole);
        }
        let mut lost = String::new();
        // Once for the index as a whole, once more when a shard turns out to be lost.
        for _ in 0..2 {
            let arguments = [
                self.owner.clone(),
                (6 * self.lease).as_millis().to_string(),
                self.names.shards.to_string(),
                layout::FORMAT.to_string(),
                self.new_id(),
                lost.clone(),
                layout::number_at(now_ms).to_string(),
            ];
            let (word, rest) = self.control(Script::Claim, false, &arguments)?;
            match (word.as_str(), rest.as_slice()) {
                ("OTHERS", _) => return Ok(Claim::Others),
                ("OURS", [id]) => {
                    self.building = Some(text(id));
                    return Ok(Claim::Ours);
                }
                ("WHOLE", [id]) => {
                    self.building = None;
                    if self.is_whole(&text(id))? {
                        return Ok(Claim::Whole);
                    }
                    lost = text(id);
                }
                (word, rest) => return Err(self.refusal(word, rest)),
            }
        }
        Ok(Claim::Others)
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

impl Shared {
    /// Whether every shard belongs to this index.
    fn is_whole(&mut self, id: &str) -> Result<bool, IndexError> {
        let calls: Vec<Call> = (0..self.names.shards)
            .map(|shard| {
                let mut command = redis::cmd("HGET");
                command.arg(self.names.meta(shard)).arg("id");
                Call::new(shard, &command)
            })
            .collect();
        Ok(self.run(&calls)?.iter().all(|found| text(found) == id))
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

/// The word with which a script answers, and the rest of the answer.
fn words(answer: Option<Value>) -> Result<(String, Vec<Value>), IndexError> {
    match answer {
        Some(Value::Array(mut parts)) if !parts.is_empty() => {
            let word = text(&parts.remove(0));
            Ok((word, parts))
        }
        _ => Err(IndexError::Unavailable(
            "the server's answer is not understood".to_owned(),
        )),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

fn number(value: &Value) -> u64 {
    text(value).parse().unwrap_or_default()
}
