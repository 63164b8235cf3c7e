//! Whether a line that starts with a marker phrase is the kind of line the phrase announces.

use super::{
    FEW_WORDS, Found, Marker, Markers, SHORT_WORDS, ends_sentence, is_number, is_sentence_end,
};
use crate::text::document::ZoneKind;
use crate::text::links::link_ranges;
use crate::text::page::{Line, Page, Word};

/// Longest byline, in words, and longest where it ends like a sentence.
const BYLINE_WORDS: usize = 20;
const BYLINE_SENTENCE: usize = 12;
/// Longest name between a label with a comma and the end of the line (`Author, Ines Calder`), in words.
const NAME_WORDS: usize = 3;
/// Words after a phrase that make a sentence of their own.
const SPEECH_WORDS: usize = 6;

impl Marker {
    /// Whether a line whose `words` start with the phrase is the kind of line the phrase announces.
    pub(super) fn judge(
        &self,
        markers: &Markers,
        page: &Page<'_>,
        line: &Line,
        words: &[Word],
    ) -> Option<Found> {
        let (length, weight) = (self.words(), line.weight);
        let found = |whole| {
            Some(Found {
                kind: self.kind,
                phrase: self.phrase,
                whole,
                words: length,
                ends_story: self.source || self.kind == ZoneKind::KeywordCloud,
            })
        };
        if words.len() == length {
            return if line.post_link { None } else { found(true) };
        }
        let after = words
            .get(length - 1)
            .map_or(0, |word| word.bytes.end as usize);
        let rest = page.text.get(after..line.bytes.end).unwrap_or_default();
        let delimited = follows_delimiter(rest);
        let sentence = ends_sentence(page.line_text(line));
        let extra = weight.saturating_sub(if self.telling { length.min(4) } else { length });
        let number = words
            .get(length)
            .is_some_and(|word| is_number(page.form(word)));
        let fits = match self.kind {
            ZoneKind::KeywordCloud => {
                delimited || self.telling && !sentence && rest.contains([',', '،', '、', '#'])
            }
            ZoneKind::Byline => {
                let most = if sentence && !self.telling {
                    BYLINE_SENTENCE
                } else {
                    BYLINE_WORDS
                };
                let text = page.line_text(line);
                let brackets = text.starts_with(['(', '[', '（'])
                    && text
                        .trim_end_matches(is_sentence_end)
                        .ends_with([')', ']', '）']);
                ((delimited || brackets && self.telling) && weight <= most)
                    || (self.telling || number) && !sentence && extra <= FEW_WORDS
                    || !sentence && extra <= NAME_WORDS && rest.starts_with([',', '،']) && {
                        let names = words.get(length..).unwrap_or_default();
                        names.iter().all(|word| is_name_part(page, word))
                    }
            }
            ZoneKind::HeadlineList => {
                !sentence && (delimited || self.telling) && extra <= FEW_WORDS
            }
            ZoneKind::ReadAlso => (delimited || self.telling && !sentence) && weight <= SHORT_WORDS,
            ZoneKind::Share => {
                let question = page.line_text(line).ends_with(['?', '؟', '？']);
                (delimited || self.telling && !question) && weight <= SHORT_WORDS
            }
            _ => (delimited || self.telling) && weight <= SHORT_WORDS,
        };
        let speech = || {
            let line = Opened {
                page,
                line,
                rest,
                after: words.get(length..).unwrap_or_default(),
            };
            line.is_speech(self, delimited) && !line.names_offer(markers)
        };
        if fits && !speech() {
            found(false)
        } else {
            None
        }
    }
}

/// Whether a word has a capital, or its script has none.
fn is_name_part(page: &Page<'_>, word: &Word) -> bool {
    let first = page.first_letter(word);
    word.capital || first.is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
}

/// A line that a phrase opens, with what follows.
struct Opened<'a> {
    page: &'a Page<'a>,
    line: &'a Line,
    /// The text after the phrase.
    rest: &'a str,
    /// The words after the phrase.
    after: &'a [Word],
}

impl Opened<'_> {
    /// Whether the line may as well be a sentence of the story that begins with the words of the phrase.
    fn is_speech(&self, marker: &Marker, delimited: bool) -> bool {
        let further = self.page.weigh_words(self.after);
        let text = self.page.line_text(self.line);
        // Thai and its neighbours write no full stop, and no space behind a word.
        let run_on = self.rest.starts_with(is_unpunctuated);
        let sentence = ends_statement(text) || run_on;
        match marker.kind {
            ZoneKind::Share => {
                let quoted = self.rest.starts_with([',', '،', '，', '、']);
                (sentence || quoted) && further >= SPEECH_WORDS
            }
            ZoneKind::Legal => {
                let short = marker.words() <= 2 || run_on;
                short && !delimited && sentence && further >= SPEECH_WORDS && !self.has_break()
            }
            ZoneKind::ReadAlso => run_on && further >= SPEECH_WORDS,
            ZoneKind::Caption => {
                delimited && sentence && further >= SPEECH_WORDS - 1 && self.names_nobody()
            }
            _ => false,
        }
    }

    /// Whether another sentence follows in the line.
    fn has_break(&self) -> bool {
        let inner = self.rest.trim_end_matches(is_sentence_end);
        inner.contains(is_sentence_end)
    }

    /// Whether no word is a name, in a script with capitals.
    fn names_nobody(&self) -> bool {
        let first = self.rest.chars().find(|c| c.is_alphanumeric());
        first.is_some_and(char::is_lowercase) && !self.after.iter().any(|word| word.capital)
    }

    /// Whether the line names what sites offer: a network, a newsletter, an account, a link.
    fn names_offer(&self, markers: &Markers) -> bool {
        let words = self.page.line_words(self.line);
        words
            .iter()
            .any(|word| markers.is_network(self.page.form(word)))
            || markers.services().stand_in(self.page, words)
            || !link_ranges(self.page.line_text(self.line)).is_empty()
    }
}

/// Whether a text ends with a full stop.
fn ends_statement(text: &str) -> bool {
    let closing = |c: char| !(c.is_alphanumeric() || is_sentence_end(c));
    let text = text.trim_end_matches(closing);
    text.ends_with(is_sentence_end) && !text.ends_with(['!', '?', '…', '！', '？', '؟'])
}

/// Letters of scripts that are written without spaces and without full stops.
fn is_unpunctuated(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1780}'..='\u{17FF}')
}

/// Whether a colon, bar, dash or closing bracket comes next. A hyphen needs a space before it.
fn follows_delimiter(rest: &str) -> bool {
    let spaced = rest.starts_with(char::is_whitespace);
    match rest
        .trim_start()
        .chars()
        .find(|c| !matches!(c, '*' | '_' | '\u{200E}' | '\u{200F}'))
    {
        Some(
            ':' | '：' | '︰' | '|' | '｜' | '»' | '«' | '›' | '>' | '–' | '—' | ']' | '】' | '〉'
            | '》' | '©',
        ) => true,
        Some('-') => spaced,
        _ => false,
    }
}
