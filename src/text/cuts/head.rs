//! What opens a page in one line: a menu, and agency, date and author before a dateline.

use super::Cutter;
use crate::text::document::ZoneKind;
use crate::text::markers::{Marker, is_number};
use crate::text::page::Line;

/// Longest head before a dateline, longest dateline, and longest date in it, in words.
const HEAD_WORDS: usize = 60;
const DATELINE_WORDS: usize = 8;
const DATE_WORDS: usize = 10;
/// Fewest names of sections that make a menu without separators.
const MENU_WORDS: usize = 4;
/// Most words between them that are none, and how many must follow those.
const MENU_GAP: usize = 2;
const MENU_RUN: usize = 2;
/// Shortest headline that is looked for, and how far, in words.
const TITLE_WORDS: usize = 3;
const TITLE_WITHIN: usize = 120;

impl Cutter<'_, '_> {
    /// Cuts off a menu; where a dateline stands near the beginning, the parts of the head too.
    pub(super) fn head(&mut self, line: &Line, title: &[&str]) {
        let start = line.words.start;
        let headline = self.headline(start, title);
        let menu = self.menu_end(start, headline.unwrap_or(self.end));
        if let Some(end) = menu {
            self.push(end);
            self.kept.start = self.kept.start.max(end);
        }
        if let Some(headline) = headline {
            self.push(headline);
            self.push(headline + title.len());
            self.kept.start = self.kept.start.max(headline);
        }
        self.stamp(line);
        if let Some(dateline) = self.dateline(menu.unwrap_or(start)) {
            self.push(dateline);
            self.head_parts(start, dateline);
        }
    }

    /// A date with its year and the time of day directly behind it, as no sentence has it.
    fn stamp(&mut self, line: &Line) {
        let last = line.words.start + HEAD_WORDS;
        for time in line.words.start + 4..self.end.min(last) {
            if self.gap(time) != ":" || !self.is_digits(time, 2) || !self.is_hour(time - 1) {
                continue;
            }
            let year = (time - 4..time - 1).find(|&year| {
                let apart = |index: usize| !self.gap(index).contains(char::is_alphabetic);
                self.is_digits(year, 4) && (year + 1..time).all(apart)
            });
            let Some(year) = year else {
                continue;
            };
            let near = (year + 1..time).all(|index| self.is_number_at(index));
            let mut start = time;
            while start > line.words.start
                && time - start < DATE_WORDS
                && self.is_date_word(start - 1)
            {
                start -= 1;
            }
            let mut end = time + 1;
            while end < self.end && self.gap(end) == ":" && self.is_digits(end, 2) {
                end += 1;
            }
            if end < self.end && self.is_zone(end) {
                end += 1;
            }
            // The month may be a word that is not known.
            let day = start
                .checked_sub(2)
                .filter(|&day| start == year && day >= line.words.start);
            if let Some(day) = day.filter(|&day| self.is_hour(day) && self.gap(day + 1) == " ") {
                start = day;
            }
            if near && start < year.max(time - 2) {
                self.push(start);
                self.push(end);
            }
        }
    }

    fn form(&self, index: usize) -> Option<&str> {
        self.word(index).map(|word| self.page.form(word))
    }

    fn is_digits(&self, index: usize, length: usize) -> bool {
        let form = self.form(index);
        form.is_some_and(|form| form.len() == length && is_number(form))
    }

    fn is_hour(&self, index: usize) -> bool {
        self.is_digits(index, 2) || self.is_digits(index, 1)
    }

    /// A time zone in capitals behind a time.
    fn is_zone(&self, index: usize) -> bool {
        let text = self
            .word(index)
            .map(|word| self.page.between(word.bytes.clone()));
        self.gap(index) == " "
            && text.is_some_and(|text| {
                (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
            })
    }

    fn is_number_at(&self, index: usize) -> bool {
        self.form(index).is_some_and(is_number)
    }

    /// Where the headline stands near the beginning of the line, with no sentence before it.
    fn headline(&self, start: usize, title: &[&str]) -> Option<usize> {
        if title.len() < TITLE_WORDS {
            return None;
        }
        let end = self.end.min(start + TITLE_WITHIN);
        let same = |index: &usize| {
            let words = self.page.words.get(*index..self.end).unwrap_or_default();
            words.len() > title.len()
                && (words.iter().zip(title)).all(|(word, title)| self.page.form(word) == *title)
        };
        let found = (start + 1..end).find(same)?;
        let sentence = (start + 1..found).any(|index| self.is_stopped(index));
        // A sentence may hold the words of the headline; a menu or a phrase before it is none.
        let before = self.page.words.get(start..found).unwrap_or_default();
        let menu = self.markers.sections().cover(self.page, before) >= MENU_RUN;
        let mut opening = self.markers.opening(self.page, before);
        let announced = menu
            || opening.any(|marker| marker.words() > 1)
            || (start..found).any(|index| self.heading(index).is_some());
        let inside = sentence || self.gap(found).contains([',', '،', '、', '，']);
        (announced && !inside).then_some(found)
    }

    /// Where names of sections end that open the line, with what leads to them and a few other names among them.
    fn menu_end(&self, start: usize, limit: usize) -> Option<usize> {
        let (mut at, mut known, mut run, mut end) = (start, 0, 0, start);
        while at < limit.min(self.end) && at - end <= MENU_GAP {
            let words = self.page.words.get(at..self.end).unwrap_or_default();
            let section = self.markers.sections().opens(self.page, words);
            let leading = || {
                let mut opening = self.markers.opening(self.page, words);
                let leads = |marker: &&Marker| marker.telling && marker.kind == ZoneKind::Share;
                opening.find(leads).map(Marker::words)
            };
            let Some(length) = section.or_else(leading) else {
                (at, run) = (at + 1, 0);
                continue;
            };
            known += length;
            run += length;
            at += length;
            // Behind other words two names must follow, or one may be a word of the headline.
            if at == end + length || run >= MENU_RUN {
                end = at;
            }
        }
        let menu = self.page.weigh(start..end) >= MENU_WORDS && known >= MENU_WORDS;
        (menu && known * 5 >= (end - start) * 3 && end < self.end).then_some(end)
    }

    /// Where `OSLO, March 4 (Agency) -` begins, if no sentence ends before it.
    fn dateline(&self, start: usize) -> Option<usize> {
        let end = self.end.min(start + HEAD_WORDS);
        let after = (start + 1..end).find(|&index| {
            let gap = self.gap(index);
            let closed = gap.starts_with(')');
            closed && gap.trim_end().ends_with(['-', '–', '—'])
        })?;
        if (start + 1..after).any(|index| self.gap(index).contains(['!', '?', '。'])) {
            return None;
        }
        let floor = start.max(after.saturating_sub(DATELINE_WORDS));
        let agency = (floor..after)
            .rev()
            .find(|&index| self.gap(index).contains('('))?;
        let named = (agency..after).all(|index| {
            let form = self.form(index);
            form.is_some_and(|form| self.markers.is_agency(form))
        });
        let mut place = agency;
        while place > floor && self.is_dateline_word(place - 1) {
            place -= 1;
        }
        (named && place < agency && place > start).then_some(place)
    }

    /// A month, a number, or a word of capitals.
    fn is_dateline_word(&self, index: usize) -> bool {
        let Some(word) = self.word(index) else {
            return false;
        };
        let text = self.page.between(word.bytes.clone());
        let capitals = text.chars().nth(1).is_some() && text.chars().all(char::is_uppercase);
        capitals || self.is_date_word(index)
    }

    fn is_date_word(&self, index: usize) -> bool {
        let words = self.page.words.get(index..self.end).unwrap_or_default();
        self.is_number_at(index) || self.markers.months().opens(self.page, words).is_some()
    }

    /// Cuts a head before and after its date, before a reading time and before the author.
    fn head_parts(&mut self, start: usize, end: usize) {
        let mut index = start;
        while index < end {
            if self.opens_dated(index, end) {
                self.push(index);
                index += 1;
                while index < end && !self.opens_author(index) && !self.opens_numbered(index) {
                    index += 1;
                }
            } else if self.opens_author(index) || self.opens_numbered(index) {
                self.push(index);
                index += 1;
            } else {
                index += 1;
            }
        }
    }

    /// Whether a date with its year begins here.
    fn opens_dated(&self, index: usize, end: usize) -> bool {
        self.is_date_word(index)
            && !self.opens_numbered(index)
            && (index..end.min(index + DATE_WORDS)).any(|index| self.is_digits(index, 4))
    }

    fn opens_author(&self, index: usize) -> bool {
        let by = self.form(index);
        by.is_some_and(|by| self.markers.is_by(by))
            && self.word(index).is_some_and(|word| word.capital)
            && self.word(index + 1).is_some_and(|word| word.capital)
    }

    /// A number and a phrase that has one before it (`2 min read`).
    fn opens_numbered(&self, index: usize) -> bool {
        let words = self.page.words.get(index + 1..self.end).unwrap_or_default();
        self.is_number_at(index)
            && self
                .markers
                .opening(self.page, words)
                .any(|marker| marker.numbered)
    }
}
