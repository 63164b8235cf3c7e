//! The main text as pieces that can be judged one by one.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::Cleaned;
use super::clean::{Clean, clean, has_case};
use super::quotations::without_quotations;
use super::scripts::{LATIN, ScriptId, Scripts};
use crate::text::Document;

/// Longest piece in bytes: a long paragraph is cut so that a change of language inside it shows.
const PIECE_BYTES: usize = 400;
/// Most pieces of a document that are read; of longer ones every n-th is.
const MOST_PIECES: usize = 40;

/// Fewest words whose capitals say something.
const TITLE_WORDS: usize = 3;

/// A piece of main text in one script.
#[derive(Debug)]
pub(super) struct Segment {
    /// Place of the field among the fields of the document.
    pub field: usize,
    /// Where the piece stands in the text of the field, in bytes.
    pub bytes: Range<usize>,
    /// Text without links, digits, code and invisible characters; single spaces between words. In Chinese without
    /// quotations, too, where they are less than half of it.
    pub text: String,
    /// Script of most letters.
    pub script: ScriptId,
    /// Letters, where a Han character counts two.
    pub letters: u32,
    /// Letters by script.
    pub histogram: Vec<u32>,
}

/// Cuts the content of a document into pieces. Pieces without letters are left out. `cleaned` counts what is left out of
/// the others.
pub(super) fn segments(
    document: &Document,
    scripts: &Scripts,
    cleaned: &mut Cleaned,
) -> Vec<Segment> {
    let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
    for (index, field) in document.fields.iter().enumerate() {
        for block in field.blocks.iter().filter(|block| block.kind.is_content()) {
            cut(&field.text, block.bytes.clone(), index, &mut pieces);
        }
    }
    let step = pieces.len().div_ceil(MOST_PIECES).max(1);
    pieces
        .into_iter()
        .step_by(step)
        .filter_map(|(field, bytes)| {
            let text = document.fields.get(field)?.text.get(bytes.clone())?;
            segment(text, field, bytes, scripts, cleaned)
        })
        .collect()
}

/// Cuts a paragraph, at a space where one is near.
fn cut(text: &str, paragraph: Range<usize>, field: usize, pieces: &mut Vec<(usize, Range<usize>)>) {
    let Range { mut start, end } = paragraph;
    while end.saturating_sub(start) > PIECE_BYTES * 3 / 2 {
        let mut middle = start + PIECE_BYTES;
        while !text.is_char_boundary(middle) {
            middle -= 1;
        }
        let head = text.get(start..middle).unwrap_or_default();
        let space = head
            .char_indices()
            .rev()
            .take(40)
            .find(|(_, c)| c.is_whitespace())
            .map(|(byte, _)| start + byte);
        let middle = space.filter(|&byte| byte > start).unwrap_or(middle);
        pieces.push((field, start..middle));
        start = middle;
    }
    pieces.push((field, start..end));
}

fn segment(
    piece: &str,
    field: usize,
    bytes: Range<usize>,
    scripts: &Scripts,
    cleaned: &mut Cleaned,
) -> Option<Segment> {
    let Clean { text, signs } = clean(piece, cleaned);
    let mut histogram = vec![0_u32; scripts.len()];
    let han = scripts.find("Hani").map_or(usize::MAX, usize::from);
    let (mut upper, mut lower, mut decomposed) = (0_u32, 0_u32, false);
    for c in text.chars() {
        if c.is_ascii() {
            upper += u32::from(c.is_ascii_uppercase());
            lower += u32::from(c.is_ascii_lowercase());
        } else {
            if has_case(c) {
                upper += u32::from(c.is_uppercase());
                lower += u32::from(c.is_lowercase());
            }
            decomposed |= composes(c);
        }
        if let Some(count) = scripts
            .of(c)
            .and_then(|id| histogram.get_mut(usize::from(id)))
        {
            *count += 1;
        }
    }
    if let Some(count) = histogram.get_mut(han) {
        *count *= 2;
    }
    let letters = histogram.iter().sum();
    if signs.are_code(letters) {
        cleaned.code += 1;
        return None;
    }
    let has_title_case = upper > 2 && is_title_case(&text);
    let most = histogram
        .iter()
        .enumerate()
        .max_by_key(|&(id, &count)| (count, std::cmp::Reverse(id)))?;
    let script = main_script(ScriptId::try_from(most.0).ok()?, &histogram);
    let outside = (usize::from(script) == han).then(|| without_quotations(&text));
    let text = outside.flatten().unwrap_or(text);
    (letters > 0).then(|| Segment {
        field,
        bytes,
        text: plain(text, upper > lower || has_title_case, decomposed),
        script,
        letters,
        histogram,
    })
}

/// The script of a piece of text, given the one of most letters. Brands and names in Latin letters do not make a Chinese or
/// Russian headline Latin: another script of half as many letters is the one of the language.
fn main_script(most: ScriptId, histogram: &[u32]) -> ScriptId {
    let count = |id: ScriptId| histogram.get(usize::from(id)).copied().unwrap_or(0);
    let others = (0..ScriptId::MAX).zip(histogram).map(|(id, _)| id);
    let next = others
        .filter(|&id| id != LATIN)
        .max_by_key(|&id| (count(id), std::cmp::Reverse(id)));
    next.filter(|&next| most == LATIN && count(next) > 0 && count(next) * 2 >= count(LATIN))
        .unwrap_or(most)
}

/// Marks that form one character with the letter before them in the composed form.
fn composes(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{653}'..='\u{655}' | '\u{93C}' | '\u{9BC}' | '\u{3099}' | '\u{309A}' | '\u{1100}'..='\u{11FF}')
}

/// The text as the model knows it: composed, and in small letters where most are capitals.
fn plain(text: String, shouted: bool, decomposed: bool) -> String {
    let text = if decomposed {
        text.nfc().collect()
    } else {
        text
    };
    if shouted { small(&text) } else { text }
}

/// Whether two of three words begin with a capital, as in English headlines: the model knows words in small letters.
fn is_title_case(text: &str) -> bool {
    let (mut words, mut capital) = (0_usize, 0_usize);
    for word in text.split_whitespace() {
        if let Some(first) = word.chars().find(|c| c.is_alphabetic()) {
            words += 1;
            capital += usize::from(first.is_uppercase());
        }
    }
    words >= TITLE_WORDS && capital * 3 >= words * 2
}

/// Small letters. A text with dotted or dotless i in capitals is Turkish or Azerbaijani, where I is the capital of ı.
fn small(text: &str) -> String {
    let dotted: Cow<'_, str> = if text.contains('İ') {
        text.replace('I', "ı").replace('İ', "i").into()
    } else {
        text.into()
    };
    dotted.to_lowercase()
}

/// About `bytes` of text, as much from the start of every piece.
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
