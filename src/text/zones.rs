//! Which lines of a page are the story, and which are furniture.
//!
//! The rules accuse little: a line is furniture only where a marker phrase or its form says so, and what is unsure
//! stays main text. In order:
//!
//! 1. *Lines on their own.* A marker phrase opens the line (see `markers.tsv`), or its form is that of furniture
//!    wherever it stands (`shapes::strong`). A phrase that names a speaker again and again is an interview, not bylines.
//! 2. *Lines that belong to their neighbour.* The text above a post's signature; the keywords, headlines or the source
//!    under a marker that stands alone on its line.
//! 3. *Beside furniture*, weak forms count too (`shapes::weak`): dates, names of authors, menus, lists of keywords.
//! 4. *The tail.* A "read also" marker or a list of headlines begins a second article only where the story has visibly
//!    ended: a source line or keywords directly above it, and [`STORY_WORDS`] words of story with a sentence before
//!    that. From there to the end nothing is main text; without such an end the marker takes only the headlines under
//!    it and the story goes on, so that a link in the middle never swallows the rest. What stands below keywords or a
//!    copyright line is not main text either where it is shorter than a story of [`LONG_STORY`] words above it.
//! 5. *Before and after the story*, which is what lies between the first and the last line of prose: weak forms, menus
//!    of one item a line, and closing lists of headlines. Lists and verses inside a story stay, and so does a closing
//!    list that a colon announces, the line-up of a team, or a table of dates.
//! 6. Where nothing would be left, everything is main text.

use std::ops::Range;

use super::document::ZoneKind;
use super::markers::{Found, Markers, ends_sentence, is_number};
use super::page::{Line, Page};
use super::shapes::{self, POST_CHARACTERS, is_signature};

/// Words of story there must be before a second article, where a source line or keywords end the story.
const STORY_WORDS: usize = 12;
/// Words of story there must be before a closing list.
const LIST_STORY: usize = 40;
/// Words of story there must be above keywords for the rest to be no story.
const LONG_STORY: usize = 80;
/// Longest headline, in code points and in words.
const HEADLINE_CHARACTERS: usize = 180;
const HEADLINE_WORDS: usize = 30;
/// Most headlines that a "read also" marker takes in the middle of a story.
const LINKS: usize = 6;
/// Longest keyword that stands on a line of its own, in words.
const KEYWORD_WORDS: usize = 5;
/// Fewest bullets that make a closing list, and fewest headlines without bullets.
const BULLETS: usize = 3;
const HEADLINES: usize = 4;
/// Shortest headline in a closing list without bullets, and their shortest mean, in words.
const LEAST_HEADLINE: usize = 4;
const MEAN_HEADLINE: usize = 7;
/// Commas that make a line a list, as the line-up of a team is.
const LIST_COMMAS: usize = 3;
/// Fewest lines of a menu with one item a line, and longest item, in words.
const MENU_LINES: usize = 5;
const MENU_WORDS: usize = 3;
/// A line this long is prose, in words; a shorter one only where it ends like a sentence.
const PROSE_WORDS: usize = 25;
const SENTENCE_WORDS: usize = 8;
/// Bylines with the same phrase that make an interview.
const TURNS: usize = 3;

/// What a line is, and why if it is furniture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    pub kind: ZoneKind,
    pub reason: Option<String>,
}

/// Classifies every line of a body.
pub(super) fn classify(page: &Page<'_>, markers: &Markers) -> Vec<Zone> {
    let mut zoning = Zoning::new(page, markers);
    zoning.read_lines();
    zoning.spread();
    zoning.beside();
    zoning.tail();
    zoning.below_keywords();
    zoning.around();
    zoning.closing_list();
    zoning.finish()
}

/// The zones of a text that is not examined: a lead and main text.
pub(super) fn plain(page: &Page<'_>) -> Vec<Zone> {
    let zones = vec![None; page.lines.len()];
    finish(page, zones)
}

struct Zoning<'p, 't> {
    page: &'p Page<'t>,
    markers: &'p Markers,
    /// Marker phrases by line.
    found: Vec<Option<Found>>,
    /// Furniture by line.
    zones: Vec<Option<Zone>>,
}

impl<'p, 't> Zoning<'p, 't> {
    fn new(page: &'p Page<'t>, markers: &'p Markers) -> Self {
        Self {
            page,
            markers,
            found: Vec::with_capacity(page.lines.len()),
            zones: vec![None; page.lines.len()],
        }
    }

    fn count(&self) -> usize {
        self.page.lines.len()
    }

    fn line(&self, index: usize) -> Option<&'p Line> {
        self.page.lines.get(index)
    }

    fn text(&self, index: usize) -> &'t str {
        self.line(index)
            .map_or("", |line| self.page.line_text(line))
    }

    fn weight(&self, index: usize) -> usize {
        self.line(index).map_or(usize::MAX, |line| line.weight)
    }

    fn found(&self, index: usize) -> Option<Found> {
        self.found.get(index).copied().flatten()
    }

    fn kind(&self, index: usize) -> Option<ZoneKind> {
        self.zones.get(index)?.as_ref().map(|zone| zone.kind)
    }

    fn is_free(&self, index: usize) -> bool {
        self.zones.get(index).is_some_and(Option::is_none)
    }

    /// Sets a line aside unless it is already.
    fn set(&mut self, index: usize, kind: ZoneKind, reason: &str) {
        if let Some(zone @ None) = self.zones.get_mut(index) {
            *zone = Some(Zone {
                kind,
                reason: Some(reason.to_owned()),
            });
        }
    }

    /// Rule 1.
    fn read_lines(&mut self) {
        for line in &self.page.lines {
            self.found.push(self.markers.find(self.page, line));
        }
        for index in 0..self.count() {
            let interview = self.found(index).is_some_and(|found| self.is_turn(found));
            if interview && let Some(found) = self.found.get_mut(index) {
                *found = None;
            }
        }
        for (index, line) in self.page.lines.iter().enumerate() {
            if let Some(found) = self.found(index) {
                self.set(index, found.kind, &format!("marker: {}", found.phrase));
            } else if let Some((kind, reason)) = shapes::strong(self.page, line, self.markers) {
                self.set(index, kind, reason);
            }
        }
    }

    /// Whether a byline phrase comes so often that it names a speaker.
    fn is_turn(&self, found: Found) -> bool {
        let same = |other: &&Found| other.phrase == found.phrase && !other.whole;
        found.kind == ZoneKind::Byline
            && !found.whole
            && self.found.iter().flatten().filter(same).count() >= TURNS
    }

    /// Rule 2.
    fn spread(&mut self) {
        for index in 0..self.count() {
            if self.kind(index) == Some(ZoneKind::EmbeddedPost) {
                self.spread_post(index);
            }
            let Some(found) = self.found(index) else {
                continue;
            };
            let reason = format!("after marker: {}", found.phrase);
            match found.kind {
                ZoneKind::KeywordCloud if found.whole => self.spread_keywords(index + 1, &reason),
                ZoneKind::HeadlineList => {
                    self.spread_headlines(index + 1, usize::MAX, found.kind, &reason);
                }
                ZoneKind::ReadAlso if found.whole => {
                    self.spread_headlines(index + 1, LINKS, found.kind, &reason);
                }
                ZoneKind::Byline if found.whole && self.weight(index + 1) <= KEYWORD_WORDS => {
                    self.spread_headlines(index + 1, 1, found.kind, &reason);
                }
                _ => {}
            }
        }
    }

    /// The line above a post's signature, and further lines with links to posts.
    fn spread_post(&mut self, signature: usize) {
        for (distance, index) in (0..signature).rev().enumerate() {
            let Some(line) = self.line(index) else { break };
            let near = distance == 0 && is_signature(self.text(signature));
            if !self.is_free(index)
                || !(near || line.post_link)
                || line.points.len() > POST_CHARACTERS
            {
                break;
            }
            self.set(index, ZoneKind::EmbeddedPost, "text of a post");
        }
    }

    /// One line of keywords, or several with a few words each.
    fn spread_keywords(&mut self, from: usize, reason: &str) {
        for index in from..self.count() {
            let long = self.weight(index) > KEYWORD_WORDS;
            if !self.is_free(index) || ends_sentence(self.text(index)) || (long && index > from) {
                break;
            }
            self.set(index, ZoneKind::KeywordCloud, reason);
            if long {
                break;
            }
        }
    }

    /// Headlines under a marker: short lines that do not end like sentences. The first may be a question.
    fn spread_headlines(&mut self, from: usize, most: usize, kind: ZoneKind, reason: &str) {
        for index in (from..self.count()).take(most) {
            let text = self.text(index);
            let headline = self
                .line(index)
                .is_some_and(|line| line.points.len() <= HEADLINE_CHARACTERS)
                && (!ends_sentence(text)
                    || is_bullet(text) && !text.ends_with('.')
                    || index == from && self.weight(index) <= HEADLINE_WORDS && is_question(text));
            if !headline || !self.is_free(index) || self.is_share_row(index) {
                break;
            }
            self.set(index, kind, reason);
        }
    }

    fn is_share_row(&self, index: usize) -> bool {
        let line = self.line(index);
        line.and_then(|line| shapes::weak(self.page, line, self.markers))
            .is_some_and(|(kind, _)| kind == ZoneKind::Share)
    }

    /// Rule 3.
    fn beside(&mut self) {
        for index in 0..self.count() {
            let above = index.checked_sub(1).and_then(|above| self.kind(above));
            if above.or(self.kind(index + 1)).is_some() {
                self.set_weak(index);
            }
        }
    }

    fn set_weak(&mut self, index: usize) {
        let Some(line) = self.line(index).filter(|_| self.is_free(index)) else {
            return;
        };
        if let Some((kind, reason)) = shapes::weak(self.page, line, self.markers) {
            self.set(index, kind, reason);
        }
    }

    /// Rule 4, first part.
    fn tail(&mut self) {
        let Some(start) = (0..self.count()).find(|&index| self.begins_tail(index)) else {
            return;
        };
        let mut section = (ZoneKind::ReadAlso, String::new());
        for index in start..self.count() {
            if let Some(found) = self.found(index)
                && matches!(found.kind, ZoneKind::ReadAlso | ZoneKind::HeadlineList)
            {
                section = (found.kind, format!("after marker: {}", found.phrase));
            }
            self.set(index, section.0, &section.1);
        }
    }

    /// Whether the story ends above the marker at `index`.
    fn begins_tail(&self, index: usize) -> bool {
        let marked = self
            .found(index)
            .is_some_and(|found| matches!(found.kind, ZoneKind::ReadAlso | ZoneKind::HeadlineList));
        if !marked {
            return false;
        }
        let above = (0..index).rev().take_while(|&above| !self.is_free(above));
        let ends = |above: usize| {
            self.kind(above) == Some(ZoneKind::KeywordCloud)
                || self.found(above).is_some_and(|found| found.ends_story)
        };
        above.into_iter().any(ends)
            && self.story_words(0..index) >= STORY_WORDS
            && (0..index).any(|line| self.is_prose(line))
    }

    /// Rule 4, second part.
    fn below_keywords(&mut self) {
        let ends = |index: &usize| {
            self.found(*index).is_some_and(|found| {
                matches!(found.kind, ZoneKind::KeywordCloud | ZoneKind::Legal) && found.ends_story
            })
        };
        let Some(start) = (0..self.count()).rev().find(ends) else {
            return;
        };
        let above = self.story_words(0..start);
        let below = self.story_words(start..self.count());
        if above >= LONG_STORY && above >= below {
            for index in start..self.count() {
                self.set(index, ZoneKind::ReadAlso, "below the end of the story");
            }
        }
    }

    fn story_words(&self, lines: Range<usize>) -> usize {
        lines
            .filter(|&index| self.is_free(index))
            .map(|index| self.weight(index))
            .sum()
    }

    /// Whether a line is a paragraph of the story by its length or its end.
    fn is_prose(&self, index: usize) -> bool {
        let weight = self.weight(index);
        self.is_free(index)
            && (weight >= PROSE_WORDS
                || weight >= SENTENCE_WORDS && ends_sentence(self.text(index)))
    }

    /// Weak forms from the edge of the page to the story. Items beside other content may be a list of the story.
    fn set_outside(&mut self, lines: impl Iterator<Item = usize>) {
        let mut edge = true;
        for index in lines {
            let shape = self
                .line(index)
                .filter(|_| self.is_free(index))
                .and_then(|line| shapes::weak(self.page, line, self.markers));
            if let Some((kind, reason)) =
                shape.filter(|&(kind, _)| edge || kind != ZoneKind::KeywordCloud)
            {
                self.set(index, kind, reason);
            }
            edge &= !self.is_free(index);
        }
    }

    /// Rule 5: weak forms, and menus with one item a line.
    fn around(&mut self) {
        let mut prose = (0..self.count()).filter(|&index| self.is_prose(index));
        let Some(first) = prose.next() else { return };
        let last = prose.next_back().unwrap_or(first);
        self.set_outside(0..first);
        self.set_outside((last + 1..self.count()).rev());
        let item = |index: &usize| {
            self.is_free(*index)
                && self.weight(*index) <= MENU_WORDS
                && !ends_sentence(self.text(*index))
                && !self
                    .text(*index)
                    .contains(|c: char| c.is_numeric() || matches!(c, ':' | ','))
        };
        let menu = (0..first).take_while(item).count();
        if menu >= MENU_LINES && self.story_words(first..last + 1) >= LIST_STORY {
            (0..menu).for_each(|index| self.set(index, ZoneKind::KeywordCloud, "menu"));
        }
    }

    /// Rule 5: lists of headlines at the end.
    fn closing_list(&mut self) {
        let Some(end) = (0..self.count()).rev().find(|&index| self.is_free(index)) else {
            return;
        };
        let bullets = (0..=end)
            .rev()
            .take_while(|&index| self.is_bullet_line(index));
        let bullets = bullets.count();
        let (count, reason) = if bullets >= BULLETS {
            (bullets, "closing list")
        } else {
            (self.plain_headlines(end), "closing headlines")
        };
        let start = end + 1 - count;
        let announced = start
            .checked_sub(1)
            .is_some_and(|above| self.is_free(above) && self.text(above).ends_with([':', '：']));
        if count > 0 && !announced && self.story_words(0..start) >= LIST_STORY {
            (start..=end).for_each(|index| self.set(index, ZoneKind::HeadlineList, reason));
        }
    }

    fn is_bullet_line(&self, index: usize) -> bool {
        let text = self.text(index);
        is_bullet(text)
            && !text.ends_with('.')
            && self
                .line(index)
                .is_some_and(|line| line.points.len() <= HEADLINE_CHARACTERS)
    }

    /// How many lines up to `end` are headlines without bullets: as long as headlines, without the punctuation of
    /// sentences, lists and verses, in a page whose paragraphs do end like sentences.
    fn plain_headlines(&self, end: usize) -> usize {
        let headline = |index: &usize| {
            let text = self.text(*index);
            let words = self
                .line(*index)
                .map_or(&[][..], |line| self.page.line_words(line));
            self.is_free(*index)
                && (LEAST_HEADLINE..=PROSE_WORDS).contains(&self.weight(*index))
                && !ends_sentence(text)
                && !text.ends_with([',', '،', '、', '，', ';', '؛', ':', '：', '-', '–', '—'])
                && !text.starts_with(char::is_lowercase)
                && text.matches([',', '،', '、', '，', ';']).count() < LIST_COMMAS
                && !words
                    .first()
                    .is_some_and(|word| is_number(self.page.form(word)))
        };
        let count = (0..=end).rev().take_while(headline).count();
        let start = end + 1 - count;
        let below = !self.is_free(end + 1) && end + 1 < self.count();
        let beside = below
            || start
                .checked_sub(1)
                .is_some_and(|above| !self.is_free(above));
        let fewest = if beside { HEADLINES - 1 } else { HEADLINES };
        let punctuated = self.is_punctuated(0..start);
        // Dates, results and prices are a table of the story.
        let numbers = (start..=end).filter(|&index| self.text(index).contains(char::is_numeric));
        if count >= fewest
            && punctuated
            && numbers.count() * 2 <= count
            && self.story_words(start..end + 1) >= count * MEAN_HEADLINE
        {
            count
        } else {
            0
        }
    }

    /// Whether at least two paragraphs, and most of them, end like sentences, which they do not in every script.
    fn is_punctuated(&self, lines: Range<usize>) -> bool {
        let long =
            lines.filter(|&index| self.is_free(index) && self.weight(index) >= SENTENCE_WORDS);
        let (mut all, mut ended) = (0, 0);
        for index in long {
            all += 1;
            ended += usize::from(ends_sentence(self.text(index)));
        }
        ended >= 2 && ended * 2 > all
    }

    /// Rule 6, and the lead.
    fn finish(mut self) -> Vec<Zone> {
        if self.story_words(0..self.count()) == 0 {
            self.zones.iter_mut().for_each(|zone| *zone = None);
        }
        finish(self.page, self.zones)
    }
}

/// Names the first line with words that is no furniture the lead, the others main text.
fn finish(page: &Page<'_>, zones: Vec<Option<Zone>>) -> Vec<Zone> {
    let mut next = ZoneKind::Lead;
    let content = |line: &Line| {
        let kind = if line.words.is_empty() {
            ZoneKind::Main
        } else {
            std::mem::replace(&mut next, ZoneKind::Main)
        };
        Zone { kind, reason: None }
    };
    let mut content = content;
    page.lines
        .iter()
        .zip(zones)
        .map(|(line, zone)| zone.unwrap_or_else(|| content(line)))
        .collect()
}

/// Whether a line ends with a question or exclamation mark or an ellipsis, as headlines may.
fn is_question(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '»', '」', '\''])
        .ends_with(['?', '!', '…', '؟', '？', '！'])
}

/// Whether a line starts with a bullet.
fn is_bullet(text: &str) -> bool {
    const BULLETS: [char; 16] = [
        '•', '·', '●', '○', '▪', '■', '◦', '‣', '►', '▶', '◾', '*', '-', '–', '»', '›',
    ];
    text.strip_prefix(BULLETS).is_some_and(|rest| {
        rest.starts_with(char::is_whitespace) || text.starts_with(['•', '●', '▪', '■', '►'])
    })
}
