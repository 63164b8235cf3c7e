//! Word lists: reading, checking and putting together the shipped and the user's own lines.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::analyser::{Analyser, TermForm};
use super::settings::Problem;
use super::taxonomy::Taxonomy;

/// The word lists that come with the program: language and contents.
pub(super) const SHIPPED: [(&str, &str); 14] = [
    ("ar", include_str!("taxonomy/ar.tsv")),
    ("de", include_str!("taxonomy/de.tsv")),
    ("en", include_str!("taxonomy/en.tsv")),
    ("es", include_str!("taxonomy/es.tsv")),
    ("fa", include_str!("taxonomy/fa.tsv")),
    ("fr", include_str!("taxonomy/fr.tsv")),
    ("hi", include_str!("taxonomy/hi.tsv")),
    ("id", include_str!("taxonomy/id.tsv")),
    ("it", include_str!("taxonomy/it.tsv")),
    ("ja", include_str!("taxonomy/ja.tsv")),
    ("pt", include_str!("taxonomy/pt.tsv")),
    ("ru", include_str!("taxonomy/ru.tsv")),
    ("tr", include_str!("taxonomy/tr.tsv")),
    ("zh", include_str!("taxonomy/zh.tsv")),
];

const MAX_WEIGHT: f32 = 5.0;
/// Words in a term; in scripts without spaces, where a word is one character, the longest names of institutions have some
/// twenty. The matcher looks so many words ahead at most.
const MAX_WORDS: usize = 32;
/// What stands instead of a code where a term is found but counts for nothing.
const GUARD: &str = "-";

/// A line of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// `None` guards the place against shorter terms.
    pub(super) topic: Option<u16>,
    pub(super) form: TermForm,
    pub(super) written: String,
    /// 0 for guards; in user files also where a term is taken away.
    pub(super) weight: f32,
    pub(super) number: usize,
}

/// A term and the topics it speaks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) form: TermForm,
    /// As it stands in the list.
    pub(super) written: String,
    /// Topics with the weight for each, broad topics included, in the order of the taxonomy. Empty for a guard.
    pub(super) topics: Vec<(u16, f32)>,
}

/// Reads one list. `removals` allows weight 0. Every bad line is reported; a good file gives no problem.
pub(super) fn parse(
    source: &str,
    file: &str,
    analyser: Analyser,
    taxonomy: &Taxonomy,
    removals: bool,
) -> Result<Vec<Line>, Vec<Problem>> {
    let mut lines: Vec<Line> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: HashMap<(Option<u16>, String), usize> = HashMap::new();
    let source = source.strip_prefix('\u{FEFF}').unwrap_or(source);
    for (index, text) in source.lines().enumerate() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let parsed = parse_line(text, number, analyser, taxonomy, removals).and_then(|line| {
            match seen.insert((line.topic, line.written.to_lowercase()), number) {
                Some(first) => Err(format!(
                    "{:?} is the same term as in line {first}",
                    line.written
                )),
                None => Ok(line),
            }
        });
        match parsed {
            Ok(line) => lines.push(line),
            Err(message) => problems.push(Problem {
                file: file.to_owned(),
                line: number,
                message,
            }),
        }
    }
    if problems.is_empty() {
        Ok(lines)
    } else {
        Err(problems)
    }
}

fn parse_line(
    text: &str,
    number: usize,
    analyser: Analyser,
    taxonomy: &Taxonomy,
    removals: bool,
) -> Result<Line, String> {
    let columns: Vec<&str> = text.split('\t').map(str::trim).collect();
    let [code, written, weight] = columns.as_slice() else {
        return Err(format!(
            "expected code, term and weight with tabs between them, found {} columns",
            columns.len()
        ));
    };
    let digits = code.strip_prefix("medtop:").unwrap_or(code);
    let topic = match *code {
        GUARD => None,
        _ => Some(
            taxonomy
                .index(digits)
                .ok_or_else(|| format!("{code:?} is no code of IPTC Media Topics level 1 or 2"))?,
        ),
    };
    let form = match topic {
        // A guard of one word is there against its own stem, so it stands for its written form alone.
        None if !written.contains(['=', '*', ' ']) => analyser.term(&format!("={written}"))?,
        _ => analyser.term(written)?,
    };
    if form.words.len() > MAX_WORDS {
        return Err(format!("{written:?} has more than {MAX_WORDS} words"));
    }
    Ok(Line {
        topic,
        form,
        written: (*written).to_owned(),
        weight: parse_weight(weight, topic.is_none(), removals)?,
        number,
    })
}

fn parse_weight(weight: &str, guard: bool, removals: bool) -> Result<f32, String> {
    let expected = match (guard, removals) {
        (true, _) => "0, because the term stands for no topic".to_owned(),
        (false, true) => format!("a number from 0 (takes the term away) to {MAX_WEIGHT}"),
        (false, false) => format!("a number from over 0 to {MAX_WEIGHT}"),
    };
    weight
        .parse::<f32>()
        .ok()
        .filter(|&weight| {
            if guard {
                weight == 0.0
            } else {
                (weight > 0.0 || removals && weight == 0.0) && weight <= MAX_WEIGHT
            }
        })
        .ok_or_else(|| format!("weight {weight:?} is not {expected}"))
}

/// Terms of a language with what may surprise whoever keeps the lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    /// In the order of their forms.
    pub(super) terms: Vec<Term>,
    /// Allowed but worth knowing, of the user's lines: terms with topics of several families, removals that removed
    /// nothing.
    pub(super) notes: Vec<String>,
}

impl Lexicon {
    /// Puts shipped and user lines together; user lines win. Of several lines of one list that come to the same term
    /// the highest weight counts.
    pub(super) fn merge(
        language: &str,
        shipped: Vec<Line>,
        own: Vec<Line>,
        taxonomy: &Taxonomy,
    ) -> Self {
        let mut notes = Vec::new();
        let origin = |own: bool| move |line: Line| (own, line);
        let mut lines: Vec<(bool, Line)> = shipped.into_iter().map(origin(false)).collect();
        lines.extend(own.into_iter().map(origin(true)));
        // The line that counts comes last of those for a term and topic.
        lines.sort_by(|(left, a), (right, b)| {
            a.form
                .cmp(&b.form)
                .then(a.topic.cmp(&b.topic))
                .then(left.cmp(right))
                .then(a.weight.total_cmp(&b.weight))
        });
        let mut terms = Vec::new();
        for term in lines.chunk_by(|(_, a), (_, b)| a.form == b.form) {
            let mut counting = Vec::new();
            for topic in term.chunk_by(|(_, a), (_, b)| a.topic == b.topic) {
                let Some((mine, line)) = topic.last() else {
                    continue;
                };
                if line.weight > 0.0 || line.topic.is_none() {
                    counting.push(line);
                } else if topic.iter().all(|(mine, _)| *mine) && *mine {
                    notes.push(format!(
                        "{language}.tsv:{}: {:?} is not in the list, so nothing is taken away",
                        line.number, line.written
                    ));
                }
            }
            let Some(made) = make_term(&counting, taxonomy) else {
                continue;
            };
            if term.iter().any(|(mine, _)| *mine) {
                notes.extend(several(language, &made, taxonomy));
            }
            terms.push(made);
        }
        Self { terms, notes }
    }
}

/// One term of the lines that count for it, one for each topic; none where there is no line.
fn make_term(lines: &[&Line], taxonomy: &Taxonomy) -> Option<Term> {
    let first = lines.first()?;
    // A guard stands first, and counts alone.
    let weights: BTreeMap<u16, f32> = match first.topic {
        None => BTreeMap::new(),
        Some(_) => lines
            .iter()
            .filter_map(|line| Some((line.topic?, line.weight)))
            .collect(),
    };
    Some(Term {
        form: first.form.clone(),
        written: first.written.clone(),
        topics: with_parents(&weights, taxonomy),
    })
}

/// A note where a term speaks for several broad topics.
fn several(language: &str, term: &Term, taxonomy: &Taxonomy) -> Option<String> {
    let families: Vec<&str> = term
        .topics
        .iter()
        .filter_map(|&(topic, _)| taxonomy.get(topic))
        .filter(|topic| topic.parent.is_none())
        .map(|topic| topic.code.as_str())
        .collect();
    (families.len() > 1).then(|| {
        format!(
            "{language}.tsv: {:?} speaks for {}",
            term.written,
            families.join(" and ")
        )
    })
}

/// Adds the broad topic of every narrow one, with the highest weight in its family.
fn with_parents(topics: &BTreeMap<u16, f32>, taxonomy: &Taxonomy) -> Vec<(u16, f32)> {
    let mut all: BTreeMap<u16, f32> = BTreeMap::new();
    for (&topic, &weight) in topics {
        for index in
            std::iter::once(topic).chain(taxonomy.get(topic).and_then(|topic| topic.parent))
        {
            let entry = all.entry(index).or_insert(0.0);
            *entry = entry.max(weight);
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
#[path = "lexicon_tests.rs"]
mod tests;
