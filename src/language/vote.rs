//! Pieces of one script are judged, and vote by their size.

use super::base::{LONGEST, Scratch};
use super::judge::{NOTHING, Scores, Verdict, greatest, judge};
use super::languages::Languages;
use super::segments::{Segment, sample};

/// Fewest letters of a part that is judged on its own.
pub(super) const ENOUGH_LETTERS: u32 = 20;
/// Most parts an article is judged in, and the least bytes that are read of each.
const MOST_PARTS: usize = 12;
const PART_BYTES: usize = 64;
/// A part is of another language than the rest where that is likelier by so many logits.
const OTHER: f32 = 1.5;

/// A verdict on some of the pieces.
#[derive(Debug)]
pub(super) struct Vote {
    pub verdict: Verdict,
    /// Letters of the pieces.
    pub letters: u32,
    /// The pieces, as places in the list of segments.
    pub pieces: Vec<usize>,
}

/// Neighbouring pieces that are judged together.
#[derive(Debug)]
struct Part {
    pieces: Vec<usize>,
    letters: u32,
    text: String,
    scores: Scores,
    /// The language it would be on its own.
    own: Option<usize>,
}

/// Votes of the pieces of one script. `group` names them, `bytes` is how much of them is read.
pub(super) fn vote(
    languages: &Languages,
    segments: &[Segment],
    group: &[usize],
    bytes: usize,
    scratch: &mut Scratch,
    explain: bool,
) -> Vec<Vote> {
    let mut parts = parts(segments, group, bytes);
    for part in &mut parts {
        part.scores = Scores::of(&part.text, languages, scratch);
    }
    let mut all = Scores::default();
    for part in &parts {
        all.add(&part.scores);
    }
    let Some(main) = greatest(&all.logits(languages)) else {
        return Vec::new();
    };
    if parts.len() > 1 {
        for part in &mut parts {
            part.own = other_than(main, part, languages);
        }
    }
    let mut clusters: Vec<(usize, Vec<&Part>)> = Vec::new();
    for part in &parts {
        let own = part.own.unwrap_or(main);
        match clusters
            .iter_mut()
            .find(|(language, _)| related(languages, *language, own))
        {
            Some((_, members)) => members.push(part),
            None => clusters.push((own, vec![part])),
        }
    }
    clusters
        .iter()
        .filter_map(|(_, members)| together(languages, members, explain))
        .collect()
}

fn together(languages: &Languages, members: &[&Part], explain: bool) -> Option<Vote> {
    let mut scores = Scores::default();
    for part in members {
        scores.add(&part.scores);
    }
    let texts = members.iter().map(|part| part.text.as_str());
    let verdict = judge(languages, &scores, texts, explain)?;
    Some(Vote {
        verdict,
        letters: members.iter().map(|part| part.letters).sum(),
        pieces: members
            .iter()
            .flat_map(|part| part.pieces.iter().copied())
            .collect(),
    })
}

/// Pieces, joined until a part is large enough; the rest at the end goes with the last.
fn parts(segments: &[Segment], group: &[usize], bytes: usize) -> Vec<Part> {
    let letters_of = |piece: &usize| segments.get(*piece).map_or(0, |segment| segment.letters);
    let all: u32 = group.iter().map(letters_of).sum();
    let fewest = (all / MOST_PARTS as u32).max(ENOUGH_LETTERS);
    let mut joined: Vec<(Vec<usize>, u32)> = Vec::new();
    let mut open = false;
    for piece in group {
        let letters = letters_of(piece);
        match joined.last_mut().filter(|_| open) {
            Some(part) => {
                part.0.push(*piece);
                part.1 += letters;
            }
            None => joined.push((vec![*piece], letters)),
        }
        open = joined.last().is_some_and(|part| part.1 < fewest);
    }
    if open
        && joined.len() > 1
        && let Some(rest) = joined.pop()
        && let Some(last) = joined.last_mut()
    {
        last.0.extend(rest.0);
        last.1 += rest.1;
    }
    let quota = (bytes / joined.len().max(1)).clamp(PART_BYTES, LONGEST);
    joined
        .into_iter()
        .map(|(pieces, letters)| {
            let own: Vec<&Segment> = pieces
                .iter()
                .filter_map(|&piece| segments.get(piece))
                .collect();
            Part {
                text: sample(&own, quota),
                pieces,
                letters,
                scores: Scores::default(),
                own: None,
            }
        })
        .collect()
}

/// The language of a part that is clearly not the main one.
fn other_than(main: usize, part: &Part, languages: &Languages) -> Option<usize> {
    let logits = part.scores.logits(languages);
    let own = greatest(&logits)?;
    let as_main = logits
        .iter()
        .enumerate()
        .filter(|(language, _)| related(languages, main, *language))
        .map(|(_, logit)| *logit)
        .fold(f32::MIN, f32::max);
    let clear = part.letters >= ENOUGH_LETTERS && logits.get(own)? - as_main > OTHER;
    (clear && !related(languages, main, own)).then_some(own)
}

/// Whether two languages are the same or siblings.
fn related(languages: &Languages, one: usize, other: usize) -> bool {
    let (Some(one), Some(other)) = (
        languages.candidates.get(one),
        languages.candidates.get(other),
    ) else {
        return false;
    };
    one.code == other.code || (one.group.is_some() && one.group == other.group)
}

/// Whether a verdict says that the text is no language.
pub(super) fn is_nothing(verdict: &Verdict) -> bool {
    verdict.code == NOTHING
}
