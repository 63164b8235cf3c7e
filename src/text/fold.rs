//! The folding table: what becomes of each character when words are compared.
//!
//! The table is computed once from the Unicode data of the standard library and of `unicode-normalization`,
//! plus the few letter rules in [`letter`]. Folding is idempotent: a folded form folds to itself.
//!
//! * Lower case; compatibility forms by NFKC (full width, ligatures, Arabic presentation forms).
//! * Accents of Latin, Greek and Cyrillic letters are dropped, but й stays й; ё becomes е.
//! * Arabic: vowel signs, Quranic signs and tatweel are dropped; أ إ آ ٱ become ا, ى ی ئ become ي, ک becomes ك,
//!   ة becomes ه, ؤ becomes و. Hebrew points are dropped.
//! * Turkish: `I`, `İ` and `ı` all become `i`, so that a capital says nothing about the dot.
//! * German ß becomes ss; final Greek ς becomes σ.
//! * Digits of the large Arabic and Indic scripts become ASCII digits.
//! * Vowel signs, nukta and virama of Indic and other Brahmic scripts are part of the word and stay.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// What a character does to the word it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Ends a word.
    Separate,
    /// Letter or digit with a one-character folded form.
    Word(char),
    /// Letter or digit with a longer folded form: index for [`FoldTable::expansion`].
    Expand(u16),
    /// Character of a script that is written without spaces: a token of its own.
    Single(char),
    /// Sign that belongs to the letter before it and stays: index for [`FoldTable::expansion`].
    Sign(u16),
    /// Letter part that may combine with the letter before it (Hangul jamo).
    Part(char),
    /// Accent or vowel sign that belongs to the letter before it and is dropped.
    Drop,
    /// Combining breve: turns и into й and is dropped elsewhere.
    Breve,
    /// Invisible character (joiner, bidirectional control, soft hyphen): neither part of a word nor its end.
    Ignore,
}

/// Characters below this have an entry; those above are Han or rare.
const TABLE_END: u32 = 0x2_0000;

/// First characters of the digit rows that fold to ASCII digits: Arabic, Persian, N'Ko, the Indic scripts, Thai,
/// Lao, Tibetan, Myanmar, Khmer.
const DIGIT_ROWS: [u32; 18] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
];

/// Combining marks that are dropped, as inclusive ranges; other combining marks stay.
const DROPPED: [(u32, u32); 16] = [
    (0x0300, 0x036F), // accents of Latin, Greek and Cyrillic
    (0x0483, 0x0489), // Old Cyrillic
    (0x0591, 0x05C7), // Hebrew points
    (0x0610, 0x061A), // Arabic signs
    (0x064B, 0x065F), // Arabic vowel signs, hamza and madda
    (0x0670, 0x0670), // superscript alef
    (0x06D6, 0x06ED), // Quranic marks
    (0x0711, 0x074A), // Syriac points
    (0x0897, 0x08FF), // more Arabic marks
    (0x180B, 0x180F), // Mongolian variation selectors
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF), // enclosing marks
    (0xFE00, 0xFE0F), // variation selectors
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF), // ideographic variation selectors
];

/// The computed table.
#[derive(Debug)]
pub(super) struct FoldTable {
    actions: Vec<Action>,
    expansions: Vec<String>,
}

/// The one table of the process, computed at first use (a few milliseconds).
pub(super) static TABLE: LazyLock<FoldTable> = LazyLock::new(FoldTable::compute);

impl FoldTable {
    /// What `c` does.
    #[inline]
    pub(super) fn action(&self, c: char) -> Action {
        match self.actions.get(c as usize) {
            Some(&action) => action,
            None => beyond(c),
        }
    }

    /// The folded form behind [`Action::Expand`] and [`Action::Sign`].
    pub(super) fn expansion(&self, index: u16) -> &str {
        self.expansions
            .get(usize::from(index))
            .map_or("", String::as_str)
    }

    fn compute() -> Self {
        let mut table = Self {
            actions: Vec::with_capacity(TABLE_END as usize),
            expansions: Vec::new(),
        };
        for code in 0..TABLE_END {
            let action = char::from_u32(code).map_or(Action::Separate, |c| table.classify(c));
            table.actions.push(action);
        }
        table
    }

    fn classify(&mut self, c: char) -> Action {
        match c as u32 {
            0x3400..=0x4DBF | 0x4E00..=0x9FFF => return Action::Single(c),
            0xAC00..=0xD7A3 => return Action::Word(c),
            0x0306 => return Action::Breve,
            _ => {}
        }
        if is_ignorable(c) {
            return Action::Ignore;
        }
        let mark = is_combining_mark(c);
        if !(mark || is_word_letter(c) || is_radical(c)) {
            return Action::Separate;
        }
        if mark && is_dropped(c) {
            return Action::Drop;
        }
        self.classify_letter(c, mark)
    }

    fn classify_letter(&mut self, c: char, mark: bool) -> Action {
        let folded = fold_char(c);
        let mut chars = folded.chars();
        let Some(first) = chars.next() else {
            return Action::Drop;
        };
        let one = chars.next().is_none();
        if mark || folded.chars().all(is_combining_mark) {
            return self.store(folded).map_or(Action::Drop, Action::Sign);
        }
        if is_single(c) && !one || is_combining_mark(first) {
            // Thai sara am and the kana ligatures: decomposing them would tear them apart.
            return if is_single(c) {
                Action::Single(c)
            } else {
                Action::Separate
            };
        }
        if folded
            .chars()
            .any(|part| !(is_word_letter(part) || is_combining_mark(part)))
        {
            return Action::Separate;
        }
        match (one, first) {
            (true, _) if is_single(first) => Action::Single(first),
            (true, '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}') => Action::Part(first),
            (true, _) => Action::Word(first),
            (false, _) => self.store(folded).map_or(Action::Separate, Action::Expand),
        }
    }

    fn store(&mut self, folded: String) -> Option<u16> {
        let index = u16::try_from(self.expansions.len()).ok()?;
        self.expansions.push(folded);
        Some(index)
    }
}

/// Characters above the table: Han extensions, variation selectors; nothing else is a letter of the news.
fn beyond(c: char) -> Action {
    match c as u32 {
        0x2_F800..=0x2_FA1F if is_single(c) => Action::Single(c.nfc().next().unwrap_or(c)),
        0x2_0000..=0x3_FFFD if is_single(c) => Action::Single(c),
        0xE0100..=0xE01EF => Action::Drop,
        _ => Action::Separate,
    }
}

/// The folded form of one letter: rules are applied until they change nothing more.
fn fold_char(c: char) -> String {
    let mut form = String::from(c);
    for _ in 0..4 {
        let next = fold_once(&form);
        if next == form {
            break;
        }
        form = next;
    }
    form
}

fn fold_once(form: &str) -> String {
    let mut letters = String::new();
    for part in form.nfkd().flat_map(char::to_lowercase).nfkd() {
        match part {
            '\u{0306}' if letters.ends_with('и') => letters.push(part),
            _ if is_combining_mark(part) && is_dropped(part) => {}
            'ß' => letters.push_str("ss"),
            _ => letters.extend(letter(part)),
        }
    }
    letters.nfc().collect()
}

/// Letters that fold to another letter although Unicode does not relate them; `None` drops the letter.
fn letter(c: char) -> Option<char> {
    Some(match c {
        'ı' => 'i',
        'ς' => 'σ',
        '\u{0640}' => return None, // tatweel
        'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        'ة' => 'ه',
        _ => digit(c).unwrap_or(c),
    })
}

fn digit(c: char) -> Option<char> {
    let row = DIGIT_ROWS
        .iter()
        .find(|&&row| (row..row + 10).contains(&(c as u32)))?;
    char::from_digit(c as u32 - row, 10)
}

fn is_dropped(mark: char) -> bool {
    DROPPED
        .iter()
        .any(|&(start, end)| (start..=end).contains(&(mark as u32)))
}

/// Letters and digits, but not the letters that serve as apostrophes (Hawaiian, Ukrainian, Uzbek).
fn is_word_letter(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(
            c,
            '\u{02B9}'..='\u{02BF}' | '\u{02C8}' | '\u{A78B}' | '\u{A78C}'
        )
}

/// Radicals, which text taken from PDF has in place of the characters.
fn is_radical(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{2FDF}')
        && fold_char(c)
            .chars()
            .all(|part| part.script() == Script::Han)
}

/// Invisible characters that do not end a word.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}')
}

/// Whether the character belongs to a script that is written without spaces between words.
pub(crate) fn is_single(c: char) -> bool {
    use Script::{Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai, Tibetan};
    matches!(c, 'ー' | '々' | '〆' | 'ｰ')
        || matches!(
            c.script(),
            Han | Hiragana | Katakana | Thai | Lao | Khmer | Myanmar | Tibetan
        )
}
