//! Marker phrases: the words by which pages announce furniture. The phrases are data (`markers.tsv`).

use std::collections::{HashMap, HashSet};

use super::document::ZoneKind;
use super::page::{Line, Page, Word};
use super::tokens::tokenize;

const DATA: &str = include_str!("markers.tsv");

/// Longest line, in words, that a phrase without a delimiter after it may open.
const SHORT_WORDS: usize = 30;
/// Most words after a list's or byline's phrase where no delimiter stands between.
const FEW_WORDS: usize = 5;
/// Longest byline, in words, and longest where it ends like a sentence.
const BYLINE_WORDS: usize = 20;
const BYLINE_SENTENCE: usize = 12;
/// Longest line that asks to follow an account, in words.
const FOLLOW_WORDS: usize = 25;
/// Most numbers before a phrase that has them (`5 min read`).
const NUMBERS: usize = 4;

/// One phrase.
#[derive(Debug)]
pub(super) struct Marker {
    /// What it announces.
    pub kind: ZoneKind,
    /// As written in the data file: the reason that is published.
    pub phrase: &'static str,
    /// Folded words, without the first, which is the key of the table.
    rest: Vec<String>,
    /// Whether the phrase is long enough to stand without a delimiter.
    pub telling: bool,
    /// Whether it names the source of the story, with which a story ends.
    pub source: bool,
    /// Whether numbers stand before it.
    numbered: bool,
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
    /// Whether a story can end here: a source line or keywords.
    pub ends_story: bool,
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

/// Words and phrases that mean something only together with others.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Names of social networks and ways to share.
    networks: HashSet<String>,
    /// Words that stand beside them in a row of buttons.
    network_words: HashSet<String>,
    /// Names of news and picture agencies.
    agencies: HashSet<String>,
    /// Words before an author's name.
    by: HashSet<String>,
    /// Phrases that ask the reader to follow, by their first word.
    follow: HashMap<String, Vec<(Vec<String>, &'static str)>>,
}

/// All phrases by their first word.
#[derive(Debug, Default)]
pub(super) struct Markers {
    by_first: HashMap<String, Vec<Marker>>,
    /// Legal phrases by their last word, with all words.
    legal_by_last: HashMap<String, Vec<(Vec<String>, &'static str)>>,
    vocabulary: Vocabulary,
}

impl Markers {
    /// The phrases the program ships.
    pub(super) fn shipped() -> Result<Self, MarkerError> {
        Self::parse(DATA)
    }

    fn parse(data: &'static str) -> Result<Self, MarkerError> {
        let mut markers = Self::default();
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
        let (Some(kind), Some(_), Some(phrases), None) = (
            columns.next(),
            columns.next(),
            columns.next(),
            columns.next(),
        ) else {
            return Err("expected three columns: kind, language, phrases");
        };
        for phrase in phrases.split('|').map(str::trim) {
            let (mut words, mut singles) = (Vec::new(), 0);
            tokenize(phrase, |form, _, _, single| {
                words.push(form.to_owned());
                singles += usize::from(single);
            });
            if words.is_empty() {
                return Err("a phrase has no word");
            }
            self.add_phrase(kind, phrase, words, singles > 0)?;
        }
        Ok(())
    }

    fn add_phrase(
        &mut self,
        kind: &str,
        phrase: &'static str,
        words: Vec<String>,
        singles: bool,
    ) -> Result<(), &'static str> {
        let vocabulary = &mut self.vocabulary;
        match kind {
            "network" => vocabulary.networks.extend(words),
            "network_word" => vocabulary.network_words.extend(words),
            "agency" => vocabulary.agencies.extend(words),
            "by" => vocabulary.by.extend(words),
            "follow" => {
                let first = words.first().cloned().unwrap_or_default();
                let entry = vocabulary.follow.entry(first).or_default();
                entry.push((words, phrase));
            }
            _ => return self.add_marker(kind, phrase, words, singles),
        }
        Ok(())
    }

    fn add_marker(
        &mut self,
        kind: &str,
        phrase: &'static str,
        words: Vec<String>,
        singles: bool,
    ) -> Result<(), &'static str> {
        let source = kind == "source";
        let kind = kind_named(kind).ok_or("unknown kind")?;
        let enough = if singles { 4 } else { 2 };
        let telling = words.len() >= enough && !phrase.ends_with(':');
        if let (ZoneKind::Legal, true, Some(last)) = (kind, telling, words.last()) {
            let closing = self.legal_by_last.entry(last.clone()).or_default();
            closing.push((words.clone(), phrase));
        }
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let marker = Marker {
            kind,
            phrase: phrase.trim_end_matches(':'),
            rest: words.collect(),
            telling,
            source,
            numbered: phrase.starts_with('#'),
        };
        self.by_first.entry(first).or_default().push(marker);
        Ok(())
    }

    /// The phrase that opens the line, or the phrase that closes it.
    pub(super) fn find(&self, page: &Page<'_>, line: &Line) -> Option<Found> {
        let words = page.line_words(line);
        let numbers = words
            .iter()
            .take(NUMBERS + 1)
            .take_while(|word| is_number(page.form(word)))
            .count();
        for skipped in [0, numbers] {
            let words = words.get(skipped..).unwrap_or_default();
            let opening = self.opening(page, words);
            let found = opening
                .filter(|marker| marker.numbered == (skipped > 0))
                .find_map(|marker| marker.judge(page, line, words));
            if found.is_some() {
                return found;
            }
            if numbers == 0 || numbers > NUMBERS {
                break;
            }
        }
        self.follow(page, line).or_else(|| self.legal(page, line))
    }

    /// Phrases that the words begin with, longest first.
    pub(super) fn opening<'m>(
        &'m self,
        page: &'m Page<'_>,
        words: &'m [Word],
    ) -> impl Iterator<Item = &'m Marker> {
        let first = words.first().map(|word| page.form(word));
        let list = first.and_then(|first| self.by_first.get(first));
        list.into_iter().flatten().filter(move |marker| {
            let rest = words.get(1..marker.words()).unwrap_or_default();
            rest.len() == marker.rest.len() && is_same(page, rest, &marker.rest)
        })
    }

    /// A legal phrase that closes a short line.
    fn legal(&self, page: &Page<'_>, line: &Line) -> Option<Found> {
        let phrase = self.closing_legal(page, page.line_words(line))?;
        (line.weight <= SHORT_WORDS).then_some(Found {
            kind: ZoneKind::Legal,
            phrase,
            whole: false,
            ends_story: true,
        })
    }

    /// The legal phrase that the words end with.
    pub(super) fn closing_legal(&self, page: &Page<'_>, words: &[Word]) -> Option<&'static str> {
        let closing = self.legal_by_last.get(page.form(words.last()?))?;
        let same = |(forms, _): &&(Vec<String>, _)| ends_with(page, words, forms);
        closing.iter().find(same).map(|&(_, phrase)| phrase)
    }

    /// A line that names a social network and begins or ends with a phrase that asks to follow.
    fn follow(&self, page: &Page<'_>, line: &Line) -> Option<Found> {
        let words = page.line_words(line);
        if line.weight > FOLLOW_WORDS || !words.iter().any(|word| self.is_network(page.form(word)))
        {
            return None;
        }
        let begins = |at: usize| {
            let words = words.get(at..).unwrap_or_default();
            let list = self.vocabulary.follow.get(page.form(words.first()?))?;
            list.iter().find(|(forms, _)| {
                let same = words.get(..forms.len());
                same.is_some_and(|same| is_same(page, same, forms))
                    && (at == 0 || forms.len() == words.len())
            })
        };
        let (_, phrase) =
            begins(0).or_else(|| (1..words.len()).rev().take(FEW_WORDS).find_map(begins))?;
        Some(Found {
            kind: ZoneKind::Share,
            phrase,
            whole: false,
            ends_story: false,
        })
    }

    /// Whether the word is the name of a social network or a way to share.
    pub(super) fn is_network(&self, form: &str) -> bool {
        self.vocabulary.networks.contains(form)
    }

    /// Whether the word stands beside such names in a row of buttons.
    pub(super) fn is_network_word(&self, form: &str) -> bool {
        self.vocabulary.network_words.contains(form)
    }

    /// Whether the word belongs to the name of a news or picture agency.
    pub(super) fn is_agency(&self, form: &str) -> bool {
        self.vocabulary.agencies.contains(form)
    }

    /// Whether the word stands before an author's name.
    pub(super) fn is_by(&self, form: &str) -> bool {
        self.vocabulary.by.contains(form)
    }
}

impl Marker {
    /// Length of the phrase in words.
    pub(super) fn words(&self) -> usize {
        self.rest.len() + 1
    }

    /// Whether a line whose `words` start with the phrase is the kind of line the phrase announces.
    fn judge(&self, page: &Page<'_>, line: &Line, words: &[Word]) -> Option<Found> {
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

fn kind_named(name: &str) -> Option<ZoneKind> {
    use ZoneKind::{
        Byline, Caption, EmbeddedPost, HeadlineList, KeywordCloud, Legal, ReadAlso, Share,
    };
    if name == "source" {
        return Some(Byline);
    }
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

/// Whether the folded forms of `words` are `forms`.
fn is_same(page: &Page<'_>, words: &[Word], forms: &[String]) -> bool {
    words.len() == forms.len()
        && words
            .iter()
            .zip(forms)
            .all(|(word, form)| page.form(word) == form)
}

/// Whether `words` end with `forms`.
fn ends_with(page: &Page<'_>, words: &[Word], forms: &[String]) -> bool {
    let from = words.len().saturating_sub(forms.len());
    is_same(page, words.get(from..).unwrap_or_default(), forms)
}

/// Whether a folded word is made of digits.
pub(super) fn is_number(form: &str) -> bool {
    form.bytes().all(|byte| byte.is_ascii_digit())
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
#[path = "markers_tests.rs"]
mod tests;
