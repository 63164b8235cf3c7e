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
//!    ended: a source line or keywords directly above it, and `tail::STORY_WORDS` words of story with a sentence before
//!    that. From there to the end nothing is main text; without such an end the marker takes only the headlines under
//!    it and the story goes on, so that a link in the middle never swallows the rest. What stands below keywords or a
//!    copyright line is not main text either where it is shorter than a story of `tail::LONG_STORY` words above it.
//! 5. *Whole pages.* Runs of six and more short lines part the prose of a page. The story is the longest stretch, with those before it
//!    that are long enough to begin it (what stands below the known headline, if the page repeats that) and those after it in which it goes
//!    on. What stands above and below is furniture, whatever it says; a list that is announced, a table, and what may be a headline or a
//!    standfirst are left to the story. Only where furniture or a menu shows that more is there than a story.
//! 6. *Before and after the story*, which is what lies between the first and the last line of prose: weak forms, menus
//!    of one item a line, and closing lists of headlines. Lists and verses inside a story stay, and so does a closing
//!    list that a colon announces, the line-up of a team, or a table of dates.
//! 7. *Among furniture.* What a page in one line has before its headline and behind its last sentence, and short lines
//!    without a full stop at the foot of the page or between other furniture below the story.
//! 8. Where nothing would be left, everything is main text.

mod edges;
mod foot;
mod head;
mod spread;
mod stretches;
mod tail;
mod whole;

use std::ops::Range;

use super::document::ZoneKind;
use super::markers::{Found, Markers, ends_sentence, is_sentence_end};
use super::page::{Line, Page, Word};
use super::shapes;

/// Longest headline, in code points and in words.
const HEADLINE_CHARACTERS: usize = 180;
const HEADLINES_CHARACTERS: usize = 600;
const HEADLINE_WORDS: usize = 30;
/// Shortest headline, in words.
const LEAST_HEADLINE: usize = 4;
/// Most headlines that a "read also" marker takes in the middle of a story.
const LINKS: usize = 6;
/// Longest keyword that stands on a line of its own, in words.
const KEYWORD_WORDS: usize = 5;
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

impl Zone {
    /// The headline in a field of its own.
    pub(super) fn title() -> Self {
        Self {
            kind: ZoneKind::Title,
            reason: None,
        }
    }
}

/// Classifies every line of a body.
///
/// `title` has the words of the headline, if it is known from elsewhere; it need not stand in the body then.
pub(super) fn classify(page: &Page<'_>, markers: &Markers, title: &[&str]) -> Vec<Zone> {
    let mut zoning = Zoning::new(page, markers);
    zoning.titled = !title.is_empty();
    zoning.stops = zoning.has_stops();
    zoning.read_lines();
    zoning.spread();
    zoning.beside();
    zoning.page_head(title);
    zoning.tail();
    zoning.below_keywords();
    zoning.whole_page(title);
    zoning.around();
    zoning.names();
    zoning.closing_list();
    zoning.apart();
    zoning.foot();
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
    /// Whether the headline stands above the page.
    titled: bool,
    /// Whether paragraphs end with full stops.
    stops: bool,
}

impl<'p, 't> Zoning<'p, 't> {
    fn new(page: &'p Page<'t>, markers: &'p Markers) -> Self {
        Self {
            page,
            markers,
            found: Vec::with_capacity(page.lines.len()),
            zones: vec![None; page.lines.len()],
            titled: false,
            stops: true,
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

    fn words(&self, index: usize) -> &'p [Word] {
        self.line(index)
            .map_or(&[], |line| self.page.line_words(line))
    }

    /// Whether a line announces what stands below it.
    fn announces(&self, index: usize) -> bool {
        self.text(index).ends_with([':', '：'])
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
            if self
                .found(index)
                .is_some_and(|found| self.is_menu(line, found))
            {
                if let Some(found) = self.found.get_mut(index) {
                    *found = None;
                }
                self.set(index, ZoneKind::KeywordCloud, "menu");
            } else if let Some(found) = self.found(index) {
                self.set(index, found.kind, &format!("marker: {}", found.phrase));
            } else if let Some((kind, reason)) = shapes::strong(self.page, line, self.markers) {
                self.set(index, kind, reason);
            }
        }
    }

    /// Whether a line that begins with the phrase for a list goes on with names of sections, as menus do.
    fn is_menu(&self, line: &Line, found: Found) -> bool {
        if found.whole || !matches!(found.kind, ZoneKind::HeadlineList | ZoneKind::ReadAlso) {
            return false;
        }
        let words = self.page.line_words(line);
        let after = words.get(found.words..).unwrap_or_default();
        shapes::is_sections(self.page, after, self.markers)
    }

    /// Whether a byline phrase comes so often that it names a speaker.
    fn is_turn(&self, found: Found) -> bool {
        let same = |other: &&Found| other.phrase == found.phrase && !other.whole;
        found.kind == ZoneKind::Byline
            && !found.whole
            && self.found.iter().flatten().filter(same).count() >= TURNS
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

    /// Rule 8, and the lead.
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

/// Whether a full stop stands inside a text, before its last words.
fn has_sentence(text: &str) -> bool {
    let mut rest = text;
    while let Some(place) =
        rest.find(|c| is_sentence_end(c) && !matches!(c, '?' | '!' | '…' | '？' | '！' | '؟'))
    {
        let (before, after) = rest.split_at(place);
        let letters = before.chars().rev().take_while(|c| c.is_alphabetic());
        let after = after.trim_start_matches(is_sentence_end);
        let spaced = after.starts_with(char::is_whitespace)
            || !rest.get(place..).unwrap_or_default().starts_with('.');
        if letters.count() > 1 && spaced && !after.trim().is_empty() {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a line starts with its number in a list.
fn is_numbered(text: &str) -> bool {
    let rest = text.trim_start_matches(char::is_numeric);
    let digits = text.len() - rest.len();
    (1..=2).contains(
        &text
            .get(..digits)
            .map_or(0, |digits| digits.chars().count()),
    ) && rest.starts_with([' ', '.', ')', '、', '．'])
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
