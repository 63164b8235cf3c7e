//! Phrases that begin a sentence of a page in one line and are long enough to need no delimiter.

use std::ops::Range;

use super::{Cutter, LINK_WORDS, NAME_WORDS, NOTE_WORDS, is_list};
use crate::text::document::ZoneKind;
use crate::text::markers::Marker;
use crate::text::page::{Line, breaks_sentence};

/// Words of a sentence and the phrase that opens it.
type Sentence<'m> = (Range<usize>, Option<&'m Marker>);

/// Words of story there must be before what is no story any more.
const LEAST_STORY: usize = 30;
/// Fewest hashtags that are cut out together.
const HASHTAGS: usize = 3;

impl<'p> Cutter<'p, '_> {
    /// Cuts out sentences that a phrase begins. Those at the end of the line are its furniture, with all phrases inside
    /// them; before, only kinds whose sentence says where they end: after "read also" comes a headline, and where that
    /// has no full stop, a sentence of the story.
    pub(super) fn loose(&mut self, line: &Line) {
        let starts: Vec<usize> = line
            .words
            .clone()
            .skip(1)
            .filter(|&index| self.begins_sentence(index))
            .collect();
        let ends = starts.iter().skip(1).copied().chain([self.end]);
        let sentences: Vec<Sentence<'p>> = starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| (start..end, self.telling(start)))
            .collect();
        let tail = sentences
            .iter()
            .rev()
            .take_while(|sentence| self.closes(sentence));
        let story = sentences.len() - tail.count();
        let end = sentences.get(story);
        self.closing(line, end.map_or(self.end, |(words, _)| words.start));
        for (place, (words, marker)) in sentences.into_iter().enumerate() {
            let (start, end) = (words.start, self.bracket_end(&words));
            if place >= story {
                self.push(start);
                self.push(end);
                self.sections(words);
            } else if words.end == self.end && !self.ends_sentence_at(self.end) {
                // What stands behind the last full stop is no sentence of the story.
                self.sections(words);
            } else if marker.is_some_and(|marker| ends_with_sentence(marker.kind))
                && self.page.weigh(start..end) <= LINK_WORDS
            {
                self.push(start);
                self.push(end);
            }
        }
        self.hashtags(line);
        self.owner(line);
    }

    /// What stands behind the last full stop before `end`, the end of the line or the furniture there, is furniture itself
    /// where it holds a phrase: headlines, keywords and counters without a sentence among them.
    pub(super) fn closing(&mut self, line: &Line, end: usize) {
        let whole = match end == self.end {
            true => self.ends_statement_at(end),
            false => self.is_stopped(end),
        };
        if whole {
            return;
        }
        let stopped = |&index: &usize| self.is_stopped(index);
        let Some(start) = (line.words.start + 1..end).rev().find(stopped) else {
            return;
        };
        let mut phrases = (start..end).filter(|&index| self.heading(index).is_some());
        let Some(phrase) = phrases.next() else {
            return;
        };
        // A question that begins like a phrase may close a story.
        if end == self.end && self.ends_sentence_at(end) && phrases.next().is_none() {
            return;
        }
        // A last sentence of the story may end with another sign, or with none.
        let signs = ['?', '!', '؟', '？', '！', '…', '”', '»', '"'];
        let ends = (start + 1..=phrase).any(|index| self.gap(index).contains(signs));
        let long = self.page.weigh(start..phrase) > NOTE_WORDS;
        let from = if ends || long { phrase } else { start };
        if self.story + self.page.weigh(line.words.start..from) < LEAST_STORY {
            return;
        }
        self.push(from);
        self.sections(phrase..end);
        self.kept.end = self.kept.end.min(from);
    }

    /// Whether a full stop that is not doubled stands before a word, and a space behind it.
    pub(super) fn is_stopped(&self, index: usize) -> bool {
        let gap = self.gap(index);
        let mut stops = gap.match_indices(['.', '。', '।', '۔']);
        let before = index.checked_sub(1).and_then(|before| self.word(before));
        match (stops.next(), stops.next()) {
            (Some((at, stop)), None) => {
                let rest = gap.get(at + stop.len()..).unwrap_or_default();
                let spaced = rest.contains(char::is_whitespace) || stop == "。";
                spaced && before.is_some_and(|before| breaks_sentence(gap, before))
            }
            _ => false,
        }
    }

    /// Where the bracket closes that opens a sentence, or where the sentence ends.
    fn bracket_end(&self, words: &Range<usize>) -> usize {
        if !self.gap(words.start).ends_with('(') {
            return words.end;
        }
        let mut inside = words.start + 1..words.end;
        inside
            .find(|&next| self.gap(next).contains(')'))
            .unwrap_or(words.end)
    }

    /// Runs of hashtags.
    fn hashtags(&mut self, line: &Line) {
        let text = self.page.line_text(line);
        if text.bytes().filter(|&byte| byte == b'#').count() < HASHTAGS {
            return;
        }
        let mut run = 0;
        for index in line.words.clone().skip(1) {
            let gap = self.gap(index);
            if gap == " #" || run == 0 && gap.ends_with(" #") {
                run += 1;
                continue;
            }
            if run >= HASHTAGS && self.gap(index).starts_with(' ') {
                self.push(index - run);
                self.push(index);
            }
            run = 0;
        }
        if run >= HASHTAGS {
            self.push(self.end - run);
        }
    }

    /// A copyright sign and its owner at the end.
    fn owner(&mut self, line: &Line) {
        let near = line.words.clone().rev().take(NAME_WORDS);
        let sign = near
            .filter(|&index| index > line.words.start)
            .find(|&index| self.is_legal(index));
        if let Some(sign) = sign.filter(|_| !self.ends_statement_at(self.end)) {
            self.push(sign);
        }
    }

    /// Whether a sentence may be furniture behind the story. A full stop behind a phrase for a list speaks for the story.
    fn closes(&self, (words, marker): &Sentence<'_>) -> bool {
        self.is_legal(words.start)
            || marker
                .is_some_and(|marker| !is_list(marker.kind) || !self.ends_statement_at(words.end))
    }

    /// The phrase that opens the text at a word, if it is long enough to stand without a delimiter.
    fn telling(&self, index: usize) -> Option<&'p Marker> {
        let words = self.page.words.get(index..self.end)?;
        let mut opening = self.markers.opening(self.page, words);
        opening.find(|marker| marker.telling && marker.kind != ZoneKind::Caption)
    }

    /// A telling phrase, or one for a list or for sharing with a delimiter, that a capital begins where there are capitals.
    pub(super) fn heading(&self, index: usize) -> Option<&'p Marker> {
        let words = self.page.words.get(index..self.end)?;
        let first = words.first()?;
        let text = self.page.between(first.bytes.clone());
        if text.starts_with(char::is_lowercase) {
            return None;
        }
        let mut opening = self.markers.opening(self.page, words);
        opening.find(|marker| {
            let note = matches!(marker.kind, ZoneKind::KeywordCloud | ZoneKind::Share);
            let delimited = || self.is_delimited(index + marker.words() - 1);
            // The last paragraph of a story may end with its agency, author or picture.
            match marker.kind {
                ZoneKind::Byline | ZoneKind::Caption => false,
                _ => marker.telling || (note || is_list(marker.kind)) && delimited(),
            }
        })
    }

    fn is_legal(&self, index: usize) -> bool {
        self.gap(index).contains(['©', 'ⓒ'])
    }

    /// Cuts at every phrase among the words; a phrase above a list is a line of its own.
    fn sections(&mut self, words: Range<usize>) {
        let mut index = words.start;
        while index < words.end {
            let Some(marker) = self.heading(index) else {
                if self.is_legal(index) {
                    self.push(index);
                }
                index += 1;
                continue;
            };
            self.push(index);
            index += marker.words();
            if is_list(marker.kind) || marker.kind == ZoneKind::KeywordCloud && marker.telling {
                self.push(index);
            }
        }
    }
}

/// Kinds that end with the sentence that their phrase begins.
fn ends_with_sentence(kind: ZoneKind) -> bool {
    matches!(
        kind,
        ZoneKind::Share | ZoneKind::Legal | ZoneKind::Byline | ZoneKind::KeywordCloud
    )
}
