//! Whether a line that starts with a marker phrase is the kind of line the phrase announces.

use super::{FEW_WORDS, Found, Marker, SHORT_WORDS, ends_sentence, is_number};
use crate::text::document::ZoneKind;
use crate::text::page::{Line, Page, Word};

/// Longest byline, in words, and longest where it ends like a sentence.
const BYLINE_WORDS: usize = 20;
const BYLINE_SENTENCE: usize = 12;

impl Marker {
    /// Whether a line whose `words` start with the phrase is the kind of line the phrase announces.
    pub(super) fn judge(&self, page: &Page<'_>, line: &Line, words: &[Word]) -> Option<Found> {
        let (length, weight) = (self.words(), line.weight);
        let found = |whole| {
            Some(Found {
                kind: self.kind,
                phrase: self.phrase,
                whole,
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
                let brackets =
                    text.starts_with(['(', '[', '（']) && text.ends_with([')', ']', '）']);
                ((delimited || brackets && self.telling) && weight <= most)
                    || (self.telling || number) && !sentence && extra <= FEW_WORDS
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
        if fits { found(false) } else { None }
    }
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
