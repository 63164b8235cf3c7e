//! Near-duplicates: which earlier articles carry the same story, by the shingles they share.
//!
//! Each shared shingle counts `1/r²`, where `r` is in how many stories any *one* source carried it within the window, this
//! article included (see [`weights`]). Agency copy recurs across sources, once on each; furniture and templates recur on one. The share
//! of an article's weight that another covers is its *coverage*, and the larger of the two coverages is the *similarity*: a story
//! cut to its first paragraphs is covered whole by the original, which it covers by a part.

use hashbrown::HashMap;

use super::headline::{Foreign, Headline};
use super::recurrence;
use super::sample::{Sample, WordBits};
use super::settings::NearSettings;
use super::sketch::{Shingle, Sketch};
use super::verdict::Coverage;
use super::weights::{self, Whole};

/// A shingle of the article that an earlier one has as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// Index into [`Sketch::shingles`] of the article.
    pub shingle: u32,
    /// The earlier article.
    pub article: u64,
    /// What is known of the shingle there: see [`mark`].
    pub mark: u8,
}

/// A shingle's level and half in one byte, as the index keeps them.
pub fn mark(shingle: &Shingle) -> u8 {
    shingle.level | if shingle.first_half { FIRST_HALF } else { 0 }
}

/// Shingles of this weight or less are not worth remembering: seven times on one source.
const STALE: f32 = 1.0 / 49.0;
/// Passages that a form has between its blanks; whoever edits copy leaves more.
const BLANKS: u32 = 6;
/// Share of the figures or names from which on they are those of one story.
const SAME_FACTS: f32 = 0.8;
/// Similarity from which on a story is as good as whole.
const WHOLE: f32 = 0.7;
/// Similarity from which on a story with the same figures is told again, whatever its headline names.
const TOLD_AGAIN: f32 = 0.6;
/// Likeness from which on one source repeats a story even under another headline and lead.
const TAIL: f32 = 0.8;
/// Shared shingles that make a common beginning: a name alone has fewer.
const OPENING: u16 = 3;
const FIRST_HALF: u8 = 1 << 4;
const LEVEL: u8 = FIRST_HALF - 1;

/// What is known of an earlier article for the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// Key of its source; `None` when unknown.
    pub source: Option<u32>,
    /// Key of its cluster.
    pub cluster: u64,
    /// Keys of its headline and lead; 0 where it has none.
    pub story: [u32; 2],
    /// Headlines of other stories on its page.
    pub embedded: Vec<u16>,
    /// Level of its sketch.
    pub level: u8,
    /// How many shingles a comparison at each level has, from `level` on.
    pub counts: Vec<u8>,
    /// Its headline.
    pub headline: Headline,
    /// The words of its story, where that is short.
    pub words: WordBits,
    /// Figures of its story.
    pub figures: Sample,
    /// Names of its story.
    pub names: Sample,
}

/// The article that is compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Key of its source; `None` when unknown.
    pub source: Option<u32>,
    /// Keys of its headline and lead; 0 where it has none.
    pub story: [u32; 2],
    /// Headlines of other stories on its page.
    pub embedded: &'a [u16],
    /// Its sketch.
    pub sketch: &'a Sketch,
    /// Its headline.
    pub headline: &'a Headline,
    /// The words of its story, where that is short.
    pub words: &'a WordBits,
    /// Figures of its story.
    pub figures: &'a Sample,
    /// Names of its story.
    pub names: &'a Sample,
}

/// How an article relates to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Too little in common.
    None,
    /// One quotes or contains the other.
    Partial,
    /// The same story.
    Near,
}

/// The comparison with one earlier article.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The earlier article.
    pub article: u64,
    /// What it is.
    pub relation: Relation,
    /// Share of this article's story that the earlier one covers, 0 to 1.
    pub this: f32,
    /// Share of the earlier article's story that this one covers, 0 to 1.
    pub of: f32,
    /// The same two shares where all text counts alike, that which recurs on a source too.
    pub plain: Coverage,
    /// Share of this article's story that the earlier one covers, and the best match does not, 0 to 1; 0 where that is no copy.
    pub beside: f32,
    /// Shared shingles, at the level of the comparison.
    pub shingles: u32,
    /// Words of this article that the shared shingles stand for.
    pub words: f32,
    /// Share of the headline words of the shorter headline that are in both; `None` where one has too few.
    pub title: Option<f32>,
    /// The same for the figures of the story.
    pub figures: Option<f32>,
    /// The same for its names.
    pub names: Option<f32>,
    /// Whether both articles are from one source.
    pub same_source: bool,
    /// What this headline names of its story that the other does not, and the reverse.
    pub foreign: [Foreign; 2],
    /// Whether headline or lead is the same.
    pub same_opening: bool,
    /// Whether one page embeds the other story under its headline.
    pub embedded: bool,
    /// Whether the shared text lies partly in the first half of both.
    pub leading: bool,
    /// Passages of this article that the shared shingles make: runs without a shingle of its own in between.
    pub passages: u32,
    /// Whether the shared text begins where this article does. What is quoted does not, and background stands at the end.
    pub opening: bool,
}

impl Match {
    /// Whether each headline names something that the other story does not tell of: headlines of one form with another
    /// name or number in each, or headlines that have nothing to do with the other story.
    pub fn other_subject(&self) -> bool {
        let both = |least, share| {
            let mut sides = self.foreign.iter();
            sides.all(|side| side.is_mostly_absent(least, share))
        };
        let one_form = self.title.is_some_and(|share| share >= 0.45);
        // A headline may be written anew in words that the original has otherwise, over the same text with the same figures.
        let told_again = self.similarity() >= TOLD_AGAIN && self.figures == Some(1.0);
        // What copies share is whole, begins like the original or is edited throughout; a form is filled in here and there.
        let formula =
            !self.opening && self.passages <= BLANKS && !self.is_whole() && !self.same_facts();
        one_form && both(1, 0.4) || !told_again && both(2, 0.25) || formula && both(1, 0.15)
    }

    /// Whether half of the words of the shorter headline are in both.
    pub(super) fn headlines_agree(&self) -> bool {
        self.title.is_some_and(|share| share >= 0.5)
    }

    /// One source, with another headline and lead, and not nearly all the same: a source that repeats a story repeats one of these.
    pub(super) fn is_tail(&self) -> bool {
        self.same_source
            && !self.same_opening
            && !self.headlines_agree()
            && self.similarity() < TAIL
    }

    /// Whether the figures or the names speak for one story.
    fn same_facts(&self) -> bool {
        [self.figures, self.names]
            .into_iter()
            .flatten()
            .any(|share| share >= SAME_FACTS)
    }

    /// Whether one story is in the other as good as whole.
    pub(super) fn is_whole(&self) -> bool {
        self.similarity() >= WHOLE
    }

    /// Whether another source has nearly all of it, with the same names where the script tells them.
    pub(super) fn is_told_again(&self) -> bool {
        !self.same_source && self.is_whole() && self.names.is_none_or(|share| share >= SAME_FACTS)
    }

    /// The larger coverage, 0 to 1.
    pub fn similarity(&self) -> f32 {
        self.this.max(self.of)
    }
}

/// Weights of shared text between the article and one earlier article.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    this: f32,
    of: f32,
    of_count: u32,
    shingles: u32,
    first_this: f32,
    first_of: f32,
    passages: u32,
    /// Rank of the first shared shingle, and behind that of the last.
    first: u16,
    after: u16,
    /// Shared shingles of the first passage, where that is at the beginning.
    opening: u16,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The earlier articles that share text, best first.
    pub matches: Vec<Match>,
    /// For each shingle of the article whether later ones should find it by that: not what recurs on its source anyway.
    pub fresh: Vec<bool>,
}

/// Compares an article with all earlier ones that share a shingle. `shared` must be in the order of the shingles.
pub fn compare(
    subject: &Subject<'_>,
    shared: &[Shared],
    settings: &NearSettings,
    known: impl Fn(u64) -> Option<Earlier>,
) -> Compared {
    let (articles, weights) = weighed(subject, shared, known);
    let ranks = weights::ranks(subject.sketch);
    let mut sums: HashMap<u64, Sums> = HashMap::new();
    for each in shared {
        let at = each.shingle as usize;
        if let (Some(Some(earlier)), Some(shingle), Some(weight)) = (
            articles.get(&each.article),
            subject.sketch.shingles.get(at),
            weights.get(at),
        ) {
            let level = subject.sketch.level.max(earlier.level);
            let rank = ranks
                .get(at)
                .and_then(|ranks| ranks.get(usize::from(level)));
            let rank = rank.copied().unwrap_or_default();
            sums.entry(each.article)
                .or_default()
                .add(shingle, each.mark, level, *weight, rank);
        }
    }
    let wholes = weights::wholes(subject.sketch, &weights);
    let mut matches: Vec<Match> = sums
        .into_iter()
        .filter_map(|(article, sums)| {
            let earlier = articles.get(&article)?.as_ref()?;
            Some(judged(article, &sums, subject, earlier, &wholes, settings))
        })
        .filter(|found| found.shingles > 0)
        .collect();
    matches.sort_by(|a, b| {
        (b.relation.cmp(&a.relation))
            .then(b.similarity().total_cmp(&a.similarity()))
            .then(a.article.cmp(&b.article))
    });
    let sketch = subject.sketch;
    weights::set_beside(&mut matches, sketch, shared, &weights, &wholes, &articles);
    Compared {
        matches,
        fresh: fresh_of(&weights),
    }
}

/// [`Compared::fresh`] alone.
pub fn fresh(
    subject: &Subject<'_>,
    shared: &[Shared],
    known: impl Fn(u64) -> Option<Earlier>,
) -> Vec<bool> {
    fresh_of(&weighed(subject, shared, known).1)
}

fn fresh_of(weights: &[f32]) -> Vec<bool> {
    weights.iter().map(|weight| *weight > STALE).collect()
}

/// The earlier articles, and the weights of the shingles.
fn weighed(
    subject: &Subject<'_>,
    shared: &[Shared],
    known: impl Fn(u64) -> Option<Earlier>,
) -> (HashMap<u64, Option<Earlier>>, Vec<f32>) {
    let mut articles: HashMap<u64, Option<Earlier>> = HashMap::new();
    for each in shared {
        articles
            .entry(each.article)
            .or_insert_with(|| known(each.article));
    }
    let weights = weights::of(subject, shared, &articles);
    (articles, weights)
}

impl Sums {
    /// `rank` is the shingle's among those of the level.
    fn add(&mut self, shingle: &Shingle, mark: u8, level: u8, weight: f32, rank: u16) {
        if shingle.level >= level {
            self.this += weight;
            self.shingles += 1;
            if self.passages == 0 {
                self.first = rank;
            }
            self.passages += u32::from(self.passages == 0 || rank != self.after);
            self.after = rank.saturating_add(1);
            self.opening += u16::from(self.passages == 1 && self.first <= 1);
            if shingle.first_half {
                self.first_this += weight;
            }
            if mark & FIRST_HALF != 0 {
                self.first_of += weight;
            }
        }
        if mark & LEVEL >= level {
            self.of += weight;
            self.of_count += 1;
        }
    }
}

fn judged(
    article: u64,
    sums: &Sums,
    subject: &Subject<'_>,
    earlier: &Earlier,
    wholes: &[Whole],
    settings: &NearSettings,
) -> Match {
    let sketch = subject.sketch;
    let level = sketch.level.max(earlier.level);
    let whole = wholes.get(usize::from(level)).copied().unwrap_or_default();
    let count = earlier
        .counts
        .get(usize::from(level - earlier.level))
        .map_or(0, |count| u32::from(*count));
    // What the other has and this one does not is not known to recur.
    let of_whole = sums.of + count.saturating_sub(sums.of_count) as f32;
    let mut found = Match {
        article,
        relation: Relation::None,
        this: share(sums.this, whole.weight),
        of: share(sums.of, of_whole),
        plain: Coverage {
            this: share(sums.shingles as f32, whole.count as f32),
            of: share(sums.of_count as f32, count as f32),
        },
        beside: 0.0,
        shingles: sums.shingles,
        words: sums.this * sketch.words as f32 / whole.count.max(1) as f32,
        title: subject.headline.agreement(&earlier.headline).of_smaller(3),
        figures: subject.figures.agreement(&earlier.figures).of_figures(),
        names: subject.names.agreement(&earlier.names).of_smaller(3),
        same_source: subject.source.is_some() && subject.source == earlier.source,
        foreign: [
            subject
                .headline
                .foreign_to(&earlier.headline, &earlier.words),
            earlier.headline.foreign_to(subject.headline, subject.words),
        ],
        same_opening: subject
            .story
            .iter()
            .zip(&earlier.story)
            .any(|(this, of)| this == of && *this != 0),
        embedded: subject.story[0] != earlier.story[0]
            && (contains(&earlier.embedded, subject.story[0])
                || contains(subject.embedded, earlier.story[0])),
        leading: share(sums.first_this, sums.this) >= settings.leading
            && share(sums.first_of, sums.this) >= settings.leading,
        passages: sums.passages,
        opening: sums.opening >= OPENING,
    };
    found.relation = settings.relation(&found);
    found
}

fn contains(embedded: &[u16], of: u32) -> bool {
    of != 0 && embedded.contains(&recurrence::headline(of))
}

pub(super) fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 {
        (part / whole).min(1.0)
    } else {
        0.0
    }
}
