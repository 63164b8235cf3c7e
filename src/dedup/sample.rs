//! Small samples of word sets, to compare what two texts name.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::text::{Document, Role, Token};

/// Most hashes of a sample.
pub const SAMPLE: usize = 10;

/// The smallest hashes of a set of words (a bottom-k sketch, Cohen and Kaplan 2007). Of two sets, the hashes below both
/// limits are a fair sample of both, however much the sets differ in size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    hashes: Vec<u16>,
}

/// Most different words of a story whose words are kept.
const MOST_WORDS: usize = 220;
/// Bits for them: of 100 words a sixth of all others seem to be there too.
const BITS: usize = 512;

/// The words of a short story as bits, one or none for each: says of a word that it is not there, or that it may be.
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
            let (byte, bit) = words.place(hash);
            if let Some(byte) = words.bits.get_mut(byte) {
                *byte |= bit;
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

    fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    fn place(&self, hash: u16) -> (usize, u8) {
        let bit = (usize::from(hash) * self.bits.len() * 8) >> 16;
        (bit / 8, 1 << (bit % 8))
    }

    fn may_have(&self, hash: u16) -> bool {
        let (byte, bit) = self.place(hash);
        self.bits.get(byte).is_none_or(|byte| byte & bit != 0)
    }
}

fn hash(word: &[u8]) -> u16 {
    (xxh3_64(word) >> 48) as u16
}

/// What a headline names that another one does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Words that only this headline has, of those that its story has too.
    pub own: u32,
    /// Those of them that the other story does not have.
    pub absent: u32,
}

impl Foreign {
    /// Whether these words are mostly absent from the other story. Some always seem to be there: see [`WordBits`].
    pub fn is_mostly_absent(self, least: u32, share: f32) -> bool {
        self.absent >= least && self.absent as f32 >= share * self.own as f32
    }
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
    /// Shared words as a share of the smaller set, from 0 to 1; `None` when that has fewer than `least` words.
    pub fn of_smaller(self, least: u32) -> Option<f32> {
        let smaller = self.left.min(self.right);
        (smaller >= least.max(1)).then(|| self.shared as f32 / smaller as f32)
    }
}

impl Sample {
    fn of<'a>(words: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hashes: Vec<u16> = words.map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(SAMPLE);
        Self { hashes }
    }

    /// The words of the headline; in scripts without spaces its pairs of characters.
    pub fn of_title(document: &Document) -> Self {
        let tokens: Vec<Token> = tokens(document, |role| role == Role::Title)
            .copied()
            .collect();
        let pairs = pairs(document, &tokens);
        let words = tokens.iter().filter(|token| !token.single);
        Self::of(
            words
                .map(|token| document.form(token).as_bytes())
                .chain(pairs),
        )
    }

    /// The words of the headline that the story has too: what an article is about, by its own account.
    pub fn of_subject(document: &Document) -> Self {
        let title: Vec<Token> = tokens(document, |role| role == Role::Title)
            .copied()
            .collect();
        let story: HashSet<&str> = story(document).map(|token| document.form(token)).collect();
        let words = title
            .iter()
            .filter(|token| !token.single && story.contains(document.form(token)));
        let text: String = self::story(document)
            .map(|token| document.form(token))
            .collect();
        let pairs = pairs(document, &title)
            .filter(|pair| std::str::from_utf8(pair).is_ok_and(|pair| text.contains(pair)));
        Self::of(
            words
                .map(|token| document.form(token).as_bytes())
                .chain(pairs),
        )
    }

    /// How many of its words the other headline is without, and how many of these the other story is without as well.
    pub fn foreign_to(&self, headline: &Self, words: &WordBits) -> Foreign {
        let limit = headline.limit();
        let own = |hash: &&u16| **hash <= limit && headline.hashes.binary_search(hash).is_err();
        let mut foreign = Foreign::default();
        if !words.is_empty() {
            for hash in self.hashes.iter().filter(own) {
                foreign.own += 1;
                foreign.absent += u32::from(!words.may_have(*hash));
            }
        }
        foreign
    }

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
    fn limit(&self) -> u16 {
        match self.hashes.last() {
            Some(last) if self.hashes.len() >= SAMPLE => *last,
            _ => u16::MAX,
        }
    }
}

/// Pairs of neighbouring characters of scripts without spaces.
fn pairs<'a>(document: &'a Document, tokens: &'a [Token]) -> impl Iterator<Item = &'a [u8]> {
    let pairs = tokens
        .windows(2)
        .filter(|pair| pair.iter().all(|token| token.single));
    pairs.filter_map(|pair| {
        let (first, last) = (pair.first()?, pair.last()?);
        let range = first.folded_start as usize..last.folded_end as usize;
        document.folded.as_bytes().get(range)
    })
}

/// The figures of the story, with groups of digits put together that one character separates.
fn figures(document: &Document) -> Vec<String> {
    let mut figures: Vec<String> = Vec::new();
    let mut end = None;
    for token in story(document) {
        if !is_figure(document, token) {
            end = None;
            continue;
        }
        let digits = document.form(token);
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

fn story(document: &Document) -> impl Iterator<Item = &Token> {
    tokens(document, |role| role != Role::Title)
}

fn tokens(document: &Document, wanted: impl Fn(Role) -> bool) -> impl Iterator<Item = &Token> {
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
