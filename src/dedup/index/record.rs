//! One article as bytes: the same in memory and on disk.
//!
//! ```text
//! bytes  0..2   length of the record            16..24  payload key
//!        2..4   flags                           24..32  id key, 0 when none
//!        4..8   stream number                   32..40  URL key, 0 when none
//!        8..16  offset in the stream            40..48  text key
//!                                               48..52  arrival, ms after the segment's base
//!       52..    id; similarity (4 bytes), cluster and `of`, each only where the flags say so
//! ```
//! Integers are little endian; a text is its length in two bytes and then UTF-8. A record with the flag [`STREAM`]
//! gives a stream number its meaning instead: number, partition (both 4 bytes) and topic.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_128;

use super::super::{DedupMethod, DedupStatus, DedupVerdict, Fingerprint};
use super::key::{Kind, name_key, position_key, short};

/// Longest text stored as it is, in bytes; longer ones become their hash. Ids have at most 512 bytes.
const MAX_TEXT: usize = 4_096;
/// Bytes before the id.
const FIXED: usize = 52;

const STATUS: u16 = 0b111;
const METHOD_SHIFT: u32 = 3;
const METHOD: u16 = 0b11 << METHOD_SHIFT;
const REUSED: u16 = 1 << 5;
/// The text is long enough to identify a story.
const CONTENT: u16 = 1 << 6;
const SIMILARITY: u16 = 1 << 7;
/// The cluster is not the id and is stored.
const CLUSTER: u16 = 1 << 8;
/// `of` is present; stored unless one of the next two says that it is known already.
const OF: u16 = 1 << 9;
const OF_IS_ID: u16 = 1 << 10;
const OF_IS_CLUSTER: u16 = 1 << 11;
const STREAM: u16 = 1 << 15;

const STATUSES: [DedupStatus; 5] = [
    DedupStatus::Unique,
    DedupStatus::Exact,
    DedupStatus::Near,
    DedupStatus::Partial,
    DedupStatus::Update,
];
const METHODS: [Option<DedupMethod>; 4] = [
    None,
    Some(DedupMethod::Id),
    Some(DedupMethod::Url),
    Some(DedupMethod::Content),
];

/// The text, or its hash where it is too long to store.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("xxh3:{:032x}", xxh3_128(text.as_bytes())))
    }
}

/// What is written about an article.
pub(super) struct NewRecord<'a> {
    pub stream: u32,
    pub offset: i64,
    /// Milliseconds after the segment's base.
    pub arrival: u32,
    pub fingerprint: &'a Fingerprint,
    pub verdict: &'a DedupVerdict,
}

impl NewRecord<'_> {
    /// Appends the record. Ids and clusters must be [`bounded`].
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (print, verdict) = (self.fingerprint, self.verdict);
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.flags().to_le_bytes());
        out.extend_from_slice(&self.stream.to_le_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&print.payload_key.to_le_bytes());
        out.extend_from_slice(&print.id_key.map_or(0, short).to_le_bytes());
        out.extend_from_slice(&print.url_key.map_or(0, short).to_le_bytes());
        out.extend_from_slice(&short(print.text_key).to_le_bytes());
        out.extend_from_slice(&self.arrival.to_le_bytes());
        put_text(out, &print.id);
        if let Some(similarity) = verdict.similarity {
            out.extend_from_slice(&similarity.to_le_bytes());
        }
        if verdict.cluster != print.id {
            put_text(out, &verdict.cluster);
        }
        if let Some(of) = verdict
            .of
            .as_ref()
            .filter(|of| **of != print.id && **of != verdict.cluster)
        {
            put_text(out, of);
        }
        finish(out, start);
    }

    fn flags(&self) -> u16 {
        let (print, verdict) = (self.fingerprint, self.verdict);
        let code = |found: Option<usize>| {
            found
                .and_then(|code| u16::try_from(code).ok())
                .unwrap_or_default()
        };
        let set = |condition: bool, flag: u16| if condition { flag } else { 0 };
        let of = verdict.of.as_ref();
        code(STATUSES.iter().position(|status| *status == verdict.status))
            | code(METHODS.iter().position(|method| *method == verdict.method)) << METHOD_SHIFT
            | set(verdict.position_reused, REUSED)
            | set(print.content_key.is_some(), CONTENT)
            | set(verdict.similarity.is_some(), SIMILARITY)
            | set(verdict.cluster != print.id, CLUSTER)
            | set(of.is_some(), OF)
            | set(of == Some(&print.id), OF_IS_ID)
            | set(of == Some(&verdict.cluster), OF_IS_CLUSTER)
    }
}

/// Appends the meaning of a stream number. The topic must be [`bounded`].
pub(super) fn encode_stream(out: &mut Vec<u8>, number: u32, topic: &str, partition: i32) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&STREAM.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&partition.to_le_bytes());
    put_text(out, topic);
    finish(out, start);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(
        text.as_bytes()
            .get(..usize::from(length))
            .unwrap_or_default(),
    );
}

fn finish(out: &mut [u8], start: usize) {
    let length = u16::try_from(out.len() - start)
        .unwrap_or(u16::MAX)
        .to_le_bytes();
    if let Some(field) = out.get_mut(start..start + 2) {
        field.copy_from_slice(&length);
    }
}

/// A record in place. The bytes went through a checksum, so a malformed one does not occur;
/// if it did, it would read as absent.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
}

/// The texts of a record and its verdict, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Texts<'a> {
    pub id: &'a str,
    pub cluster: &'a str,
    pub of: Option<&'a str>,
    pub similarity: Option<f32>,
}

impl<'a> Record<'a> {
    /// The record at a place of the segment's bytes.
    pub(super) fn at(image: &'a [u8], start: usize) -> Option<Self> {
        let rest = image.get(start..)?;
        let length = u16::from_le_bytes(*rest.first_chunk()?);
        let bytes = rest.get(..usize::from(length))?;
        (bytes.len() >= 12).then_some(Self { bytes })
    }

    pub(super) fn length(self) -> usize {
        self.bytes.len()
    }

    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .copied()
            .unwrap_or([0; N])
    }

    fn u64(self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    fn flags(self) -> u16 {
        u16::from_le_bytes(self.array(2))
    }

    fn has(self, flag: u16) -> bool {
        self.flags() & flag != 0
    }

    /// Number, topic and partition, if this is the meaning of a stream number.
    pub(super) fn as_stream(self) -> Option<(u32, &'a str, i32)> {
        let (topic, rest) = self
            .has(STREAM)
            .then(|| text(self.bytes.get(12..)?))
            .flatten()?;
        rest.is_empty()
            .then(|| (self.stream(), topic, i32::from_le_bytes(self.array(8))))
    }

    pub(super) fn stream(self) -> u32 {
        u32::from_le_bytes(self.array(4))
    }

    pub(super) fn offset(self) -> i64 {
        i64::from_le_bytes(self.array(8))
    }

    pub(super) fn payload_key(self) -> u64 {
        self.u64(16)
    }

    pub(super) fn text_key(self) -> u64 {
        self.u64(40)
    }

    pub(super) fn arrival(self) -> u32 {
        u32::from_le_bytes(self.array(48))
    }

    /// The key under which the record is found, if it has one of that kind.
    pub(super) fn key(self, kind: Kind) -> Option<u64> {
        let present = |key: u64| (key != 0).then_some(key);
        match kind {
            Kind::Position => Some(position_key(self.stream(), self.offset())),
            Kind::Id => present(self.u64(24)),
            Kind::Url => present(self.u64(32)),
            Kind::Content => self.has(CONTENT).then(|| self.text_key()),
            Kind::Cluster => self.texts().map(|texts| name_key(texts.cluster)),
        }
    }

    /// Id, cluster and the rest; `None` if the record is malformed or no article.
    pub(super) fn texts(self) -> Option<Texts<'a>> {
        if self.has(STREAM) {
            return None;
        }
        let (id, mut rest) = text(self.bytes.get(FIXED..)?)?;
        let mut similarity = None;
        if self.has(SIMILARITY) {
            let (bytes, tail) = rest.split_first_chunk()?;
            (similarity, rest) = (Some(f32::from_le_bytes(*bytes)), tail);
        }
        let mut cluster = id;
        if self.has(CLUSTER) {
            (cluster, rest) = text(rest)?;
        }
        let of = if !self.has(OF) {
            None
        } else if self.has(OF_IS_ID) {
            Some(id)
        } else if self.has(OF_IS_CLUSTER) {
            Some(cluster)
        } else {
            let (of, tail) = text(rest)?;
            rest = tail;
            Some(of)
        };
        rest.is_empty().then_some(Texts {
            id,
            cluster,
            of,
            similarity,
        })
    }

    /// The verdict as it was given.
    pub(super) fn verdict(self) -> Option<DedupVerdict> {
        let texts = self.texts()?;
        Some(DedupVerdict {
            status: *STATUSES.get(usize::from(self.flags() & STATUS))?,
            cluster: texts.cluster.to_owned(),
            of: texts.of.map(str::to_owned),
            method: *METHODS.get(usize::from((self.flags() & METHOD) >> METHOD_SHIFT))?,
            similarity: texts.similarity,
            position_reused: self.has(REUSED),
        })
    }
}

/// A text with its length before it, and what follows.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
