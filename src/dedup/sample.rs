//! Small samples of word sets, to compare what two texts name.

use std::sync::LazyLock;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::text::{Document, Role, Token, folded_words};

/// Most hashes of a sample, unless its type says another number.
pub const SAMPLE: usize = 10;

/// The smallest hashes of a set of words (a bottom-k sketch, Cohen and Kaplan 2007). Of two sets, the hashes below both
/// limits are a fair sample of both, however much the sets differ in size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample<const MOST: usize = SAMPLE> {
    hashes: Vec<u16>,
}

/// Most different words of a story whose words are kept.
const MOST_WORDS: usize = 220;
/// Bits for them, of which a word takes two: of 60 words one in 23 of all others seems to be there too, of 100 one in 10.
const BITS: usize = 512;

/// The words of a short story as a Bloom filter (Bloom 1970): says of a word that it is not there, or that it may be.
/// Templates are short; of longer stories nothing is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordBits {
    bits: Vec<u8>,
}

impl WordBits {
    /// The words of the story; in scripts without spaces its pairs of characters.
    pub fn of_story(document: &Document) -> Self {
        let tokens: Vec<Token> = story(document).copied().collect();
        let words = tokens.iter().filter(|token| !token.single);
        let words = words.map(|token| document.form(token).as_bytes());
        let mut hashes: Vec<u16> = words.chain(pairs(document, &tokens)).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let length = match hashes.len() {
            1..=MOST_WORDS => BITS / 8,
            _ => 0,
        };
        let mut words = Self {
            bits: vec![0; length],
        };
        for hash in hashes {
            for (byte, bit) in words.places(hash) {
                if let Some(byte) = words.bits.get_mut(byte) {
                    *byte |= bit;
                }
            }
        }
        words
    }

    /// The words with these bits.
    pub fn from_bits(bits: Vec<u8>) -> Self {
        Self { bits }
    }

    /// The bits, 8 to a byte.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Byte and bit of the two places of a word.
    fn places(&self, hash: u16) -> [(usize, u8); 2] {
        // An odd factor permutes the hashes.
        [hash, hash.wrapping_mul(0x9E35).rotate_left(5)].map(|hash| {
            let bit = (usize::from(hash) * self.bits.len() * 8) >> 16;
            (bit / 8, 1 << (bit % 8))
        })
    }

    pub(super) fn may_have(&self, hash: u16) -> bool {
        self.places(hash)
            .iter()
            .all(|(byte, bit)| self.bits.get(*byte).is_none_or(|byte| byte & bit != 0))
    }
}

pub(super) fn hash(word: &[u8]) -> u16 {
    (xxh3_64(word) >> 48) as u16
}

/// How far two samples agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Hashes in both.
    pub shared: u32,
    /// Hashes of the first that can be compared.
    pub left: u32,
    /// Hashes of the second that can be compared.
    pub right: u32,
}

impl Agreement {
    /// The share of the figures in common: of three or more, or of two when it is none.
    pub fn of_figures(&self) -> Option<f32> {
        let none_of_two = self.of_smaller(2).filter(|share| *share == 0.0);
        self.of_smaller(3).or(none_of_two)
    }

    /// Shared words as a share of the smaller set, from 0 to 1; `None` when that has fewer than `least` words.
    pub fn of_smaller(self, least: u32) -> Option<f32> {
        let smaller = self.left.min(self.right);
        (smaller >= least.max(1)).then(|| self.shared as f32 / smaller as f32)
    }
}

impl<const MOST: usize> Sample<MOST> {
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hashes: Vec<u16> = words.map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(MOST);
        Self { hashes }
    }

    /// The sample with these hashes; they must be ascending.
    pub fn from_hashes(hashes: Vec<u16>) -> Self {
        Self { hashes }
    }

    /// The hashes, ascending.
    pub fn hashes(&self) -> &[u16] {
        &self.hashes
    }

    /// Compares two samples.
    pub fn agreement(&self, other: &Self) -> Agreement {
        let limit = self.limit().min(other.limit());
        let below = |sample: &Self| sample.hashes.partition_point(|hash| *hash <= limit) as u32;
        let shared = self
            .hashes
            .iter()
            .filter(|hash| other.hashes.binary_search(hash).is_ok())
            .count();
        Agreement {
            shared: shared as u32,
            left: below(self),
            right: below(other),
        }
    }

    /// The largest hash for which the sample says whether the set has it.
    pub(super) fn limit(&self) -> u16 {
        match self.hashes.last() {
            Some(last) if self.hashes.len() >= MOST => *last,
            _ => u16::MAX,
        }
    }
}

impl Sample {
    /// The figures of the story, however they are written: `1,140`, `1.140` and `1 140` are one figure, and `45,000` is
    /// that of 45 thousand.
    pub fn of_figures(document: &Document) -> Self {
        let figures = figures(document);
        Self::of(
            figures
                .iter()
                .map(|figure| match figure.trim_end_matches('0') {
                    "" => figure.as_bytes(),
                    significant => significant.as_bytes(),
                }),
        )
    }

    /// The names of the story, where the script tells them by a capital letter.
    pub fn of_names(document: &Document) -> Self {
        let names = story(document).filter(|token| token.capital && !is_figure(document, token));
        Self::of(names.map(|token| document.form(token).as_bytes()))
    }
}

/// Pairs of neighbouring characters of scripts without spaces.
pub(super) fn pairs<'a>(
    document: &'a Document,
    tokens: &'a [Token],
) -> impl Iterator<Item = &'a [u8]> {
    let pairs = tokens
        .windows(2)
        .filter(|pair| pair.iter().all(|token| token.single));
    pairs.filter_map(|pair| {
        let (first, last) = (pair.first()?, pair.last()?);
        let range = first.folded_start as usize..last.folded_end as usize;
        document.folded.as_bytes().get(range)
    })
}

/// Ordinals in words.
struct Ordinals {
    /// The number that a word stands for, as digits.
    numbers: HashMap<String, &'static str>,
    /// By last byte, the lengths of the words as bits: most words of a story are none by that alone.
    lengths: [u64; 256],
}

static ORDINALS: LazyLock<Ordinals> = LazyLock::new(|| {
    let rows = include_str!("ordinals.tsv").lines();
    let rows = rows.filter_map(|row| row.split_once('\t'));
    let words = rows.flat_map(|(number, words)| {
        let words = words.split(' ').flat_map(folded_words);
        words.map(move |word| (word, number))
    });
    let numbers: HashMap<String, &'static str> = words.collect();
    let mut lengths = [0; 256];
    for (last, length) in numbers.keys().filter_map(|word| Ordinals::shape(word)) {
        if let Some(lengths) = lengths.get_mut(last) {
            *lengths |= length;
        }
    }
    Ordinals { numbers, lengths }
});

impl Ordinals {
    /// Last byte, and length as a bit.
    fn shape(word: &str) -> Option<(usize, u64)> {
        let last = *word.as_bytes().last()?;
        Some((usize::from(last), 1 << word.len().min(63)))
    }

    fn number(&self, word: &str) -> Option<&'static str> {
        let (last, length) = Self::shape(word)?;
        let likely = self.lengths.get(last)? & length != 0;
        likely.then(|| self.numbers.get(word).copied()).flatten()
    }
}

/// The figures of the story, with groups of digits put together that one character separates.
fn figures(document: &Document) -> Vec<String> {
    let mut figures: Vec<String> = Vec::new();
    let mut end = None;
    let ordinals = &*ORDINALS;
    for token in story(document) {
        let form = document.form(token);
        if !is_figure(document, token) {
            end = None;
            figures.extend(ordinals.number(form).map(str::to_owned));
            continue;
        }
        let digits = form;
        match figures.last_mut() {
            Some(last) if end == Some((token.field, token.start.saturating_sub(1))) => {
                last.push_str(digits);
            }
            _ => figures.push(digits.to_owned()),
        }
        end = Some((token.field, token.end));
    }
    figures
}

fn is_figure(document: &Document, token: &Token) -> bool {
    document
        .form(token)
        .bytes()
        .all(|byte| byte.is_ascii_digit())
}

pub(super) fn story(document: &Document) -> impl Iterator<Item = &Token> {
    tokens(document, |role| role != Role::Title)
}

pub(super) fn tokens(
    document: &Document,
    wanted: impl Fn(Role) -> bool,
) -> impl Iterator<Item = &Token> {
    let blocks = document
        .content()
        .filter(move |(field, _)| wanted(field.role));
    blocks.flat_map(|(_, block)| {
        let range = block.tokens.start as usize..block.tokens.end as usize;
        document.tokens.get(range).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(words: &[u32]) -> Sample {
        let bytes: Vec<[u8; 4]> = words.iter().map(|word| word.to_le_bytes()).collect();
        Sample::of(bytes.iter().map(<[u8; 4]>::as_slice))
    }

    #[test]
    fn small_sets_are_compared_whole() {
        let agreement = sample(&[1, 2, 3, 4]).agreement(&sample(&[3, 4, 5]));
        assert_eq!(
            (agreement.shared, agreement.left, agreement.right),
            (2, 4, 3)
        );
        assert_eq!(agreement.of_smaller(3), Some(2.0 / 3.0));
        assert_eq!(agreement.of_smaller(4), None);
        assert_eq!(Agreement::default().of_smaller(0), None);
    }

    #[test]
    fn a_part_agrees_with_its_whole() {
        let whole: Vec<u32> = (0..400).collect();
        for part in [10, 40, 200] {
            let agreement = sample(&whole[..part]).agreement(&sample(&whole));
            assert_eq!(agreement.shared, agreement.left, "{part}");
        }
    }

    fn figures_of(text: &str) -> Vec<String> {
        figures(&crate::text::page_tests::build(None, Some(text), None))
    }

    #[test]
    fn a_figure_is_one_however_it_is_written() {
        for written in ["1,140", "1.140", "1 140", "1\u{202f}140", "1140"] {
            let text = format!("Some {written} people came");
            assert_eq!(figures_of(&text), ["1140"], "{written}");
        }
        assert_eq!(figures_of("at 6.25 percent, 12, 13"), ["625", "12", "13"]);
        assert_eq!(figures_of("١٬٢٠٠ طن"), ["1200"]);
    }

    #[test]
    fn no_ordinal_is_passed_over_by_its_shape() {
        assert!(ORDINALS.numbers.len() > 100);
        for (word, number) in &ORDINALS.numbers {
            assert_eq!(ORDINALS.number(word), Some(*number), "{word}");
        }
        assert_eq!(ORDINALS.number(""), None);
    }

    #[test]
    fn ordinals_are_figures() {
        assert_eq!(figures_of("وصلت الطائرة الإغاثية الخامسة"), ["5"]);
        assert_eq!(
            figures_of("The FOURTH convoy; Вчера пятый рейс"),
            ["4", "5"]
        );
        assert_eq!(figures_of("the first plane in a second"), [""; 0]);
    }

    proptest! {
        #[test]
        fn agreement_is_a_share_and_the_same_from_both_sides(
            left in proptest::collection::vec(0..60_u32, 0..80),
            right in proptest::collection::vec(0..60_u32, 0..80),
        ) {
            let (left, right) = (sample(&left), sample(&right));
            let (there, back) = (left.agreement(&right), right.agreement(&left));
            prop_assert_eq!((there.shared, there.left, there.right), (back.shared, back.right, back.left));
            prop_assert!(there.shared <= there.left.min(there.right));
            prop_assert!(left.hashes().len() <= SAMPLE);
            prop_assert_eq!(left.agreement(&left).of_smaller(1), (!left.hashes().is_empty()).then_some(1.0));
        }
    }
}
