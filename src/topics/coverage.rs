//! What the word lists cover: for whoever keeps them.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::text::Document;

use super::analyser::{Analyser, Pattern, TermForm};
use super::score::{Entries, Entry};
use super::tagger::TopicTagger;

/// Terms that a broad topic should have before it can be relied on.
const THIN: usize = 20;

/// What the word lists cover, and which of their terms stand in given articles.
#[derive(Debug)]
pub struct Coverage<'t> {
    tagger: &'t TopicTagger,
    /// Articles in which a term was found, by language and place of the term.
    seen: BTreeMap<String, Vec<u32>>,
    articles: BTreeMap<String, u32>,
}

/// One language.
#[derive(Debug, Clone, Serialize)]
pub struct LanguageCoverage {
    /// Primary subtag.
    pub language: String,
    /// Terms of the list, guards included.
    pub terms: usize,
    /// Topics of level 2 that have terms of their own.
    pub narrow_topics: usize,
    /// All topics with terms, and broad topics without.
    pub topics: Vec<TopicCoverage>,
    /// Terms that speak for several broad topics, and groups of plain words that stemming makes one where different
    /// lines give them different topics.
    pub clashes: Vec<TermCoverage>,
    /// Articles given in this language.
    pub articles: u32,
    /// Terms that stand in none of them; empty where none was given.
    pub unseen: Vec<TermCoverage>,
    /// Terms that stand in most of them, the most frequent first (at most 50).
    pub frequent: Vec<TermCoverage>,
}

/// One topic of a language.
#[derive(Debug, Clone, Serialize)]
pub struct TopicCoverage {
    /// For example `medtop:11000000`.
    pub id: String,
    /// English label.
    pub label: String,
    /// Whether it is a topic of level 1.
    pub broad: bool,
    /// Terms, for broad topics those of their narrow ones included.
    pub terms: usize,
    /// A broad topic with fewer than 20 terms.
    pub thin: bool,
}

/// One term.
#[derive(Debug, Clone, Serialize)]
pub struct TermCoverage {
    /// As it stands in the list.
    pub term: String,
    /// Its topics with the weights for them; for a clash broad topics only.
    pub topics: Vec<(String, f32)>,
    /// Articles it stands in.
    pub articles: u32,
}

impl<'t> Coverage<'t> {
    /// Coverage of the lists of a tagger, no article given yet.
    pub fn new(tagger: &'t TopicTagger) -> Self {
        Self {
            tagger,
            seen: BTreeMap::new(),
            articles: BTreeMap::new(),
        }
    }

    /// Notes which terms stand in an article. Returns whether there is a list for its language.
    pub fn add(&mut self, document: &Document, language: &str) -> bool {
        let Some((name, lexicon)) = self.tagger.lexicon(language) else {
            return false;
        };
        let seen = self
            .seen
            .entry(name.clone())
            .or_insert_with(|| vec![0; lexicon.entries.len()]);
        for hit in lexicon.find(document) {
            if let Some(count) = seen.get_mut(hit.term as usize) {
                *count += 1;
            }
        }
        *self.articles.entry(name.clone()).or_default() += 1;
        true
    }

    /// The languages, in order.
    pub fn languages(&self) -> Vec<LanguageCoverage> {
        self.tagger
            .languages
            .iter()
            .map(|(language, lexicon)| self.language(language, &lexicon.entries))
            .collect()
    }

    fn language(&self, language: &str, terms: &Entries) -> LanguageCoverage {
        let none = Vec::new();
        let seen = self.seen.get(language).unwrap_or(&none);
        let articles = self.articles.get(language).copied().unwrap_or_default();
        let counted = |place: usize| seen.get(place).copied().unwrap_or_default();
        let mut unseen = Vec::new();
        let mut frequent = Vec::new();
        for (place, term) in terms.iter().enumerate() {
            match counted(place) {
                0 if articles > 0 => unseen.push(self.term(term, 0, false)),
                0 => {}
                count => frequent.push(self.term(term, count, false)),
            }
        }
        frequent.sort_by(|a, b| {
            b.articles
                .cmp(&a.articles)
                .then_with(|| a.term.cmp(&b.term))
        });
        frequent.truncate(50);
        let topics = self.topics(terms);
        LanguageCoverage {
            language: language.to_owned(),
            terms: terms.len(),
            narrow_topics: topics.iter().filter(|topic| !topic.broad).count(),
            topics,
            clashes: self.clashes(language, terms),
            articles,
            unseen,
            frequent,
        }
    }

    fn topics(&self, terms: &Entries) -> Vec<TopicCoverage> {
        let mut counts: HashMap<u16, usize> = HashMap::new();
        for &(topic, _) in terms.iter().flat_map(|term| term.topics) {
            *counts.entry(topic).or_default() += 1;
        }
        let mut topics = Vec::new();
        for (topic, index) in self.tagger.taxonomy.topics().iter().zip(0_u16..) {
            let terms = counts.get(&index).copied().unwrap_or_default();
            let broad = topic.parent.is_none();
            if broad || terms > 0 {
                topics.push(TopicCoverage {
                    id: format!("medtop:{}", topic.code),
                    label: topic.label.clone(),
                    broad,
                    terms,
                    thin: broad && terms < THIN,
                });
            }
        }
        topics
    }

    /// Terms with several broad topics: one line for each, or several lines that stemming makes one.
    fn clashes(&self, language: &str, terms: &Entries) -> Vec<TermCoverage> {
        let analyser = Analyser::of(language);
        let mut clashes: Vec<TermCoverage> = terms
            .iter()
            .map(|term| self.term(term, 0, true))
            .filter(|term| term.topics.len() > 1)
            .collect();
        // A plain word and an exact form of the same stem for different topics: right if both were meant.
        let words: Vec<(Entry<'_>, TermForm)> = terms
            .iter()
            .filter(|term| !term.topics.is_empty())
            .filter_map(|term| Some((term, analyser.term(term.written).ok()?)))
            .filter(|(_, form)| form.words.len() == 1)
            .collect();
        for (term, form) in &words {
            let text = form.words.first().map_or("", Pattern::text);
            let other = words.iter().find(|(other, own)| {
                own != form && own.is(analyser, &[text]) && self.broad(*other) != self.broad(*term)
            });
            if let Some((other, _)) = other {
                let mut clash = self.term(*term, 0, true);
                clash.term = format!("{} / {}", term.written, other.written);
                clash.topics.extend(self.term(*other, 0, true).topics);
                clashes.push(clash);
            }
        }
        clashes
    }

    fn broad(&self, term: Entry<'_>) -> Vec<u16> {
        term.topics
            .iter()
            .map(|&(topic, _)| topic)
            .filter(|&topic| {
                self.tagger
                    .taxonomy
                    .get(topic)
                    .is_some_and(|topic| topic.parent.is_none())
            })
            .collect()
    }

    fn term(&self, term: Entry<'_>, articles: u32, broad: bool) -> TermCoverage {
        let topics = term
            .topics
            .iter()
            .filter_map(|&(topic, weight)| {
                let topic = self.tagger.taxonomy.get(topic)?;
                (!broad || topic.parent.is_none())
                    .then(|| (format!("medtop:{}", topic.code), weight))
            })
            .collect();
        TermCoverage {
            term: term.written.to_string(),
            topics,
            articles,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TopicSettings;
    use super::super::sample::document;
    use super::*;

    #[test]
    fn thin_topics_clashes_and_unseen_terms_are_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("it.tsv"),
            "11000000\tpartito\t4\n15000000\t=partita\t4\n15000000\tcalcio\t4\n04000000\tcalcio\t1\n20000574\telezione\t5\n-\tparte\t0\n",
        )
        .unwrap();
        let settings = TopicSettings {
            lexicons: Some(folder.path().to_owned()),
            shipped_lexicons: false,
            ..TopicSettings::default()
        };
        let tagger = TopicTagger::new(&settings).unwrap();
        let mut coverage = Coverage::new(&tagger);
        assert!(coverage.languages()[0].unseen.is_empty());
        assert!(coverage.add(
            &document("", "Le elezioni e la partita. Le elezioni."),
            "it-IT"
        ));
        assert!(coverage.add(&document("", "La partita"), "it"));
        assert!(!coverage.add(&document("", "x"), "xx"));
        let [italian] = coverage.languages().try_into().unwrap();
        assert_eq!((italian.articles, italian.narrow_topics), (2, 1));
        let clashes: Vec<_> = italian
            .clashes
            .iter()
            .map(|clash| clash.term.as_str())
            .collect();
        assert_eq!(clashes, ["calcio", "=partita / partito"]);
        let unseen: Vec<_> = italian
            .unseen
            .iter()
            .map(|term| term.term.as_str())
            .collect();
        assert_eq!(unseen, ["parte", "calcio", "partito"]);
        assert_eq!(
            (
                italian.frequent[0].term.as_str(),
                italian.frequent[0].articles
            ),
            ("=partita", 2)
        );
        assert!(italian.topics.iter().all(|topic| topic.thin == topic.broad));
        assert_eq!(
            italian.topics.iter().filter(|topic| topic.broad).count(),
            17
        );
    }
}
