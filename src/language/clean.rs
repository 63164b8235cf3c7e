//! What is no language is taken out of a piece of text: addresses, hashtags, markup, code, digits, invisible characters.

use super::Cleaned;
use crate::text::link_ranges;

/// Longest left-over tag and entity in bytes.
const TAG_BYTES: usize = 200;
const ENTITY_BYTES: usize = 12;

/// Signs of code for so many letters make a text code, if there are at least so many of them.
const CODE_LETTERS: u32 = 25;
const FEWEST_SIGNS: u32 = 2;

/// A text without what is no language.
#[derive(Debug)]
pub(super) struct Clean {
    /// The words that are language, with single spaces between them.
    pub text: String,
    pub signs: Signs,
}

/// Signs that stand in code and hardly in sentences.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Signs {
    /// `{`, `}`, `=`, `\\`, and `_` in words of ASCII.
    code: u32,
    /// `;`, which sentences have, too.
    semicolons: u32,
}

impl Signs {
    fn count(&mut self, word: &str) {
        // Between letters of other scripts a stroke is typography.
        let ascii = word.is_ascii();
        for byte in word.bytes() {
            let stroke = ascii && byte == b'_';
            self.code += u32::from(stroke || matches!(byte, b'{' | b'}' | b'=' | b'\\'));
            self.semicolons += u32::from(byte == b';');
        }
    }

    /// Whether a text of so many letters is code: markup, scripts, queries.
    pub(super) fn are_code(self, letters: u32) -> bool {
        let signs = self.code + self.semicolons;
        self.code > 0 && signs >= FEWEST_SIGNS && signs * CODE_LETTERS >= letters
    }
}

/// Takes out of a text what is no language.
pub(super) fn clean(piece: &str, cleaned: &mut Cleaned) -> Clean {
    let mut clean = Clean {
        text: String::with_capacity(piece.len()),
        signs: Signs::default(),
    };
    let mut from = 0;
    for link in link_ranges(piece) {
        cleaned.addresses += 1;
        markup(
            piece.get(from..link.start).unwrap_or_default(),
            &mut clean,
            cleaned,
        );
        from = link.end;
    }
    markup(piece.get(from..).unwrap_or_default(), &mut clean, cleaned);
    clean
}

/// Leaves out left-over tags and entities.
fn markup(text: &str, into: &mut Clean, cleaned: &mut Cleaned) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = bytes
        .get(from..)
        .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'<' | b'&')))
    {
        let at = from + at;
        words(text.get(from..at).unwrap_or_default(), into, cleaned);
        let length = length_of_markup(bytes.get(at..).unwrap_or_default());
        cleaned.markup += u32::from(length > 1);
        from = at + length;
    }
    words(text.get(from..).unwrap_or_default(), into, cleaned);
}

/// Bytes of the tag or the entity at the start; 1 for a sign that starts neither.
fn length_of_markup(bytes: &[u8]) -> usize {
    let (end, most) = match bytes {
        [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!') => {
            (b'>', TAG_BYTES)
        }
        [b'&', next, ..] if next.is_ascii_alphabetic() || *next == b'#' => (b';', ENTITY_BYTES),
        _ => return 1,
    };
    let inside = bytes.iter().take(most);
    let found = inside
        .take_while(|&&byte| {
            end == b'>' || byte.is_ascii_alphanumeric() || matches!(byte, b'&' | b'#' | b';')
        })
        .position(|&byte| byte == end);
    found.map_or(1, |at| at + 1)
}

/// Appends the words that are language.
fn words(text: &str, into: &mut Clean, cleaned: &mut Cleaned) {
    let Clean { text: kept, signs } = into;
    for word in text.split_whitespace() {
        if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            space(kept);
            kept.push_str(word);
            continue;
        }
        signs.count(word);
        if word.starts_with('#') && word.len() > 1 {
            cleaned.hashtags += 1;
        } else if !is_language(word) {
            cleaned.code += 1;
        } else {
            space(kept);
            for c in word.chars() {
                if is_invisible(c) {
                    cleaned.invisible += 1;
                } else if !c.is_ascii_digit() {
                    kept.push(c);
                }
            }
        }
    }
}

/// A space after what is there.
fn space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
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

/// Soft hyphens, zero-width and direction characters, U+FFFD.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFFD}')
        || c.is_control()
}

/// Whether a character can have a case: Latin, Greek, Cyrillic, Armenian and their extensions. Asking this first spares
/// most letters of other scripts a look-up.
pub(super) fn has_case(c: char) -> bool {
    matches!(c, '\0'..='\u{58F}' | '\u{10A0}'..='\u{10FF}' | '\u{1C80}'..='\u{1FFF}' | '\u{2C00}'..='\u{2D2F}' | '\u{A640}'..='\u{A7FF}' | '\u{FF21}'..='\u{FF5A}')
}
