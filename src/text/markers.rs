//! Marker phrases: the words by which pages announce furniture. The phrases are data (`markers.tsv`).

mod judge;
mod read;

use hashbrown::{HashMap, HashSet};

use super::document::ZoneKind;
use super::page::{Line, Page, Word};

const DATA: &str = include_str!("markers.tsv");

/// Longest line, in words, that a phrase without a delimiter after it may open.
const SHORT_WORDS: usize = 30;
/// Most words after a list's or byline's phrase where no delimiter stands between.
const FEW_WORDS: usize = 5;
/// Longest line that asks to follow an account, in words.
const FOLLOW_WORDS: usize = 25;
/// Longest term that closes a picture credit.
const TAKEN_WORDS: usize = 2;
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
    pub numbered: bool,
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
    /// Words up to its end, where it opens the line.
    pub words: usize,
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
    /// What a site offers: newsletter, app, notifications.
    services: Terms,
    /// Names of sections, of which menus are made.
    sections: Terms,
    /// Names of months and weekdays.
    months: Terms,
    /// Words that close a picture credit, after the name of who took it.
    taken: Terms,
}

/// Terms of one or more words by their first word, longest first.
///
/// Scripts without spaces have one word for each character, so that most of their terms have several.
#[derive(Debug, Default)]
pub(super) struct Terms(HashMap<String, Vec<Vec<String>>>);

impl Terms {
    fn add(&mut self, mut words: Vec<String>) {
        if words.is_empty() {
            return;
        }
        let first = words.remove(0);
        let list = self.0.entry(first).or_default();
        let place = list.partition_point(|rest| rest.len() >= words.len());
        list.insert(place, words);
    }

    /// Length in words of the longest term that `words` begin with.
    pub(super) fn opens(&self, page: &Page<'_>, words: &[Word]) -> Option<usize> {
        let (first, after) = words.split_first()?;
        let list = self.0.get(page.form(first))?;
        let same = |rest: &&Vec<String>| {
            let words = after.get(..rest.len());
            words.is_some_and(|words| is_same(page, words, rest))
        };
        list.iter().find(same).map(|rest| rest.len() + 1)
    }

    /// Whether a term stands anywhere in `words`.
    pub(super) fn stand_in(&self, page: &Page<'_>, words: &[Word]) -> bool {
        (0..words.len()).any(|at| {
            let words = words.get(at..).unwrap_or_default();
            self.opens(page, words).is_some()
        })
    }

    /// How many of `words` belong to terms.
    pub(super) fn cover(&self, page: &Page<'_>, words: &[Word]) -> usize {
        let (mut at, mut covered) = (0, 0);
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let length = self.opens(page, rest);
            covered += length.unwrap_or(0);
            at += length.unwrap_or(1);
        }
        covered
    }
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
                .find_map(|marker| marker.judge(self, page, line, words));
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
            words: 0,
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
            words: 0,
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

    /// What sites offer: newsletter, app, notifications.
    pub(super) fn services(&self) -> &Terms {
        &self.vocabulary.services
    }

    /// Names of sections, of which menus are made.
    pub(super) fn sections(&self) -> &Terms {
        &self.vocabulary.sections
    }

    /// Names of months and weekdays.
    pub(super) fn months(&self) -> &Terms {
        &self.vocabulary.months
    }

    /// Length of the term that closes `words` as a picture credit.
    pub(super) fn closes_picture(&self, page: &Page<'_>, words: &[Word]) -> Option<usize> {
        let ends = |length: &usize| {
            let from = words.len().checked_sub(*length)?;
            self.vocabulary.taken.opens(page, words.get(from..)?)
        };
        (1..=TAKEN_WORDS).find(|length| ends(length) == Some(*length))
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
