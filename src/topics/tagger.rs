//! The tagger: word lists of all languages, and tags with evidence for one article.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::Xxh3;

use crate::text::Document;

use super::analyser::Analyser;
use super::calibration::{Calibration, Curve, TABLE};
use super::lexicon::{Lexicon, Term};
use super::load::load;
use super::matcher::Matcher;
use super::publisher::Categories;
use super::score::{Hit, find, scores};
use super::settings::{TopicError, TopicSettings};
use super::tags::{Evidence, PublisherTopic, TopicKind, TopicTag, TopicTags};
use super::taxonomy::{TOPICS, Taxonomy};

/// Topics shown that stayed under their threshold.
const NEAR_MISSES: usize = 5;

/// One language, ready for use.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) terms: Vec<Term>,
    pub(super) matcher: Matcher,
    curve: Curve,
}

/// Tags articles with topics of the taxonomy.
#[derive(Debug)]
pub struct TopicTagger {
    settings: TopicSettings,
    pub(super) taxonomy: Taxonomy,
    pub(super) languages: BTreeMap<String, Compiled>,
    categories: Categories,
    narrow: Curve,
    notes: Vec<String>,
    generation: String,
}

impl TopicTagger {
    /// Reads and compiles the shipped word lists and those of [`TopicSettings::lexicons`].
    ///
    /// # Errors
    /// A setting out of range, a category without a topic, a folder or file that cannot be read, or lines that cannot be used (all of them named
    /// with file and line, up to twenty).
    pub fn new(settings: &TopicSettings) -> Result<Self, TopicError> {
        settings.check()?;
        let taxonomy = Taxonomy::shipped()?;
        let calibration = Calibration::shipped()?;
        let categories = Categories::new(&settings.categories, &taxonomy)?;
        let lines = load(settings, &taxonomy)?;
        let mut hash = Xxh3::new();
        hash.update(TOPICS.as_bytes());
        hash.update(TABLE.as_bytes());
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
            let matcher = Matcher::new(Analyser::of(&language), &terms);
            languages.insert(
                language.clone(),
                Compiled {
                    terms,
                    matcher,
                    curve: calibration.broad(&language),
                },
            );
        }
        let generation = format!("{:016x}", hash.digest());
        Ok(Self {
            settings: settings.clone(),
            taxonomy,
            languages,
            categories,
            narrow: calibration.narrow(),
            notes,
            generation,
        })
    }

    /// A short hash of taxonomy, word lists and calibration as loaded: it changes exactly when one of them does.
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// Languages with a word list (primary subtags), in order.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// What is allowed in the user's own word lists but worth knowing: terms that speak for several broad topics, and removals
    /// that removed nothing.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The topics that the publisher gave an article, by the setting `categories`.
    pub fn publisher_topics(&self, categories: &[String]) -> Vec<PublisherTopic> {
        self.categories.map(categories, &self.taxonomy)
    }

    /// The word list for a language (BCP 47; only the primary subtag counts).
    pub(super) fn lexicon(&self, language: &str) -> Option<(&String, &Compiled)> {
        let primary = language
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        self.languages.get_key_value(&primary)
    }

    /// The topics of an article in `language` (BCP 47; only the primary subtag counts). Reads content blocks only.
    pub fn tag(&self, document: &Document, language: &str) -> TopicTags {
        let Some((name, lexicon)) = self.lexicon(language) else {
            return TopicTags::default();
        };
        let (hits, scores) = self.scores(document, lexicon);
        let ranked = self.rank(&scores, lexicon.curve);
        let tag = |ranked: &Ranked| self.describe(ranked, &hits, &lexicon.terms, document);
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
            publisher: Vec::new(),
            lexicon: Some(name.clone()),
        }
    }

    /// The terms in an article, and the scores of all topics.
    pub(super) fn scores(&self, document: &Document, lexicon: &Compiled) -> (Vec<Hit>, Vec<f32>) {
        let hits = find(document, &lexicon.matcher, lexicon.terms.len());
        let scores = scores(
            &hits,
            &lexicon.terms,
            self.taxonomy.topics().len(),
            document.tokens.len(),
            self.settings.title_boost,
        );
        (hits, scores)
    }

    /// The topics that scored, best first. A broad topic never scores less than its narrow ones and stands before them.
    fn rank(&self, scores: &[f32], curve: Curve) -> Vec<Ranked> {
        let topics = self.taxonomy.topics();
        let total = self.total(scores);
        // The taxonomy is ordered broad before narrow, so what is known of the broad topic is there already.
        let mut known: Vec<Ranked> = Vec::with_capacity(topics.len());
        for ((topic, &score), index) in topics.iter().zip(scores).zip(0_u16..) {
            let broad = topic
                .parent
                .and_then(|parent| known.get(usize::from(parent)));
            let (whole, threshold) = match broad {
                None => (total, self.settings.threshold),
                Some(broad) => (broad.score, self.settings.narrow_threshold),
            };
            let share = if whole > 0.0 { score / whole } else { 0.0 };
            let needed = self.settings.min_score.max(threshold * whole);
            let confidence = match broad {
                None => curve.at(share, score),
                Some(broad) => broad.confidence * self.narrow.at(share, score),
            };
            known.push(Ranked {
                topic: index,
                score,
                needed,
                confidence,
                passes: score > 0.0 && score >= needed && broad.is_none_or(|broad| broad.passes),
            });
        }
        known.retain(|ranked| ranked.score > 0.0);
        known.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| self.code(a.topic).cmp(self.code(b.topic)))
        });
        known
    }

    /// The sum of the scores of all broad topics.
    pub(super) fn total(&self, scores: &[f32]) -> f32 {
        let broad = self.taxonomy.topics().iter().zip(scores);
        broad
            .filter(|(topic, _)| topic.parent.is_none())
            .map(|(_, score)| score)
            .sum()
    }

    fn code(&self, topic: u16) -> &str {
        self.taxonomy
            .get(topic)
            .map_or("", |topic| topic.code.as_str())
    }

    fn describe(
        &self,
        ranked: &Ranked,
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
                let added = weight * hit.factor(self.settings.title_boost);
                Some((added, weight, hit, term))
            })
            .collect();
        // A stable sort: terms that add the same stay in reading order.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let evidence: Vec<Evidence> = found
            .into_iter()
            .take(self.settings.max_evidence)
            .filter_map(|(_, weight, hit, term)| evidence(document, hit, term, weight))
            .collect();
        (!evidence.is_empty()).then(|| TopicTag {
            id: format!("medtop:{}", topic.code),
            label: topic.label.clone(),
            kind: TopicKind::Taxonomy,
            score: ranked.score,
            needed: ranked.needed,
            confidence: ranked.confidence.clamp(0.0, 1.0),
            evidence,
        })
    }
}

/// A topic that scored.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    topic: u16,
    score: f32,
    needed: f32,
    confidence: f32,
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
        count: hit.count,
    })
}
