//! How well clusters agree with the truth.

use std::collections::{BTreeMap, HashMap};

use crate::stream::{Item, Role};

/// What a method says of one article: whether it is a copy, and of which group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub copy: bool,
    pub cluster: usize,
}

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quality {
    pub precision: f64,
    pub recall: f64,
}

impl Quality {
    fn of(right: f64, said: f64, true_: f64) -> Self {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        Self {
            precision: share(right, said),
            recall: share(right, true_),
        }
    }

    pub fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum > 0.0 {
            2.0 * self.precision * self.recall / sum
        } else {
            0.0
        }
    }
}

/// The figures of one method.
#[derive(Debug)]
pub struct Score {
    pub pairs: Quality,
    pub stream: Quality,
    /// Share of originals called copies.
    pub originals: f64,
    /// Share of template stories called copies.
    pub templates: f64,
    /// Found and all copies by kind of edit.
    pub by_edit: BTreeMap<&'static str, (usize, usize)>,
}

pub fn score(items: &[Item], answers: &[Answer]) -> Score {
    let pairs = |count: usize| (count * count.saturating_sub(1)) as f64 / 2.0;
    let (mut truth, mut said, mut both) = (HashMap::new(), HashMap::new(), HashMap::new());
    // The cluster under which a method first knew a story.
    let mut first: HashMap<usize, usize> = HashMap::new();
    let (mut flagged, mut right, mut copies) = (0.0, 0.0, 0.0);
    let mut by_edit: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    let mut wrong = [(0.0_f64, 0.0_f64); 2];
    for (item, answer) in items.iter().zip(answers) {
        *truth.entry(item.cluster).or_insert(0) += 1;
        *said.entry(answer.cluster).or_insert(0) += 1;
        *both.entry((item.cluster, answer.cluster)).or_insert(0) += 1;
        let earlier = first.get(&item.cluster).copied();
        flagged += f64::from(u8::from(answer.copy));
        if let Some(earlier) = earlier {
            copies += 1.0;
            let found = answer.copy && answer.cluster == earlier;
            right += f64::from(u8::from(found));
            let name = match item.role {
                Role::Copy(edit) => edit.name(),
                // A copy came first.
                _ => "the original after its copy",
            };
            let entry = by_edit.entry(name).or_default();
            entry.0 += usize::from(found);
            entry.1 += 1;
        } else {
            first.insert(item.cluster, answer.cluster);
            let place = usize::from(item.role == Role::Template);
            wrong[place].0 += f64::from(u8::from(answer.copy));
            wrong[place].1 += 1.0;
        }
    }
    let sum =
        |counts: &HashMap<usize, usize>| counts.values().map(|count| pairs(*count)).sum::<f64>();
    let agreed = both.values().map(|count| pairs(*count)).sum();
    Score {
        pairs: Quality::of(agreed, sum(&said), sum(&truth)),
        stream: Quality::of(right, flagged, copies),
        originals: wrong[0].0 / wrong[0].1.max(1.0),
        templates: wrong[1].0 / wrong[1].1.max(1.0),
        by_edit,
    }
}
