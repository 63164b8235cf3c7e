//! Rule 5: a whole page with its menus, teasers and comments, of which the story is the part with the most prose.

use std::ops::Range;

use super::stretches::{BEGINNING_WORDS, RUN, SCRAP_WORDS};
use super::{LEAST_HEADLINE, Zoning, is_question};
use crate::text::document::ZoneKind;
use crate::text::markers::is_number;

/// Words of prose there must be in the story, and under a known headline.
const STORY_WORDS: usize = 80;
const TITLED_WORDS: usize = 40;
/// Lines of furniture around a story that make a whole page; or items of a menu, and their length in words.
const FURNITURE: usize = 3;
const MENU: usize = 10;
const ITEM_WORDS: usize = 3;
/// Lines above the story among which the headline is, if it is not known.
const HEAD: usize = 10;
/// Lines under the headline that may be a standfirst.
const STANDFIRSTS: usize = 2;
/// Fewest lines below the story that make a foot; half as many where some of them are furniture anyway.
const FOOT: usize = 8;
/// Fewest lines of a table of the story, and fewest numbers or commas in one of them.
pub(super) const TABLE: usize = 3;
const CELLS: usize = 3;
/// Longest line with numbers that may be a date and no row, in words.
const DATE_WORDS: usize = 6;
/// Lines below the story among which it begins.
const TABLE_WITHIN: usize = 16;
/// Most lines of a table for each of its rows.
const HEADINGS: usize = 3;
/// Share of lines of one length, and the greatest such length in code points, that tells of text wrapped by a program.
const WRAPPED: f64 = 0.6;
const WRAPPED_POINTS: usize = 120;

impl Zoning<'_, '_> {
    /// Sets aside what stands above a story whose headline is repeated on the page.
    pub(super) fn page_head(&mut self, title: &[&str]) {
        if let Some((Some(title), story)) = self.whole_story(title) {
            self.above_story(story.start, Some(title));
        }
    }

    /// Sets aside what stands above and below the story of a page that has runs of short lines. `title` has the
    /// words of the headline, if it is known.
    pub(super) fn whole_page(&mut self, title: &[&str]) {
        if let Some((title, story)) = self.whole_story(title) {
            self.above_story(story.start, title);
            self.below_story(self.above_teasers(story));
        }
    }

    /// The lines from the first to the last paragraph of the story, and the line that repeats the headline above.
    fn whole_story(&self, title: &[&str]) -> Option<(Option<usize>, Range<usize>)> {
        let stretches = self.stretches();
        let title = self.title_line(&stretches, title);
        let story = self.story(&stretches, title)?;
        let words: usize = story.iter().map(|stretch| stretch.words).sum();
        let lines = story.first()?.lines.start..story.last()?.lines.end;
        let least = title.map_or(STORY_WORDS, |_| TITLED_WORDS);
        let whole = words >= least && self.has_surroundings(&lines) && !self.is_wrapped();
        whole.then_some((title, lines))
    }

    /// Whether more than a story is here: furniture around it, or a menu above.
    fn has_surroundings(&self, story: &Range<usize>) -> bool {
        let above = 0..story.start;
        let furniture = above.clone().chain(story.end..self.count());
        let furniture = furniture.filter(|&index| !self.is_free(index)).count();
        let item = |&index: &usize| self.weight(index) <= ITEM_WORDS;
        furniture >= FURNITURE || above.filter(item).count() >= MENU
    }

    /// Whether lines end where a program broke them, and not where paragraphs do.
    fn is_wrapped(&self) -> bool {
        let lines = self.page.lines.iter();
        let mut lengths: Vec<usize> = lines.map(|line| line.points.len()).collect();
        lengths.sort_unstable();
        let longest = lengths.get(lengths.len() * 19 / 20).copied();
        let longest = longest.unwrap_or_default();
        let alike = lengths.iter().filter(|&&length| length * 4 >= longest * 3);
        longest <= WRAPPED_POINTS && alike.count() as f64 >= WRAPPED * lengths.len() as f64
    }

    fn above_story(&mut self, begin: usize, title: Option<usize>) {
        let begin = self.open_beginning(title.map_or(0, |title| title + 1)..begin);
        let top = title.unwrap_or_else(|| self.unknown_headline(begin));
        if self.scraps(0..top) >= RUN {
            self.set_outside_story(0..top);
        }
        let Some(title) = title else { return };
        let head = self.keep_headline(title, begin);
        if self.is_run(head..begin) {
            self.set_outside_story(head..begin);
        }
    }

    /// Takes back that the headline, and the standfirst under it, were taken for a list. Returns where they end.
    fn keep_headline(&mut self, title: usize, begin: usize) -> usize {
        let listed = |kind| matches!(kind, ZoneKind::HeadlineList | ZoneKind::ReadAlso);
        let last = begin.min(title + 1 + STANDFIRSTS);
        for index in title..last {
            let headline = index == title || self.weight(index) > LEAST_HEADLINE;
            let marked = self.found(index).is_some();
            let free = self.kind(index).is_none_or(|kind| listed(kind) && !marked);
            if !headline || !free {
                return index.max(title + 1);
            }
            if let Some(zone) = self.zones.get_mut(index) {
                *zone = None;
            }
        }
        last
    }

    /// Where a story begins above its first sure paragraph, if enough stands there that may be paragraphs.
    fn open_beginning(&self, above: Range<usize>) -> usize {
        let begin = above.end;
        let open = |&index: &usize| self.is_free(index) && self.weight(index) > SCRAP_WORDS;
        let lines: Vec<usize> = above.filter(open).collect();
        let words: usize = lines.iter().map(|&index| self.weight(index)).sum();
        let first = lines.first().copied();
        first.filter(|_| words >= BEGINNING_WORDS).unwrap_or(begin)
    }

    /// The uppermost line near the first paragraph that may be the headline.
    fn unknown_headline(&self, begin: usize) -> usize {
        let mut window = begin.saturating_sub(HEAD)..begin;
        let headline =
            |index: &usize| self.is_free(*index) && self.weight(*index) >= LEAST_HEADLINE;
        window.find(headline).unwrap_or(begin)
    }

    fn below_story(&mut self, end: usize) {
        let count = self.count();
        let start = self.close_story(end);
        let furniture = (start..count).filter(|&index| !self.is_free(index)).count();
        let scraps = self.scraps(start..count);
        if scraps >= FOOT || scraps >= FOOT / 2 && furniture >= 2 {
            let table = self.table(start);
            self.set_outside_story(start..table.start);
            self.set_outside_story(table.end..count);
        }
    }

    /// Where the story ends below its last sure paragraph: with short sentences, a last line above furniture, or a list that
    /// is announced.
    fn close_story(&self, end: usize) -> usize {
        let count = self.count();
        let mut start = end;
        while start < count && self.is_scrap_line(start).is_none() {
            start += 1;
        }
        let list = (start..count).find(|&index| !self.is_free(index));
        let list = start..list.unwrap_or(count);
        let mut around = start.saturating_sub(1)..list.end.min(start + 1);
        let announced = around.any(|index| self.announces(index));
        let last = list.len() == 1 && list.end < count && self.weight(start) >= LEAST_HEADLINE;
        if announced || last && !is_question(self.text(start)) {
            list.end
        } else {
            start
        }
    }

    /// The tables and line-ups not far below the story, with their headings; empty at the end of the page if there are none.
    fn table(&self, from: usize) -> Range<usize> {
        let count = self.count();
        let near = from..count.min(from + TABLE_WITHIN);
        let first = near.into_iter().find(|&index| self.is_row(index));
        let (mut rows, mut end) = (0, None);
        for index in first.unwrap_or(count)..count {
            if self.is_row(index) {
                rows += 1;
                let dense = index + 1 - first.unwrap_or(index) <= HEADINGS * rows;
                end = (dense && rows >= TABLE).then_some(index + 1).or(end);
            }
        }
        let heading = |first: usize| {
            let above = first.checked_sub(1).filter(|&above| above >= from);
            above.filter(|&above| self.is_free(above)).unwrap_or(first)
        };
        first
            .zip(end)
            .map_or(count..count, |(first, end)| heading(first)..end)
    }

    /// Whether a line is a row of a table or a list of names: a line-up, a result, an entry of a ranking.
    pub(super) fn is_row(&self, index: usize) -> bool {
        let numbers = self.words(index).iter();
        let numbers = numbers.filter(|word| is_number(self.page.form(word)));
        let commas = self.text(index).matches([',', '،', '、', '，', ';', '؛']);
        let cells = numbers.count() >= CELLS || commas.count() >= CELLS;
        let date = self.weight(index) <= DATE_WORDS && self.is_byline(index);
        cells && self.is_free(index) && !date
    }

    fn set_outside_story(&mut self, lines: Range<usize>) {
        for index in lines {
            let (kind, reason) = if self.is_prose(index) {
                (ZoneKind::ReadAlso, "paragraph outside the story")
            } else if self.weight(index) >= LEAST_HEADLINE {
                (ZoneKind::HeadlineList, "line outside the story")
            } else {
                (ZoneKind::KeywordCloud, "word outside the story")
            };
            self.set(index, kind, reason);
        }
    }
}
