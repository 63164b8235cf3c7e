//! Words with their folded form and their place, in one pass.

use std::ops::Range;

use unicode_normalization::char::compose;

use super::fold::{Action, FoldTable, TABLE};

/// Calls `emit` for every token of `text`, in order and without overlap.
///
/// The arguments of `emit` are the folded form (never empty), the bytes of `text`, the Unicode code points of
/// `text`, and whether the token is one character of a script that is written without spaces.
///
/// A token is a run of letters, digits and combining marks; everything else ends it, also apostrophes, hyphens and
/// the points inside numbers. Invisible characters inside a word are left out of the folded form but lie within the
/// positions. Characters of Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar and Tibetan are tokens of their own,
/// each with its combining marks. The folded form is lower case without accents; Turkish `I`, `İ` and `ı` are all `i`.
///
/// Time is linear in the length of `text`. Tokenising a folded form gives that form.
pub fn tokenize(text: &str, mut emit: impl FnMut(&str, Range<usize>, Range<u32>, bool)) {
    let mut form = String::with_capacity(64);
    fold_into(text, &mut form, |form, start, bytes, points, single| {
        emit(form.get(start..).unwrap_or_default(), bytes, points, single);
        form.clear();
    });
}

/// [`tokenize`], with the folded forms appended to `folded`.
///
/// `emit` is given the buffer, which may be emptied but not otherwise changed, and where the new form starts in it.
pub(super) fn fold_into(
    text: &str,
    folded: &mut String,
    emit: impl FnMut(&mut String, usize, Range<usize>, Range<u32>, bool),
) {
    let mut scanner = Scanner {
        table: &TABLE,
        start: folded.len(),
        form: folded,
        word: Word::default(),
        emit,
    };
    let (mut at, mut point) = (0, 0_u32);
    while let Some(rest) = text.get(at..) {
        let ascii = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if ascii > 0 {
            scanner.read_ascii(rest.get(..ascii).unwrap_or_default(), at, point);
            at += ascii;
            point = point.saturating_add(u32::try_from(ascii).unwrap_or(u32::MAX));
        }
        // Everything up to the next ASCII letter or digit, one character at a time.
        let mut more = false;
        for c in text.get(at..).unwrap_or_default().chars() {
            if c.is_ascii_alphanumeric() {
                more = true;
                break;
            }
            scanner.read(c, at, point);
            at += c.len_utf8();
            point = point.saturating_add(1);
        }
        if !more {
            break;
        }
    }
    scanner.finish();
}

/// The folded forms of all tokens of `text`.
///
/// ```
/// use newsstage::text::folded_words;
/// assert_eq!(folded_words("L'ÉTÉ à Rome"), ["l", "ete", "a", "rome"]);
/// ```
pub fn folded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    tokenize(text, |form, _, _, _| words.push(form.to_owned()));
    words
}

/// Place of the token that is being read.
#[derive(Debug, Clone, Default)]
struct Word {
    bytes: Range<usize>,
    points: Range<u32>,
    single: bool,
}

struct Scanner<'t, F> {
    table: &'t FoldTable,
    /// Buffer whose end is the folded form read so far.
    form: &'t mut String,
    /// Where that form starts.
    start: usize,
    word: Word,
    emit: F,
}

impl<F: FnMut(&mut String, usize, Range<usize>, Range<u32>, bool)> Scanner<'_, F> {
    /// Whether no word is open.
    #[inline]
    fn is_between(&self) -> bool {
        self.form.len() == self.start
    }

    #[inline]
    fn read(&mut self, c: char, byte: usize, point: u32) {
        match self.table.action(c) {
            Action::Word(folded) => {
                self.begin(byte, point);
                self.form.push(folded);
                self.extend(c, byte, point);
            }
            Action::Separate => self.finish(),
            Action::Ignore => {}
            Action::Drop if self.is_between() => {}
            Action::Drop => self.extend(c, byte, point),
            action => self.read_rare(action, c, byte, point),
        }
    }

    /// A run of ASCII letters and digits.
    #[inline]
    fn read_ascii(&mut self, run: &str, byte: usize, point: u32) {
        self.begin(byte, point);
        let from = self.form.len();
        self.form.push_str(run);
        if let Some(added) = self.form.get_mut(from..) {
            added.make_ascii_lowercase();
        }
        self.word.bytes.end = byte + run.len();
        self.word.points.end = point.saturating_add(u32::try_from(run.len()).unwrap_or(u32::MAX));
    }

    fn read_rare(&mut self, action: Action, c: char, byte: usize, point: u32) {
        match action {
            Action::Single(folded) => {
                self.finish();
                self.begin(byte, point);
                self.form.push(folded);
                self.word.single = true;
            }
            Action::Expand(index) => {
                self.begin(byte, point);
                self.form.push_str(self.table.expansion(index));
            }
            Action::Part(folded) => {
                self.begin(byte, point);
                self.combine(folded);
            }
            // A mark without a letter before it is no word.
            _ if self.is_between() => return,
            Action::Sign(index) => {
                let table = self.table;
                for sign in table.expansion(index).chars() {
                    self.combine(sign);
                }
            }
            Action::Breve if self.form.ends_with('и') => self.combine('\u{0306}'),
            _ => {}
        }
        self.extend(c, byte, point);
    }

    /// A letter that is no token of its own starts here, or goes on.
    #[inline]
    fn begin(&mut self, byte: usize, point: u32) {
        if self.word.single {
            self.finish();
        }
        if self.is_between() {
            self.word.bytes.start = byte;
            self.word.points.start = point;
        }
    }

    #[inline]
    fn extend(&mut self, c: char, byte: usize, point: u32) {
        self.word.bytes.end = byte + c.len_utf8();
        self.word.points.end = point.saturating_add(1);
    }

    #[inline]
    fn finish(&mut self) {
        if !self.is_between() {
            (self.emit)(
                self.form,
                self.start,
                self.word.bytes.clone(),
                self.word.points.clone(),
                self.word.single,
            );
            self.start = self.form.len();
            self.word.single = false;
        }
    }

    /// Appends a sign or letter part, composed with the last character of the word where Unicode has one character for
    /// both.
    fn combine(&mut self, part: char) {
        let last = if self.is_between() {
            None
        } else {
            self.form.pop()
        };
        match last.and_then(|last| compose(last, part)) {
            Some(composed) => self.form.push(composed),
            None => {
                self.form.extend(last);
                self.form.push(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn words(text: &str) -> Vec<String> {
        folded_words(text)
    }

    #[test]
    fn latin_greek_and_cyrillic_fold() {
        assert_eq!(
            words("Ångström's NAÏVE Café"),
            ["angstrom", "s", "naive", "cafe"]
        );
        assert_eq!(words("ＡＢＣ１２３ ﬁne"), ["abc123", "fine"]);
        assert_eq!(words("Straße STRASSE"), ["strasse", "strasse"]);
        assert_eq!(words("Αθήνα ΑΘΉΝΑΣ"), ["αθηνα", "αθηνασ"]);
        assert_eq!(words("Ёлка ель"), ["елка", "ель"]);
        assert_eq!(words("3.5 1,000 20%"), ["3", "5", "1", "000", "20"]);
        assert_eq!(
            words("COVID-19 well-known"),
            ["covid", "19", "well", "known"]
        );
    }

    #[test]
    fn turkish_dots_do_not_count() {
        assert_eq!(
            words("İSTANBUL ISTANBUL ıstanbul istanbul"),
            vec!["istanbul"; 4]
        );
    }

    #[test]
    fn short_i_stays_apart_in_both_normal_forms() {
        assert_eq!(
            words("мой мои МОЙ мои\u{306}"),
            ["мой", "мои", "мой", "мой"]
        );
    }

    #[test]
    fn arabic_variants_meet() {
        assert_eq!(words("أَحْمَد إحمد آحمد ٱحمد احمـــد"), vec!["احمد"; 5]);
        assert_eq!(words("الكوری کوریا"), ["الكوري", "كوريا"]);
        assert_eq!(
            words("مدرسة مدرسه على علي"),
            ["مدرسه", "مدرسه", "علي", "علي"]
        );
        assert_eq!(words("مسؤول رئيس"), ["مسوول", "رييس"]);
        assert_eq!(words("١٢٣ ۱۲۳ 123"), vec!["123"; 3]);
        assert_eq!(
            words("\u{FEFB} \u{FE8D}\u{FEDF}\u{FEE0}\u{FEEA}"),
            ["لا", "الله"]
        );
        assert_eq!(words("שָׁלוֹם"), ["שלום"]);
    }

    #[test]
    fn indic_signs_stay() {
        assert_eq!(words("हिन्दी में"), ["हिन्दी", "में"]);
        assert_eq!(words("ক\u{9C7}\u{9BE}"), words("ক\u{9CB}"));
        assert_eq!(words("२०२४"), ["2024"]);
    }

    #[test]
    fn hangul_parts_meet_syllables() {
        assert_eq!(
            words("한국 \u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"),
            ["한국", "한국"]
        );
    }

    #[test]
    fn scripts_without_spaces_give_characters() {
        let mut seen = Vec::new();
        tokenize(
            "東京2024年ｶﾞ ไม้",
            |form, _, points, single| seen.push((form.to_owned(), points, single)),
        );
        let expected = [
            ("東", 0..1, true),
            ("京", 1..2, true),
            ("2024", 2..6, false),
            ("年", 6..7, true),
            ("ガ", 7..9, true),
            ("ไ", 10..11, true),
            ("ม้", 11..13, true),
        ];
        assert_eq!(
            seen,
            expected.map(|(form, points, single)| (form.to_owned(), points, single))
        );
    }

    #[test]
    fn invisible_characters_vanish_but_count() {
        let mut seen = Vec::new();
        tokenize(
            "\u{200F}می\u{200C}شود\u{200F}، hy\u{AD}phen",
            |form, bytes, points, _| {
                seen.push((form.to_owned(), bytes, points));
            },
        );
        assert_eq!(seen[0], ("ميشود".to_owned(), 3..16, 1..7));
        assert_eq!(seen[1], ("hyphen".to_owned(), 22..30, 10..17));
    }

    #[test]
    fn marks_alone_are_no_words() {
        assert!(words("\u{301} ـــ \u{93F} \u{200D} — … ½").is_empty());
    }

    #[test]
    fn every_character_folds_to_a_fixed_point() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            for form in words(&format!("ا{c}и{c} {c}")) {
                assert_eq!(
                    words(&form),
                    std::slice::from_ref(&form),
                    "U+{:04X}",
                    c as u32
                );
            }
        }
    }

    fn foreign() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a", "É", " ", "\u{301}", "и", "\u{306}", "ß", "I", "ـ", "أ", "ی", "َ", "\u{200C}", "ﷺ",
            "क", "्", "\u{93F}", "\u{1100}", "\u{1161}", "\u{11A8}", "が", "か", "\u{3099}", "ไ",
            "้", "ำ", "漢", "😀", "\u{FE0F}", "1", ".", "'",
        ]);
        prop_oneof![
            ".{0,40}",
            prop::collection::vec(pieces, 0..30).prop_map(|parts| parts.concat())
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn positions_are_true_and_ordered(text in foreign()) {
            let (mut last_byte, mut last_point) = (0, 0);
            let mut problem = None;
            tokenize(&text, |form, bytes, points, single| {
                let piece = text.get(bytes.clone()).unwrap_or_default();
                let before = text.get(..bytes.start).unwrap_or_default();
                let right = !form.is_empty()
                    && !piece.is_empty()
                    && bytes.start >= last_byte
                    && points.start >= last_point
                    && before.chars().count() == points.start as usize
                    && piece.chars().count() == points.len()
                    && folded_words(piece) == [form.to_owned()]
                    && (!single || form.chars().next().is_some_and(super::super::fold::is_single));
                if !right {
                    problem = Some((form.to_owned(), bytes.clone()));
                }
                (last_byte, last_point) = (bytes.end, points.end);
            });
            prop_assert_eq!(problem, None);
        }

        #[test]
        fn folding_is_idempotent(text in foreign()) {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
