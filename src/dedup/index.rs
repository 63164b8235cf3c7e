//! The index: what is remembered of earlier articles, and the verdicts on new ones.
//!
//! A batch goes through in four steps: [`DedupIndex::begin`]; [`DedupIndex::recall`] for each message, in order, says
//! what is known of it and which of its paragraphs recur on its source; the caller makes the fingerprints, on any thread;
//! after [`DedupIndex::prepare`], [`DedupIndex::judge`] gives each its verdict, in order, and remembers it; and
//! [`DedupIndex::finish`] ends the batch. [`DedupIndex::flush`] must return before the batch is published.

use std::borrow::Cow;
use std::ops::ControlFlow;

use hashbrown::{HashMap, HashSet};

use super::backend::{Claim, Store};
use super::judge::{Judge, Judgement, PER_SHINGLE};
use super::keys::{self, Kind, content_key, identity_keys, position_key, shingle_keys};
use super::near::mark;
use super::record::{NewRecord, Record, bounded};
use super::recurrence::{Paragraphs, Repeated};
use super::shared::{Backend, Shared};
use super::store::{Embedded, Expired, IndexError, NewArticle, OpenReport, Posting};
use super::verdict::DedupVerdict;
use super::{DedupSettings, Fingerprint, Identity};
use crate::article::Position;

/// Earlier stories of a source that are counted for one paragraph.
const PER_PARAGRAPH: usize = 6;

/// What is remembered of a message, and of its paragraphs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recall {
    /// The verdict it got, if it was judged before.
    pub known: Option<DedupVerdict>,
    /// Paragraphs that other articles of its source have.
    pub repeated: Repeated,
    /// What tells its story from others of the source.
    pub(super) story: [u32; 2],
    /// Headlines of other stories on its page.
    pub(super) embedded: Vec<u16>,
    /// Keys of the paragraphs that are worth remembering.
    pub(super) keys: Vec<u64>,
    /// Whether the position was known with another payload.
    pub(super) reused: bool,
    /// Whether another message of the batch has the same position: what is known of it can only be said in turn.
    again: bool,
}

/// Earlier articles that share a shingle with an article, as far as they were known before its batch.
#[derive(Debug, Clone, Default)]
pub struct Ahead(Option<Vec<(u32, Posting)>>);

/// Remembers the articles of the window and judges new ones by them.
pub struct DedupIndex {
    store: Box<dyn Store>,
    settings: DedupSettings,
    /// Paragraphs of the messages that were recalled and are not judged yet, with what tells their stories.
    open: HashMap<u64, Vec<[u32; 2]>>,
    /// Positions of the messages of the batch.
    positions: HashSet<u64>,
    /// The latest time seen, in milliseconds since 1970.
    clock_ms: i64,
    // Reused between articles.
    record: Vec<u8>,
    keys: Vec<(u64, u8)>,
}

impl DedupIndex {
    /// Opens the index where the settings say: in its folder, which is made if it is missing, forgetting what is older than
    /// the window; or on a server, which is only asked by [`Self::claim`].
    ///
    /// # Errors
    /// The folder is in use, damaged or from another version, or the operating system refuses: see [`IndexError`].
    pub fn open(settings: &DedupSettings, now_ms: i64) -> Result<(Self, OpenReport), IndexError> {
        if settings.backend == Backend::Valkey {
            let store = Shared::new(settings)?;
            let report = OpenReport::default();
            return Ok((Self::around(Box::new(store), settings), report));
        }
        let (store, report) = Embedded::open(settings, now_ms)?;
        Ok((Self::around(Box::new(store), settings), report))
    }

    /// An index without a folder, forgotten with the process: for files given on the command line, and for tests.
    pub fn in_memory(settings: &DedupSettings) -> Self {
        Self::around(Box::new(Embedded::in_memory(settings)), settings)
    }

    /// Judges by the thresholds of these settings from now on. Where and how long articles are kept does not change.
    pub fn judge_by(&mut self, settings: &DedupSettings) {
        self.settings.near = settings.near.clone();
        self.settings.min_tokens = settings.min_tokens;
        self.settings.min_headline_tokens = settings.min_headline_tokens;
    }

    fn around(store: Box<dyn Store>, settings: &DedupSettings) -> Self {
        Self {
            store,
            settings: settings.clone(),
            open: HashMap::new(),
            positions: HashSet::new(),
            clock_ms: i64::MIN,
            record: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn rules(&self) -> Judge<'_> {
        Judge {
            base: self.store.base(),
            settings: &self.settings,
        }
    }

    /// Begins a batch of these messages.
    ///
    /// # Errors
    /// The store is not within reach; the batch may be tried again.
    pub fn begin<'a>(
        &mut self,
        messages: impl Iterator<Item = (&'a Position, &'a Identity, &'a Paragraphs)>,
        now_ms: i64,
    ) -> Result<(), IndexError> {
        self.open.clear();
        self.positions.clear();
        self.store.begin(now_ms)?;
        let mut wanted = Vec::new();
        for (position, identity, paragraphs) in messages {
            wanted.push(position_key(position));
            wanted.extend(identity_keys(identity));
            wanted.push(keys::cluster(&identity.id));
            wanted.extend(paragraphs.list.iter().filter_map(|each| each.key));
        }
        self.store.fetch(&wanted)
    }

    /// First look at a message: whether it was judged before, and which of its paragraphs recur on its source. Every
    /// recalled message must be judged in the same batch.
    pub fn recall(
        &mut self,
        position: &Position,
        identity: &Identity,
        paragraphs: &Paragraphs,
    ) -> Recall {
        let again = !self.positions.insert(position_key(position));
        let record = self.rules().at_position(position_key(position));
        if let Some(record) = record.filter(|record| record.is_payload(identity.payload_key))
            && let (Some(verdict), Some(repeated)) = (record.verdict(), record.repeated())
        {
            return Recall {
                known: Some(verdict),
                repeated,
                ..Recall::default()
            };
        }
        let reused = record.is_some();
        let seen: Vec<u32> = paragraphs
            .list
            .iter()
            .map(|each| {
                each.key
                    .map_or(0, |key| self.stories_with(key, paragraphs.story))
            })
            .collect();
        let keys = paragraphs.keys(&seen);
        for key in &keys {
            self.open.entry(*key).or_default().push(paragraphs.story);
        }
        Recall {
            known: None,
            repeated: paragraphs.repeated(&seen),
            story: paragraphs.story,
            embedded: paragraphs.embedded.clone(),
            keys,
            reused,
            again,
        }
    }

    /// How many other stories of the source have the paragraph, at most [`PER_PARAGRAPH`].
    fn stories_with(&self, key: u64, story: [u32; 2]) -> u32 {
        let mut stories: Vec<[u32; 2]> = Vec::new();
        let mut note = |other: [u32; 2]| {
            let same = |known: &[u32; 2]| known.iter().zip(&other).any(|(a, b)| a == b && *a != 0);
            if !same(&story) && !stories.iter().any(same) {
                stories.push(other);
            }
            match stories.len() < PER_PARAGRAPH {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        };
        let open = self.open.get(&key).into_iter().flatten().rev();
        if open.copied().try_for_each(&mut note).is_continue() {
            let base = self.store.base();
            let _ = base.newest(key, &mut |posting| match base.record(posting.article) {
                Some(record) => note(Record::new(record).story()),
                None => ControlFlow::Continue(()),
            });
        }
        stories.len() as u32
    }

    /// Looks up the shingles of an article among what was known before the batch. From any thread, between
    /// [`Self::recall`] and [`Self::judge`].
    pub fn look_ahead(&self, fingerprint: &Fingerprint) -> Ahead {
        let keys = shingle_keys(fingerprint);
        let mut found = Vec::new();
        let done = self.store.look_up_ahead(&keys, PER_SHINGLE, &mut found);
        Ahead(done.then_some(found))
    }

    /// Gets everything ready to judge these articles.
    ///
    /// # Errors
    /// The store is not within reach; the batch may be tried again.
    pub fn prepare<'a>(
        &mut self,
        fingerprints: impl Iterator<Item = &'a Fingerprint>,
    ) -> Result<(), IndexError> {
        let mut wanted = Vec::new();
        for print in fingerprints {
            wanted.extend(print.content_key.map(content_key));
            wanted.extend(shingle_keys(print));
        }
        self.store.fetch(&wanted)
    }

    /// Judges a message that was recalled, and remembers it. `now_ms` is the time of arrival.
    pub fn judge(
        &mut self,
        position: &Position,
        fingerprint: &Fingerprint,
        recall: &Recall,
        ahead: Ahead,
        now_ms: i64,
    ) -> Judgement {
        let now_known = recall
            .again
            .then(|| self.rules().at_position(position_key(position)));
        let record = now_known.flatten();
        let same = record.filter(|record| record.is_payload(fingerprint.identity.payload_key));
        if let Some(known) = recall.known.clone().or_else(|| same?.verdict()) {
            return Judgement::known(known);
        }
        let reused = recall.reused || record.is_some();
        let shortened;
        let fingerprint = match bounded(&fingerprint.identity.id) {
            Cow::Borrowed(_) => fingerprint,
            Cow::Owned(id) => {
                let mut print = fingerprint.clone();
                print.identity.id = id;
                shortened = print;
                &shortened
            }
        };
        self.clock_ms = self.clock_ms.max(now_ms);
        let keys = shingle_keys(fingerprint);
        let mut shared = ahead.0.unwrap_or_default();
        self.store.look_up_rest(&keys, PER_SHINGLE, &mut shared);
        let mut judgement = self.rules().judge(position, fingerprint, &shared);
        judgement.verdict.position_reused = reused;
        self.remember(position, fingerprint, &judgement);
        judgement
    }

    /// Remembers an article that was judged before, with the verdict that it got. It must be recalled and prepared first.
    pub fn restore(
        &mut self,
        position: &Position,
        fingerprint: &Fingerprint,
        verdict: DedupVerdict,
        arrived_ms: i64,
    ) {
        self.clock_ms = self.clock_ms.max(arrived_ms);
        let ahead = self.look_ahead(fingerprint);
        let mut shared = ahead.0.unwrap_or_default();
        let keys = shingle_keys(fingerprint);
        self.store.look_up_rest(&keys, PER_SHINGLE, &mut shared);
        let judgement = self.rules().restored(fingerprint, &shared, verdict);
        self.remember(position, fingerprint, &judgement);
    }

    fn remember(&mut self, position: &Position, print: &Fingerprint, judgement: &Judgement) {
        let verdict = &judgement.verdict;
        let mut list = std::mem::take(&mut self.keys);
        list.clear();
        list.push((position_key(position), 0));
        list.extend(identity_keys(&print.identity).map(|key| (key, 0)));
        list.extend(print.content_key.map(|key| (content_key(key), 0)));
        // From every member: the name stays taken when the first one is forgotten.
        list.push((keys::cluster(&verdict.cluster), 0));
        list.extend(print.paragraphs.iter().map(|key| (*key, 0)));
        let mut sketch = print.sketch.clone();
        let mut keep = judgement.fresh.iter();
        sketch
            .shingles
            .retain(|_| keep.next().copied().unwrap_or(true));
        list.extend(
            sketch
                .shingles
                .iter()
                .map(|shingle| (keys::key(Kind::Shingle, shingle.hash), mark(shingle))),
        );
        self.record.clear();
        let record = NewRecord {
            position: position_key(position),
            arrived_ms: self.clock_ms,
            fingerprint: print,
            counts: &sketch.counts(),
            verdict,
        };
        record.encode(&mut self.record);
        self.store.push(NewArticle {
            record: &self.record,
            keys: &list,
            arrived_ms: self.clock_ms,
        });
        self.keys = list;
    }

    /// Ends a batch: everything that was recalled has been judged.
    ///
    /// # Errors
    /// The store is not within reach: nothing of the batch may be published, and it may be tried again.
    pub fn finish(&mut self) -> Result<(), IndexError> {
        self.open.clear();
        self.store.finish()
    }

    /// Writes what was added since the last flush. Costs nothing when nothing was added.
    ///
    /// # Errors
    /// The operating system refuses, for example because the disk is full. Nothing is lost, and the next flush tries
    /// everything again. Until one succeeds the transaction must not commit.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        self.store.flush()
    }

    /// Forgets what is older than the window or beyond `max_articles`. Call it before each batch: it is free when nothing
    /// is due.
    ///
    /// # Errors
    /// A file cannot be written. What was due stays remembered, and the next call tries again.
    pub fn expire(&mut self, now_ms: i64) -> Result<Expired, IndexError> {
        self.store.expire(now_ms)
    }

    /// Asks whether an index that others may share has lost articles, and if so claims to restore them. An index in a folder
    /// says so when it is opened.
    ///
    /// # Errors
    /// The store is not within reach, or does not fit the settings.
    pub fn claim(&mut self, now_ms: i64) -> Result<Claim, IndexError> {
        self.store.claim(now_ms)
    }

    /// How long the last batch kept other processes from the index; `None` where there are no others.
    pub fn held(&self) -> Option<std::time::Duration> {
        self.store.held()
    }

    /// Says that what was lost has been restored, so that the next start does not report it again.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn restored(&mut self) -> Result<(), IndexError> {
        self.store.restored()
    }

    /// Articles remembered.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the files.
    pub fn disk_bytes(&self) -> u64 {
        self.store.disk_bytes()
    }

    /// Bytes of memory held, mapped files included.
    pub fn memory_bytes(&self) -> u64 {
        self.store.memory_bytes()
    }

    /// No remembered article arrived before this time (milliseconds since 1970); `None` when nothing is remembered.
    pub fn oldest_ms(&self) -> Option<i64> {
        self.store.oldest_ms()
    }
}
