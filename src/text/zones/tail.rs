//! Rule 4: where the story ends and a second article begins.

use super::Zoning;
use crate::text::document::ZoneKind;

/// Words of story there must be before a second article, where a source line or keywords end the story.
const STORY_WORDS: usize = 12;
/// Words of story there must be above keywords for the rest to be no story.
const LONG_STORY: usize = 80;

impl Zoning<'_, '_> {
    /// Rule 4, first part.
    pub(super) fn tail(&mut self) {
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
    pub(super) fn below_keywords(&mut self) {
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
}
