//! What follows the story inside a line: further sections, and embedded posts by their signatures.

use std::ops::Range;

use super::{Cutter, DATE_WORDS, POST_WORDS, SIGNER_WORDS};
use crate::text::document::ZoneKind;
use crate::text::markers::is_number;

impl Cutter<'_, '_> {
    /// Further sections of a second article: phrases that need no delimiter here, and signed posts.
    pub(super) fn tail(&mut self, from: usize) {
        let mut index = from;
        while index < self.end {
            let words = self.page.words.get(index..self.end).unwrap_or_default();
            let section = self.markers.opening(self.page, words).find(|marker| {
                let last = index + marker.words() - 1;
                let kind = matches!(
                    marker.kind,
                    ZoneKind::HeadlineList | ZoneKind::ReadAlso | ZoneKind::KeywordCloud
                );
                self.is_delimited(last) || marker.telling && kind
            });
            match section {
                Some(marker) => {
                    self.push(index);
                    index += marker.words();
                    if marker.kind != ZoneKind::KeywordCloud {
                        self.push(index);
                    }
                }
                None => index += 1,
            }
        }
        self.posts(from..self.end);
        self.cuts.sort_unstable();
        self.cuts.dedup();
    }

    /// `Text of a post. https://t.co/x — Name (@account) May 5, 2031`.
    pub(super) fn posts(&mut self, words: Range<usize>) {
        let place = |index: usize| self.word(index).map(|word| word.bytes.start);
        let bytes = place(words.start).unwrap_or_default() as usize..self.line_end;
        let text = self.page.text.get(bytes).unwrap_or_default();
        if !text.contains("(@") {
            return;
        }
        let mut floor = words.start;
        for date in words {
            if date < floor || !self.gap(date).contains("(@") {
                continue;
            }
            let Some(signer) = (floor..date)
                .rev()
                .take(SIGNER_WORDS)
                .find(|&index| self.gap(index).contains(['—', '–', '―']))
            else {
                continue;
            };
            let text = (floor..signer)
                .rev()
                .take(POST_WORDS)
                .find(|&index| index == floor || self.begins_sentence(index))
                .filter(|_| {
                    self.gap(signer).contains("t.co/") || self.gap(signer).contains("pic.")
                });
            let end = (date..self.end)
                .take(DATE_WORDS)
                .find(|&index| {
                    self.word(index).is_some_and(|word| {
                        let form = self.page.form(word);
                        form.len() == 4 && is_number(form)
                    })
                })
                .map_or(date, |year| year + 1);
            if let Some(text) = text {
                self.push(text);
            }
            self.push(signer);
            self.push(end);
            floor = end;
        }
    }
}
