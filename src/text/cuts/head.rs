//! What opens a page in one line: a menu, and agency, date and author before a dateline.

use super::Cutter;
use crate::text::markers::is_number;
use crate::text::page::Line;

/// Longest head before a dateline, longest dateline, and longest date in it, in words.
const HEAD_WORDS: usize = 60;
const DATELINE_WORDS: usize = 8;
const DATE_WORDS: usize = 10;
/// Fewest names of sections that make a menu without separators.
const MENU_WORDS: usize = 4;

impl Cutter<'_, '_> {
    /// Cuts off a menu; where a dateline stands near the beginning, the parts of the head too.
    pub(super) fn head(&mut self, line: &Line) {
        let start = line.words.start;
        let menu = self.menu_end(start);
        if let Some(end) = menu {
            self.push(end);
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

    /// Where names of sections end that open the line.
    fn menu_end(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while let Some(length) = self
            .page
            .words
            .get(at..self.end)
            .and_then(|words| self.markers.sections().opens(self.page, words))
        {
            at += length;
        }
        (self.page.weigh(start..at) >= MENU_WORDS && at < self.end).then_some(at)
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
