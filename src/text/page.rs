//! A field cut into lines and words: what zoning reads.

use std::ops::Range;

use super::links::{is_post_link, link_ranges};
use super::tokens::tokenize;

/// A token with its place in the plain text.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Bytes of [`Page::folded`].
    pub form: Range<usize>,
    /// Bytes of the text.
    pub bytes: Range<usize>,
    /// Code points of the text.
    pub points: Range<u32>,
    /// One character of a script without spaces.
    pub single: bool,
}

/// A line that is not blank, without surrounding white space: a paragraph or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Bytes of the text.
    pub bytes: Range<usize>,
    /// Code points of the text.
    pub points: Range<u32>,
    /// Indices into [`Page::words`].
    pub words: Range<usize>,
    /// Whether the line links to a post on a social network.
    pub post_link: bool,
}

/// A field as lines and words. Links and account names have no words.
#[derive(Debug)]
pub(super) struct Page<'t> {
    pub text: &'t str,
    pub folded: String,
    pub words: Vec<Word>,
    pub lines: Vec<Line>,
    /// Code points of the whole text.
    pub characters: u32,
}

/// Characters that end a line.
const LINE_ENDS: [char; 6] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{0C}'];

impl<'t> Page<'t> {
    /// Cuts `text` into lines and words, in one pass each.
    pub(super) fn read(text: &'t str) -> Self {
        let mut page = Self {
            text,
            folded: String::with_capacity(text.len()),
            words: Vec::with_capacity(text.len() / 6),
            lines: Vec::new(),
            characters: 0,
        };
        let (mut byte, mut point) = (0, 0);
        for piece in text.split_inclusive(LINE_ENDS) {
            let lead = piece.len() - piece.trim_start().len();
            let line = piece.trim();
            let start = point + characters(piece.get(..lead).unwrap_or_default());
            if !line.is_empty() {
                page.read_line(line, byte + lead, start);
            }
            byte += piece.len();
            point += characters(piece);
        }
        page.characters = point;
        page
    }

    fn read_line(&mut self, line: &str, byte: usize, point: u32) {
        let first = self.words.len();
        let (mut at, mut at_point, mut post_link) = (0, point, false);
        for link in link_ranges(line) {
            let before = line.get(at..link.start).unwrap_or_default();
            let inside = line.get(link.clone()).unwrap_or_default();
            self.read_words(before, byte + at, at_point);
            post_link |= is_post_link(inside);
            at_point += characters(before) + characters(inside);
            at = link.end;
        }
        self.read_words(line.get(at..).unwrap_or_default(), byte + at, at_point);
        self.lines.push(Line {
            bytes: byte..byte + line.len(),
            points: point..point + characters(line),
            words: first..self.words.len(),
            post_link,
        });
    }

    fn read_words(&mut self, piece: &str, byte: usize, point: u32) {
        let (folded, words) = (&mut self.folded, &mut self.words);
        tokenize(piece, |form, bytes, points, single| {
            let start = folded.len();
            folded.push_str(form);
            words.push(Word {
                form: start..folded.len(),
                bytes: byte + bytes.start..byte + bytes.end,
                points: point + points.start..point + points.end,
                single,
            });
        });
    }

    /// The text of a line.
    pub(super) fn line_text(&self, line: &Line) -> &'t str {
        self.text.get(line.bytes.clone()).unwrap_or_default()
    }

    /// The words of a line.
    pub(super) fn line_words(&self, line: &Line) -> &[Word] {
        self.words.get(line.words.clone()).unwrap_or_default()
    }

    /// The folded form of a word.
    pub(super) fn form(&self, word: &Word) -> &str {
        self.folded.get(word.form.clone()).unwrap_or_default()
    }

    /// Length of a line in words; two characters of a script without spaces count as one word.
    pub(super) fn weight(&self, line: &Line) -> usize {
        let halves: usize = self
            .line_words(line)
            .iter()
            .map(|word| if word.single { 1 } else { 2 })
            .sum();
        halves.div_ceil(2)
    }
}

/// Code points of `text`. No text is near the limit: messages are bounded to far less.
pub(super) fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_words_know_their_place() {
        let text = "  Début é \r\n\n\u{2028}عند @desk https://t.co/é العاصمة\n";
        let page = Page::read(text);
        let lines: Vec<_> = page
            .lines
            .iter()
            .map(|line| (page.line_text(line), line.points.clone()))
            .collect();
        assert_eq!(
            lines,
            [
                ("Début é", 2..9),
                ("عند @desk https://t.co/é العاصمة", 14..46)
            ]
        );
        for word in &page.words {
            let points = word.points.start as usize..word.points.end as usize;
            let by_points: String = text.chars().skip(points.start).take(points.len()).collect();
            assert_eq!(text.get(word.bytes.clone()), Some(by_points.as_str()));
        }
        let forms: Vec<_> = page.words.iter().map(|word| page.form(word)).collect();
        assert_eq!(forms, ["debut", "e", "عند", "العاصمه"]);
        assert!(page.lines[1].post_link && !page.lines[0].post_link);
        assert_eq!(page.characters as usize, text.chars().count());
    }
}
