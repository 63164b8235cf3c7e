//! Shares of spellings (`shares.tsv`): what a text has of them, and what it lacks, speaks for one sibling or another.

use aho_corasick::AhoCorasick;

use super::LanguageError;

const DATA: &str = include_str!("shares.tsv");

/// Letters of a text beyond this number say nothing new.
const MOST_LETTERS: f32 = 120.0;
/// How much of the evidence counts: the letters of a word do not stand for themselves.
const TRUST: f32 = 0.7;
/// Names and quotations bring spellings that the language has not: least share of any.
const LEAST_SHARE: f32 = 0.0015;

/// The shares that candidates have of a set of spellings.
#[derive(Debug)]
struct Set {
    /// Place of the candidate and its share, 0 to 1.
    shares: Vec<(usize, f32)>,
}

/// The sets of one script.
#[derive(Debug)]
pub(super) struct Shares {
    sets: Vec<Set>,
    spellings: AhoCorasick,
    /// Set of each spelling.
    set_of: Vec<usize>,
}

impl Shares {
    /// The sets of a script about its candidates, given by code.
    ///
    /// # Errors
    ///
    /// When a line is damaged or names a language that is no candidate of its script.
    pub(super) fn shipped(
        script: &str,
        candidates: &[&'static str],
    ) -> Result<Self, LanguageError> {
        let damaged = |line| LanguageError::Data {
            file: "shares.tsv",
            line,
        };
        let (mut sets, mut set_of, mut spellings) = (Vec::new(), Vec::new(), Vec::new());
        for (index, row) in DATA
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.starts_with('#'))
        {
            let columns: Vec<&str> = row.split('\t').collect();
            let [own, terms, shares] = columns[..] else {
                return Err(damaged(index + 1));
            };
            if own == script {
                for term in terms.split('|') {
                    set_of.push(sets.len());
                    spellings.push(term.replace('_', " "));
                }
                let shares = set(shares, candidates).ok_or(damaged(index + 1))?;
                sets.push(Set { shares });
            }
        }
        let spellings = AhoCorasick::new(spellings).map_err(|_| damaged(1))?;
        Ok(Self {
            sets,
            spellings,
            set_of,
        })
    }

    /// Adds what the spellings of a normalised text say, in logits against the likeliest candidate of each set.
    pub(super) fn weigh(&self, text: &str, logits: &mut [f32]) {
        if self.sets.is_empty() {
            return;
        }
        let mut counts = vec![0.0_f32; self.sets.len()];
        for hit in self.spellings.find_overlapping_iter(text) {
            let set = self.set_of.get(hit.pattern().as_usize());
            if let Some(count) = set.and_then(|&set| counts.get_mut(set)) {
                *count += 1.0;
            }
        }
        let letters = text.chars().filter(|c| !matches!(c, ' ' | '\'')).count() as f32;
        let scale = TRUST * (MOST_LETTERS / letters.max(1.0)).min(1.0);
        for (set, count) in self.sets.iter().zip(counts) {
            let likelihood = |share: f32| {
                let share = share.max(LEAST_SHARE);
                count * share.ln() + (letters - count).max(0.0) * (1.0 - share).ln()
            };
            let shares = set.shares.iter();
            let most = shares
                .map(|&(_, share)| likelihood(share))
                .fold(f32::MIN, f32::max);
            for &(candidate, share) in &set.shares {
                if let Some(logit) = logits.get_mut(candidate) {
                    *logit += scale * (likelihood(share) - most);
                }
            }
        }
    }
}

fn set(shares: &str, candidates: &[&'static str]) -> Option<Vec<(usize, f32)>> {
    let entries = shares.split(' ').map(|entry| {
        let (code, permille) = entry.split_once('=')?;
        let place = candidates.iter().position(|candidate| *candidate == code)?;
        Some((place, permille.parse::<f32>().ok()? / 1000.0))
    });
    entries.collect()
}
