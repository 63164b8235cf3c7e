//! Cuts long lines at the furniture inside them: extractors may give a whole page as one line.
//!
//! A line is cut where a marker phrase with its delimiter stands at the beginning of a sentence or directly after other
//! furniture, and at embedded posts that are signed. How far the piece reaches depends on what the phrase announces;
//! where that cannot be told, nothing is cut. Lines so long that they may be whole pages are also cut at phrases without
//! a delimiter, where these begin a sentence (`loose`), and at what stands before a dateline (`head`). Pieces are lines of their own afterwards and are judged like all others.

mod head;
mod loose;
mod posts;

use std::ops::Range;

use super::document::ZoneKind;
use super::markers::{Marker, Markers, ends_sentence, is_sentence_end};
use super::page::{Line, Page, Word, breaks_sentence};

/// Shortest line that is examined, in words.
const LONG_WORDS: usize = 20;
/// Shortest line that may be a whole page, where phrases are looked for that no delimiter follows.
const LOOSE_WORDS: usize = 60;
/// Most lines of a page whose story may be one of them.
const FEW_LINES: usize = 2;
/// Longest phrase, in words.
const PHRASE_WORDS: usize = 7;
/// Longest byline or caption inside a line, longest share or legal line, and longest headline, in words.
const NAME_WORDS: usize = 12;
const NOTE_WORDS: usize = 25;
const HEADLINE_WORDS: usize = 15;
/// Longest rest of a line that a "read also" phrase takes where it is the last phrase.
const LINK_WORDS: usize = 30;
/// Words of story there must be before a second article.
const STORY_WORDS: usize = 12;
/// Longest quotation in quotation marks, in characters.
const QUOTED: usize = 600;
/// Longest text, name and date of an embedded post, in words.
const POST_WORDS: usize = 60;
const SIGNER_WORDS: usize = 8;
const DATE_WORDS: usize = 6;
/// Fewest items of a menu that opens a long line, and the longest item, in words.
const MENU_ITEMS: usize = 5;
const ITEM_WORDS: usize = 4;

/// Cuts the lines of `page`. `title` are the folded words of the headline, where that is known from elsewhere.
pub(super) fn cut_lines(page: &mut Page<'_>, markers: &Markers, title: &[&str]) {
    if page.lines.iter().all(|line| line.weight < LONG_WORDS) {
        return;
    }
    let (mut story, mut long) = (0, false);
    let mut cuts: Vec<(usize, Vec<usize>, Range<usize>)> = Vec::new();
    for (index, line) in page.lines.iter().enumerate() {
        if line.weight >= LONG_WORDS {
            let mut cutter = Cutter {
                page,
                markers,
                end: line.words.end,
                line_end: line.bytes.end,
                story,
                open: false,
                ended: false,
                cuts: Vec::new(),
                kept: line.words.clone(),
            };
            cutter.menu(line, index == 0);
            cutter.cut(line);
            let whole = line.weight >= LOOSE_WORDS;
            if whole || page.lines.len() <= FEW_LINES {
                cutter.loose(line);
                if index == 0 {
                    cutter.head(line, title);
                }
            } else if long {
                cutter.closing(line, line.words.end);
            }
            long |= whole;
            cutter.cuts.sort_unstable();
            cutter.cuts.dedup();
            if !cutter.cuts.is_empty() {
                cuts.push((index, cutter.cuts, cutter.kept));
            }
        }
        story += line.weight;
    }
    for (index, places, kept) in cuts.into_iter().rev() {
        page.cut_line(index, &places, &kept);
    }
}

/// A phrase inside a line.
struct Hit<'m> {
    marker: &'m Marker,
    words: Range<usize>,
    /// Whether it begins a sentence.
    begins: bool,
}

struct Cutter<'p, 't> {
    page: &'p Page<'t>,
    markers: &'p Markers,
    /// Where the words of the line end.
    end: usize,
    /// Where its bytes end.
    line_end: usize,
    /// Words of the page before what is examined.
    story: usize,
    /// Whether furniture reaches up to the place that is examined.
    open: bool,
    /// Whether that furniture ends a story.
    ended: bool,
    /// Words that begin a piece.
    cuts: Vec<usize>,
    /// Words of the line outside of which there is furniture only.
    kept: Range<usize>,
}

impl<'p> Cutter<'p, '_> {
    fn word(&self, index: usize) -> Option<&'p Word> {
        self.page.words.get(index)
    }

    /// The text before a word, after the word before.
    fn gap(&self, index: usize) -> &'p str {
        match (
            index.checked_sub(1).and_then(|before| self.word(before)),
            self.word(index),
        ) {
            (Some(before), Some(word)) => self.page.between(before.bytes.end..word.bytes.start),
            _ => "",
        }
    }

    fn begins_sentence(&self, index: usize) -> bool {
        let gap = self.gap(index);
        if gap == " " {
            return false;
        }
        index
            .checked_sub(1)
            .and_then(|before| self.word(before))
            .is_some_and(|before| breaks_sentence(gap, before))
            || self.is_separated(index)
    }

    /// Whether a bar, a bullet or a bracket for headings stands before a word, or a `»` that closes no quotation.
    fn is_separated(&self, index: usize) -> bool {
        let gap = self.gap(index);
        gap.contains(['|', '•', '【']) || gap.contains('»') && !self.closes_quote(index)
    }

    /// Whether a `»` before a word closes what a `«` opened.
    fn closes_quote(&self, index: usize) -> bool {
        let word = self.word(index).map(|word| word.bytes.start as usize);
        let before = word.and_then(|start| self.page.text.get(..start));
        let before = before.and_then(|before| before.get(..before.rfind('»')?));
        let quoted = before.into_iter().flat_map(|before| before.chars().rev());
        let sign = quoted.take(QUOTED).find(|c| matches!(c, '«' | '»'));
        sign == Some('«')
    }

    /// Whether the text before the word `index`, or before the end of the line, ends like a sentence.
    fn ends_sentence_at(&self, index: usize) -> bool {
        let next = self.word(index).map(|word| word.bytes.start as usize);
        let end = next.filter(|_| index < self.end).unwrap_or(self.line_end);
        self.page.text.get(..end).is_some_and(ends_sentence)
    }

    /// Whether a question or exclamation mark, a bar or a bullet stands before a word.
    fn is_apart(&self, index: usize) -> bool {
        let asked = self.gap(index).contains(['?', '!', '…', '？', '！', '؟']);
        asked || self.is_separated(index)
    }

    /// Whether words with a full stop behind them are one headline: no capital inside says that a sentence begins. In
    /// German and in scripts without capitals that cannot be told.
    fn is_headline(&self, words: Range<usize>) -> bool {
        let words = self.page.words.get(words).unwrap_or_default();
        let cased = words.first().is_some_and(|word| {
            let text = self.page.between(word.bytes.clone());
            text.starts_with(char::is_uppercase)
        });
        cased && !words.iter().skip(2).any(|word| word.capital)
    }

    /// Whether the text before the word `index`, or before the end of the line, ends with a full stop.
    fn ends_statement_at(&self, index: usize) -> bool {
        let next = self.word(index).map(|word| word.bytes.start as usize);
        let end = next.filter(|_| index < self.end).unwrap_or(self.line_end);
        let text = self.page.text.get(..end).unwrap_or_default();
        let text = text.trim_end_matches(|c: char| !c.is_alphanumeric() && !is_sentence_end(c));
        text.ends_with(is_sentence_end) && !text.ends_with(['?', '!', '…', '？', '！', '؟'])
    }

    /// A menu that opens the page: `Home | World | Sport | …`.
    fn menu(&mut self, line: &Line, first: bool) {
        let (mut items, mut item, mut last) = (0, line.words.start, None);
        for index in line.words.clone().skip(1) {
            if self.gap(index).contains(['|', '»', '›', '•', '·']) {
                items += 1;
                last = Some(index);
                item = index;
            }
            if index - item >= ITEM_WORDS {
                break;
            }
        }
        if let Some(last) = last.filter(|_| first && items >= MENU_ITEMS - 1) {
            self.cuts.push(last);
        }
    }

    fn cut(&mut self, line: &Line) {
        let from = self.cuts.last().copied().unwrap_or(line.words.start);
        let hits = self.hits(from..self.end);
        let start = line.words.start;
        let story = self.story;
        let mut done = from;
        for (place, hit) in hits.iter().enumerate() {
            if hit.words.start < done {
                continue;
            }
            self.open &= hit.words.start == done;
            self.ended &= self.open;
            self.story = story + self.page.weigh(start..hit.words.start);
            if !(hit.begins || self.open) {
                continue;
            }
            let limit = hits
                .get(place + 1)
                .map_or(self.end, |next| next.words.start);
            if hit.marker.kind == ZoneKind::EmbeddedPost && !hit.begins {
                continue;
            }
            if self.is_tail(hit) {
                self.push(hit.words.start);
                self.push(hit.words.end);
                self.tail(hit.words.end);
                return;
            }
            if let Some(end) = self.reach(hit, limit) {
                self.push(hit.words.start);
                self.push(end);
                self.open = end == limit;
                self.ended = hit.marker.source || hit.marker.kind == ZoneKind::KeywordCloud;
                done = end;
            }
        }
        self.posts(from..self.end);
        self.legal(line);
    }

    /// A short last sentence that is a legal line.
    fn legal(&mut self, line: &Line) {
        let start = line
            .words
            .clone()
            .rev()
            .take(NAME_WORDS)
            .find(|&index| self.begins_sentence(index));
        let closing = |start: &usize| {
            let words = self.page.words.get(*start..self.end).unwrap_or_default();
            self.markers.closing_legal(self.page, words).is_some()
        };
        if let Some(start) = start.filter(closing) {
            self.push(start);
        }
    }

    fn push(&mut self, word: usize) {
        if word < self.end {
            self.cuts.push(word);
        }
    }

    /// Whether a second article begins here.
    fn is_tail(&self, hit: &Hit<'_>) -> bool {
        is_list(hit.marker.kind) && self.open && self.ended && self.story >= STORY_WORDS
    }

    /// Where the furniture ends that a phrase announces, or `None` where that cannot be told.
    fn reach(&self, hit: &Hit<'_>, limit: usize) -> Option<usize> {
        if self.gap(hit.words.start).ends_with('【') {
            let mut inside = hit.words.end + 1..limit;
            let close = inside.find(|&index| self.gap(index).contains('】'));
            if !self.gap(hit.words.end).contains('】') {
                if close.is_some() {
                    return close;
                }
            } else if is_list(hit.marker.kind) {
                return Some(hit.words.end);
            }
        }
        let after = hit.words.end..limit;
        let length = self.page.weigh(after.clone());
        let sentence = after
            .clone()
            .skip(1)
            .find(|&index| self.begins_sentence(index));
        let whole = |most| (length <= most).then_some(limit);
        // One word with a colon inside prose may be a word of the story: `Source: unknown. The police …`.
        let sure = hit.marker.telling || self.open;
        let first =
            |most| sentence.filter(|&end| sure && self.page.weigh(hit.words.end..end) <= most);
        match hit.marker.kind {
            ZoneKind::KeywordCloud => {
                let ended = sentence.is_none() && (sure || !self.ends_sentence_at(limit));
                let long = self.story >= length.max(STORY_WORDS * 4);
                (ended || sure && long).then_some(limit)
            }
            ZoneKind::Byline | ZoneKind::Caption if !sure && sentence.is_some() => None,
            ZoneKind::Byline | ZoneKind::Caption => whole(NAME_WORDS).or_else(|| first(NAME_WORDS)),
            ZoneKind::ReadAlso | ZoneKind::HeadlineList if !sure => None,
            // A headline without a full stop runs into the next sentence, which may be one of the story.
            ZoneKind::ReadAlso | ZoneKind::HeadlineList => {
                let first = first(HEADLINE_WORDS)
                    .filter(|&end| self.is_apart(end) || self.is_headline(hit.words.end..end));
                let alone = |end: &usize| {
                    sentence.is_none()
                        && (!self.ends_statement_at(*end) || self.is_headline(hit.words.end..*end))
                };
                first.or_else(|| whole(LINK_WORDS).filter(alone))
            }
            _ => first(NOTE_WORDS).or_else(|| whole(NOTE_WORDS)),
        }
    }

    /// Phrases with a delimiter after them, in order.
    fn hits(&self, words: Range<usize>) -> Vec<Hit<'p>> {
        let mut hits: Vec<Hit<'p>> = Vec::new();
        let start = self.word(words.start).map(|word| word.bytes.start as usize);
        let text = self
            .page
            .text
            .get(start.unwrap_or(self.line_end)..self.line_end);
        let delimiters = [':', '|', '：', '｜', '•', '●', '】', '»'];
        if !text.is_some_and(|text| text.contains(delimiters)) {
            return hits;
        }
        for last in words.clone() {
            if !self.is_delimited(last) {
                continue;
            }
            let floor = hits.last().map_or(words.start + 1, |hit| hit.words.end);
            let first = (last + 1).saturating_sub(PHRASE_WORDS).max(floor);
            let hit = (first..=last).find_map(|start| {
                let phrase = self.page.words.get(start..=last)?;
                let mut markers = self.markers.opening(self.page, phrase);
                let marker = markers.find(|marker| marker.words() == phrase.len())?;
                Some(Hit {
                    marker,
                    words: start..last + 1,
                    begins: self.begins_sentence(start),
                })
            });
            hits.extend(hit);
        }
        hits
    }

    /// Whether a colon, bar or bullet follows a word.
    fn is_delimited(&self, index: usize) -> bool {
        let Some(word) = self.word(index) else {
            return false;
        };
        let rest = self.page.text.as_bytes();
        let rest = rest.get(word.bytes.end as usize..).unwrap_or_default();
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        match rest {
            [b':' | b'|', next, ..] => !next.is_ascii_alphanumeric(),
            [b':' | b'|'] => true,
            [first, ..] if *first >= 0x80 => self
                .page
                .text
                .get(word.bytes.end as usize..)
                .and_then(|rest| rest.trim_start_matches(' ').chars().next())
                .is_some_and(|c| matches!(c, '：' | '｜' | '•' | '●' | '】' | '»')),
            _ => false,
        }
    }
}

/// Kinds whose phrase stands above headlines.
fn is_list(kind: ZoneKind) -> bool {
    matches!(kind, ZoneKind::ReadAlso | ZoneKind::HeadlineList)
}
