//! Word lists: reading, checking and putting together the shipped and the user's own lines.

use std::collections::{BTreeMap, HashMap};

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
mod tests {
    use super::*;

    fn read(source: &str, removals: bool) -> Result<Vec<Line>, Vec<Problem>> {
        parse(
            source,
            "own/en.tsv",
            Analyser::of("en"),
            &Taxonomy::shipped().unwrap(),
            removals,
        )
    }

    #[test]
    fn shipped_lists_are_valid_and_large() {
        let taxonomy = Taxonomy::shipped().unwrap();
        // Topics of level 2 for which all languages have words.
        let mut narrow: Vec<u16> = (0_u16..)
            .zip(taxonomy.topics())
            .filter_map(|(index, topic)| topic.parent.map(|_| index))
            .collect();
        for (language, source) in SHIPPED {
            let lines = parse(source, language, Analyser::of(language), &taxonomy, false)
                .unwrap_or_else(|problems| {
                    panic!(
                        "{}",
                        problems
                            .iter()
                            .map(|p| format!("{p}\n"))
                            .collect::<String>()
                    )
                });
            assert!(lines.len() >= 600, "{language}: {}", lines.len());
            let lexicon = Lexicon::merge(language, lines, Vec::new(), &taxonomy);
            narrow.retain(|&topic| {
                let of = |term: &&Term| term.topics.iter().any(|&(own, _)| own == topic);
                lexicon.terms.iter().filter(of).count() >= 5
            });
            for (index, topic) in taxonomy
                .topics()
                .iter()
                .enumerate()
                .filter(|(_, topic)| topic.parent.is_none())
            {
                let count = lexicon
                    .terms
                    .iter()
                    .filter(|term| term.topics.iter().any(|&(t, _)| usize::from(t) == index))
                    .count();
                assert!(count >= 20, "{language} {}: {count} terms", topic.label);
            }
        }
        assert!(narrow.len() >= 80, "{}", narrow.len());
        // Elections, international relations, armed conflict, terror, climate change, disaster, disease, markets, disciplines of
        // sport.
        for code in [
            "20000574", "20000638", "20000056", "20000053", "20000418", "20000148", "20000446",
            "20000385", "20000822",
        ] {
            assert!(narrow.contains(&taxonomy.index(code).unwrap()), "{code}");
        }
    }

    #[test]
    fn bad_lines_are_all_named() {
        let long = format!("11000000\t{}\t1", "a ".repeat(MAX_WORDS + 1));
        let cases = [
            ("99999999\tx\t1", "is no code of IPTC Media Topics"),
            ("11000000\tvote", "found 2 columns"),
            ("11000000\t \t1", "holds no letter or digit"),
            ("11000000\tvo*\t1", "at least 3 letters"),
            ("11000000\t*vot\t1", "at least 4 letters"),
            ("-\tvote\t1", "is not 0"),
            ("11000000\tvote\t0", "from over 0 to 5"),
            ("11000000\tvote\t5.1", "from over 0 to 5"),
            ("11000000\tvote\tNaN", "from over 0 to 5"),
            ("11000000\tvote\t-1", "from over 0 to 5"),
            (long.as_str(), "more than 32 words"),
        ];
        let source: String = cases
            .iter()
            .map(|(line, _)| format!("# comment\n{line}\n"))
            .collect();
        let problems = read(&source, false).unwrap_err();
        assert_eq!(problems.len(), cases.len());
        for (index, (problem, (line, expected))) in problems.iter().zip(cases).enumerate() {
            assert_eq!(
                (problem.file.as_str(), problem.line),
                ("own/en.tsv", 2 * index + 2)
            );
            assert!(
                problem.message.contains(expected),
                "{line}: {}",
                problem.message
            );
        }
    }

    #[test]
    fn the_same_term_twice_for_one_topic_is_an_error() {
        let problems = read(
            "11000000\tVote\t1\n20000574\tvote\t2\n11000000\tVOTE\t2\n",
            false,
        )
        .unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].to_string(),
            "own/en.tsv:3: \"VOTE\" is the same term as in line 1"
        );
    }

    #[test]
    fn own_lines_add_override_and_remove() {
        let taxonomy = Taxonomy::shipped().unwrap();
        let shipped = read("11000000\tvote\t1\n11000000\tpoll\t1\n", false).unwrap();
        let own = read("\u{FEFF}medtop:11000000\tVote\t4\n11000000\tpoll\t0\n11000000\tghost\t0\n20000574\turn*\t3\n15000000\tvote\t0.5\n", true).unwrap();
        let lexicon = Lexicon::merge("en", shipped, own, &taxonomy);
        let politics = taxonomy.index("11000000").unwrap();
        let election = taxonomy.index("20000574").unwrap();
        let sport = taxonomy.index("15000000").unwrap();
        let found: Vec<_> = lexicon
            .terms
            .iter()
            .map(|term| (term.written.as_str(), term.topics.clone()))
            .collect();
        assert_eq!(
            found,
            [
                ("Vote", vec![(politics, 4.0), (sport, 0.5)]),
                ("urn*", vec![(politics, 3.0), (election, 3.0)]),
            ]
        );
        assert_eq!(lexicon.notes.len(), 2);
        assert!(
            lexicon.notes[0].contains("ghost")
                && lexicon.notes[1].contains("11000000 and 15000000")
        );
    }
}
