//! What a shared shingle weighs: `1/r²`, where `r` is the largest number of different stories in which one source carried it.
//!
//! Versions of a story, and copies of it under other addresses, are in one cluster, have the same headline or lead, and count
//! once: a site that updates its story five times does not make boilerplate of it.

use hashbrown::HashMap;

use super::judge::NEIGHBOURS;
use super::near::{Earlier, Match, Relation, Shared, Subject, share};
use super::sketch::{Sketch, WINDOWS};

/// For each shingle, how many there are before it at each level and above.
pub(super) fn ranks(sketch: &Sketch) -> Vec<[u16; WINDOWS.len()]> {
    let mut before = [0_u16; WINDOWS.len()];
    let ranks = sketch.shingles.iter().map(|shingle| {
        let here = before;
        for count in before.iter_mut().take(usize::from(shingle.level) + 1) {
            *count = count.saturating_add(1);
        }
        here
    });
    ranks.collect()
}

/// Weight and number of the article's shingles at one level and above.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whole {
    pub(super) weight: f32,
    pub(super) count: u32,
}

/// For each level.
pub(super) fn wholes(sketch: &Sketch, weights: &[f32]) -> [Whole; WINDOWS.len()] {
    let mut wholes = [Whole::default(); WINDOWS.len()];
    for (shingle, weight) in sketch.shingles.iter().zip(weights) {
        if let Some(whole) = wholes.get_mut(usize::from(shingle.level)) {
            whole.weight += weight;
            whole.count += 1;
        }
    }
    let mut above = Whole::default();
    for whole in wholes.iter_mut().rev() {
        above.weight += whole.weight;
        above.count += whole.count;
        *whole = above;
    }
    wholes
}

/// Sets [`Match::beside`]: what each match but the first covers of the article that the first does not. The matches are in
/// order; levels that the first does not have are not compared, and nothing where the first is no copy.
pub(super) fn set_beside(
    matches: &mut [Match],
    sketch: &Sketch,
    shared: &[Shared],
    weights: &[f32],
    wholes: &[Whole],
    articles: &HashMap<u64, Option<Earlier>>,
) {
    let Some((best, others)) = matches.split_first_mut() else {
        return;
    };
    if best.relation != Relation::Near {
        return;
    }
    let level = |article: u64| {
        let earlier = articles.get(&article).and_then(Option::as_ref);
        earlier.map_or(sketch.level, |earlier| earlier.level.max(sketch.level))
    };
    let mut covered = vec![false; weights.len()];
    for each in shared.iter().filter(|each| each.article == best.article) {
        if let Some(covered) = covered.get_mut(each.shingle as usize) {
            *covered = true;
        }
    }
    for other in others.iter_mut().take(NEIGHBOURS) {
        let level = level(other.article).max(level(best.article));
        let weight = |at: u32| {
            let shingle = sketch.shingles.get(at as usize)?;
            let free = shingle.level >= level && !*covered.get(at as usize)?;
            weights.get(at as usize).copied().filter(|_| free)
        };
        let mine = shared.iter().filter(|each| each.article == other.article);
        let beside: f32 = mine.filter_map(|each| weight(each.shingle)).sum();
        let whole = wholes.get(usize::from(level)).copied().unwrap_or_default();
        other.beside = share(beside, whole.weight);
    }
}

/// An article that carries a shingle: its source, its cluster, and the keys of its headline and lead. The article that is
/// judged has no cluster yet.
type Carrier = (u32, Option<u64>, [u32; 2]);

/// `1/r²` for each shingle of the article. The article itself is one more story of its source.
pub(super) fn of(
    subject: &Subject<'_>,
    shared: &[Shared],
    articles: &HashMap<u64, Option<Earlier>>,
) -> Vec<f32> {
    let mut weights = vec![1.0; subject.sketch.shingles.len()];
    let mut carriers: Vec<Carrier> = Vec::new();
    for run in shared.chunk_by(|a, b| a.shingle == b.shingle) {
        carriers.clear();
        carriers.extend(subject.source.map(|source| (source, None, subject.story)));
        carriers.extend(run.iter().filter_map(|each| {
            let earlier = articles.get(&each.article)?.as_ref()?;
            Some((earlier.source?, Some(earlier.cluster), earlier.story))
        }));
        carriers.sort_unstable();
        let sources = carriers.chunk_by(|a, b| a.0 == b.0);
        let most = sources.map(stories).max().unwrap_or(1).max(1) as f32;
        if let Some(weight) = run
            .first()
            .and_then(|each| weights.get_mut(each.shingle as usize))
        {
            *weight = 1.0 / (most * most);
        }
    }
    weights
}

/// How many stories the sorted articles of one source tell. Articles of one cluster tell one where headline or lead is the
/// same; a formula that was taken for a copy has another headline and another lead each time, and goes on counting.
fn stories(carriers: &[Carrier]) -> usize {
    let cluster = |same: &[Carrier]| match same {
        [_] => 1,
        _ => different(same, 0).min(different(same, 1)),
    };
    carriers.chunk_by(|a, b| a.1 == b.1).map(cluster).sum()
}

/// How many headlines (`which` is 0) or leads (1) the articles have; none is like no other.
fn different(carriers: &[Carrier], which: usize) -> usize {
    let key = |carrier: &Carrier| carrier.2.get(which).copied().filter(|key| *key != 0);
    let mut keys: Vec<u32> = carriers.iter().filter_map(key).collect();
    let without = carriers.len() - keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() + without
}
