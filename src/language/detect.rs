//! Pieces vote by size.

use std::collections::BTreeMap;

use super::codes::Codes;
use super::judge::{Judge, Verdict};
use super::scripts::{Decision, LATIN, ScriptId, Scripts};
use super::segments::{Segment, halves, sample, segments};
use super::{Candidate, LanguageError, LanguageGuess, LanguageSettings, LanguageShare, UNKNOWN};
use crate::text::Document;

/// Fewest letters that are judged on their own. Where there are fewer, only the script can be sure.
const ENOUGH_LETTERS: u32 = 20;
/// Fewest letters that are judged at all.
const FEWEST_LETTERS: u32 = 2;
/// Smallest share that is told, and most languages that are.
const SMALLEST_SHARE: f32 = 0.1;
const MOST_SHARES: usize = 3;
/// Below this a verdict of the model is not believed without a second look, and is not told as the answer: on headlines
/// it is wrong two times out of three.
const DOUBTFUL: f32 = 0.3;
const RELIABLE: f32 = 0.5;
/// Share of kana among the letters of Japanese.
const KANA_SHARE: f32 = 0.05;
/// Most pieces that are judged one by one where the parts of an article disagree.
const MOST_JUDGED: usize = 12;

/// Finds the language of documents. Built once; then it cannot fail.
#[derive(Debug)]
pub struct LanguageDetector {
    scripts: Scripts,
    codes: Codes,
    judge: Judge,
    sample_bytes: usize,
    han: ScriptId,
    kana: ScriptId,
    hangul: ScriptId,
}

/// Letters and summed confidence by language.
#[derive(Debug, Default)]
struct Votes {
    by_code: BTreeMap<&'static str, (f32, f32)>,
}

impl Votes {
    fn add(&mut self, verdict: Verdict, letters: f32) {
        let vote = self.by_code.entry(verdict.code).or_default();
        vote.0 += letters;
        vote.1 += letters * verdict.confidence;
    }

    /// Codes by letters, most first; ties by code.
    fn ranked(&self) -> Vec<(&'static str, f32, f32)> {
        let mut ranked: Vec<_> = self
            .by_code
            .iter()
            .map(|(code, vote)| (*code, vote.0, vote.1))
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        ranked
    }
}

impl LanguageDetector {
    /// Reads the tables and checks the settings.
    ///
    /// # Errors
    ///
    /// When a setting is out of range or a shipped table is damaged.
    pub fn new(settings: &LanguageSettings) -> Result<Self, LanguageError> {
        if !(256..=65_536).contains(&settings.sample_bytes) {
            return Err(LanguageError::SampleBytes(settings.sample_bytes));
        }
        let scripts = Scripts::shipped()?;
        let find = |code| {
            scripts.find(code).ok_or(LanguageError::Data {
                file: "scripts.tsv",
                line: 1,
            })
        };
        let (han, kana, hangul) = (find("Hani")?, find("Kana")?, find("Hang")?);
        let (codes, judge) = (Codes::shipped()?, Judge::shipped()?);
        Ok(Self {
            scripts,
            codes,
            judge,
            sample_bytes: settings.sample_bytes,
            han,
            kana,
            hangul,
        })
    }

    /// The language of the main text. `declared` is what the publisher says, as written; it has no influence on the
    /// answer, only on [`LanguageGuess::declared`] and [`LanguageGuess::agrees`].
    pub fn detect(&self, document: &Document, declared: Option<&str>) -> LanguageGuess {
        let mut segments = segments(document, &self.scripts);
        self.join_east_asian(&mut segments);
        let mut letters = vec![0_u32; self.scripts.len()];
        for segment in &segments {
            if let Some(count) = letters.get_mut(usize::from(segment.script)) {
                *count += segment.letters;
            }
        }
        let mut votes = Votes::default();
        let mut largest = None;
        for script in 0..self.scripts.len() {
            let (Ok(id), Some(&count)) = (ScriptId::try_from(script), letters.get(script)) else {
                continue;
            };
            if count > largest.map_or(0, |(_, most)| most) {
                largest = Some((id, count));
            }
        }
        if let Some((main, most)) = largest.filter(|&(_, most)| most >= FEWEST_LETTERS) {
            for (script, &count) in letters.iter().enumerate() {
                let Ok(id) = ScriptId::try_from(script) else {
                    continue;
                };
                if id == main || (count >= ENOUGH_LETTERS && count * 20 >= most) {
                    let group: Vec<&Segment> = segments
                        .iter()
                        .filter(|segment| segment.script == id)
                        .collect();
                    self.vote(id, &group, &mut votes);
                }
            }
        }
        self.guess(&votes, &segments, largest, declared)
    }

    /// Kana and Hangul among Han characters name the language of the whole piece, and Han pieces of a Japanese
    /// article are Japanese.
    fn join_east_asian(&self, segments: &mut [Segment]) {
        let count = |segment: &Segment, script: ScriptId| {
            segment
                .histogram
                .get(usize::from(script))
                .copied()
                .unwrap_or(0)
        };
        let sum = |segments: &[Segment], script| {
            segments
                .iter()
                .map(|segment| count(segment, script))
                .sum::<u32>() as f32
        };
        let (han, kana) = (sum(segments, self.han), sum(segments, self.kana));
        let japanese = kana > KANA_SHARE * (han + kana);
        for segment in segments {
            let (han, kana, hangul) = (
                count(segment, self.han),
                count(segment, self.kana),
                count(segment, self.hangul),
            );
            if segment.script == self.han || segment.script == self.kana {
                segment.script = if hangul * 2 > han + kana {
                    self.hangul
                } else if japanese && (kana > 0 || segment.letters < 2 * ENOUGH_LETTERS) {
                    self.kana
                } else {
                    self.han
                };
            }
        }
    }

    /// Votes of all pieces of one script: two halves of a sample where they agree, else every piece.
    fn vote(&self, script: ScriptId, group: &[&Segment], votes: &mut Votes) {
        let judge = |text: &str, first| {
            self.judge
                .judge(text, script, first, &self.scripts, &self.codes)
        };
        let total = group
            .iter()
            .map(|segment| segment.letters as f32)
            .sum::<f32>();
        let model = self
            .scripts
            .get(script)
            .is_some_and(|script| script.decision == Decision::Model && script.code != "Hani");
        if !model || total < 4.0 * ENOUGH_LETTERS as f32 {
            if let Some(verdict) = judge(&sample(group, self.sample_bytes), None) {
                votes.add(verdict, total);
            }
            return;
        }
        let (first, second) = halves(group);
        let one = judge(&sample(first, self.sample_bytes / 2), None);
        let two = judge(&sample(second, self.sample_bytes / 2), one);
        match [one, two] {
            [Some(one), Some(two)]
                if one.code == two.code && one.confidence.max(two.confidence) >= DOUBTFUL =>
            {
                votes.add(one.with((one.confidence + two.confidence) / 2.0), total);
            }
            [Some(one), None] if second.is_empty() => votes.add(one, total),
            _ => self.vote_each(script, group, votes),
        }
    }

    /// Every piece on its own; pieces that are too short go with their neighbour.
    fn vote_each(&self, script: ScriptId, group: &[&Segment], votes: &mut Votes) {
        let mut own = Votes::default();
        let (mut start, mut letters) = (0, 0);
        let fewest = (group.iter().map(|segment| segment.letters).sum::<u32>()
            / MOST_JUDGED as u32)
            .max(ENOUGH_LETTERS);
        for (index, segment) in group.iter().enumerate() {
            letters += segment.letters;
            if letters >= fewest || index + 1 == group.len() {
                let part = sample(
                    group.get(start..=index).unwrap_or_default(),
                    self.sample_bytes / 4,
                );
                if let Some(verdict) =
                    self.judge
                        .judge(&part, script, None, &self.scripts, &self.codes)
                {
                    own.add(verdict, letters as f32);
                }
                (start, letters) = (index + 1, 0);
            }
        }
        // A piece the model doubts goes with the majority.
        let ranked = own.ranked();
        let top = ranked.first().map(|&(code, _, _)| code);
        for (code, letters, confidence) in ranked {
            let mean = confidence / letters.max(1.0);
            let code = if mean < DOUBTFUL {
                top.unwrap_or(code)
            } else {
                code
            };
            votes.add(Verdict::given(code, mean), letters);
        }
    }

    fn guess(
        &self,
        votes: &Votes,
        segments: &[Segment],
        largest: Option<(ScriptId, u32)>,
        declared: Option<&str>,
    ) -> LanguageGuess {
        let all: u32 = segments.iter().map(|segment| segment.letters).sum();
        let ranked = self.merge_siblings(votes.ranked());
        let declared = declared.and_then(|declared| self.codes.normalise(declared));
        let share = |letters: f32| (letters / (all.max(1) as f32)).min(1.0);
        let Some(&(code, letters, confidence)) = ranked.first() else {
            return unknown(
                declared,
                largest
                    .and_then(|(script, _)| self.scripts.get(script))
                    .map(|script| script.code),
            );
        };
        let script = self.main_script(code, largest);
        let decides = largest
            .and_then(|(id, _)| self.scripts.get(id))
            .is_some_and(|script| script.decision == Decision::Alone);
        let confidence = (confidence / letters.max(1.0)).clamp(0.0, 1.0);
        if confidence < DOUBTFUL {
            // A name that is more often wrong than right would be worse than none.
            return LanguageGuess {
                candidates: candidates(votes, share),
                ..unknown(declared, script)
            };
        }
        LanguageGuess {
            code: code.to_owned(),
            script: script.map(str::to_owned),
            confidence,
            reliable: confidence >= RELIABLE && (decides || all >= ENOUGH_LETTERS),
            group: self.codes.group(code).map(str::to_owned),
            shares: ranked
                .iter()
                .map(|&(code, letters, _)| LanguageShare {
                    code: code.to_owned(),
                    share: share(letters),
                })
                .filter(|language| language.share >= SMALLEST_SHARE)
                .take(MOST_SHARES)
                .collect(),
            agrees: declared
                .as_deref()
                .map(|declared| self.codes.agree(declared, code)),
            declared,
            candidates: candidates(votes, share),
        }
    }

    /// Votes for siblings go to the one that has most: an article is not half Croatian and half Bosnian.
    fn merge_siblings(
        &self,
        ranked: Vec<(&'static str, f32, f32)>,
    ) -> Vec<(&'static str, f32, f32)> {
        let mut merged: Vec<(&'static str, f32, f32)> = Vec::new();
        for (code, letters, confidence) in ranked {
            let group = self.codes.group(code);
            match merged
                .iter_mut()
                .find(|(other, _, _)| group.is_some() && self.codes.group(other) == group)
            {
                Some(sibling) => {
                    sibling.1 += letters;
                    sibling.2 += confidence;
                }
                None => merged.push((code, letters, confidence)),
            }
        }
        merged.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        merged
    }

    /// ISO 15924 code of the answer: the combined ones for Chinese and Japanese and Korean.
    fn main_script(&self, code: &str, largest: Option<(ScriptId, u32)>) -> Option<&'static str> {
        match code {
            "zh-Hans" => Some("Hans"),
            "zh-Hant" | "yue" => Some("Hant"),
            "ja" => Some("Jpan"),
            "ko" => Some("Kore"),
            _ => self
                .scripts
                .get(largest.map_or(LATIN, |(script, _)| script))
                .map(|script| script.code),
        }
    }
}

fn candidates(votes: &Votes, share: impl Fn(f32) -> f32) -> Vec<Candidate> {
    let ranked = votes.ranked().into_iter();
    ranked
        .map(|(code, letters, _)| Candidate {
            code: code.to_owned(),
            score: share(letters),
        })
        .collect()
}

fn unknown(declared: Option<String>, script: Option<&str>) -> LanguageGuess {
    LanguageGuess {
        code: UNKNOWN.to_owned(),
        script: script.map(str::to_owned),
        confidence: 0.0,
        reliable: false,
        group: None,
        shares: Vec::new(),
        declared,
        agrees: None,
        candidates: Vec::new(),
    }
}
