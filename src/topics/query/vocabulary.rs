//! Every word that some query asks for, with a number; and which of them a word of a text is.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use hashbrown::{HashMap, HashTable};
use xxhash_rust::xxh3::Xxh3Builder;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::stem::StemLanguage;
use super::words::{Part, fits, literal};

/// What a term is a word of. Equal words of different spaces are different terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Space {
    /// Headline and text.
    Text,
    /// Names of authors.
    Author,
    /// The article's address.
    Url,
    /// The publisher's tags.
    Tag,
    /// Name and host of the publication, in words.
    Source,
    /// Host of the publication, whole.
    Host,
    /// Language code.
    Lang,
    /// Country code.
    Country,
    /// Topic of the taxonomy.
    Topic,
    /// Another query, by its id.
    Query,
    /// Account name after `@`.
    Account,
    /// Word as it stands in `STEM(…)`, for all languages.
    Stemmed,
    /// Stem in one language.
    Stem(StemLanguage),
}

impl Space {
    fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Author => 1,
            Self::Url => 2,
            Self::Tag => 3,
            Self::Source => 4,
            Self::Host => 5,
            Self::Lang => 6,
            Self::Country => 7,
            Self::Topic => 8,
            Self::Query => 9,
            Self::Account => 10,
            Self::Stemmed => 11,
            Self::Stem(language) => 64 + language.number(),
        }
    }
}

/// Words longer than this, in bytes, have no wildcards applied to them: no language has them.
pub const MAX_PATTERN_BYTES: usize = 256;

/// Number of a term.
pub(super) type TermId = u32;

#[derive(Debug, Clone, Copy)]
struct Term {
    space: u8,
    pattern: bool,
    start: u32,
    end: u32,
}

#[derive(Debug)]
struct Pattern {
    space: u8,
    term: TermId,
    parts: Vec<Part>,
}

/// All terms of a set of queries.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    forms: String,
    terms: Vec<Term>,
    table: HashTable<TermId>,
    patterns: Vec<Pattern>,
    by_parts: HashMap<(u8, Vec<Part>), TermId, Xxh3Builder>,
    /// Terms of `STEM(…)` by what they are found as.
    expansions: HashMap<TermId, Vec<TermId>, Xxh3Builder>,
    /// Finds the letters of patterns; `None` without patterns.
    finder: Option<AhoCorasick>,
    /// Patterns by the number of their letters in `finder`.
    by_letters: Vec<Vec<u32>>,
    /// Spaces in which there are terms, a bit each; stems in the upper half.
    spaces: u128,
}

impl Vocabulary {
    /// How many terms there are.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// How a term is written, for people.
    pub(super) fn form(&self, term: TermId) -> &str {
        self.terms
            .get(term as usize)
            .and_then(|term| self.forms.get(term.start as usize..term.end as usize))
            .unwrap_or_default()
    }

    /// Whether a term is one of a space.
    pub(super) fn is_of(&self, term: TermId, space: Space) -> bool {
        self.terms
            .get(term as usize)
            .is_some_and(|term| term.space == space.number())
    }

    /// Whether any term is of a space.
    pub(super) fn has(&self, space: Space) -> bool {
        self.spaces >> space.number() & 1 == 1
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.forms.capacity()
            + self.terms.capacity() * size_of::<Term>()
            + self.table.capacity() * 5
            + self.patterns.len() * 160
            + self.expansions.len() * 64
            + self.finder.as_ref().map_or(0, AhoCorasick::memory_usage)
    }

    /// The number of a word, which is new or not.
    pub(super) fn intern(&mut self, space: Space, form: &str) -> TermId {
        let space = space.number();
        let hash = hash(space, form);
        let (terms, forms) = (&self.terms, &self.forms);
        if let Some(&term) = self
            .table
            .find(hash, |&term| is(terms, forms, term, space, form))
        {
            return term;
        }
        let term = self.push(space, form, false);
        let (terms, forms) = (&self.terms, &self.forms);
        self.table.insert_unique(hash, term, |&term| {
            let (space, form) = of(terms, forms, term);
            self::hash(space, form)
        });
        term
    }

    /// The number of a word with wildcards.
    pub(super) fn intern_pattern(&mut self, space: Space, parts: Vec<Part>) -> TermId {
        let key = (space.number(), parts);
        if let Some(&term) = self.by_parts.get(&key) {
            return term;
        }
        let mut shown = String::new();
        for part in &key.1 {
            match part {
                Part::Letters(letters) => shown.push_str(letters),
                Part::Star => shown.push('*'),
                Part::One => shown.push('?'),
            }
        }
        let term = self.push(key.0, &shown, true);
        let (terms, forms) = (&self.terms, &self.forms);
        self.table
            .insert_unique(hash(key.0, &shown), term, |&term| {
                let (space, form) = of(terms, forms, term);
                hash(space, form)
            });
        self.patterns.push(Pattern {
            space: key.0,
            term,
            parts: key.1.clone(),
        });
        self.by_parts.insert(key, term);
        term
    }

    /// The number of all forms of a folded word, in all languages that have rules and as it stands in the others.
    pub(super) fn intern_stems(&mut self, word: &str) -> TermId {
        let group = self.intern(Space::Stemmed, word);
        let mut found_as = vec![self.intern(Space::Text, word)];
        for language in StemLanguage::all() {
            let stem = language.stem(word);
            found_as.push(self.intern(Space::Stem(language), &stem));
        }
        for term in found_as {
            let groups = self.expansions.entry(term).or_default();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        group
    }

    fn push(&mut self, space: u8, form: &str, pattern: bool) -> TermId {
        let start = self.forms.len() as u32;
        self.forms.push_str(form);
        self.spaces |= 1 << space;
        self.terms.push(Term {
            space,
            pattern,
            start,
            end: self.forms.len() as u32,
        });
        self.terms.len() as u32 - 1
    }

    /// Makes the vocabulary ready for use, when all terms are in it.
    pub(super) fn finish(&mut self) {
        self.by_parts = HashMap::default();
        let mut letters: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize, Xxh3Builder> = HashMap::default();
        self.by_letters.clear();
        for (number, pattern) in self.patterns.iter().enumerate() {
            let (_, longest) = literal(&pattern.parts);
            let at = *known.entry(longest).or_insert_with(|| {
                letters.push(longest);
                self.by_letters.push(Vec::new());
                letters.len() - 1
            });
            if let Some(patterns) = self.by_letters.get_mut(at) {
                patterns.push(number as u32);
            }
        }
        self.finder = (!letters.is_empty())
            .then(|| {
                AhoCorasick::builder()
                    .kind(Some(AhoCorasickKind::ContiguousNFA))
                    .build(&letters)
                    .ok()
            })
            .flatten();
        self.forms.shrink_to_fit();
        self.terms.shrink_to_fit();
    }

    /// The term that is exactly this word.
    pub(super) fn find(&self, space: Space, form: &str) -> Option<TermId> {
        let space = space.number();
        self.table
            .find(hash(space, form), |&term| {
                is(&self.terms, &self.forms, term, space, form)
            })
            .copied()
    }

    /// The term of this vocabulary that is the same as one of another.
    pub(super) fn same(&self, other: &Self, term: TermId) -> Option<TermId> {
        let wanted = other.terms.get(term as usize)?;
        let form = other.form(term);
        // A pattern is told from a word by its wildcards, which no word holds.
        self.table
            .find(hash(wanted.space, form), |&term| {
                is(&self.terms, &self.forms, term, wanted.space, form)
            })
            .copied()
    }

    /// A guess at the share of articles that have a term, before any was seen.
    pub(super) fn guess(&self, term: TermId) -> f32 {
        let Some(known) = self.terms.get(term as usize) else {
            return 1.0;
        };
        let form = self.form(term);
        let by_length: f32 = match form.chars().count() {
            0..=1 => 0.3,
            2 => 0.2,
            3 => 0.05,
            4 => 0.03,
            5 => 0.02,
            _ => 0.01,
        };
        let guess = match known.space {
            0 if super::stopwords::is_stop_word(form) => 0.9,
            0 if known.pattern => by_length * 3.0,
            0 => by_length,
            5 | 9 | 10 => 0.002,
            6 => 0.3,
            7 => 0.1,
            8 => 0.15,
            11 => by_length * 2.0,
            _ => by_length.min(0.02),
        };
        f32::min(guess, 1.0)
    }

    /// Adds to `found` every term that a form of a word is: the word itself, patterns, and terms of `STEM`. A term may be
    /// added more than once.
    pub(super) fn find_all(&self, space: Space, form: &str, found: &mut Vec<TermId>) {
        if let Some(term) = self.find(space, form) {
            self.add(term, found);
        }
        if self.patterns.is_empty() || form.len() > MAX_PATTERN_BYTES {
            return;
        }
        let space = space.number();
        let mut try_one = |pattern: &Pattern| {
            if pattern.space == space && fits(&pattern.parts, form) {
                found.push(pattern.term);
            }
        };
        let Some(finder) = &self.finder else {
            // Too many patterns for an automaton: slow, but not wrong.
            self.patterns.iter().for_each(try_one);
            return;
        };
        for hit in finder.find_overlapping_iter(form) {
            let patterns = self.by_letters.get(hit.pattern().as_usize());
            patterns
                .into_iter()
                .flatten()
                .filter_map(|&number| self.patterns.get(number as usize))
                .for_each(&mut try_one);
        }
    }

    /// Adds the terms of `STEM` that a word of an article in `language` is a form of.
    pub(super) fn find_stems(&self, language: StemLanguage, word: &str, found: &mut Vec<TermId>) {
        let stem = language.stem(word);
        if let Some(term) = self.find(Space::Stem(language), &stem) {
            self.add(term, found);
        }
    }

    fn add(&self, term: TermId, found: &mut Vec<TermId>) {
        found.push(term);
        found.extend(self.expansions.get(&term).into_iter().flatten());
    }
}

fn hash(space: u8, form: &str) -> u64 {
    xxh3_64_with_seed(form.as_bytes(), u64::from(space))
}

fn of<'v>(terms: &[Term], forms: &'v str, term: TermId) -> (u8, &'v str) {
    terms.get(term as usize).map_or((0, ""), |term| {
        let form = forms.get(term.start as usize..term.end as usize);
        (term.space, form.unwrap_or_default())
    })
}

fn is(terms: &[Term], forms: &str, term: TermId, space: u8, form: &str) -> bool {
    of(terms, forms, term) == (space, form)
}

#[cfg(test)]
mod tests {
    use super::super::words::{Element, elements, parts};
    use super::*;

    fn pattern(vocabulary: &mut Vocabulary, raw: &str) -> TermId {
        match elements(&parts(raw)).elements.as_slice() {
            [Element::Pattern(parts)] => vocabulary.intern_pattern(Space::Text, parts.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_patterns_and_stems_are_found() {
        let mut vocabulary = Vocabulary::default();
        let oil = vocabulary.intern(Space::Text, "oil");
        assert_eq!(vocabulary.intern(Space::Text, "oil"), oil);
        let tag = vocabulary.intern(Space::Tag, "oil");
        assert_ne!(tag, oil);
        let open = pattern(&mut vocabulary, "oil*");
        let inner = pattern(&mut vocabulary, "*il?e*");
        let strike = vocabulary.intern_stems("strike");
        vocabulary.finish();
        let find = |form: &str| {
            let mut found = Vec::new();
            vocabulary.find_all(Space::Text, form, &mut found);
            found.dedup();
            found
        };
        assert_eq!(find("oil"), [oil, open]);
        assert_eq!(find("oilkes"), [open, inner]);
        assert!(find("gas").is_empty());
        assert!(find("strike").contains(&strike));
        let mut found = Vec::new();
        let english = StemLanguage::of("en").unwrap();
        vocabulary.find_stems(english, "striking", &mut found);
        assert!(found.contains(&strike));
        assert!(vocabulary.has(Space::Stem(english)) && !vocabulary.has(Space::Author));
        assert_eq!(vocabulary.form(inner), "*il?e*");
    }
}
