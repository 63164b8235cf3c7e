//! The tagger: word lists of all languages, and tags with evidence for one article.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::Xxh3;

use crate::text::Document;

use super::analyser::Analyser;
use super::lexicon::{Lexicon, Term};
use super::load::{Languages, load};
use super::matcher::Matcher;
use super::score::{Hit, find, scores};
use super::settings::{TopicError, TopicSettings};
use super::tags::{Evidence, TopicKind, TopicTag, TopicTags};
use super::taxonomy::{TOPICS, Taxonomy};

/// Topics shown that stayed under their threshold.
const NEAR_MISSES: usize = 5;
/// The score at which the amount of evidence halves the confidence.
const HALF_TRUST: f32 = 5.0;

/// One language, ready for use.
#[derive(Debug)]
struct Compiled {
    analyser: Analyser,
    terms: Vec<Term>,
    matcher: Matcher,
}

/// Tags articles with topics of the taxonomy.
#[derive(Debug)]
pub struct TopicTagger {
    settings: TopicSettings,
    taxonomy: Taxonomy,
    languages: BTreeMap<String, Compiled>,
    notes: Vec<String>,
    generation: String,
}

impl TopicTagger {
    /// Reads and compiles the shipped word lists and those of [`TopicSettings::lexicons`].
    ///
    /// # Errors
    /// A setting out of range, a folder or file that cannot be read, or lines that cannot be used (all of them named
    /// with file and line, up to twenty).
    pub fn new(settings: &TopicSettings) -> Result<Self, TopicError> {
        settings.check()?;
        let taxonomy = Taxonomy::shipped()?;
        let lines = load(settings.lexicons.as_deref(), &taxonomy)?;
        Ok(Self::compile(settings.clone(), taxonomy, lines))
    }

    fn compile(settings: TopicSettings, taxonomy: Taxonomy, lines: Languages) -> Self {
        let mut hash = Xxh3::new();
        hash.update(TOPICS.as_bytes());
        let mut languages = BTreeMap::new();
        let mut notes = Vec::new();
        for (language, (shipped, own)) in lines {
            let Lexicon { terms, notes: more } = Lexicon::merge(&language, shipped, own, &taxonomy);
            notes.extend(more);
            hash.update(language.as_bytes());
            for term in &terms {
                hash.update(
                    format!("\n{:?}{:?}{:?}", term.form, term.written, term.topics).as_bytes(),
                );
            }
            let matcher = Matcher::new(&terms);
            languages.insert(
                language.clone(),
                Compiled {
                    analyser: Analyser::of(&language),
                    terms,
                    matcher,
                },
            );
        }
        let generation = format!("{:016x}", hash.digest());
        Self {
            settings,
            taxonomy,
            languages,
            notes,
            generation,
        }
    }

    /// A short hash of taxonomy and word lists as loaded: it changes exactly when one of them does.
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// Languages with a word list (primary subtags), in order.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// What is allowed in the word lists but worth knowing: terms that speak for several broad topics, and removals
    /// that removed nothing.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The topics of an article in `language` (BCP 47; only the primary subtag counts). Reads content blocks only.
    pub fn tag(&self, document: &Document, language: &str) -> TopicTags {
        let primary = language
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let Some((name, lexicon)) = self.languages.get_key_value(&primary) else {
            return TopicTags::default();
        };
        let hits = find(
            document,
            lexicon.analyser,
            &lexicon.matcher,
            lexicon.terms.len(),
        );
        let topics = self.taxonomy.topics();
        let scores = scores(
            &hits,
            &lexicon.terms,
            topics.len(),
            document.tokens.len(),
            self.settings.title_boost,
        );
        let total: f32 = topics
            .iter()
            .zip(&scores)
            .filter(|(topic, _)| topic.parent.is_none())
            .map(|(_, score)| score)
            .sum();
        let mut ranked: Vec<Ranked> = Vec::new();
        for (&score, index) in scores.iter().zip(0_u16..) {
            if score > 0.0 {
                ranked.push(Ranked {
                    topic: index,
                    score,
                    passes: self.passes(index, &scores, total),
                });
            }
        }
        // The taxonomy is ordered broad before narrow, and a broad topic never scores less than its narrow ones.
        ranked.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| self.place(a.topic).cmp(self.place(b.topic)))
        });
        let tag = |ranked: &Ranked| self.describe(ranked, total, &hits, &lexicon.terms, document);
        TopicTags {
            tags: ranked
                .iter()
                .filter(|topic| topic.passes)
                .take(self.settings.max_topics)
                .filter_map(tag)
                .collect(),
            near_misses: ranked
                .iter()
                .filter(|topic| !topic.passes)
                .take(NEAR_MISSES)
                .filter_map(tag)
                .collect(),
            lexicon: Some(name.clone()),
        }
    }

    /// Whether a topic scored enough. The broad topic of a narrow one that passes passes too.
    fn passes(&self, topic: u16, scores: &[f32], total: f32) -> bool {
        let score = |topic: u16| scores.get(usize::from(topic)).copied().unwrap_or_default();
        let broad = |topic: u16| {
            score(topic) >= self.settings.min_score
                && score(topic) >= self.settings.threshold * total
        };
        match self.taxonomy.get(topic).and_then(|found| found.parent) {
            None => broad(topic),
            Some(parent) => {
                broad(parent)
                    && score(topic) >= self.settings.min_score
                    && score(topic) >= self.settings.narrow_threshold * score(parent)
            }
        }
    }

    /// Order of topics with the same score: by id.
    fn place(&self, topic: u16) -> &str {
        self.taxonomy
            .get(topic)
            .map_or("", |topic| topic.code.as_str())
    }

    fn describe(
        &self,
        ranked: &Ranked,
        total: f32,
        hits: &[Hit],
        terms: &[Term],
        document: &Document,
    ) -> Option<TopicTag> {
        let topic = self.taxonomy.get(ranked.topic)?;
        let mut found: Vec<(f32, f32, &Hit, &Term)> = hits
            .iter()
            .filter_map(|hit| {
                let term = terms.get(hit.term as usize)?;
                let &(_, weight) = term
                    .topics
                    .iter()
                    .find(|(topic, _)| *topic == ranked.topic)?;
                Some((
                    weight * hit.factor(self.settings.title_boost),
                    weight,
                    hit,
                    term,
                ))
            })
            .collect();
        // A stable sort: terms that add the same stay in reading order.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let evidence: Vec<Evidence> = found
            .into_iter()
            .take(self.settings.max_evidence)
            .filter_map(|(_, weight, hit, term)| evidence(document, hit, term, weight))
            .collect();
        if evidence.is_empty() {
            return None;
        }
        let share = if total > 0.0 {
            ranked.score / total
        } else {
            0.0
        };
        Some(TopicTag {
            id: format!("medtop:{}", topic.code),
            label: topic.label.clone(),
            kind: TopicKind::Taxonomy,
            score: ranked.score,
            confidence: (share * ranked.score / (ranked.score + HALF_TRUST)).clamp(0.0, 1.0),
            evidence,
        })
    }
}

/// A topic that scored.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    topic: u16,
    score: f32,
    passes: bool,
}

fn evidence(document: &Document, hit: &Hit, term: &Term, weight: f32) -> Option<Evidence> {
    let tokens = document
        .tokens
        .get(hit.first.start as usize..hit.first.end as usize)?;
    let (first, last) = (tokens.first()?, tokens.last()?);
    let field = document.fields.get(usize::from(first.field))?;
    Some(Evidence {
        term: term.written.clone(),
        field: field.pointer.clone(),
        start: first.start,
        end: last.end,
        weight,
    })
}
