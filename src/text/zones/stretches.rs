//! Stretches of prose between runs of short lines, and which of them are the story.

use std::ops::Range;

use super::spread::{SUMMARY_WORDS, TEASERS};
use super::whole::TABLE;
use super::{PROSE_WORDS, Zoning};
use crate::text::document::ZoneKind;
use crate::text::markers::ends_sentence;

/// Longest line of a menu, a list or a label, in words, and the same where sentences have no full stop.
pub(super) const SCRAP_WORDS: usize = 12;
const LABEL_WORDS: usize = 6;
/// Fewest such lines that part two stretches, and how many times those in doubt they must be.
pub(super) const RUN: usize = 6;
const SURE: usize = 3;
/// Words with which a story begins, and under its headline.
pub(super) const BEGINNING_WORDS: usize = 50;
const LEAD_WORDS: usize = 20;
/// Shortest headline that is looked for, in words.
const TITLE_WORDS: usize = 3;
/// Longest interruption after which a short stretch still belongs to the story, in lines, and its words.
const INTERRUPTION: usize = 12;
const SHORT_WORDS: usize = 30;
/// Words after any interruption; in so many paragraphs, or in some of this mean length, which teasers do not reach.
const LONG_WORDS: usize = 80;
const PARAGRAPHS: usize = 3;
const PARAGRAPH_WORDS: usize = 40;
/// Lines above another story among which its byline is.
const SECOND_HEAD: usize = 4;

/// Prose without a run of short lines in between.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) lines: Range<usize>,
    /// Words of the prose.
    pub(super) words: usize,
    /// Lines of prose, and other lines between them.
    prose: usize,
    others: usize,
}

impl Zoning<'_, '_> {
    /// Whether long paragraphs end with full stops, as they do not in every script.
    pub(super) fn has_stops(&self) -> bool {
        let long = (0..self.count()).filter(|&index| self.weight(index) >= PROSE_WORDS);
        let (ended, open): (Vec<usize>, Vec<usize>) =
            long.partition(|&index| ends_sentence(self.text(index)));
        ended.len() >= open.len()
    }

    /// Whether a line is a menu item, a headline or a label, or furniture anyway. `None` when that is in doubt.
    pub(super) fn is_scrap_line(&self, index: usize) -> Option<bool> {
        if !self.is_free(index) {
            return Some(true);
        }
        if self.is_prose(index) {
            return Some(false);
        }
        let most = if self.stops { SCRAP_WORDS } else { LABEL_WORDS };
        (self.weight(index) <= most && !ends_sentence(self.text(index))).then_some(true)
    }

    /// How many lines are furniture or look like it.
    pub(super) fn scraps(&self, lines: Range<usize>) -> usize {
        let scraps = lines.filter(|&index| self.is_scrap_line(index) == Some(true));
        scraps.count()
    }

    pub(super) fn is_run(&self, lines: Range<usize>) -> bool {
        let all = lines.len();
        let scraps = self.scraps(lines);
        scraps >= RUN && (all - scraps) * SURE <= scraps
    }

    /// All prose of the page.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for index in (0..self.count()).filter(|&index| self.is_prose(index)) {
            let words = self.weight(index);
            match stretches.last_mut() {
                Some(last) if !self.is_run(last.lines.end..index) => {
                    last.others += index - last.lines.end;
                    last.lines.end = index + 1;
                    last.prose += 1;
                    last.words += words;
                }
                _ => stretches.push(Stretch {
                    lines: index..index + 1,
                    words,
                    prose: 1,
                    others: 0,
                }),
            }
        }
        stretches
    }

    /// The stretches of the story: from the first one that may begin it to the longest one, and what goes on after that.
    pub(super) fn story<'s>(
        &self,
        stretches: &'s [Stretch],
        title: Option<usize>,
    ) -> Option<&'s [Stretch]> {
        let above = |title: usize| {
            let above = stretches
                .iter()
                .take_while(|stretch| stretch.lines.start <= title);
            above.count()
        };
        let from = title.map_or(0, above);
        let rest = stretches.iter().enumerate().skip(from);
        let (most, main) = rest.rev().max_by_key(|(_, stretch)| stretch.words)?;
        let least = title.map_or(BEGINNING_WORDS, |_| LEAD_WORDS);
        let least = main.words.div_ceil(2).min(least);
        let begins = |stretch: &Stretch| stretch.words >= least;
        let first = (from..most).find(|&index| stretches.get(index).is_some_and(begins));
        let mut last = most;
        while self.goes_on_after(stretches, last) {
            last += 1;
        }
        stretches.get(first.unwrap_or(most)..=last)
    }

    /// Whether the story goes on in the next stretch: after a short interruption, or with paragraphs one after the other. A
    /// byline or a date above that belongs to another story.
    fn goes_on_after(&self, stretches: &[Stretch], index: usize) -> bool {
        let Some((before, next)) = stretches.get(index).zip(stretches.get(index + 1)) else {
            return false;
        };
        let gap = before.lines.end..next.lines.start;
        let short =
            gap.len() <= INTERRUPTION && next.others <= next.prose && next.words >= SHORT_WORDS;
        let paragraphs = next.prose >= PARAGRAPHS || next.words >= PARAGRAPH_WORDS * next.prose;
        let long = paragraphs && next.others * 2 <= next.prose && next.words >= LONG_WORDS;
        let byline = |line: usize| {
            self.kind(line) == Some(ZoneKind::Byline)
                || gap.end - line <= SECOND_HEAD && self.is_byline(line)
        };
        (short || long) && !gap.clone().any(byline)
    }

    /// Where the story ends above closing teasers: paragraphs that stand alone under a headline, with furniture among them.
    pub(super) fn above_teasers(&self, story: Range<usize>) -> usize {
        let (mut end, mut teasers, mut bottom) = (story.end, 0, story.end);
        let prose = story.clone().rev().filter(|&index| self.is_prose(index));
        for index in prose {
            let above = index.wrapping_sub(1);
            let teaser = index > story.start
                && self.weight(index) <= SUMMARY_WORDS
                && self.is_free(above)
                && self.is_scrap_line(above) == Some(true)
                && !self.is_prose(index + 1);
            if !teaser {
                bottom = index + 1;
                break;
            }
            teasers += 1;
            end = above;
        }
        let furniture = (bottom..story.end).filter(|&index| !self.is_free(index));
        let table = (end..self.count().min(story.end + TABLE)).filter(|&index| self.is_row(index));
        if teasers >= TEASERS && furniture.count() > 0 && table.count() < TABLE {
            end
        } else {
            story.end
        }
    }

    /// The line that repeats the headline: the first one, or a later one with no story between them.
    pub(super) fn title_line(&self, stretches: &[Stretch], title: &[&str]) -> Option<usize> {
        let mut lines = (0..self.count()).filter(|&index| self.is_title(index, title));
        let first = lines.next()?;
        let story = stretches
            .iter()
            .find(|stretch| stretch.lines.start > first && stretch.words >= BEGINNING_WORDS)?;
        let near = lines.take_while(|&index| index < story.lines.start);
        near.last().or(Some(first))
    }

    /// Whether a line repeats the known headline, of which either may have lost its end.
    fn is_title(&self, index: usize, title: &[&str]) -> bool {
        let words = self.words(index);
        let shorter = words.len().min(title.len());
        let same = words
            .iter()
            .zip(title)
            .take_while(|(word, title)| self.page.form(word) == **title)
            .count();
        shorter >= TITLE_WORDS && same == shorter && same * 2 >= title.len()
    }
}
