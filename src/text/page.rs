//! A field cut into lines and words: what zoning reads.

use std::ops::Range;

use super::build::index;
use super::links::{is_post_link, link_ranges};
use super::markers::is_sentence_end;
use super::tokens::fold_into;

/// A token with its place in the plain text.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Bytes of [`Page::folded`].
    pub form: Range<u32>,
    /// Bytes of the text.
    pub bytes: Range<u32>,
    /// Code points of the text.
    pub points: Range<u32>,
    /// One character of a script without spaces.
    pub single: bool,
    /// See [`super::Token::capital`].
    pub capital: bool,
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
    /// Length in words; two characters of a script without spaces count as one word.
    pub weight: usize,
    /// Whether the line links to a post on a social network.
    pub post_link: bool,
    /// Whether it was cut out of a longer line.
    pub cut: bool,
    /// Whether it stands before the headline or behind the last sentence of such a line, among furniture.
    pub apart: bool,
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
            words: Vec::with_capacity(text.len() / 5),
            lines: Vec::with_capacity(32),
            characters: 0,
        };
        let (mut byte, mut point) = (0, 0);
        for piece in text.split_inclusive(LINE_ENDS) {
            let lead = piece.len() - piece.trim_start().len();
            let line = piece.trim();
            let inside = characters(line);
            if !line.is_empty() {
                let start = point + characters(piece.get(..lead).unwrap_or_default());
                page.read_line(line, byte + lead, start..start + inside);
            }
            byte += piece.len();
            point += inside + blanks(piece, lead, line.len());
        }
        page.characters = point;
        page
    }

    fn read_line(&mut self, line: &str, byte: usize, points: Range<u32>) {
        let first = self.words.len();
        let (mut at, mut at_point, mut post_link) = (0, points.start, false);
        for link in link_ranges(line) {
            let before = line.get(at..link.start).unwrap_or_default();
            let inside = line.get(link.clone()).unwrap_or_default();
            self.read_words(before, first, byte + at, at_point);
            post_link |= is_post_link(inside);
            at_point += characters(before) + characters(inside);
            at = link.end;
        }
        let rest = line.get(at..).unwrap_or_default();
        self.read_words(rest, first, byte + at, at_point);
        let words = first..self.words.len();
        self.lines.push(Line {
            bytes: byte..byte + line.len(),
            points,
            weight: self.weigh(words.clone()),
            words,
            post_link,
            cut: false,
            apart: false,
        });
    }

    fn read_words(&mut self, piece: &str, first: usize, byte: usize, point: u32) {
        let (text, words, byte) = (self.text, &mut self.words, index(byte));
        fold_into(
            piece,
            &mut self.folded,
            |folded, start, bytes, points, single| {
                let bytes = byte + index(bytes.start)..byte + index(bytes.end);
                let capital = begins_with_capital(text, bytes.start)
                    && words
                        .get(first..)
                        .and_then(<[Word]>::last)
                        .is_some_and(|before| {
                            let gap = text.get(before.bytes.end as usize..bytes.start as usize);
                            !breaks_sentence(gap.unwrap_or_default(), before)
                        });
                words.push(Word {
                    form: index(start)..index(folded.len()),
                    bytes,
                    points: point + points.start..point + points.end,
                    single,
                    capital,
                });
            },
        );
    }

    /// The weight of a run of words.
    pub(super) fn weigh(&self, words: Range<usize>) -> usize {
        self.weigh_words(self.words.get(words).unwrap_or_default())
    }

    /// The weight of words.
    pub(super) fn weigh_words(&self, words: &[Word]) -> usize {
        let singles = words.iter().filter(|word| word.single).count();
        words.len() - singles + singles.div_ceil(2)
    }

    /// Cuts a line in front of some of its words. Pieces outside of the words of the story stand apart.
    pub(super) fn cut_line(&mut self, index: usize, places: &[usize], story: &Range<usize>) {
        let Some(line) = self.lines.get(index).cloned() else {
            return;
        };
        let mut pieces = Vec::with_capacity(places.len() + 1);
        let (mut word, mut byte, mut point) =
            (line.words.start, line.bytes.start, line.points.start);
        for &next in places {
            let inside = next > word && next < line.words.end;
            let Some((before, after)) = self
                .words
                .get(next.saturating_sub(1))
                .zip(self.words.get(next))
            else {
                continue;
            };
            if inside {
                let gap = self.between(before.bytes.end..after.bytes.start);
                let cut = before.bytes.end as usize + place_in_gap(gap);
                pieces.push(self.piece(byte..cut, point, word..next));
                point += characters(self.text.get(byte..cut).unwrap_or_default());
                (word, byte) = (next, cut);
            }
        }
        pieces.push(self.piece(byte..line.bytes.end, point, word..line.words.end));
        for piece in &mut pieces {
            piece.apart = piece.words.end <= story.start || piece.words.start >= story.end;
        }
        self.lines.splice(index..=index, pieces);
    }

    /// A part of a line, without white space around it; `point` is where its bytes start.
    fn piece(&self, bytes: Range<usize>, point: u32, words: Range<usize>) -> Line {
        let whole = self.text.get(bytes.clone()).unwrap_or_default();
        let lead = whole.len() - whole.trim_start().len();
        let text = whole.trim();
        let start = bytes.start + lead;
        let point = point + characters(whole.get(..lead).unwrap_or_default());
        Line {
            bytes: start..start + text.len(),
            points: point..point + characters(text),
            weight: self.weigh(words.clone()),
            words,
            post_link: is_post_link(text),
            cut: true,
            apart: false,
        }
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
        self.folded
            .get(word.form.start as usize..word.form.end as usize)
            .unwrap_or_default()
    }

    /// The first letter of a word as it is written.
    pub(super) fn first_letter(&self, word: &Word) -> Option<char> {
        self.between(word.bytes.clone()).chars().next()
    }

    /// The text between two places.
    pub(super) fn between(&self, bytes: Range<u32>) -> &'t str {
        self.text
            .get(bytes.start as usize..bytes.end as usize)
            .unwrap_or_default()
    }
}

/// Code points of the white space around a line of `length` bytes that starts at `lead`.
fn blanks(piece: &str, lead: usize, length: usize) -> u32 {
    let after = piece.get(lead + length..).unwrap_or_default();
    characters(piece.get(..lead).unwrap_or_default()) + characters(after)
}

/// Whether the word that starts at `at` has a capital first letter.
fn begins_with_capital(text: &str, at: u32) -> bool {
    let at = at as usize;
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => byte.is_ascii_uppercase(),
        _ => text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            // Scripts from Hebrew to Myanmar and those of East Asia have no capitals.
            .filter(|c| !matches!(c, '\u{590}'..='\u{109F}' | '\u{2E80}'..='\u{9FFF}'))
            .is_some_and(|c| c.is_uppercase() || matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ')),
    }
}

/// Whether a sentence or quoted speech begins after `gap`, the text between the word `before` and the next one.
///
/// A full stop counts where white space follows and the word before it has more than one letter, which initials do not
/// (`J. Brel`, `U.S. Navy`); a colon or comma where an opening quotation mark follows.
pub(super) fn breaks_sentence(gap: &str, before: &Word) -> bool {
    if gap == " " {
        return false;
    }
    let mut last = None;
    for c in gap.chars() {
        match (last, c) {
            (Some('.'), _) if c.is_whitespace() && before.points.len() > 1 => return true,
            (Some(',' | ':'), _) if is_quotation_mark(c) => return true,
            _ if c != '.' && is_sentence_end(c) => return true,
            _ => {}
        }
        // Closing quotation marks and brackets may stand between the full stop and the space.
        if !(matches!(last, Some('.')) && (is_quotation_mark(c) || c == ')')
            || matches!(last, Some(',' | ':')) && c.is_whitespace())
        {
            last = Some(c);
        }
    }
    false
}

fn is_quotation_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '«' | '»' | '‹' | '›'
    )
}

/// Where in the text between two words the cut lies: behind the punctuation that belongs to the first.
fn place_in_gap(gap: &str) -> usize {
    if gap.contains("t.co/") || gap.contains("pic.") {
        // Links belong to the text of a post, the dash to its signature.
        return gap.rfind(['—', '–', '―']).unwrap_or(gap.len());
    }
    if gap.contains('|') && gap.ends_with(char::is_whitespace) {
        return gap.len();
    }
    if let Some(place) = gap.find('】') {
        return place + '】'.len_utf8();
    }
    if let Some(place) = gap.find(['©', 'ⓒ', '【', '#']) {
        return place;
    }
    if let Some((place, _)) = gap.char_indices().find(|(_, c)| c.is_whitespace()) {
        return place;
    }
    gap.char_indices()
        .rev()
        .find(|&(_, c)| is_sentence_end(c) || matches!(c, '”' | '」' | '』' | '）' | ')'))
        .map_or(0, |(place, c)| place + c.len_utf8())
}

/// Code points of `text`. No text is near the limit: messages are bounded to far less.
pub(super) fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_names_not_sentence_starts() {
        let capitals = |text: &str| {
            let page = Page::read(text);
            let words = page.words.iter().filter(|word| word.capital);
            words
                .map(|word| {
                    text.get(word.bytes.start as usize..word.bytes.end as usize)
                        .unwrap_or_default()
                        .to_owned()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(
            capitals(
                "The mayor, Ines Calder, met J. Brel of the U.S. Navy. They left (at 9 a.m.) for Ostrel! Nobody came.\nBrell waits"
            ),
            ["Ines", "Calder", "J", "Brel", "U", "S", "Navy", "Ostrel"]
        );
        assert_eq!(
            capitals("Он сказал: «Мы ждём Анну». Потом уехал в Ёлкино… Все ждут"),
            ["Анну", "Ёлкино"]
        );
        assert_eq!(
            capitals(
                "Die Fähre „Ålesund“ kam, \"Wir warten.\" Ende. Χθες ο Νίκος; 2031 L'Été İzmir"
            ),
            ["Fähre", "Ålesund", "Νίκος", "L", "Été", "İzmir"]
        );
        assert!(capitals("قال أحمد إن 临江市 का नाम").is_empty());
    }

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
            assert_eq!(
                text.get(word.bytes.start as usize..word.bytes.end as usize),
                Some(by_points.as_str())
            );
        }
        let forms: Vec<_> = page.words.iter().map(|word| page.form(word)).collect();
        assert_eq!(forms, ["debut", "e", "عند", "العاصمه"]);
        assert!(page.lines[1].post_link && !page.lines[0].post_link);
        assert_eq!(page.characters as usize, text.chars().count());
    }
}
