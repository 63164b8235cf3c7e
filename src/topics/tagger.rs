//! The tagger: word lists of all languages, and tags with evidence for one article.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use crate::text::Document;

use super::analyser::Analyser;
use super::calibration::{Calibration, Curve, TABLE};
use super::lexicon::Lexicon;
use super::load::load;
use super::matcher::Matcher;
use super::publisher::Categories;
use super::relatives::{self, Relatives};
use super::score::{Entries, Hit, Space, find, scores};
use super::settings::{TopicError, TopicSettings};
use super::tags::{Evidence, Missed, PublisherTopic, TopicKind, TopicTag, TopicTags};
use super::taxonomy::{TOPICS, Taxonomy};

/// Topics shown that stayed under their threshold.
const NEAR_MISSES: usize = 5;

/// One language, ready for use.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) entries: Entries,
    matcher: Matcher,
    curve: Curve,
    /// Spaces that nobody uses: as many as there were threads at work.
    spaces: Mutex<Vec<Space>>,
}

impl Compiled {
    fn new(language: &str, lexicon: &Lexicon, curve: Curve) -> Self {
        Self {
            entries: Entries::new(&lexicon.terms),
            matcher: Matcher::new(Analyser::of(language), &lexicon.terms),
            curve,
            spaces: Mutex::new(Vec::new()),
        }
    }

    /// The terms in an article.
    pub(super) fn find(&self, document: &Document) -> Vec<Hit> {
        let kept = || self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut space = kept().pop().unwrap_or_default();
        let hits = find(document, &self.matcher, &mut space);
        kept().push(space);
        hits
    }
}

/// A hash of everything in a list that decides what is found.
fn lexicon_hash(lexicon: &Lexicon) -> u64 {
    let mut hash = Xxh3::new();
    for term in &lexicon.terms {
        hash.update(term.written.as_bytes());
        for (topic, weight) in &term.topics {
            hash.update(&topic.to_le_bytes());
            hash.update(&weight.to_le_bytes());
        }
        hash.update(b"\n");
    }
    hash.digest()
}

/// Tags articles with topics of the taxonomy.
#[derive(Debug)]
pub struct TopicTagger {
    settings: TopicSettings,
    pub(super) taxonomy: Taxonomy,
    pub(super) languages: BTreeMap<String, Compiled>,
    relatives: Relatives,
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
        let mut notes = Vec::new();
        let mut languages = BTreeMap::new();
        let made = load(settings, &taxonomy, |language, lexicon| {
            let compiled = Compiled::new(language, &lexicon, calibration.broad(language));
            (lexicon_hash(&lexicon), lexicon.notes, compiled)
        })?;
        let mut hash = Xxh3::new();
        hash.update(TOPICS.as_bytes());
        hash.update(TABLE.as_bytes());
        for (language, (own, more, compiled)) in made {
            hash.update(language.as_bytes());
            hash.update(&own.to_le_bytes());
            notes.extend(more);
            languages.insert(language, compiled);
        }
        let relatives = if settings.related_lexicons {
            hash.update(relatives::TABLE.as_bytes());
            Relatives::shipped()?
        } else {
            Relatives::default()
        };
        let generation = format!("{:016x}", hash.digest());
        Ok(Self {
            settings: settings.clone(),
            taxonomy,
            languages,
            relatives,
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

    /// The language of the list that `language` (BCP 47; only the primary subtag counts) is tagged by: its own, or that of a
    /// close relative.
    pub fn list_for(&self, language: &str) -> Option<&str> {
        self.chosen(language).map(|(name, ..)| name.as_str())
    }

    /// The word list of a language (BCP 47; only the primary subtag counts).
    pub(super) fn lexicon(&self, language: &str) -> Option<(&String, &Compiled)> {
        self.languages.get_key_value(&primary(language))
    }

    /// The word list for a language, its own or that of a close relative, and whether it is the latter.
    fn chosen(&self, language: &str) -> Option<(&String, &Compiled, bool)> {
        let language = primary(language);
        let own = self.languages.get_key_value(&language);
        let list = own.or_else(|| self.languages.get_key_value(self.relatives.of(&language)?));
        list.map(|(name, lexicon)| (name, lexicon, own.is_none()))
    }

    /// The topics of an article in `language` (BCP 47; only the primary subtag counts). Reads content blocks only.
    pub fn tag(&self, document: &Document, language: &str) -> TopicTags {
        let Some((name, lexicon, related)) = self.chosen(language) else {
            return TopicTags::default();
        };
        let (hits, scores) = self.scores(document, lexicon);
        let ranked = self.rank(&scores, lexicon.curve);
        let tag = |ranked: &Ranked| self.describe(ranked, &hits, &lexicon.entries, document);
        let (passed, short): (Vec<&Ranked>, Vec<&Ranked>) =
            ranked.iter().partition(|topic| topic.passes);
        let missed = |topic: &&Ranked| {
            let reason = self.missed(topic, &ranked);
            tag(topic).map(|tag| TopicTag {
                missed: Some(reason),
                ..tag
            })
        };
        let (given, full) = passed.split_at(passed.len().min(self.settings.max_topics));
        let tags = given.iter().copied().filter_map(tag).collect();
        let near_misses = full
            .iter()
            .chain(&short)
            .take(NEAR_MISSES)
            .filter_map(missed)
            .collect();
        TopicTags {
            tags,
            near_misses,
            publisher: Vec::new(),
            lexicon: Some(name.clone()),
            related,
        }
    }

    /// The terms in an article, and the scores of all topics.
    pub(super) fn scores(&self, document: &Document, lexicon: &Compiled) -> (Vec<Hit>, Vec<f32>) {
        let hits = lexicon.find(document);
        let scores = scores(
            &hits,
            &lexicon.entries,
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
        let best = self.broad_scores(scores).fold(0.0, f32::max);
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
            let confidence = match broad {
                None => curve.at(share, score),
                Some(broad) => broad.confidence * self.narrow.at(share, score),
            };
            let sure = broad.is_none() && score >= best && confidence >= self.settings.sure;
            let least = Some(threshold * whole).filter(|&least| !sure || score >= least);
            let needed = self.settings.min_score.max(least.unwrap_or(0.0));
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

    /// Why a topic is not among the tags.
    fn missed(&self, topic: &Ranked, ranked: &[Ranked]) -> Missed {
        if topic.passes {
            return Missed::Full;
        }
        let parent = self.taxonomy.get(topic.topic).and_then(|it| it.parent);
        if topic.score < topic.needed {
            return Missed::Score(match parent {
                _ if topic.needed <= self.settings.min_score => "topics.min_score",
                None => "topics.threshold",
                Some(_) => "topics.narrow_threshold",
            });
        }
        let broad = ranked.iter().find(|other| Some(other.topic) == parent);
        let broad = broad.and_then(|broad| self.taxonomy.get(broad.topic));
        Missed::Broad(broad.map_or_else(String::new, |broad| broad.label.clone()))
    }

    /// The sum of the scores of all broad topics.
    pub(super) fn total(&self, scores: &[f32]) -> f32 {
        self.broad_scores(scores).sum()
    }

    fn broad_scores(&self, scores: &[f32]) -> impl Iterator<Item = f32> {
        let topics = self.taxonomy.topics().iter().zip(scores);
        topics
            .filter(|(topic, _)| topic.parent.is_none())
            .map(|(_, &score)| score)
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
        entries: &Entries,
        document: &Document,
    ) -> Option<TopicTag> {
        let topic = self.taxonomy.get(ranked.topic)?;
        let mut found: Vec<(f32, f32, &Hit, &str)> = hits
            .iter()
            .filter_map(|hit| {
                let entry = entries.get(hit.term as usize)?;
                let &(_, weight) = entry
                    .topics
                    .iter()
                    .find(|(topic, _)| *topic == ranked.topic)?;
                let added = weight * hit.factor(self.settings.title_boost);
                Some((added, weight, hit, entry.written))
            })
            .collect();
        // A stable sort: terms that add the same stay in reading order.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let terms = found.len();
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
            terms,
            missed: None,
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

/// The primary subtag, in small letters.
fn primary(language: &str) -> String {
    let subtag = language.split(['-', '_']).next();
    subtag.unwrap_or_default().to_ascii_lowercase()
}

fn evidence(document: &Document, hit: &Hit, term: &str, weight: f32) -> Option<Evidence> {
    let tokens = document
        .tokens
        .get(hit.first.start as usize..hit.first.end as usize)?;
    let (first, last) = (tokens.first()?, tokens.last()?);
    let field = document.fields.get(usize::from(first.field))?;
    Some(Evidence {
        term: term.to_owned(),
        field: field.pointer.clone(),
        start: first.start,
        end: last.end,
        weight,
        count: hit.count,
    })
}
