//! One article as bytes: the same in memory, on disk and on a server.
//!
//! ```text
//! bytes  0..2   flags                            28..32  half the id key, 0 when none
//!        2..8   arrival, ms since 1970           32..36  half the URL key, 0 when none
//!        8..16  position key                     36..40  source key
//!       16..24  text key                         40..48  story keys: headline, longest paragraph
//!       24..28  half the payload key
//!       48..    counts of shingles by level; samples of headline, figures and names; embedded headlines; repeated paragraphs; similarity and coverages;
//!               id, cluster and `of`, each only where the flags say so
//! ```
//! Integers are little endian. Lists and texts are those of [`fields`](super::fields).
//! Half a key is
//! enough where a record was found under that key or under its position already. A record that is cut short or malformed reads as absent.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_128;

use super::fields::{Reader, Text, put_list, put_text};
use super::headline::Headline;
use super::near::Earlier;
use super::recurrence::Repeated;
use super::sample::{Sample, WordBits};
use super::verdict::{Coverage, DedupMethod, DedupStatus, DedupVerdict};
use super::{Fingerprint, keys};

/// Longest text stored as it is, in bytes; longer ones become their hash. Ids have at most 512 bytes.
const MAX_TEXT: usize = 4_096;
/// Bytes before the lists.
const FIXED: usize = 48;

const STATUS: u16 = 0b111;
const METHOD_SHIFT: u32 = 3;
const METHOD: u16 = 0b111 << METHOD_SHIFT;
const REUSED: u16 = 1 << 6;
/// The text is long enough to identify a story.
const CONTENT: u16 = 1 << 7;
const SIMILARITY: u16 = 1 << 8;
const COVERAGE: u16 = 1 << 9;
/// The cluster is not the id and is stored.
const CLUSTER: u16 = 1 << 10;
/// `of` is present; stored unless one of the next two says that it is known already.
const OF: u16 = 1 << 11;
const OF_IS_ID: u16 = 1 << 12;
const OF_IS_CLUSTER: u16 = 1 << 13;
/// The source is known.
const SOURCE: u16 = 1 << 14;
/// Paragraphs below a repeated one were set aside.
const BELOW: u16 = 1 << 15;

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
    pub position: u64,
    pub arrived_ms: i64,
    pub fingerprint: &'a Fingerprint,
    /// Shingles under which the article can be found, by level from that of the sketch on.
    pub counts: &'a [u8],
    pub verdict: &'a DedupVerdict,
}

impl NewRecord<'_> {
    /// Appends the record. Ids and clusters must be [`bounded`].
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let (print, verdict) = (self.fingerprint, self.verdict);
        let identity = &print.identity;
        out.extend_from_slice(&self.flags().to_le_bytes());
        let arrival = u64::try_from(self.arrived_ms)
            .unwrap_or_default()
            .to_le_bytes();
        out.extend_from_slice(arrival.first_chunk::<6>().unwrap_or(&[0; 6]));
        for key in [self.position, keys::short(print.text_key)] {
            out.extend_from_slice(&key.to_le_bytes());
        }
        for key in [
            identity.payload_key as u32,
            identity.id_key.map_or(0, keys::half),
            identity.url_key.map_or(0, keys::half),
        ] {
            out.extend_from_slice(&key.to_le_bytes());
        }
        out.extend_from_slice(&identity.source.unwrap_or_default().to_le_bytes());
        for key in print.story {
            out.extend_from_slice(&key.to_le_bytes());
        }
        out.push(print.sketch.level);
        put_list(out, self.counts, |count| [*count]);
        let (words, told) = print.headline.parts();
        put_list(out, words, |hash| hash.to_le_bytes());
        out.extend_from_slice(&told.to_le_bytes());
        put_list(out, print.words.bits(), |byte| [*byte]);
        put_list(out, print.figures.hashes(), |hash| hash.to_le_bytes());
        put_list(out, print.names.hashes(), |hash| hash.to_le_bytes());
        put_list(out, &print.embedded, |hash| hash.to_le_bytes());
        put_list(out, &print.repeated.runs, |run| {
            let ([a, b], [c, d]) = (run.start.to_le_bytes(), run.end.to_le_bytes());
            [a, b, c, d]
        });
        if let Some(below) = print.repeated.below {
            out.extend_from_slice(&below.to_le_bytes());
        }
        if let Some(similarity) = verdict.similarity {
            out.extend_from_slice(&thousandths(similarity).to_le_bytes());
        }
        if let Some(coverage) = verdict.coverage {
            out.extend_from_slice(&thousandths(coverage.this).to_le_bytes());
            out.extend_from_slice(&thousandths(coverage.of).to_le_bytes());
        }
        put_text(out, &identity.id);
        if verdict.cluster != identity.id {
            put_text(out, &verdict.cluster);
        }
        if let Some(of) = verdict
            .of
            .as_ref()
            .filter(|of| **of != identity.id && **of != verdict.cluster)
        {
            put_text(out, of);
        }
    }

    fn flags(&self) -> u16 {
        let (print, verdict) = (self.fingerprint, self.verdict);
        let id = &print.identity.id;
        let code = |found: Option<usize>| {
            found
                .and_then(|code| u16::try_from(code).ok())
                .unwrap_or_default()
        };
        let set = |condition: bool, flag: u16| if condition { flag } else { 0 };
        let of = verdict.of.as_ref();
        // Zero stands for none.
        let method = verdict.method.map_or(0, |method| {
            1 + code(DedupMethod::ALL.iter().position(|known| *known == method))
        });
        code(
            DedupStatus::ALL
                .iter()
                .position(|status| *status == verdict.status),
        ) | method << METHOD_SHIFT
            | set(verdict.position_reused, REUSED)
            | set(print.content_key.is_some(), CONTENT)
            | set(verdict.similarity.is_some(), SIMILARITY)
            | set(verdict.coverage.is_some(), COVERAGE)
            | set(verdict.cluster != *id, CLUSTER)
            | set(of.is_some(), OF)
            | set(of == Some(id), OF_IS_ID)
            | set(of == Some(&verdict.cluster), OF_IS_CLUSTER)
            | set(print.identity.source.is_some(), SOURCE)
            | set(print.repeated.below.is_some(), BELOW)
    }
}

fn thousandths(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * 1000.0).round() as u16
}

/// A record in place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
}

/// The part of a record that varies in length.
#[derive(Debug, Clone, PartialEq)]
struct Rest<'a> {
    earlier: Earlier,
    repeated: Repeated,
    similarity: Option<f32>,
    coverage: Option<Coverage>,
    id: Text<'a>,
    cluster: Text<'a>,
    of: Option<Text<'a>>,
}

impl<'a> Record<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
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

    fn u32(self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    fn has(self, flag: u16) -> bool {
        u16::from_le_bytes(self.array(0)) & flag != 0
    }

    /// When the article arrived, in milliseconds since 1970.
    #[cfg(test)]
    pub(super) fn arrived_ms(self) -> i64 {
        let mut bytes = [0; 8];
        if let Some(low) = bytes.first_chunk_mut::<6>() {
            *low = self.array(2);
        }
        i64::from_le_bytes(bytes)
    }

    pub(super) fn position(self) -> u64 {
        self.u64(8)
    }

    /// Whether it is of a payload with this key.
    pub(super) fn is_payload(self, key: u64) -> bool {
        self.u32(24) == key as u32
    }

    /// Half the key: see [`keys::half`].
    pub(super) fn id_key(self) -> u32 {
        self.u32(28)
    }

    /// Half the key: see [`keys::half`].
    pub(super) fn url_key(self) -> u32 {
        self.u32(32)
    }

    pub(super) fn text_key(self) -> u64 {
        self.u64(16)
    }

    /// Whether the text is long enough to identify a story.
    pub(super) fn identifies(self) -> bool {
        self.has(CONTENT)
    }

    pub(super) fn source(self) -> Option<u32> {
        self.has(SOURCE).then(|| self.u32(36))
    }

    pub(super) fn story(self) -> [u32; 2] {
        [self.u32(40), self.u32(44)]
    }

    fn rest(self) -> Option<Rest<'a>> {
        let mut reader = Reader(self.bytes.get(FIXED..)?);
        let level = reader.array::<1>()?[0];
        let counts = reader.list(|[count]: [u8; 1]| count)?;
        let words_of_headline = reader.list(u16::from_le_bytes)?;
        let headline = Headline::from_parts(words_of_headline, reader.u16()?);
        let words = WordBits::from_bits(reader.list(|[byte]: [u8; 1]| byte)?);
        let figures = Sample::from_hashes(reader.list(u16::from_le_bytes)?);
        let names = Sample::from_hashes(reader.list(u16::from_le_bytes)?);
        let embedded = reader.list(u16::from_le_bytes)?;
        let runs = reader
            .list(|[a, b, c, d]: [u8; 4]| u16::from_le_bytes([a, b])..u16::from_le_bytes([c, d]))?;
        let optional = |reader: &mut Reader<'a>, flag: u16| {
            if self.has(flag) {
                reader.u16().map(Some)
            } else {
                Some(None)
            }
        };
        let below = optional(&mut reader, BELOW)?;
        let share = |thousandths: u16| f32::from(thousandths) / 1000.0;
        let similarity = optional(&mut reader, SIMILARITY)?.map(share);
        let this = optional(&mut reader, COVERAGE)?.map(share);
        let coverage = optional(&mut reader, COVERAGE)?.map(share).zip(this);
        let id = reader.text()?;
        let cluster = if self.has(CLUSTER) {
            reader.text()?
        } else {
            id
        };
        let of = if !self.has(OF) {
            None
        } else if self.has(OF_IS_ID) {
            Some(id)
        } else if self.has(OF_IS_CLUSTER) {
            Some(cluster)
        } else {
            Some(reader.text()?)
        };
        reader.0.is_empty().then_some(Rest {
            earlier: Earlier {
                source: self.source(),
                cluster: cluster.key(),
                story: self.story(),
                embedded,
                level,
                counts,
                headline,
                words,
                figures,
                names,
            },
            repeated: Repeated { runs, below },
            similarity,
            coverage: coverage.map(|(of, this)| Coverage { this, of }),
            id,
            cluster,
            of,
        })
    }

    /// Id and cluster of the article.
    pub(super) fn names(self) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
        self.rest()
            .map(|rest| (rest.id.unpack(), rest.cluster.unpack()))
    }

    /// What near-duplicates are compared by.
    pub(super) fn earlier(self) -> Option<Earlier> {
        self.rest().map(|rest| rest.earlier)
    }

    /// The paragraphs that were set aside.
    pub(super) fn repeated(self) -> Option<Repeated> {
        self.rest().map(|rest| rest.repeated)
    }

    /// The verdict as it was given.
    pub(super) fn verdict(self) -> Option<DedupVerdict> {
        let rest = self.rest()?;
        let flags = u16::from_le_bytes(self.array(0));
        Some(DedupVerdict {
            status: *DedupStatus::ALL.get(usize::from(flags & STATUS))?,
            cluster: rest.cluster.unpack().into_owned(),
            of: rest.of.map(|of| of.unpack().into_owned()),
            method: match usize::from((flags & METHOD) >> METHOD_SHIFT).checked_sub(1) {
                Some(index) => Some(*DedupMethod::ALL.get(index)?),
                None => None,
            },
            similarity: rest.similarity,
            coverage: rest.coverage,
            position_reused: self.has(REUSED),
        })
    }
}
