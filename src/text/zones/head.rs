//! Rule 6: the head of the page, from the headline to the first paragraph.

use super::{HEADLINE_CHARACTERS, LEAST_HEADLINE, Zoning};
use crate::text::document::ZoneKind;
use crate::text::markers::ends_sentence;
use crate::text::shapes::{self, is_names};

/// Most paragraphs of a standfirst, and the longest, in words.
const STANDFIRSTS: usize = 2;
const STANDFIRST_WORDS: usize = 60;
/// Words of story there must be below the head.
const STORY_WORDS: usize = 40;
/// Date lines further down that make dates the headings of a chronology.
const CHRONOLOGY: usize = 2;

impl Zoning<'_, '_> {
    /// Dates, bylines and rows of buttons under a standfirst, of which `first` is the first paragraph.
    pub(super) fn below_standfirst(&mut self, first: usize) {
        let Some(end) = self.head_end(first) else {
            return;
        };
        if self.story_words(end..self.count()) < STORY_WORDS || self.is_chronology(end) {
            return;
        }
        for index in first..end {
            if let Some((kind, reason)) = self.head_shape(index) {
                self.set(index, kind, reason);
            }
        }
    }

    /// Where the head ends that goes on under a standfirst.
    fn head_end(&self, first: usize) -> Option<usize> {
        let mut index = first;
        for _ in 0..STANDFIRSTS {
            if self.is_free(index) && self.weight(index) > STANDFIRST_WORDS {
                return None;
            }
            let mut next = index + 1;
            while next < self.count() && (self.is_furnished(next) || self.is_author_above(next)) {
                next += 1;
            }
            if next > index + 1 {
                return Some(next);
            }
            index = next;
        }
        None
    }

    /// Whether a line is a date, a byline or a row of buttons.
    fn is_furnished(&self, index: usize) -> bool {
        let kind = self.head_kind(index);
        matches!(kind, Some(ZoneKind::Byline | ZoneKind::Share))
    }

    /// Whether a line is a date or a byline.
    pub(super) fn is_byline(&self, index: usize) -> bool {
        self.head_kind(index) == Some(ZoneKind::Byline)
    }

    /// What a line is already, or by its shape in the head of a page.
    fn head_kind(&self, index: usize) -> Option<ZoneKind> {
        let shape = || self.head_shape(index).map(|(kind, _)| kind);
        self.kind(index).or_else(shape)
    }

    /// Whether a line may name an author and the next one is a date or a byline.
    fn is_author_above(&self, index: usize) -> bool {
        let name = self
            .line(index)
            .is_some_and(|line| is_names(self.page, line));
        name && self.is_furnished(index + 1)
    }

    fn head_shape(&self, index: usize) -> Option<shapes::Shape> {
        let line = self.line(index).filter(|_| self.is_free(index))?;
        shapes::weak(self.page, line, self.markers)
            .filter(|(kind, _)| matches!(kind, ZoneKind::Byline | ZoneKind::Share))
    }

    /// Whether more such lines stand among the paragraphs below, as in a chronology or a play.
    fn is_chronology(&self, from: usize) -> bool {
        let last = (from..self.count())
            .rev()
            .find(|&index| self.is_prose(index));
        let headings =
            (from..last.unwrap_or(from)).filter(|&index| self.head_shape(index).is_some());
        headings.take(CHRONOLOGY).count() == CHRONOLOGY
    }

    /// A name that stands alone between the headline and the first paragraph.
    pub(super) fn names(&mut self) {
        let mut headline = self.titled;
        let mut standfirsts = 0;
        for index in 0..self.count() {
            let Some(line) = self.line(index) else { break };
            if !self.is_free(index) {
                continue;
            }
            if headline && is_names(self.page, line) && self.is_author(index) {
                self.set(index, ZoneKind::Byline, "name between headline and story");
                self.repeat_name(index);
                continue;
            }
            headline |= self.weight(index) >= LEAST_HEADLINE
                && line.points.len() <= HEADLINE_CHARACTERS
                && !ends_sentence(self.text(index));
            standfirsts += usize::from(self.is_prose(index));
            if standfirsts > 0 && self.is_free(index + 1) {
                break;
            }
        }
    }

    /// The same name alone on a line at the foot, above what the page says about its author.
    fn repeat_name(&mut self, name: usize) {
        let last = (name..self.count())
            .rev()
            .find(|&index| self.is_prose(index));
        let text = self.text(name);
        let foot = last.unwrap_or(name)..self.count();
        let same: Vec<usize> = foot
            .filter(|&index| index != name && self.text(index) == text)
            .collect();
        for index in same {
            self.set(index, ZoneKind::Byline, "name of the author again");
        }
    }

    /// Whether a story follows that does not name the person on the line.
    fn is_author(&self, index: usize) -> bool {
        let name = self.text(index);
        let words: Vec<&str> = name
            .split_whitespace()
            .map(|word| word.trim_end_matches(','))
            .filter(|word| word.chars().nth(1).is_some() && !word.ends_with('.'))
            .collect();
        let story = || (index + 1..self.count()).filter(|&below| self.is_prose(below));
        self.story_words(index + 1..self.count()) >= STORY_WORDS
            && story().next().is_some()
            && !story().any(|below| {
                let text = self.text(below);
                words.iter().any(|word| text.contains(word))
            })
    }
}
