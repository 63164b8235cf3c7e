//! How far a tag can be trusted: its score as a probability, fitted on labelled articles of our own.
//!
//! Platt's method (J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999) with two measures: the share of
//! the topic in all scores, and the logarithm of the score. The table `taxonomy/calibration.tsv` is written by
//! `newsstage topics calibrate`.

use super::settings::{Problem, TopicError};

/// The fitted numbers: kind or language, constant, factor of the share, factor of ln(1 + score).
pub(super) const TABLE: &str = include_str!("taxonomy/calibration.tsv");
const FILE: &str = "calibration.tsv";
/// The row for narrow topics, of all languages.
const NARROW: &str = "narrow";
/// The row for languages without their own.
const ANY: &str = "*";

/// A logistic curve over share and score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Curve {
    pub(super) constant: f32,
    pub(super) share: f32,
    pub(super) score: f32,
}

impl Curve {
    /// Probability that the topic is right, over 0 and under 1.
    pub(super) fn at(self, share: f32, score: f32) -> f32 {
        let x = self.constant + self.share * share + self.score * score.max(0.0).ln_1p();
        1.0 / (1.0 + (-x).exp())
    }
}

/// The curves of all languages.
#[derive(Debug, Clone)]
pub(super) struct Calibration {
    rows: Vec<(String, Curve)>,
}

impl Calibration {
    /// The shipped table.
    pub(super) fn shipped() -> Result<Self, TopicError> {
        let mut rows = Vec::new();
        for (index, line) in TABLE.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let row = parse(line).ok_or_else(|| TopicError::Lexicon {
                problems: vec![Problem {
                    file: FILE.to_owned(),
                    line: index + 1,
                    message: "expected a name and three numbers with tabs between them".to_owned(),
                }],
            })?;
            rows.push(row);
        }
        Ok(Self { rows })
    }

    /// The curve for broad topics in a language.
    pub(super) fn broad(&self, language: &str) -> Curve {
        self.row(language)
            .or_else(|| self.row(ANY))
            .unwrap_or_default()
    }

    /// The curve for a narrow topic whose broad topic is right; the share is that in the score of the broad topic.
    pub(super) fn narrow(&self) -> Curve {
        self.row(NARROW).unwrap_or_default()
    }

    fn row(&self, name: &str) -> Option<Curve> {
        self.rows
            .iter()
            .find(|(own, _)| own == name)
            .map(|&(_, curve)| curve)
    }
}

fn parse(line: &str) -> Option<(String, Curve)> {
    let mut columns = line.split('\t');
    let name = columns.next()?.to_owned();
    let mut number = || {
        columns
            .next()?
            .parse::<f32>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let curve = Curve {
        constant: number()?,
        share: number()?,
        score: number()?,
    };
    Some((name, curve))
}

/// An observation: share, score, and whether the topic was right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observation {
    pub(super) share: f32,
    pub(super) score: f32,
    pub(super) right: bool,
}

/// Fits one curve to all groups, and then for each group its own constant. Constants are drawn to the common one as if
/// [`PRIOR`] more observations agreed with it, so that a small group does not stray.
pub(super) fn fit(groups: &[Vec<Observation>]) -> (Curve, Vec<Curve>) {
    let all: Vec<Observation> = groups.iter().flatten().copied().collect();
    let mut curve = Curve::default();
    for _ in 0..ROUNDS {
        let (mut constant, mut share, mut score) = (0.0, 0.0, 0.0);
        for seen in &all {
            let miss = target(seen) - curve.at(seen.share, seen.score);
            constant += miss;
            share += miss * seen.share;
            score += miss * seen.score.ln_1p();
        }
        let step = STEP / (all.len().max(1) as f32);
        curve.constant += step * constant;
        // Both measures speak for a topic, never against it.
        curve.share = (curve.share + step * share).max(0.0);
        curve.score = (curve.score + step * score).max(0.0);
    }
    let own = groups
        .iter()
        .map(|group| {
            let mut own = curve;
            for _ in 0..ROUNDS {
                let misses: f32 = group
                    .iter()
                    .map(|seen| target(seen) - own.at(seen.share, seen.score))
                    .sum();
                let drawn = PRIOR * PRIOR_STRENGTH * (curve.constant - own.constant);
                own.constant += STEP / (group.len() as f32 + PRIOR) * (misses + drawn);
            }
            own
        })
        .collect();
    (curve, own)
}

const ROUNDS: usize = 20_000;
const STEP: f32 = 0.5;
/// Weight of the common curve against a language's own observations.
const PRIOR: f32 = 20.0;
/// How strongly one prior observation draws, in units of the slope of the curve at one half.
const PRIOR_STRENGTH: f32 = 0.25;

/// Not quite certain, as Platt advises, so that separable data does not give endless slopes.
fn target(seen: &Observation) -> f32 {
    if seen.right { 0.98 } else { 0.02 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_whole_and_rises() {
        let calibration = Calibration::shipped().unwrap();
        for (language, _) in super::super::lexicon::SHIPPED {
            assert!(calibration.row(language).is_some(), "{language}");
        }
        for curve in [
            calibration.broad("xx"),
            calibration.broad("ar"),
            calibration.narrow(),
        ] {
            assert!(curve.at(0.9, 20.0) > curve.at(0.3, 20.0));
            assert!(curve.at(0.5, 20.0) >= curve.at(0.5, 3.0));
            assert!((0.0..=1.0).contains(&curve.at(f32::MAX, f32::MAX)));
        }
    }

    #[test]
    fn a_fit_finds_the_rate_of_right_answers() {
        let seen = |share: f32, right| Observation {
            share,
            score: 10.0,
            right,
        };
        let group = |rate: usize| -> Vec<Observation> {
            (0..100)
                .map(|n| seen(0.3, n % 10 < rate))
                .chain((0..100).map(|_| seen(1.0, true)))
                .collect()
        };
        let (common, own) = fit(&[group(7), group(4)]);
        let at = |curve: Curve| curve.at(0.3, 10.0);
        assert!((at(common) - 0.55).abs() < 0.05, "{}", at(common));
        assert!(at(own[0]) > at(common) && at(own[1]) < at(common));
        assert!(common.at(1.0, 10.0) > 0.93);
    }

    #[test]
    fn bad_rows_are_no_rows() {
        for line in ["en", "en\t1\t2", "en\t1\tx\t3", "en\tNaN\t1\t1"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
