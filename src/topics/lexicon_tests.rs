//! Word lists: what is shipped, and what is refused.

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
        lexicon.notes[0].contains("ghost") && lexicon.notes[1].contains("11000000 and 15000000")
    );
}
