//! Marker phrases: the words by which pages announce furniture. The phrases are data (`markers.tsv`).

use std::collections::HashMap;

use super::document::ZoneKind;
use super::page::{Line, Page};
use super::tokens::tokenize;

const DATA: &str = include_str!("markers.tsv");

/// Longest line, in words, that a phrase without a delimiter after it may open.
const SHORT_WORDS: usize = 30;
/// Most words after a list's or byline's phrase where no delimiter stands between.
const FEW_WORDS: usize = 5;
/// Longest byline, in words.
const BYLINE_WORDS: usize = 20;

/// One phrase.
#[derive(Debug)]
struct Marker {
    kind: ZoneKind,
    /// As written in the data file: the reason that is published.
    phrase: &'static str,
    /// Folded words, without the first, which is the key of the table.
    rest: Vec<String>,
    /// Whether the phrase is long enough to stand without a delimiter.
    telling: bool,
}

/// A phrase found on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// What the phrase announces.
    pub kind: ZoneKind,
    /// The phrase.
    pub phrase: &'static str,
    /// Whether the line holds nothing else.
    pub whole: bool,
}

/// A line of the data file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("marker phrases, line {line}: {problem}")]
pub struct MarkerError {
    /// Line number from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// All phrases by their first word.
#[derive(Debug)]
pub(super) struct Markers {
    by_first: HashMap<String, Vec<Marker>>,
    legal_by_last: HashMap<String, Vec<&'static str>>,
}

impl Markers {
    /// The phrases the program ships.
    pub(super) fn shipped() -> Result<Self, MarkerError> {
        Self::parse(DATA)
    }

    fn parse(data: &'static str) -> Result<Self, MarkerError> {
        let mut markers = Self {
            by_first: HashMap::new(),
            legal_by_last: HashMap::new(),
        };
        for (index, row) in data.lines().enumerate() {
            if !row.starts_with('#') && !row.trim().is_empty() {
                markers.add(row).map_err(|problem| MarkerError {
                    line: index + 1,
                    problem,
                })?;
            }
        }
        for list in markers.by_first.values_mut() {
            list.sort_by_key(|marker| std::cmp::Reverse(marker.rest.len()));
        }
        Ok(markers)
    }

    fn add(&mut self, row: &'static str) -> Result<(), &'static str> {
        let mut columns = row.split('\t');
        let (Some(kind), Some(_), Some(phrase), None) = (
            columns.next(),
            columns.next(),
            columns.next(),
            columns.next(),
        ) else {
            return Err("expected three columns: kind, language, phrase");
        };
        let kind = kind_named(kind).ok_or("unknown kind")?;
        let (mut words, mut singles) = (Vec::new(), 0);
        tokenize(phrase, |form, _, _, single| {
            words.push(form.to_owned());
            singles += usize::from(single);
        });
        let telling = if singles > 0 {
            words.len() >= 4
        } else {
            words.len() >= 2
        };
        if let (ZoneKind::Legal, Some(last)) = (kind, words.last()) {
            self.legal_by_last
                .entry(last.clone())
                .or_default()
                .push(phrase);
        }
        let mut words = words.into_iter();
        let first = words.next().ok_or("the phrase has no word")?;
        let marker = Marker {
            kind,
            phrase,
            rest: words.collect(),
            telling,
        };
        self.by_first.entry(first).or_default().push(marker);
        Ok(())
    }

    /// The phrase that opens the line, or the legal phrase that closes it.
    pub(super) fn find(&self, page: &Page<'_>, line: &Line) -> Option<Found> {
        let words = page.line_words(line);
        let (first, last) = (words.first()?, words.last()?);
        let opening = self.by_first.get(page.form(first)).into_iter().flatten();
        let mut weight = None;
        for marker in opening {
            let rest = words.get(1..=marker.rest.len()).unwrap_or_default();
            let same = rest.len() == marker.rest.len()
                && rest
                    .iter()
                    .zip(&marker.rest)
                    .all(|(word, form)| page.form(word) == form);
            if same {
                let weight = *weight.get_or_insert_with(|| line.weight);
                if let Some(found) = marker.judge(page, line, weight) {
                    return Some(found);
                }
            }
        }
        let phrase = self
            .legal_by_last
            .get(page.form(last))?
            .iter()
            .find(|phrase| {
                let text = page
                    .line_text(line)
                    .trim_end_matches(|c: char| !c.is_alphanumeric());
                text.ends_with(*phrase) && line.weight <= SHORT_WORDS
            })?;
        Some(Found {
            kind: ZoneKind::Legal,
            phrase,
            whole: false,
        })
    }
}

impl Marker {
    /// Whether a line that starts with the phrase is the kind of line the phrase announces.
    fn judge(&self, page: &Page<'_>, line: &Line, weight: usize) -> Option<Found> {
        let words = page.line_words(line);
        let length = self.rest.len() + 1;
        let found = |whole| {
            Some(Found {
                kind: self.kind,
                phrase: self.phrase,
                whole,
            })
        };
        let after = words
            .get(length - 1)
            .map_or(0, |word| word.bytes.end as usize);
        if words.len() == length {
            return if line.post_link { None } else { found(true) };
        }
        let delimited = follows_delimiter(page.text.get(after..line.bytes.end).unwrap_or_default());
        let sentence = ends_sentence(page.line_text(line));
        let extra = weight.saturating_sub(if self.telling { length.min(4) } else { length });
        let fits = match self.kind {
            ZoneKind::KeywordCloud => delimited,
            ZoneKind::Byline => {
                (delimited && weight <= BYLINE_WORDS)
                    || self.telling && !sentence && extra <= FEW_WORDS
            }
            ZoneKind::HeadlineList => {
                !sentence && (delimited || self.telling) && extra <= FEW_WORDS
            }
            ZoneKind::ReadAlso => (delimited || self.telling && !sentence) && weight <= SHORT_WORDS,
            _ => (delimited || self.telling) && weight <= SHORT_WORDS,
        };
        if fits { found(false) } else { None }
    }
}

fn kind_named(name: &str) -> Option<ZoneKind> {
    use ZoneKind::{
        Byline, Caption, EmbeddedPost, HeadlineList, KeywordCloud, Legal, ReadAlso, Share,
    };
    [
        ReadAlso,
        HeadlineList,
        KeywordCloud,
        Share,
        Byline,
        Caption,
        Legal,
        EmbeddedPost,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == name)
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

/// Whether a line ends like a sentence: full stop, question or exclamation mark, quotation marks aside.
pub(super) fn ends_sentence(line: &str) -> bool {
    let closing = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | '」' | '』' | '）')
    };
    line.trim_end_matches(closing).ends_with(is_sentence_end)
}

/// Characters that end sentences in the scripts of the news.
pub(super) fn is_sentence_end(c: char) -> bool {
    matches!(
        c,
        '.' | '!'
            | '?'
            | '…'
            | '。'
            | '！'
            | '？'
            | '．'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '։'
            | '።'
            | '។'
            | '။'
            | '།'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(ZoneKind, bool)> {
        let page = Page::read(text);
        let markers = Markers::shipped().expect("shipped phrases");
        page.lines
            .first()
            .and_then(|line| markers.find(&page, line))
            .map(|found| (found.kind, found.whole))
    }

    #[test]
    fn phrases_are_found_in_many_languages() {
        for text in [
            "إقرأ أيضاً:",
            "READ ALSO",
            "Lire aussi :",
            "Читайте также:",
            "Διαβάστε επίσης",
            "यह भी पढ़ें:",
            "延伸阅读",
            "Baca juga:",
        ] {
            assert_eq!(found(text), Some((ZoneKind::ReadAlso, true)), "{text}");
        }
        assert_eq!(
            found("Leggi anche: Il governo rinvia il voto"),
            Some((ZoneKind::ReadAlso, false))
        );
        assert_eq!(
            found("【相关阅读】 两国恢复谈判"),
            Some((ZoneKind::ReadAlso, false))
        );
        assert_eq!(found("المصدر: وكالات"), Some((ZoneKind::Byline, false)));
        assert_eq!(
            found("Mots-clés : santé, école"),
            Some((ZoneKind::KeywordCloud, false))
        );
        assert_eq!(
            found("• Follow us on the usual networks!"),
            Some((ZoneKind::Share, false))
        );
        assert_eq!(
            found("© 2031 Example Post. All rights reserved."),
            Some((ZoneKind::Legal, false))
        );
        assert_eq!(found("写真：港に入る船"), Some((ZoneKind::Caption, false)));
    }

    #[test]
    fn prose_that_starts_alike_is_no_marker() {
        for text in [
            "Source code written by students was shown at the fair.",
            "Topics ranged from health to trade.",
            "Read more books, the minister told pupils on Monday, and spend less time on the telephone.",
            "Photo editors met in the capital.",
            "المصدر الرئيسي للدخل في القرية هو الصيد.",
            "Related companies were not named in the report.",
            "Ministers said that all rights reserved for the islanders would be kept after the vote.",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn bad_data_is_named_by_line() {
        let problem = |data| Markers::parse(data).map(|_| ()).map_err(|error| error.line);
        assert_eq!(problem("# x\nread_also\ten\tRead on\n"), Ok(()));
        assert_eq!(problem("read_also\ten\n"), Err(1));
        assert_eq!(problem("\nlead\ten\tRead on\n"), Err(2));
        assert_eq!(problem("share\ten\t—\n"), Err(1));
    }

    #[test]
    fn shipped_phrases_cover_the_news_languages() {
        let languages: std::collections::BTreeSet<_> = DATA
            .lines()
            .filter(|row| !row.starts_with('#'))
            .filter_map(|row| row.split('\t').nth(1))
            .collect();
        for language in [
            "ar", "en", "fr", "es", "de", "pt", "it", "ru", "uk", "tr", "fa", "ur", "zh", "ja",
            "ko", "hi", "id", "vi", "pl", "nl", "sv", "el", "he", "ro", "bn", "sw",
        ] {
            assert!(languages.contains(language), "{language}");
        }
    }
}
