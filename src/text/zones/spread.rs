//! Rule 2: lines that belong to the furniture beside them.

use super::{
    HEADLINE_CHARACTERS, HEADLINE_WORDS, HEADLINES_CHARACTERS, KEYWORD_WORDS, LINKS, Zoning,
    has_sentence, is_bullet, is_numbered, is_question,
};
use crate::text::document::ZoneKind;
use crate::text::markers::ends_sentence;
use crate::text::shapes::{self, POST_CHARACTERS, is_dashed, is_like_post, is_signature};

/// Fewest teasers with a paragraph each, and the longest such paragraph, in words.
pub(super) const TEASERS: usize = 2;
pub(super) const SUMMARY_WORDS: usize = 45;

impl Zoning<'_, '_> {
    /// Rule 2.
    pub(super) fn spread(&mut self) {
        for index in 0..self.count() {
            if self.kind(index) == Some(ZoneKind::EmbeddedPost) {
                self.spread_post(index);
            }
            let Some(found) = self.found(index) else {
                continue;
            };
            let reason = format!("after marker: {}", found.phrase);
            match found.kind {
                ZoneKind::KeywordCloud if found.whole => self.spread_keywords(index + 1, &reason),
                // Above everything else such a line is a menu.
                ZoneKind::HeadlineList
                    if found.whole || (0..index).any(|above| self.is_free(above)) =>
                {
                    self.spread_headlines(index + 1, usize::MAX, found.kind, &reason);
                }
                ZoneKind::ReadAlso if found.whole => {
                    self.spread_teasers(index + 1, found.kind, &reason);
                    self.spread_headlines(index + 1, LINKS, found.kind, &reason);
                }
                ZoneKind::Byline if found.whole && self.weight(index + 1) <= KEYWORD_WORDS => {
                    self.spread_headlines(index + 1, 1, found.kind, &reason);
                }
                _ => {}
            }
        }
    }

    /// The line above a post's signature, and further lines with links to posts. Without a dash the signature may be
    /// the head of a post: it takes only what looks like a post, above or else below.
    fn spread_post(&mut self, signature: usize) {
        let text = self.text(signature);
        let signed = is_signature(text);
        let post = |zoning: &Self, index: usize, near: bool| {
            let line = zoning.line(index).filter(|_| zoning.is_free(index));
            line.is_some_and(|line| {
                (near || line.post_link) && line.points.len() <= POST_CHARACTERS
            })
        };
        let mut taken = 0;
        for index in (0..signature).rev() {
            let like = taken == 0 && signed;
            let near = like && (is_dashed(text) || is_like_post(self.text(index)));
            if !post(self, index, near) {
                break;
            }
            self.set(index, ZoneKind::EmbeddedPost, "text of a post");
            taken += 1;
        }
        let below = signature + 1;
        if signed && taken == 0 && !is_dashed(text) {
            let near = is_like_post(self.text(below)) && !is_signature(self.text(below));
            if post(self, below, near) {
                self.set(below, ZoneKind::EmbeddedPost, "text of a post");
            }
        }
    }

    /// One line of keywords, or several with a few words each.
    fn spread_keywords(&mut self, from: usize, reason: &str) {
        for index in from..self.count() {
            let long = self.weight(index) > KEYWORD_WORDS;
            if !self.is_free(index) || ends_sentence(self.text(index)) || (long && index > from) {
                break;
            }
            self.set(index, ZoneKind::KeywordCloud, reason);
            if long {
                break;
            }
        }
    }

    /// Headlines under a marker: short lines that do not end like sentences. They may be questions where the list
    /// visibly goes on.
    fn spread_headlines(&mut self, from: usize, most: usize, kind: ZoneKind, reason: &str) {
        // Above everything else the last line before the story is the headline of the page.
        let top = (0..from).all(|index| !self.is_free(index));
        for index in (from..self.count()).take(most) {
            if top && self.is_prose(index + 1) {
                break;
            }
            let text = self.text(index);
            let question = || {
                self.weight(index) <= HEADLINE_WORDS
                    && is_question(text)
                    && (index == from || is_numbered(text) || self.goes_on(index + 1))
            };
            let headline = self.is_short(index)
                && (!ends_sentence(text) || is_bullet(text) && !text.ends_with('.') || question());
            if !headline || !self.is_free(index) || self.is_share_row(index) {
                break;
            }
            self.set(index, kind, reason);
        }
    }

    /// Teasers under a marker: headlines, each with a paragraph.
    fn spread_teasers(&mut self, from: usize, kind: ZoneKind, reason: &str) {
        let teaser = |index: usize| {
            let text = self.text(index);
            // Questions and answers are an interview.
            let speech = is_question(text) || text.starts_with(['-', '–', '—', '―']);
            let headline = self.is_free(index) && self.is_short(index) && !self.is_prose(index);
            let summary = self.weight(index + 1) <= SUMMARY_WORDS;
            headline && !speech && summary && self.is_prose(index + 1) && !self.is_prose(index + 2)
        };
        let teasers = (from..self.count()).step_by(2);
        let count = teasers.take_while(|&index| teaser(index)).count();
        if count >= TEASERS {
            (from..from + 2 * count).for_each(|index| self.set(index, kind, reason));
        }
    }

    /// Whether a line is as short as a headline. Headlines that were cut out of one line together are longer and have
    /// no sentence inside.
    fn is_short(&self, index: usize) -> bool {
        self.line(index).is_some_and(|line| {
            if line.cut {
                line.points.len() <= HEADLINES_CHARACTERS && !has_sentence(self.text(index))
            } else {
                line.points.len() <= HEADLINE_CHARACTERS
            }
        })
    }

    /// Whether a list goes on at `index`: with a headline, with furniture, or since the page ends.
    fn goes_on(&self, index: usize) -> bool {
        !self.is_free(index)
            || self.is_short(index)
                && self.weight(index) <= HEADLINE_WORDS
                && !ends_sentence(self.text(index))
    }

    fn is_share_row(&self, index: usize) -> bool {
        let line = self.line(index);
        line.and_then(|line| shapes::weak(self.page, line, self.markers))
            .is_some_and(|(kind, _)| kind == ZoneKind::Share)
    }
}
