//! Rule 7: short lines among furniture, which are none by themselves.

use std::ops::Range;

use super::Zoning;
use super::stretches::SCRAP_WORDS;
use crate::text::document::ZoneKind;
use crate::text::markers::ends_sentence;

/// Most such lines together between furniture.
const BETWEEN: usize = 8;

impl Zoning<'_, '_> {
    /// Pieces of a page in one line that stand before the headline or behind the last sentence.
    pub(super) fn apart(&mut self) {
        let mut kind = ZoneKind::ReadAlso;
        for index in 0..self.count() {
            if !self.line(index).is_some_and(|line| line.apart) {
                continue;
            }
            let reason = match (0..index).any(|above| self.is_free(above)) {
                true => "behind the last sentence",
                false => "before the headline",
            };
            kind = self.kind(index).unwrap_or(kind);
            self.set(index, kind, reason);
        }
    }

    /// Short lines at the foot of the page, and between furniture below the first paragraph.
    pub(super) fn foot(&mut self) {
        let Some(first) = (0..self.count()).find(|&index| self.is_prose(index)) else {
            return;
        };
        let count = self.count();
        let mut start = count;
        while start > first + 1 && (!self.is_free(start - 1) || self.is_scrap(start - 1)) {
            start -= 1;
        }
        // A list may end the story; what stands below furniture does not.
        let mut foot = start..count;
        let start = foot.find(|&index| !self.is_free(index)).unwrap_or(count);
        let free = (start..count).filter(|&index| self.is_free(index)).count();
        if 2 * (count - start - free) >= free {
            self.set_scraps(start..count);
        }
        let mut index = first + 1;
        while index < count {
            let mut below = index..count;
            let scrap = |index: usize| self.is_free(index) && self.is_scrap(index);
            let end = below.find(|&end| !scrap(end)).unwrap_or(count);
            let between = !self.is_free(index - 1) && end < count && !self.is_free(end);
            if between && end - index <= BETWEEN {
                self.set_scraps(index..end);
            }
            index = end + 1;
        }
    }

    /// Sets those of the lines aside that are not.
    fn set_scraps(&mut self, lines: Range<usize>) {
        for index in lines {
            let above = index.checked_sub(1).and_then(|above| self.kind(above));
            let kind = above.filter(|kind| *kind != ZoneKind::EmbeddedPost);
            let kind = kind.unwrap_or(ZoneKind::HeadlineList);
            self.set(index, kind, "short line among furniture");
        }
    }

    /// Whether a line is short and neither a sentence nor a row of a table, nor announces something.
    fn is_scrap(&self, index: usize) -> bool {
        self.weight(index) <= SCRAP_WORDS
            && !ends_sentence(self.text(index))
            && !self.announces(index)
            && !self.is_row(index)
    }
}
