//! The published text behind the words: looked at only where a query asks for capitals, punctuation, hashtags,
//! sentences or the words of scripts without spaces.

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use super::article::{ArticleIndex, Stretch};
use super::punctuation::{ends_sentence, is_closing};
use crate::text::{Document, link_ranges, tokenize};
use crate::topics::query::leaf::Check;
use crate::topics::query::plan::is_hashtag;
use crate::topics::query::words::{case_letters, fits};

/// Cuts Chinese, Japanese, Thai and their like into words by dictionary.
static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// Words that a full stop follows inside a sentence, folded.
const ABBREVIATIONS: [&str; 40] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "gen", "col", "lt", "sgt", "capt", "sen", "rep", "gov",
    "pres", "hon", "rev", "jr", "sr", "vs", "no", "nr", "inc", "ltd", "co", "corp", "dept",
    "approx", "fig", "vol", "art", "al", "ca", "bzw", "etc", "sra", "mme", "mlle", "ул", "им",
];

/// The published text of the document's words.
#[derive(Debug, Default)]
pub(super) struct PublishedText {
    /// By word of the document: its bytes in the text of its field.
    words: Vec<Range<u32>>,
    /// By word of the document: the number of its sentence.
    sentences: Vec<u32>,
    /// Word boundaries by stretch, in bytes of the field's text.
    boundaries: Vec<(u32, Vec<usize>)>,
}

impl PublishedText {
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.sentences.clear();
        self.boundaries.clear();
    }

    /// Finds the bytes of all words, if that is not done yet.
    fn read(&mut self, document: &Document) {
        if self.words.len() == document.tokens.len() {
            return;
        }
        self.words.clear();
        self.words.resize(document.tokens.len(), 0..0);
        for (field, block) in document.content() {
            let line = field.text.get(block.bytes.clone()).unwrap_or_default();
            let start = block.bytes.start;
            let mut next = block.tokens.start as usize;
            let mut place = |bytes: Range<usize>| {
                if next < block.tokens.end as usize
                    && let Some(word) = self.words.get_mut(next)
                {
                    *word = (start + bytes.start) as u32..(start + bytes.end) as u32;
                    next += 1;
                }
            };
            // Links and account names have no words.
            let mut at = 0;
            let ends = link_ranges(line)
                .into_iter()
                .chain(std::iter::once(line.len()..line.len()));
            for link in ends {
                let piece = line.get(at..link.start).unwrap_or_default();
                tokenize(piece, |_, bytes, _, _| {
                    place(at + bytes.start..at + bytes.end)
                });
                at = link.end;
            }
        }
    }

    /// The place of the first word behind a byte of a stretch, or of its last word.
    pub(super) fn place_behind(
        &mut self,
        document: &Document,
        stretch: &Stretch,
        byte: usize,
    ) -> u32 {
        self.read(document);
        let count = stretch.places.len();
        let own = self
            .words
            .get(stretch.token as usize..stretch.token as usize + count)
            .unwrap_or_default();
        let before = own.partition_point(|word| (word.start as usize) < byte);
        stretch.places.start + before.min(count.saturating_sub(1)) as u32
    }

    /// Numbers the sentences, if that is not done yet.
    fn read_sentences(&mut self, document: &Document, stretches: &[Stretch]) {
        if self.sentences.len() == document.tokens.len() {
            return;
        }
        self.read(document);
        self.sentences.clear();
        let mut number = 0;
        let mut before: Option<usize> = None;
        for stretch in stretches.iter().filter(|stretch| stretch.in_document()) {
            let field = document.fields.get(usize::from(stretch.field));
            let text = field.map_or("", |field| field.text.as_str());
            // Within a paragraph, a line that does not end in a full stop goes on in the next.
            if stretch.paragraph_start == stretch.places.start {
                before = None;
            }
            let first = stretch.token as usize;
            for index in first..first + stretch.places.len() {
                let word = self.words.get(index).cloned().unwrap_or_default();
                let ends = before.is_none_or(|last| {
                    let from = self.words.get(last).map_or(0, |word| word.end);
                    let between = text
                        .get(from as usize..word.start as usize)
                        .unwrap_or_default();
                    let next = text
                        .get(word.start as usize..)
                        .and_then(|rest| rest.chars().next());
                    let form = document
                        .tokens
                        .get(last)
                        .map_or("", |token| document.form(token));
                    is_sentence_end(form, between, next)
                });
                number += u32::from(ends);
                self.sentences.push(number);
                before = Some(index);
            }
        }
    }

    /// Whether a span of places is what a check asks for.
    pub(super) fn fits(
        document: &Document,
        article: &mut ArticleIndex,
        check: &Check,
        places: Range<u32>,
    ) -> bool {
        let mut text = std::mem::take(&mut article.text);
        text.read(document);
        let fits = text
            .fits_now(document, article, check, places)
            .unwrap_or(false);
        article.text = text;
        fits
    }

    fn fits_now(
        &mut self,
        document: &Document,
        article: &ArticleIndex,
        check: &Check,
        places: Range<u32>,
    ) -> Option<bool> {
        let first = article.stretch(places.start)?;
        let last = article.stretch(places.end.checked_sub(1)?)?;
        if !first.in_document() || !last.in_document() {
            return Some(false);
        }
        let word = |stretch: &Stretch, place: u32| {
            self.words
                .get((stretch.token + place - stretch.places.start) as usize)
                .cloned()
        };
        let start = word(first, places.start)?.start as usize;
        let end = word(last, places.end - 1)?.end as usize;
        let text = document.fields.get(usize::from(first.field))?.text.as_str();
        let piece = text.get(start..end)?;
        if let Some(parts) = &check.case
            && !fits(parts, &case_letters(piece))
        {
            return Some(false);
        }
        if let Some(raw) = &check.raw
            && !is_raw(text, raw, start, end)
        {
            return Some(false);
        }
        if check.hashtag && !is_whole_hashtag(text, start..end) {
            return Some(false);
        }
        if check.word {
            let (first, last) = (first.clone(), last.clone());
            return Some(
                self.is_boundary(document, &first, start) && self.is_boundary(document, &last, end),
            );
        }
        Some(true)
    }

    /// Whether a word begins or ends at a byte of a stretch.
    fn is_boundary(&mut self, document: &Document, stretch: &Stretch, byte: usize) -> bool {
        let known = self
            .boundaries
            .iter()
            .position(|(token, _)| *token == stretch.token);
        let at = known.unwrap_or_else(|| {
            let block = document
                .fields
                .get(usize::from(stretch.field))
                .and_then(|field| Some((field, field.blocks.get(stretch.block as usize)?)));
            let found = block.map_or_else(Vec::new, |(field, block)| {
                let line = field.text.get(block.bytes.clone()).unwrap_or_default();
                SEGMENTER
                    .segment_str(line)
                    .map(|at| at + block.bytes.start)
                    .collect()
            });
            self.boundaries.push((stretch.token, found));
            self.boundaries.len() - 1
        });
        self.boundaries
            .get(at)
            .is_some_and(|(_, found)| found.binary_search(&byte).is_ok())
    }
}

impl ArticleIndex {
    /// The places of the sentence that a place is in.
    pub(super) fn sentence(&mut self, document: &Document, place: u32) -> Range<u32> {
        self.text.read_sentences(document, &self.stretches);
        let here = |stretch: &&Stretch| stretch.in_document() && stretch.places.contains(&place);
        let Some(stretch) = self.stretch(place).filter(here) else {
            return place..place;
        };
        let token =
            |place: u32, stretch: &Stretch| (stretch.token + place - stretch.places.start) as usize;
        let sentences = &self.text.sentences;
        let own = sentences.get(token(place, stretch));
        // Numbers only grow, within a field and over all.
        let own = own.copied().unwrap_or_default();
        let start = sentences.partition_point(|&number| number < own);
        let end = sentences.partition_point(|&number| number <= own);
        let shift = place as usize - token(place, stretch);
        (start + shift) as u32..(end + shift) as u32
    }
}

/// Whether the raw text stands where its first and last word do.
fn is_raw(text: &str, raw: &str, start: usize, end: usize) -> bool {
    let (mut head, mut tail) = (None, 0);
    tokenize(raw, |_, bytes, _, _| {
        head.get_or_insert(bytes.start);
        tail = bytes.end;
    });
    let Some(head) = head else { return false };
    let Some(from) = start.checked_sub(head) else {
        return false;
    };
    text.get(from..end + (raw.len() - tail)) == Some(raw)
}

/// Whether a hashtag begins right before the span and ends with it.
fn is_whole_hashtag(text: &str, span: Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let mut before = before.chars().rev();
    let marked = matches!(before.next(), Some('#' | '＃'));
    let free = !before.next().is_some_and(char::is_alphanumeric);
    let inside = text
        .get(span.clone())
        .unwrap_or_default()
        .chars()
        .all(is_hashtag);
    let ended = !text
        .get(span.end..)
        .and_then(|rest| rest.chars().next())
        .is_some_and(is_hashtag);
    marked && free && inside && ended
}

/// Whether a sentence ends between two words. A point does not end one inside a number or a host name, behind a single
/// letter or an abbreviation, or before a small letter.
fn is_sentence_end(before: &str, between: &str, next: Option<char>) -> bool {
    let Some((at, mark)) = between.char_indices().find(|&(_, c)| ends_sentence(c)) else {
        return false;
    };
    if mark != '.' {
        return true;
    }
    let behind = between.get(at + 1..).unwrap_or_default();
    let behind = behind.trim_start_matches(|c| is_closing(c) || c == '.');
    behind.starts_with(char::is_whitespace)
        && !next.is_some_and(char::is_lowercase)
        && before.chars().nth(1).is_some()
        && !ABBREVIATIONS.contains(&before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops() {
        for (before, between, next) in [
            ("oil", ". ", 'T'),
            ("oil", ".” ", 'T'),
            ("نفط", "؟ ", 'ق'),
            ("油", "。", '石'),
            ("oil", "... ", 'T'),
            ("oil", "! ", 't'),
        ] {
            assert!(is_sentence_end(before, between, Some(next)), "{between}");
        }
        for (before, between, next) in [
            ("u", ".", 'S'),
            ("s", ". ", 'S'),
            ("mr", ". ", 'S'),
            ("3", ".", '5'),
            ("oil", ", ", 'T'),
            ("oil", ". ", 't'),
        ] {
            assert!(
                !is_sentence_end(before, between, Some(next)),
                "{before}{between}"
            );
        }
    }

    #[test]
    fn raw_text_stands_at_its_words() {
        let text = "a C++ (C#) AT&T";
        assert!(is_raw(text, "C++", 2, 3));
        assert!(is_raw(text, "(C#)", 7, 8));
        assert!(!is_raw(text, "C#", 2, 3));
        assert!(is_raw(text, "AT&T", 11, 15));
        assert!(!is_raw(text, "xC", 0, 1));
    }

    #[test]
    fn hashtags_are_whole() {
        let text = "see #cop28_now and #cop28 a#cop28";
        assert!(!is_whole_hashtag(text, 5..10));
        assert!(is_whole_hashtag(text, 5..14));
        assert!(is_whole_hashtag(text, 20..25));
        assert!(!is_whole_hashtag(text, 28..33));
        assert!(!is_whole_hashtag(text, 0..3));
    }
}
