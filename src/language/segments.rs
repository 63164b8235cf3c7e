//! The main text as pieces that can be judged one by one.

use super::scripts::{ScriptId, Scripts};
use crate::text::{Document, link_ranges};

/// Longest piece in bytes: a long paragraph is cut so that a change of language inside it shows.
const PIECE_BYTES: usize = 400;
/// Most pieces of a document that are read; of longer ones every n-th is.
const MOST_PIECES: usize = 40;

/// A piece of main text in one script.
#[derive(Debug)]
pub(super) struct Segment {
    /// Text without links, digits, code and invisible characters; single spaces between words.
    pub text: String,
    /// Script of most letters.
    pub script: ScriptId,
    /// Letters, where a Han character counts two.
    pub letters: u32,
    /// Letters by script.
    pub histogram: Vec<u32>,
}

/// Cuts the content of a document into pieces. Pieces without letters are left out.
pub(super) fn segments(document: &Document, scripts: &Scripts) -> Vec<Segment> {
    let mut pieces: Vec<&str> = Vec::new();
    for (field, block) in document.content() {
        cut(
            field.text.get(block.bytes.clone()).unwrap_or_default(),
            &mut pieces,
        );
    }
    let step = pieces.len().div_ceil(MOST_PIECES).max(1);
    pieces
        .into_iter()
        .step_by(step)
        .filter_map(|piece| segment(piece, scripts))
        .collect()
}

/// Cuts a paragraph, at a space where one is near.
fn cut<'t>(mut text: &'t str, pieces: &mut Vec<&'t str>) {
    while text.len() > PIECE_BYTES * 3 / 2 {
        let mut end = PIECE_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let head = text.get(..end).unwrap_or_default();
        let space = head
            .char_indices()
            .rev()
            .take(40)
            .find(|(_, c)| c.is_whitespace())
            .map(|(byte, _)| byte);
        let (piece, rest) = text.split_at(space.filter(|&byte| byte > 0).unwrap_or(end));
        pieces.push(piece);
        text = rest;
    }
    pieces.push(text);
}

fn segment(piece: &str, scripts: &Scripts) -> Option<Segment> {
    let mut text = String::with_capacity(piece.len());
    let mut from = 0;
    for link in link_ranges(piece) {
        clean(piece.get(from..link.start).unwrap_or_default(), &mut text);
        from = link.end;
    }
    clean(piece.get(from..).unwrap_or_default(), &mut text);
    let mut histogram = vec![0_u32; scripts.len()];
    let han = scripts.find("Hani").map_or(usize::MAX, usize::from);
    for id in text.chars().filter_map(|c| scripts.of(c)) {
        let id = usize::from(id);
        if let Some(count) = histogram.get_mut(id) {
            *count += if id == han { 2 } else { 1 };
        }
    }
    let letters = histogram.iter().sum();
    let most = histogram
        .iter()
        .enumerate()
        .max_by_key(|&(id, &count)| (count, std::cmp::Reverse(id)))?;
    let script = ScriptId::try_from(most.0).ok()?;
    (letters > 0).then_some(Segment {
        text,
        script,
        letters,
        histogram,
    })
}

/// Appends the words of `text` that are language.
fn clean(text: &str, into: &mut String) {
    for word in text.split_whitespace() {
        if is_language(word) {
            if !into.is_empty() {
                into.push(' ');
            }
            into.extend(word.chars().filter(|c| !is_noise(*c)));
        }
    }
}

/// ASCII words with digits or signs inside are hashes, names of files, markup or code.
fn is_language(word: &str) -> bool {
    if !word.is_ascii() {
        return true;
    }
    let core = word.trim_matches(|c: char| {
        c.is_ascii_punctuation()
            && !matches!(c, '{' | '}' | '<' | '>' | '=' | '\\' | '_' | '[' | ']')
    });
    core.bytes()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-' | b'.' | b',' | b'/'))
}

/// Digits, invisible characters and U+FFFD say nothing.
fn is_noise(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFD}')
}

/// Cuts the pieces where half of the letters lie before.
pub(super) fn halves<'s, 't>(group: &'s [&'t Segment]) -> (&'s [&'t Segment], &'s [&'t Segment]) {
    let half = group.iter().map(|segment| segment.letters).sum::<u32>() / 2;
    let mut before = 0;
    let middle = group.iter().take_while(|segment| {
        let fits = before < half;
        before += segment.letters;
        fits
    });
    let middle = middle.count();
    group.split_at(middle)
}

/// About `bytes` of text, the same from the start of every piece.
pub(super) fn sample(group: &[&Segment], bytes: usize) -> String {
    let quota = (bytes / group.len().max(1)).max(48);
    let mut text = String::with_capacity(bytes + quota);
    for segment in group {
        if text.len() >= bytes {
            break;
        }
        let mut end = quota.min(segment.text.len());
        while !segment.text.is_char_boundary(end) {
            end -= 1;
        }
        let piece = segment.text.get(..end).unwrap_or_default();
        let whole = if end < segment.text.len() {
            piece.rfind(' ').unwrap_or(end)
        } else {
            end
        };
        text.push_str(piece.get(..whole).unwrap_or(piece));
        text.push(' ');
    }
    text
}
