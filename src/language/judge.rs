//! The language of a text in one script: the base model, then the facts that tell siblings apart.

use super::base::{Known, Scratch};
use super::facts::normalise;
use super::languages::{Candidate, Languages};
use super::weigh::{by_words, common_words, has_few_letters, lift, weigh, with_words};

/// The class for text that is no language.
pub(super) const NOTHING: &str = "zxx";

/// A variant (`pt-BR`, `zh-Hant`) is named where it has this share of its language, else the language alone.
const VARIANT: f32 = 0.75;
/// Languages kept for explanations.
const MOST_RANKED: usize = 5;
/// Names that siblings share (ISO 639-3 macrolanguages): given where none of them has [`UNDECIDED`] and all have
/// [`TOGETHER`].
const SHARED_NAMES: [(&str, &[&str]); 2] = [("sh", &["bs", "hr", "sr"]), ("no", &["nb", "nn"])];
const UNDECIDED: f32 = 0.38;
const TOGETHER: f32 = 0.6;
/// How far a language without a class stands behind its likeliest sibling, in logits.
const STAND_IN: f32 = -1.5;
/// A language without a class that is so likely shows itself by facts: its text need not look like the model's languages.
const STANDS: f32 = 0.8;
/// Root of the length, in bytes, for which biases are given.
const BIAS_ROOT: f32 = 10.0;
/// Far behind everything.
const NEVER: f32 = -1e6;

/// What one text says.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    /// BCP 47 code.
    pub code: &'static str,
    /// Probability of the code.
    pub probability: f32,
    /// Probability of the code or any of its siblings: at least as much.
    pub together: f32,
    /// How much the text looks like a language that the model knows: [`Scores::typical`].
    pub typical: f32,
    /// Languages with their probabilities, likeliest first; at most [`MOST_RANKED`].
    pub ranked: Vec<(&'static str, f32)>,
    /// What told siblings apart.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// A verdict that needs no model.
    pub(super) fn certain(code: &'static str) -> Self {
        Self {
            code,
            probability: 1.0,
            together: 1.0,
            typical: f32::INFINITY,
            ranked: vec![(code, 1.0)],
            reasons: Vec::new(),
        }
    }
}

/// Scores of the base model for one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Scores {
    /// Log-likelihoods by class of the model.
    classes: Vec<f32>,
    /// Bytes that were scored.
    bytes: usize,
    /// The n-grams that were found.
    known: Known,
}

impl Scores {
    pub(super) fn of(text: &str, languages: &Languages, scratch: &mut Scratch) -> Self {
        let mut classes = Vec::new();
        let mut known = Known::default();
        if let Some(model) = &languages.model {
            known = model.score(text, scratch, &mut classes);
        }
        Self {
            classes,
            bytes: text.len(),
            known,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.classes.resize(other.classes.len(), 0.0);
        for (sum, score) in self.classes.iter_mut().zip(&other.classes) {
            *sum += score;
        }
        self.bytes += other.bytes;
        self.known.add(other.known);
    }

    /// Logits by candidate. As in the original, log-likelihoods are divided by the root of the length: n-grams that
    /// overlap do not speak for themselves.
    pub(super) fn logits(&self, languages: &Languages) -> Vec<f32> {
        let candidates = &languages.candidates;
        if languages.model.is_none() {
            return candidates.iter().map(|candidate| candidate.prior).collect();
        }
        let root = (self.bytes.max(1) as f32).sqrt();
        let mut best_of_group = vec![NEVER; languages.groups];
        let mut logits: Vec<f32> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let logit = self.best(candidate).map_or(NEVER, |best| {
                best / root + candidate.prior + candidate.bias * root / BIAS_ROOT
            });
            let group = candidate.group.map(usize::from);
            if let Some(best) = group.and_then(|group| best_of_group.get_mut(group)) {
                *best = best.max(logit);
            }
            logits.push(logit);
        }
        for (candidate, logit) in candidates.iter().zip(&mut logits) {
            let group = candidate.group.filter(|_| candidate.classes.is_empty());
            if let Some(best) = group.and_then(|group| best_of_group.get(usize::from(group))) {
                *logit = best + candidate.prior + STAND_IN;
            }
        }
        logits
    }

    /// How much the text looks like a language, by its n-grams: see [`super::base::Model::closeness`]. The greatest of all
    /// languages; infinite where there is no model.
    pub(super) fn closeness(&self, languages: &Languages) -> f32 {
        let Some(model) = &languages.model else {
            return f32::INFINITY;
        };
        let candidates = languages.candidates.iter();
        candidates
            .filter(|candidate| candidate.code != NOTHING)
            .flat_map(|candidate| &candidate.classes)
            .filter_map(|&class| {
                let score = *self.classes.get(class)?;
                Some(model.closeness(class, score, self.known.weight))
            })
            .fold(0.0, f32::max)
    }

    /// Logit of being a language that the model knows, not random letters nor another language, given its closeness;
    /// infinite where the script says enough.
    fn typical(&self, languages: &Languages, closeness: f32) -> f32 {
        languages.typical.map_or(f32::INFINITY, |typical| {
            typical.zero + typical.nat * closeness + typical.byte * self.known.mean_length()
        })
    }

    fn best(&self, candidate: &Candidate) -> Option<f32> {
        candidate
            .classes
            .iter()
            .filter_map(|&class| self.classes.get(class).copied())
            .reduce(f32::max)
    }
}

/// Place of the greatest; the first where several are.
pub(super) fn greatest(values: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (place, &value) in values.iter().enumerate() {
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((place, value));
        }
    }
    best.map(|(place, _)| place)
}

/// Judges texts of one script together. `scores` are those of all the texts, `None` where there is nothing to judge.
pub(super) fn judge<'t>(
    languages: &Languages,
    scores: &Scores,
    texts: impl Iterator<Item = &'t str>,
    explain: bool,
) -> Option<Verdict> {
    let mut logits = scores.logits(languages);
    let (mut normal, mut words) = (String::new(), 0);
    let closeness = scores.closeness(languages);
    let mut typical = scores.typical(languages, closeness);
    let mut reasons = Vec::new();
    if let Some(facts) = &languages.facts {
        for text in texts {
            words += normalise(text, &mut normal);
        }
        let evidence = facts.evidence(&normal, logits.len());
        languages.shares.weigh(&normal, &mut logits);
        weigh(languages, &evidence, &mut logits);
        lift(languages, &mut logits);
        common_words(&evidence, words, &mut logits);
        by_words(languages, &evidence, words, closeness, &mut logits);
        if let Some(best) = greatest(&logits) {
            let known = evidence.get(best).map_or(0, |own| own.different);
            typical = with_words(typical, known);
            if explain {
                reasons = facts.reasons(&normal, best, 6);
            }
        }
        if typical.is_finite() && has_few_letters(&normal) {
            typical = typical.min(0.0);
        }
    }
    decide(languages, &logits, typical, reasons)
}

/// Probabilities, merged over the variants of a language.
fn decide(
    languages: &Languages,
    logits: &[f32],
    typical: f32,
    reasons: Vec<String>,
) -> Option<Verdict> {
    let most = logits.get(greatest(logits)?)?;
    let odds: Vec<f32> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f32 = odds.iter().sum();
    let mut merged: Vec<Merged> = Vec::new();
    for (candidate, odds) in languages.candidates.iter().zip(&odds) {
        let probability = odds / sum;
        if probability < 1e-4 {
            continue;
        }
        let language = candidate.code.split('-').next().unwrap_or(candidate.code);
        match merged.iter_mut().find(|own| own.language == language) {
            Some(own) => own.add(candidate.code, probability),
            None => merged.push(Merged {
                language,
                probability,
                best: (candidate.code, probability),
            }),
        }
    }
    merged.sort_by(|a, b| {
        let order = b.probability.total_cmp(&a.probability);
        order.then(a.language.cmp(b.language))
    });
    let (code, probability) = answer(&merged)?;
    let best = greatest(logits).and_then(|place| languages.candidates.get(place));
    let siblings =
        languages.candidates.iter().zip(&odds).filter(|(own, _)| {
            own.group.is_some() && own.group == best.and_then(|best| best.group)
        });
    let siblings = siblings.map(|(_, odds)| odds / sum).sum::<f32>();
    let typical = match best {
        // Found by its words or letters, not by the model.
        Some(candidate) if candidate.by_words => f32::INFINITY,
        Some(candidate) if candidate.classes.is_empty() && probability > STANDS => f32::INFINITY,
        _ => typical,
    };
    Some(Verdict {
        code,
        probability,
        together: siblings.max(probability).min(1.0),
        typical,
        ranked: merged
            .iter()
            .take(MOST_RANKED)
            .map(|own| (own.code(), own.probability))
            .collect(),
        reasons,
    })
}

/// The likeliest language; where siblings are too alike in this text to choose, the name that they share, and no more
/// confidence than in one of them.
fn answer(merged: &[Merged]) -> Option<(&'static str, f32)> {
    let top = merged.first()?;
    for (shared, members) in SHARED_NAMES {
        if top.probability < UNDECIDED && members.contains(&top.language) {
            let members = merged.iter().filter(|own| members.contains(&own.language));
            if members.map(|own| own.probability).sum::<f32>() >= TOGETHER {
                return Some((shared, top.probability));
            }
        }
    }
    Some((top.code(), top.probability))
}

/// A language with its variants.
#[derive(Debug)]
struct Merged {
    language: &'static str,
    probability: f32,
    best: (&'static str, f32),
}

impl Merged {
    fn add(&mut self, code: &'static str, probability: f32) {
        self.probability += probability;
        if probability > self.best.1 {
            self.best = (code, probability);
        }
    }

    fn code(&self) -> &'static str {
        if self.best.1 >= VARIANT * self.probability {
            self.best.0
        } else {
            self.language
        }
    }
}
