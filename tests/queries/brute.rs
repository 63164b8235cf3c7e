//! What queries mean, by trying everything: every word against every place, every way to put places together. It shares
//! with the engine the document and the folding of words, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;
use newsstage::text::{Document, ZoneKind, folded_words};
use snowball_stemmers_rs::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::tree::{ALL, Distance, LEAD, MAIN, TITLE, Tree};

/// A word of the article.
#[derive(Debug, Clone)]
struct Word {
    form: String,
    /// Position in its field.
    place: i64,
    field: usize,
    zone: u8,
    paragraph: usize,
    sentence: usize,
    /// Bytes of the field's text.
    start: usize,
    end: usize,
    block: (usize, usize),
}

/// Field, first place, place behind the last.
type Span = (usize, i64, i64);

pub struct Facts {
    pub language: String,
    pub host: String,
    pub source_name: String,
    pub country: Option<&'static str>,
    pub url: String,
    pub authors: Vec<String>,
    pub tags: Vec<String>,
    pub topics: Vec<String>,
}

pub struct Brute<'a> {
    document: &'a Document,
    words: Vec<Word>,
    facts: &'a Facts,
    arabic: bool,
    /// Which of the other queries hold.
    pub holding: BTreeMap<String, bool>,
}

#[derive(Clone, Copy)]
struct Mode {
    zones: u8,
    case: bool,
    stem: bool,
    whole: bool,
}

impl<'a> Brute<'a> {
    pub fn new(document: &'a Document, facts: &'a Facts) -> Self {
        let mut words: Vec<Word> = Vec::new();
        let (mut paragraph, mut sentence) = (0, 0);
        for (field_number, field) in document.fields.iter().enumerate() {
            let offsets: Vec<usize> = field
                .text
                .char_indices()
                .map(|(at, _)| at)
                .chain([field.text.len()])
                .collect();
            let mut place = 0;
            let mut last: Option<usize> = None;
            for (number, block) in field.blocks.iter().enumerate() {
                let zone = match block.kind {
                    ZoneKind::Title => TITLE,
                    ZoneKind::Lead => LEAD,
                    ZoneKind::Main => MAIN,
                    _ => continue,
                };
                let goes_on = last.is_some_and(|last| {
                    let before = &field.blocks[last];
                    let line = field.text[before.bytes.clone()]
                        .trim_end_matches(['"', '”', '»', ')', ' ']);
                    let gap = &field.text[before.bytes.end..block.bytes.start];
                    last + 1 == number
                        && gap.trim() == ""
                        && gap.matches('\n').count() == 1
                        && !line.ends_with(STOPS)
                });
                last = Some(number);
                if !goes_on {
                    paragraph += 1;
                    sentence += 1;
                }
                for (index, token) in document.tokens
                    [block.tokens.start as usize..block.tokens.end as usize]
                    .iter()
                    .enumerate()
                {
                    let (start, end) = (offsets[token.start as usize], offsets[token.end as usize]);
                    if (index > 0 || goes_on)
                        && let Some(before) = words.last().filter(|word| word.field == field_number)
                        && ends(
                            &before.form,
                            &field.text[before.end..start],
                            &field.text[start..],
                        )
                    {
                        sentence += 1;
                    }
                    words.push(Word {
                        form: document.form(token).to_owned(),
                        place,
                        field: field_number,
                        zone,
                        paragraph,
                        sentence,
                        start,
                        end,
                        block: (field_number, number),
                    });
                    place += 1;
                }
            }
        }
        let primary = facts.language.split('-').next().unwrap();
        Self {
            document,
            words,
            facts,
            arabic: ["ar", "ary", "und"].contains(&primary),
            holding: BTreeMap::new(),
        }
    }

    /// Whether a query with these settings holds.
    pub fn holds(&self, tree: &Tree, zones: u8, langs: &[String], whole: bool) -> bool {
        let passes = langs.is_empty() || langs.iter().any(|lang| self.is_language(lang));
        passes
            && self.eval(
                tree,
                Mode {
                    zones,
                    case: false,
                    stem: false,
                    whole,
                },
            )
    }

    fn is_language(&self, wanted: &str) -> bool {
        let own = self.facts.language.to_lowercase();
        let wanted = wanted.to_lowercase();
        own == wanted || own.starts_with(&format!("{wanted}-"))
    }

    fn eval(&self, tree: &Tree, mode: Mode) -> bool {
        match tree {
            Tree::And(parts) => parts.iter().all(|part| self.eval(part, mode)),
            Tree::Or(parts) => parts.iter().any(|part| self.eval(part, mode)),
            Tree::Not(inner) => !self.eval(inner, mode),
            Tree::AtLeast(count, inner) => self.spans(inner, mode).len() >= *count,
            Tree::Zoned(zones, inner) => self.eval(
                inner,
                Mode {
                    zones: *zones,
                    ..mode
                },
            ),
            Tree::Case(inner) => self.eval(inner, Mode { case: true, ..mode }),
            Tree::Stem(inner) => self.eval(inner, Mode { stem: true, ..mode }),
            Tree::WholeWord(inner) => self.eval(
                inner,
                Mode {
                    whole: true,
                    ..mode
                },
            ),
            Tree::Meta(field, value) => self.meta(field, value),
            Tree::Topic(id) => self.holding.get(id).copied().unwrap_or(false),
            _ => !self.spans(tree, mode).is_empty(),
        }
    }

    fn meta(&self, field: &str, value: &str) -> bool {
        let facts = self.facts;
        match field {
            "lang" => self.is_language(value),
            "country" => facts.country == Some(value),
            "topic" => facts.topics.iter().any(|topic| topic == value),
            "author" => facts.authors.iter().any(|author| has_row(author, value)),
            "tag" => facts.tags.iter().any(|tag| has_row(tag, value)),
            "url" => has_row(
                facts
                    .url
                    .trim_start_matches("https://")
                    .trim_start_matches("www."),
                value,
            ),
            "source" if value.contains('.') => {
                facts.host == value || facts.host.ends_with(&format!(".{value}"))
            }
            "source" => has_row(&facts.source_name, value) || has_row(&facts.host, value),
            _ => panic!("{field}"),
        }
    }

    fn spans(&self, tree: &Tree, mode: Mode) -> BTreeSet<Span> {
        match tree {
            Tree::Word(word) if word.starts_with('@') => self.accounts(&word[1..], mode),
            Tree::Word(word) => {
                self.phrase(&pieces(word), 0, word.starts_with('#'), Some(word), mode)
            }
            Tree::Phrase(words, slop) => {
                let text = words.join(" ");
                self.phrase(&pieces(&text), i64::from(*slop), false, Some(&text), mode)
            }
            Tree::Raw(raw) => self.raw(raw, mode),
            Tree::Or(parts) => parts
                .iter()
                .flat_map(|part| self.spans(part, mode))
                .collect(),
            Tree::Near(parts, ops) => self.near(parts, ops, mode),
            Tree::Zoned(zones, inner) => self.spans(
                inner,
                Mode {
                    zones: *zones,
                    ..mode
                },
            ),
            Tree::Case(inner) => self.spans(inner, Mode { case: true, ..mode }),
            Tree::Stem(inner) => self.spans(inner, Mode { stem: true, ..mode }),
            Tree::WholeWord(inner) => self.spans(
                inner,
                Mode {
                    whole: true,
                    ..mode
                },
            ),
            other => panic!("{other:?} has no places"),
        }
    }

    fn accounts(&self, name: &str, mode: Mode) -> BTreeSet<Span> {
        let mut found = BTreeSet::new();
        for (field_number, field) in self.document.fields.iter().enumerate() {
            for (number, block) in field.blocks.iter().enumerate() {
                let own: Vec<&Word> = self
                    .words
                    .iter()
                    .filter(|word| word.block == (field_number, number))
                    .collect();
                let zone = match block.kind {
                    ZoneKind::Title => TITLE,
                    ZoneKind::Lead => LEAD,
                    ZoneKind::Main => MAIN,
                    _ => continue,
                };
                if zone & mode.zones == 0 {
                    continue;
                }
                let earlier = |word: &&Word| word.block.0 == field_number && word.block.1 < number;
                let next = self.words.iter().filter(earlier).count() as i64;
                let line = &field.text[block.bytes.clone()];
                for piece in line
                    .split_whitespace()
                    .filter(|piece| piece.starts_with('@'))
                {
                    let at = piece.as_ptr() as usize - line.as_ptr() as usize + block.bytes.start;
                    if glob(&name.to_lowercase(), &piece[1..].to_lowercase()) {
                        // At the word behind it, else at the last of its line; a line without words, at the next word.
                        let word = own.iter().find(|word| word.start > at).or(own.last());
                        let place = word.map_or(next, |word| word.place);
                        found.insert((field_number, place, place));
                    }
                }
            }
        }
        found
    }

    /// Whether a word of the article is one of the query.
    fn is(&self, word: &Word, piece: &str, mode: Mode) -> bool {
        if piece == "*" {
            return true;
        }
        let wanted = without_article(piece);
        if mode.stem && !piece.contains(['*', '?']) {
            let same = |algorithm| {
                let stemmer = Stemmer::create(algorithm);
                stemmer.stem(&word.form) == stemmer.stem(&wanted)
            };
            let by_rule = match self.facts.language.as_str() {
                "en" => same(Algorithm::English),
                "ru" => same(Algorithm::Russian),
                _ => false,
            };
            if by_rule {
                return true;
            }
        }
        self.forms(&word.form)
            .iter()
            .any(|form| glob(&wanted, form))
    }

    /// Everything a word can be without what is written together with it.
    fn forms(&self, word: &str) -> Vec<String> {
        let mut forms = vec![word.to_owned(), without_article(word)];
        if self.arabic {
            let cut = |word: &str, particle: &str, left: usize| {
                word.strip_prefix(particle)
                    .filter(|rest| rest.chars().count() >= left)
                    .map(str::to_owned)
            };
            let mut starts = vec![word.to_owned()];
            starts.extend(cut(word, "و", 3));
            starts.extend(cut(word, "ف", 4));
            for start in starts.clone() {
                forms.extend(cut(&start, "لل", 3));
                starts.extend(cut(&start, "ب", 3));
                starts.extend(cut(&start, "ل", 3));
                starts.extend(cut(&start, "ك", 4));
            }
            for start in starts {
                forms.push(without_article(&start));
                forms.push(start);
            }
        }
        forms
    }

    fn at(&self, field: usize, place: i64) -> Option<&Word> {
        self.words
            .iter()
            .find(|word| word.field == field && word.place == place)
    }

    fn phrase(
        &self,
        pieces: &[String],
        slop: i64,
        hashtag: bool,
        written: Option<&str>,
        mode: Mode,
    ) -> BTreeSet<Span> {
        let mut found = BTreeSet::new();
        for first in &self.words {
            let field = first.field;
            let mut best: Option<i64> = None;
            let mut ways: Vec<Vec<i64>> = vec![Vec::new()];
            for (index, piece) in pieces.iter().enumerate() {
                let mut longer = Vec::new();
                for way in &ways {
                    let reach = slop + pieces.len() as i64;
                    for place in first.place..=first.place + reach {
                        let Some(word) = self.at(field, place) else {
                            continue;
                        };
                        if slop == 0 && place != first.place + index as i64 || way.contains(&place)
                        {
                            continue;
                        }
                        if word.paragraph == first.paragraph && self.is(word, piece, mode) {
                            let mut way = way.clone();
                            way.push(place);
                            longer.push(way);
                        }
                    }
                }
                ways = longer;
            }
            for way in ways {
                let moved = way
                    .iter()
                    .enumerate()
                    .map(|(index, place)| place - index as i64);
                let wide = moved.clone().max().unwrap() - moved.min().unwrap();
                let (low, high) = (*way.iter().min().unwrap(), *way.iter().max().unwrap());
                if low == first.place && wide <= slop {
                    best = Some(best.map_or(high + 1, |best: i64| best.min(high + 1)));
                }
            }
            if let Some(end) = best
                && self.may_stand(field, first.place, end, hashtag, written, pieces, mode)
            {
                found.insert((field, first.place, end));
            }
        }
        found
    }

    #[expect(clippy::too_many_arguments, reason = "what a clause can look at")]
    fn may_stand(
        &self,
        field: usize,
        start: i64,
        end: i64,
        hashtag: bool,
        written: Option<&str>,
        pieces: &[String],
        mode: Mode,
    ) -> bool {
        let (first, last) = (
            self.at(field, start).unwrap(),
            self.at(field, end - 1).unwrap(),
        );
        if first.zone & mode.zones == 0 || last.zone & mode.zones == 0 {
            return false;
        }
        let text = &self.document.fields[field].text;
        let piece = &text[first.start..last.end];
        if let Some(written) = written.filter(|_| mode.case)
            && !glob(&cased(written), &cased(piece))
        {
            return false;
        }
        if hashtag {
            let tags = hashtags(text);
            if !tags.contains(&(first.start, last.end)) {
                return false;
            }
        }
        let characters = pieces
            .iter()
            .any(|piece| piece.chars().any(|c| "北京东京都ไทยが".contains(c)));
        if mode.whole && characters {
            return self.is_boundary(first, first.start) && self.is_boundary(last, last.end);
        }
        true
    }

    fn is_boundary(&self, word: &Word, byte: usize) -> bool {
        let field = &self.document.fields[word.block.0];
        let bytes = field.blocks[word.block.1].bytes.clone();
        let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
        segmenter
            .segment_str(&field.text[bytes.clone()])
            .any(|at| at + bytes.start == byte)
    }

    fn raw(&self, raw: &str, mode: Mode) -> BTreeSet<Span> {
        let mut found = BTreeSet::new();
        for (number, field) in self.document.fields.iter().enumerate() {
            for (at, _) in field.text.char_indices() {
                let end = at + raw.len();
                if field.text.get(at..end) != Some(raw) {
                    continue;
                }
                let own = || self.words.iter().filter(|word| word.field == number);
                if own().any(|word| {
                    word.start < at && word.end > at || word.start < end && word.end > end
                }) {
                    continue;
                }
                let inside: Vec<&Word> = own()
                    .filter(|word| word.start >= at && word.end <= end)
                    .collect();
                let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
                    continue;
                };
                let whole =
                    inside.len() == folded_words(raw).len() && first.paragraph == last.paragraph;
                if whole && first.zone & mode.zones != 0 && last.zone & mode.zones != 0 {
                    found.insert((number, first.place, last.place + 1));
                }
            }
        }
        found
    }

    fn near(&self, parts: &[Tree], ops: &[(bool, Distance)], mode: Mode) -> BTreeSet<Span> {
        let sets: Vec<Vec<Span>> = parts
            .iter()
            .map(|part| self.spans(part, mode).into_iter().collect())
            .collect();
        let mut chains: Vec<Vec<Span>> = sets[0].iter().map(|span| vec![*span]).collect();
        for (set, (ordered, distance)) in sets[1..].iter().zip(ops) {
            let mut longer = BTreeSet::new();
            for chain in &chains {
                for span in set {
                    if self.is_near(chain[chain.len() - 1], *span, *ordered, *distance) {
                        let mut chain = chain.clone();
                        chain.push(*span);
                        longer.insert(chain);
                    }
                }
            }
            chains = longer.into_iter().collect();
        }
        chains.into_iter().flatten().collect()
    }

    fn is_near(&self, a: Span, b: Span, ordered: bool, distance: Distance) -> bool {
        let follows = |a: Span, b: Span| {
            a.0 == b.0
                && b.1 >= a.2
                && match distance {
                    Distance::Words(words) => b.1 - a.2 <= i64::from(words),
                    // An account name behind all words is in no sentence.
                    Distance::Sentence => together(
                        self.at(a.0, a.1).map(|word| word.sentence),
                        self.at(b.0, b.1).map(|word| word.sentence),
                    ),
                    Distance::Paragraph => together(
                        self.at(a.0, a.1).map(|word| word.paragraph),
                        self.at(b.0, b.1).map(|word| word.paragraph),
                    ),
                }
        };
        follows(a, b) || (!ordered && follows(b, a))
    }
}

fn together(a: Option<usize>, b: Option<usize>) -> bool {
    a.is_some() && a == b
}

const STOPS: [char; 7] = ['.', '!', '?', '…', '。', '؟', '۔'];

fn ends(before: &str, between: &str, next: &str) -> bool {
    let Some(at) = between.find(STOPS) else {
        return false;
    };
    if !between[at..].starts_with('.') {
        return true;
    }
    let behind = between[at + 1..].trim_start_matches(['"', '”', '»', ')', '.']);
    let small = next.chars().next().is_some_and(char::is_lowercase);
    behind.starts_with(char::is_whitespace)
        && !small
        && before.chars().count() > 1
        && !["mr", "dr", "st", "inc"].contains(&before)
}

fn without_article(word: &str) -> String {
    match word.strip_prefix("ال") {
        Some(rest) if rest.split(['*', '?']).next().unwrap().chars().count() >= 3 => {
            rest.to_owned()
        }
        _ => word.to_owned(),
    }
}

/// Folded words of a piece of a query, wildcards kept where they are.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        if !word.contains(['*', '?']) {
            pieces.extend(folded_words(word));
        } else if word == "*" {
            pieces.push("*".to_owned());
        } else {
            // Wildcards stand in or at plain words only here.
            let mut whole = String::new();
            let mut letters = String::new();
            for c in word.chars() {
                if c == '*' || c == '?' {
                    whole += &folded_words(&letters).concat();
                    letters.clear();
                    whole.push(c);
                } else {
                    letters.push(c);
                }
            }
            whole += &folded_words(&letters).concat();
            pieces.push(whole);
        }
    }
    pieces
}

fn glob(pattern: &str, word: &str) -> bool {
    let Some(c) = pattern.chars().next() else {
        return word.is_empty();
    };
    let rest = &pattern[c.len_utf8()..];
    match c {
        '*' => word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .any(|at| glob(rest, &word[at..])),
        _ => word
            .chars()
            .next()
            .is_some_and(|own| (c == '?' || c == own) && glob(rest, &word[own.len_utf8()..])),
    }
}

/// Capital and small letters, and the wildcards.
fn cased(text: &str) -> String {
    text.nfkd()
        .filter(|c| *c == '*' || (c.is_uppercase() || c.is_lowercase()) && !is_combining_mark(*c))
        .collect()
}

fn has_row(text: &str, value: &str) -> bool {
    let text: Vec<String> = folded_words(text)
        .iter()
        .map(|word| without_article(word))
        .collect();
    let value: Vec<String> = pieces(value)
        .iter()
        .map(|word| without_article(word))
        .collect();
    text.windows(value.len()).any(|window| {
        window
            .iter()
            .zip(&value)
            .all(|(word, piece)| glob(piece, word))
    })
}

/// Hashtags without their mark, by their bytes.
fn hashtags(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('#') {
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || is_combining_mark(c)))
            .unwrap_or(rest.len());
        if !text[..at].ends_with(char::is_alphanumeric) {
            found.push((at + 1, at + 1 + end));
        }
    }
    found
}

/// Whether all zones are meant.
pub fn everywhere() -> u8 {
    ALL
}
