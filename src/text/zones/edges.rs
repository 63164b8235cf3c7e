//! Rule 6: what stands before and after the story.

use std::ops::Range;

use super::{HEADLINE_CHARACTERS, LEAST_HEADLINE, PROSE_WORDS, SENTENCE_WORDS, Zoning, is_bullet};
use crate::text::document::ZoneKind;
use crate::text::markers::{ends_sentence, is_number};
use crate::text::shapes;

/// Words of story there must be before a closing list.
const LIST_STORY: usize = 40;
/// Fewest bullets that make a closing list, and fewest headlines without bullets.
const BULLETS: usize = 3;
const HEADLINES: usize = 4;
/// Shortest mean of the headlines in a closing list without bullets, in words.
const MEAN_HEADLINE: usize = 7;
/// Commas that make a line a list, as the line-up of a team is.
const LIST_COMMAS: usize = 3;
/// Times of day inside the story that make it a live blog, whose times are no dates of the page.
const LIVE_TIMES: usize = 2;
/// Fewest lines of a menu with one item a line, and longest item, in words.
const MENU_LINES: usize = 5;
const MENU_WORDS: usize = 3;

impl Zoning<'_, '_> {
    /// Weak forms from the edge of the page to the story. Items beside other content may be a list of the story.
    fn set_outside(&mut self, lines: impl Iterator<Item = usize>, clocks: usize) {
        let mut edge = true;
        for index in lines {
            let shape = self
                .line(index)
                .filter(|_| self.is_free(index))
                .and_then(|line| shapes::weak(self.page, line, self.markers));
            let fits = |&(kind, reason): &shapes::Shape| {
                let item = kind == ZoneKind::KeywordCloud && !edge && !self.is_sections(index);
                let entry = reason == shapes::TIME && clocks >= LIVE_TIMES;
                !(item || entry)
            };
            if let Some((kind, reason)) = shape.filter(fits) {
                self.set(index, kind, reason);
            }
            edge &= !self.is_free(index);
        }
    }

    /// How many times of day stand on lines of their own in a part of the page.
    fn times(&self, lines: Range<usize>) -> usize {
        lines
            .filter(|&index| self.is_free(index))
            .filter_map(|index| self.line(index))
            .filter(|line| shapes::is_time_line(self.page, line))
            .count()
    }

    /// Names of sections on lines of their own above the headline.
    fn section_names(&mut self, first: usize) {
        let headline = |zoning: &Self, from: usize| {
            zoning.titled
                || (from..first)
                    .any(|index| zoning.is_free(index) && zoning.weight(index) >= LEAST_HEADLINE)
        };
        for index in 0..first {
            let words = self.words(index);
            let section = (1..=MENU_WORDS).contains(&words.len())
                && self.markers.sections().cover(self.page, words) == words.len()
                && !ends_sentence(self.text(index));
            if !self.is_free(index) {
                continue;
            }
            if !section || !headline(self, index + 1) {
                break;
            }
            self.set(index, ZoneKind::KeywordCloud, "menu");
        }
    }

    fn is_sections(&self, index: usize) -> bool {
        shapes::is_menu(self.page, self.words(index), self.markers)
    }

    /// Rule 6: weak forms, and menus with one item a line.
    pub(super) fn around(&mut self) {
        let mut prose = (0..self.count()).filter(|&index| self.is_prose(index));
        let Some(first) = prose.next() else { return };
        let last = prose.next_back().unwrap_or(first);
        let clocks = self.times(first..last + 1);
        self.set_outside(0..first, clocks);
        self.section_names(first);
        self.below_standfirst(first);
        self.set_outside((last + 1..self.count()).rev(), clocks);
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

    /// Rule 6: lists of headlines at the end.
    pub(super) fn closing_list(&mut self) {
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
            .is_some_and(|above| self.is_free(above) && self.announces(above));
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
            self.is_free(*index)
                && (LEAST_HEADLINE..=PROSE_WORDS).contains(&self.weight(*index))
                && !ends_sentence(text)
                && !text.ends_with([',', '،', '、', '，', ';', '؛', ':', '：', '-', '–', '—'])
                && !text.starts_with(char::is_lowercase)
                && text.matches([',', '،', '、', '，', ';']).count() < LIST_COMMAS
                && !self
                    .words(*index)
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
}
