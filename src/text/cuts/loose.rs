//! Phrases that begin a sentence of a page in one line and are long enough to need no delimiter.

use super::{Cutter, LINK_WORDS, NAME_WORDS};
use crate::text::document::ZoneKind;
use crate::text::markers::Marker;
use crate::text::page::Line;

/// Fewest hashtags that are cut out together.
const HASHTAGS: usize = 3;

impl<'p> Cutter<'p, '_> {
    /// Cuts out sentences that a phrase begins. Those at the end of the line are its furniture, with all phrases inside
    /// them; before, only kinds whose sentence says where they end: after "read also" comes a headline, and where that
    /// has no full stop, a sentence of the story.
    pub(super) fn loose(&mut self, line: &Line) {
        let starts: Vec<(usize, Option<&'p Marker>)> = line
            .words
            .clone()
            .skip(1)
            .filter(|&index| self.begins_sentence(index))
            .map(|index| (index, self.telling(index)))
            .collect();
        let closing =
            |&(index, marker): &(usize, Option<&Marker>)| marker.is_some() || self.is_legal(index);
        let tail = starts
            .iter()
            .rev()
            .take_while(|start| closing(start))
            .count();
        let tail = starts.len() - tail;
        for (place, &(index, marker)) in starts.iter().enumerate() {
            let end = starts.get(place + 1).map_or(self.end, |next| next.0);
            if place >= tail {
                self.push(index);
                self.sections(index, end);
            } else if marker.is_some_and(|marker| ends_with_sentence(marker.kind))
                && self.page.weigh(index..end) <= LINK_WORDS
            {
                self.push(index);
                self.push(self.bracket_end(index, end));
            }
        }
        self.hashtags(line);
        self.owner(line);
    }

    /// Where a sentence in brackets ends, or `end`.
    fn bracket_end(&self, index: usize, end: usize) -> usize {
        if !self.gap(index).ends_with('(') {
            return end;
        }
        let close = (index + 1..end).find(|&next| self.gap(next).contains(')'));
        close.unwrap_or(end)
    }

    /// Runs of hashtags.
    fn hashtags(&mut self, line: &Line) {
        let text = self.page.line_text(line);
        if text.matches('#').nth(HASHTAGS - 1).is_none() {
            return;
        }
        let mut run = 0;
        for index in line.words.clone().skip(1) {
            if self.gap(index) == " #" {
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

    /// The phrase that opens the text at a word, if it is long enough to stand without a delimiter.
    fn telling(&self, index: usize) -> Option<&'p Marker> {
        let words = self.page.words.get(index..self.end)?;
        let mut opening = self.markers.opening(self.page, words);
        opening.find(|marker| marker.telling)
    }

    fn is_legal(&self, index: usize) -> bool {
        self.gap(index).contains(['©', 'ⓒ'])
    }

    /// Cuts at every phrase between two words; a phrase above a list is a line of its own.
    fn sections(&mut self, from: usize, to: usize) {
        let mut index = from;
        while index < to {
            let Some(marker) = self.telling(index) else {
                if self.is_legal(index) {
                    self.push(index);
                }
                index += 1;
                continue;
            };
            self.push(index);
            index += marker.words();
            let list = matches!(
                marker.kind,
                ZoneKind::ReadAlso | ZoneKind::HeadlineList | ZoneKind::KeywordCloud
            );
            if list {
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
