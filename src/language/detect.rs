//! From a document to its language.

use std::sync::LazyLock;

use super::base::{self, Scratch};
use super::codes::Codes;
use super::confidence::{DOUBTFUL, confidence, reliable};
use super::judge::Verdict;
use super::languages::Languages;
use super::scripts::{Decision, LATIN, ScriptId, Scripts};
use super::segments::{Segment, segments};
use super::vote::{ENOUGH_LETTERS, Vote, is_nothing, vote};
use super::{
    Candidate, Cleaned, LanguageError, LanguageExplanation, LanguageGuess, LanguageSettings,
    LanguageShare, ParagraphLanguage,
};
use crate::text::Document;

/// Fewest letters that are judged at all.
const FEWEST_LETTERS: u32 = 2;
/// Smallest share that is told, and most languages that are.
const SMALLEST_SHARE: f32 = 0.1;
const MOST_SHARES: usize = 3;
/// Share of kana among the letters of Japanese.
const KANA_SHARE: f32 = 0.05;

/// Finds the language of documents. Built once; then it cannot fail.
#[derive(Debug)]
pub struct LanguageDetector {
    tables: &'static Tables,
    sample_bytes: usize,
}

/// All shipped tables. They are constant: every detector of the process shares them.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) scripts: Scripts,
    codes: Codes,
    /// By script; `None` where the script decides alone.
    pub(super) languages: Vec<Option<Languages>>,
    han: ScriptId,
    kana: ScriptId,
    hangul: ScriptId,
}

impl Tables {
    fn shared() -> Result<&'static Self, LanguageError> {
        static TABLES: LazyLock<Result<Tables, LanguageError>> = LazyLock::new(Tables::shipped);
        TABLES.as_ref().map_err(Clone::clone)
    }

    fn shipped() -> Result<Self, LanguageError> {
        let scripts = Scripts::shipped()?;
        let find = |code| {
            scripts.find(code).ok_or(LanguageError::Data {
                file: "scripts.tsv",
                line: 1,
            })
        };
        let (han, kana, hangul) = (find("Hani")?, find("Kana")?, find("Hang")?);
        let mut models = base::shipped()?;
        let languages = (0..scripts.len())
            .map(|id| {
                let script = ScriptId::try_from(id).ok().and_then(|id| scripts.get(id));
                script
                    .filter(|script| script.decision == Decision::Model)
                    .map(|script| Languages::shipped(script.code, &mut models))
                    .transpose()
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            scripts,
            codes: Codes::shipped()?,
            languages,
            han,
            kana,
            hangul,
        })
    }
}

/// What a document holds.
#[derive(Debug)]
struct Found {
    segments: Vec<Segment>,
    votes: Vec<Vote>,
    /// The script of most letters, and their number.
    largest: Option<(ScriptId, u32)>,
    cleaned: Cleaned,
}

/// Votes for one language.
#[derive(Debug, Clone, Copy)]
struct Tally {
    code: &'static str,
    letters: f32,
    /// Confidence, weighed by letters.
    weighed: f32,
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
        Ok(Self {
            tables: Tables::shared()?,
            sample_bytes: settings.sample_bytes,
        })
    }

    /// The language of the main text. `declared` is what the publisher says, as written; it has no influence on the
    /// answer, only on [`LanguageGuess::declared`], [`LanguageGuess::agrees`] and [`LanguageGuess::plausible`].
    pub fn detect(&self, document: &Document, declared: Option<&str>) -> LanguageGuess {
        let found = self.find(document, false);
        let mut guess = self.guess(&found, declared);
        guess.plausible = self
            .tables
            .is_plausible(guess.declared.as_deref(), found.largest);
        guess
    }

    /// Why [`Self::detect`] answers what it does.
    pub fn explain(&self, document: &Document) -> LanguageExplanation {
        let found = self.find(document, true);
        let mut paragraphs: Vec<ParagraphLanguage> = Vec::new();
        for vote in &found.votes {
            for segment in vote
                .pieces
                .iter()
                .filter_map(|&piece| found.segments.get(piece))
            {
                paragraphs.push(ParagraphLanguage {
                    field: segment.field,
                    bytes: segment.bytes.clone(),
                    code: vote.verdict.code.to_owned(),
                    letters: segment.letters,
                });
            }
        }
        paragraphs.sort_by_key(|paragraph| (paragraph.field, paragraph.bytes.start));
        let main = found.votes.iter().filter(|vote| !is_nothing(&vote.verdict));
        let main = main.max_by_key(|vote| vote.letters);
        LanguageExplanation {
            ranked: main.map_or_else(Vec::new, |vote| {
                let ranked = vote.verdict.ranked.iter();
                ranked
                    .map(|&(code, score)| Candidate {
                        code: code.to_owned(),
                        score,
                    })
                    .collect()
            }),
            reasons: main.map_or_else(Vec::new, |vote| vote.verdict.reasons.clone()),
            paragraphs,
            cleaned: found.cleaned,
        }
    }

    fn find(&self, document: &Document, explain: bool) -> Found {
        let mut cleaned = Cleaned::default();
        let mut segments = segments(document, &self.tables.scripts, &mut cleaned);
        self.join_east_asian(&mut segments);
        let mut letters = vec![0_u32; self.tables.scripts.len()];
        for segment in &segments {
            if let Some(count) = letters.get_mut(usize::from(segment.script)) {
                *count += segment.letters;
            }
        }
        let mut largest: Option<(ScriptId, u32)> = None;
        for (id, &count) in (0..ScriptId::MAX).zip(&letters) {
            if count > largest.map_or(0, |(_, most)| most) {
                largest = Some((id, count));
            }
        }
        let mut votes = Vec::new();
        if let Some((main, most)) = largest.filter(|&(_, most)| most >= FEWEST_LETTERS) {
            let mut scratch = Scratch::new();
            for (id, &count) in (0..ScriptId::MAX).zip(&letters) {
                if id == main || (count >= ENOUGH_LETTERS && count * 20 >= most) {
                    votes.extend(self.vote(id, &segments, &mut scratch, explain));
                }
            }
        }
        Found {
            segments,
            votes,
            largest,
            cleaned,
        }
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
        let (han, kana) = (
            sum(segments, self.tables.han),
            sum(segments, self.tables.kana),
        );
        let japanese = kana > KANA_SHARE * (han + kana);
        for segment in segments {
            let (han, kana, hangul) = (
                count(segment, self.tables.han),
                count(segment, self.tables.kana),
                count(segment, self.tables.hangul),
            );
            if segment.script == self.tables.han || segment.script == self.tables.kana {
                segment.script = if hangul * 2 > han + kana {
                    self.tables.hangul
                } else if japanese && (kana > 0 || segment.letters < 2 * ENOUGH_LETTERS) {
                    self.tables.kana
                } else {
                    self.tables.han
                };
            }
        }
    }

    /// Votes of all pieces of one script.
    fn vote(
        &self,
        script: ScriptId,
        segments: &[Segment],
        scratch: &mut Scratch,
        explain: bool,
    ) -> Vec<Vote> {
        let group: Vec<usize> = (0..segments.len())
            .filter(|&piece| segments.get(piece).is_some_and(|own| own.script == script))
            .collect();
        match (
            self.tables.languages.get(usize::from(script)),
            self.tables.scripts.get(script),
        ) {
            (Some(Some(languages)), _) => vote(
                languages,
                segments,
                &group,
                self.sample_bytes,
                scratch,
                explain,
            ),
            (_, Some(alone)) => vec![Vote {
                verdict: Verdict::certain(alone.language),
                letters: group
                    .iter()
                    .filter_map(|&piece| segments.get(piece))
                    .map(|segment| segment.letters)
                    .sum(),
                pieces: group,
            }],
            _ => Vec::new(),
        }
    }

    fn guess(&self, found: &Found, declared: Option<&str>) -> LanguageGuess {
        let all: u32 = found.segments.iter().map(|segment| segment.letters).sum();
        let share = |letters: f32| (letters / (all.max(1) as f32)).min(1.0);
        let declared = declared.and_then(|declared| self.tables.codes.normalise(declared));
        let votes = tally(&found.votes);
        let candidates = votes
            .iter()
            .map(|vote| Candidate {
                code: vote.code.to_owned(),
                score: share(vote.letters),
            })
            .collect();
        let ranked = self.merge_siblings(votes);
        let largest = found
            .largest
            .and_then(|(script, _)| self.tables.scripts.get(script));
        let Some(top) = ranked.first() else {
            return LanguageGuess::unknown(declared, largest.map(|script| script.code), candidates);
        };
        let script = self.main_script(top.code, found.largest);
        let confidence = (top.weighed / top.letters.max(1.0)).clamp(0.0, 1.0);
        if confidence < DOUBTFUL {
            // A name that is more often wrong than right would be worse than none.
            return LanguageGuess::unknown(declared, script, candidates);
        }
        let decides = largest.is_some_and(|script| script.decision == Decision::Alone);
        LanguageGuess {
            code: top.code.to_owned(),
            script: script.map(str::to_owned),
            confidence,
            reliable: reliable(confidence, all, decides),
            group: self.tables.codes.group(top.code).map(str::to_owned),
            shares: ranked
                .iter()
                .map(|vote| LanguageShare {
                    code: vote.code.to_owned(),
                    share: share(vote.letters),
                })
                .filter(|language| language.share >= SMALLEST_SHARE)
                .take(MOST_SHARES)
                .collect(),
            agrees: declared
                .as_deref()
                .map(|declared| self.tables.codes.agree(declared, top.code)),
            declared,
            plausible: false,
            candidates,
        }
    }

    /// Votes for siblings go to the one that has most: an article is not half Croatian and half Bosnian.
    fn merge_siblings(&self, votes: Vec<Tally>) -> Vec<Tally> {
        let mut merged: Vec<Tally> = Vec::new();
        for vote in votes {
            let group = self.tables.codes.group(vote.code);
            let sibling = merged
                .iter_mut()
                .find(|other| group.is_some() && self.tables.codes.group(other.code) == group);
            match sibling {
                Some(sibling) => {
                    sibling.letters += vote.letters;
                    sibling.weighed += vote.weighed;
                }
                None => merged.push(vote),
            }
        }
        sort(&mut merged);
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
                .tables
                .scripts
                .get(largest.map_or(LATIN, |(script, _)| script))
                .map(|script| script.code),
        }
    }
}

/// Votes by language, most letters first; ties by code. Text that is no language has no vote.
fn tally(votes: &[Vote]) -> Vec<Tally> {
    let mut tally: Vec<Tally> = Vec::new();
    for vote in votes.iter().filter(|vote| !is_nothing(&vote.verdict)) {
        let letters = vote.letters as f32;
        let weighed = letters * confidence(&vote.verdict);
        match tally.iter_mut().find(|own| own.code == vote.verdict.code) {
            Some(own) => {
                own.letters += letters;
                own.weighed += weighed;
            }
            None => tally.push(Tally {
                code: vote.verdict.code,
                letters,
                weighed,
            }),
        }
    }
    sort(&mut tally);
    tally
}

fn sort(votes: &mut [Tally]) {
    votes.sort_by(|a, b| b.letters.total_cmp(&a.letters).then(a.code.cmp(b.code)));
}
