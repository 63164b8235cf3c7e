//! The base model: naive Bayes over byte n-grams (`model/`, from py3langid 0.4).
//!
//! T. Baldwin and M. Lui, "Language Identification: The Long and the Short of the Matter" (NAACL 2010), and M. Lui and
//! T. Baldwin, "langid.py: An Off-the-shelf Language Identification Tool" (ACL 2012).
//!
//! For each place of the text the longest n-gram that ends there is looked up. What they say together:
//! `prior + Σ ln(1 + count) · ln P(n-gram | class)`. The original walks an automaton of 40 MB; here n-grams are keys of
//! a hash table behind a filter of single bits, so that no look-up waits for another, and each has a row of one byte a
//! class, which adds up to 7 MB for all scripts.

use super::LanguageError;
use super::reader::Reader;

/// Longest text that is scored at once, in bytes.
pub(super) const LONGEST: usize = 1024;
/// Shortest and longest n-gram in bytes.
const SHORTEST_NGRAM: usize = 2;
const LONGEST_NGRAM: usize = 6;
/// Classes are padded to a multiple of this, so that rows are added with wide instructions.
const LANES: usize = 16;
/// Most lanes of a row.
const MOST_LANES: usize = 8;
/// Rows that can be added in 16 bits.
const MOST_ROWS: u32 = 256;
/// Places of the counting table: twice the n-grams of the longest text.
const COUNTED: usize = 2 * LONGEST;
const FREE: u32 = u32::MAX;
/// Bits of the filter for each n-gram.
const FILTER_BITS: usize = 16;
/// Weights of counts are whole numbers of this part: none is above 8 · 64.
const WEIGHT: f32 = 64.0;
/// Upper half of a slot.
const PRINT: u64 = 0xFFFF_FFFF_0000_0000;

/// One class of a script: a language, or `zxx` for text that is none.
#[derive(Debug, Clone, Copy)]
struct Class {
    name: &'static str,
    prior: f32,
    /// Least logarithm of any n-gram.
    floor: f32,
}

/// The model of one script.
#[derive(Debug)]
pub(super) struct Model {
    /// ISO 15924 code.
    pub script: &'static str,
    classes: Vec<Class>,
    /// Nats by which one step of a row lies above the floor.
    step: f32,
    /// Lanes of a row.
    lanes: usize,
    /// Rows, one after the other: steps above the floor by class.
    rows: Vec<[u8; LANES]>,
    /// Fingerprint of an n-gram in the upper half, number of its row plus one in the lower; 0 where free.
    slots: Vec<u64>,
    /// Bits of the n-grams there are.
    filter: Vec<u64>,
    /// Weight of a count: `ln(1 + count)`.
    weights: Vec<u32>,
}

/// An n-gram of the text that is being read.
#[derive(Debug, Clone, Copy)]
struct Found {
    row: u32,
    count: u32,
}

/// The n-grams that a text has in common with the model.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Known {
    /// `Σ ln(1 + count)`.
    pub weight: f32,
    /// How many, repetitions included.
    pub ngrams: u32,
    /// Sum of their lengths in bytes.
    pub bytes: u32,
}

impl Known {
    pub(super) fn add(&mut self, other: Self) {
        self.weight += other.weight;
        self.ngrams += other.ngrams;
        self.bytes += other.bytes;
    }

    /// Mean length of an n-gram in bytes: random letters make short ones only.
    pub(super) fn mean_length(&self) -> f32 {
        self.bytes as f32 / self.ngrams.max(1) as f32
    }
}

/// Working memory of [`Model::score`], to be used again.
#[derive(Debug)]
pub(super) struct Scratch {
    found: Vec<Found>,
    used: Vec<usize>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            found: vec![
                Found {
                    row: FREE,
                    count: 0
                };
                COUNTED
            ],
            used: Vec::with_capacity(LONGEST),
        }
    }

    fn count(&mut self, row: u32) {
        let mut place = (row.wrapping_mul(0x9E37_79B1) >> 16) as usize;
        while let Some(found) = self.found.get_mut(place % COUNTED) {
            if found.row == row {
                found.count += 1;
                return;
            }
            if found.row == FREE {
                *found = Found { row, count: 1 };
                self.used.push(place % COUNTED);
                return;
            }
            place += 1;
        }
    }
}

/// The models of all scripts, in the order of the file.
pub(super) fn shipped() -> Result<Vec<Model>, LanguageError> {
    read(include_bytes!("model/base.bin")).ok_or(LanguageError::Data {
        file: "model/base.bin",
        line: 1,
    })
}

fn read(data: &'static [u8]) -> Option<Vec<Model>> {
    let mut reader = Reader::new(data);
    if reader.bytes(4)? != b"NSLB" || reader.u16()? != 1 {
        return None;
    }
    let scripts = reader.u16()?;
    let models = (0..scripts)
        .map(|_| Model::read(&mut reader))
        .collect::<Option<Vec<_>>>()?;
    reader.is_empty().then_some(models)
}

impl Model {
    fn read(reader: &mut Reader<'static>) -> Option<Self> {
        let script = std::str::from_utf8(reader.bytes(4)?).ok()?;
        let (classes, ngrams) = (usize::from(reader.u16()?), reader.u32()? as usize);
        let step = 1.0 / reader.f32()?;
        if classes > LANES * MOST_LANES {
            return None;
        }
        let classes = (0..classes)
            .map(|_| {
                let name = std::str::from_utf8(reader.bytes(8)?).ok()?;
                let (name, prior, floor) =
                    (name.trim_end_matches('\0'), reader.f32()?, reader.f32()?);
                Some(Class { name, prior, floor })
            })
            .collect::<Option<Vec<_>>>()?;
        let lengths = reader.bytes(ngrams)?;
        let keys = lengths.iter().map(|&length| key(reader, length));
        let keys = keys.collect::<Option<Vec<u64>>>()?;
        let mut model = Self {
            script,
            step,
            lanes: classes.len().div_ceil(LANES),
            rows: Vec::new(),
            slots: vec![0; (ngrams * 3 / 2).next_power_of_two()],
            filter: vec![0; (ngrams * FILTER_BITS / 64).next_power_of_two()],
            weights: (0..=LONGEST)
                .map(|count| ((count as f32).ln_1p() * WEIGHT).round() as u32)
                .collect(),
            classes,
        };
        model.read_rows(reader, &keys)?;
        Some(model)
    }

    fn read_rows(&mut self, reader: &mut Reader<'static>, keys: &[u64]) -> Option<()> {
        let mask = self.classes.len().div_ceil(8);
        let masks = reader.bytes(keys.len() * mask)?;
        self.rows = vec![[0; LANES]; keys.len() * self.lanes];
        for ((mask, &key), index) in masks.chunks_exact(mask).zip(keys).zip(0_u32..) {
            let start = index as usize * self.lanes;
            let row = self.rows.get_mut(start..start + self.lanes)?;
            let cells = row.as_flattened_mut().iter_mut();
            for (class, cell) in cells.enumerate().take(self.classes.len()) {
                if mask.get(class / 8)? >> (class % 8) & 1 == 1 {
                    *cell = *reader.bytes(1)?.first()?;
                }
            }
            self.insert(key, index);
        }
        Some(())
    }

    fn insert(&mut self, key: u64, row: u32) {
        let (word, bit) = self.filter_place(key);
        if let Some(bits) = self.filter.get_mut(word) {
            *bits |= 1 << bit;
        }
        let (mut place, print) = self.place(key);
        while let Some(slot) = self.slots.get_mut(place) {
            if *slot == 0 {
                *slot = print | u64::from(row + 1);
                return;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Word and bit of a key in the filter.
    fn filter_place(&self, key: u64) -> (usize, u32) {
        let mixed = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32;
        ((mixed >> 6) as usize & (self.filter.len() - 1), mixed & 63)
    }

    fn may_have(&self, key: u64) -> bool {
        let (word, bit) = self.filter_place(key);
        self.filter
            .get(word)
            .is_some_and(|bits| bits >> bit & 1 == 1)
    }

    /// First slot of a key, and its fingerprint.
    fn place(&self, key: u64) -> (usize, u64) {
        let mixed = (key ^ key >> 23).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed as usize) & (self.slots.len() - 1), mixed & PRINT)
    }

    /// Start of the row of a key.
    fn find(&self, key: u64) -> Option<u32> {
        let (mut place, print) = self.place(key);
        loop {
            let slot = *self.slots.get(place)?;
            if slot & PRINT == print && slot != 0 {
                return Some(slot as u32 - 1);
            }
            if slot == 0 {
                return None;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Names of the classes, in the order of the scores.
    pub(super) fn classes(&self) -> impl Iterator<Item = &'static str> {
        self.classes.iter().map(|class| class.name)
    }

    /// Log-likelihood of each class in nats, appended to `scores`. The first [`LONGEST`] bytes of `text` count. Returns
    /// what was found.
    pub(super) fn score(&self, text: &str, scratch: &mut Scratch, scores: &mut Vec<f32>) -> Known {
        let mut known = self.count(text.as_bytes(), scratch);
        let (mut once, mut sums) = ([[0_u16; LANES]; MOST_LANES], [[0_u32; LANES]; MOST_LANES]);
        let (mut weights, mut rows) = (0_u32, 0_u32);
        let weight_of = |count: u32| self.weights.get(count as usize).copied().unwrap_or(0);
        for place in scratch.used.drain(..) {
            let Some(found) = scratch.found.get_mut(place) else {
                continue;
            };
            let weight = weight_of(found.count);
            weights += weight;
            let start = found.row as usize * self.lanes;
            let row = self.rows.get(start..start + self.lanes).unwrap_or_default();
            if found.count == 1 {
                add_once(&mut once, row);
                rows += 1;
                if rows % MOST_ROWS == 0 {
                    flush(&mut once, &mut sums, weight);
                }
            } else {
                add_weighted(&mut sums, row, weight);
            }
            found.row = FREE;
        }
        flush(&mut once, &mut sums, weight_of(1));
        let weights = weights as f32 / WEIGHT;
        let sums = sums.as_flattened();
        scores.extend(self.classes.iter().zip(sums).map(|(class, &sum)| {
            class.prior + class.floor * weights + self.step / WEIGHT * sum as f32
        }));
        known.weight = weights;
        known
    }

    /// How far n-grams of a text lie above the least probability of a class on average, in nats: about 4 in its own
    /// language. `score` and `weight` are what [`Self::score`] gave.
    pub(super) fn closeness(&self, class: usize, score: f32, weight: f32) -> f32 {
        self.classes.get(class).map_or(0.0, |class| {
            (score - class.prior) / weight.max(1.0) - class.floor
        })
    }

    /// The longest n-gram that ends at each byte.
    fn count(&self, text: &[u8], scratch: &mut Scratch) -> Known {
        let (mut window, mut known) = (0_u64, Known::default());
        for (place, &byte) in text.iter().take(LONGEST).enumerate() {
            window = window << 8 | u64::from(byte);
            let mut lengths = 0_u32;
            for length in SHORTEST_NGRAM..=LONGEST_NGRAM {
                let key = window & ((1 << (8 * length)) - 1);
                lengths |= u32::from(self.may_have(key)) << length;
            }
            lengths &= (1 << (place + 2).min(LONGEST_NGRAM + 1)) - 1;
            while lengths != 0 {
                let length = 31 - lengths.leading_zeros();
                if let Some(row) = self.find(window & ((1 << (8 * length)) - 1)) {
                    scratch.count(row);
                    known.ngrams += 1;
                    known.bytes += length;
                    break;
                }
                lengths &= !(1 << length);
            }
        }
        known
    }
}

/// The next n-gram as a number.
fn key(reader: &mut Reader<'static>, length: u8) -> Option<u64> {
    let length = usize::from(length);
    if !(SHORTEST_NGRAM..=LONGEST_NGRAM).contains(&length) {
        return None;
    }
    let bytes = reader.bytes(length)?.iter();
    Some(bytes.fold(0, |key, &byte| key << 8 | u64::from(byte)))
}

fn add_once(once: &mut [[u16; LANES]; MOST_LANES], row: &[[u8; LANES]]) {
    for (sums, cells) in once.iter_mut().zip(row) {
        for (sum, &cell) in sums.iter_mut().zip(cells) {
            *sum = sum.wrapping_add(u16::from(cell));
        }
    }
}

fn add_weighted(sums: &mut [[u32; LANES]; MOST_LANES], row: &[[u8; LANES]], weight: u32) {
    for (sums, cells) in sums.iter_mut().zip(row) {
        for (sum, &cell) in sums.iter_mut().zip(cells) {
            *sum += u32::from(cell) * weight;
        }
    }
}

/// Adds what was counted once to the rest.
fn flush(
    once: &mut [[u16; LANES]; MOST_LANES],
    sums: &mut [[u32; LANES]; MOST_LANES],
    weight: u32,
) {
    for (sums, once) in sums.iter_mut().zip(once) {
        for (sum, once) in sums.iter_mut().zip(once) {
            *sum += u32::from(*once) * weight;
            *once = 0;
        }
    }
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
