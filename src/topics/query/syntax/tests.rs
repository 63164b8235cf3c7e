use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn printed(source: &str) -> String {
    match parse(source, Dialect::Lucene) {
        Ok(parsed) => print(&parsed.root),
        Err(error) => panic!("{}", error.render(source)),
    }
}

fn error(source: &str) -> (String, String) {
    let error = parse(source, Dialect::Lucene).unwrap_err();
    let at = source.get(error.span.clone()).unwrap_or_default();
    (at.to_owned(), error.to_string())
}

#[test]
fn precedence_is_near_not_and_or() {
    for (source, expected) in [
        ("a b OR c", "(a AND b) OR c"),
        ("a AND (b OR c)", "a AND (b OR c)"),
        ("a NOT b", "a AND NOT b"),
        ("a -b !c +d", "a AND NOT b AND NOT c AND d"),
        ("NOT a NEAR/3 b c", "NOT a NEAR/3 b AND c"),
        ("a || b && c", "a OR (b AND c)"),
        ("((a OR b)) OR c", "(a OR b) OR c"),
        ("NOT NOT a b", "NOT NOT a AND b"),
        ("(a b) (c d)", "(a AND b) AND (c AND d)"),
    ] {
        assert_eq!(printed(source), expected, "{source}");
    }
}

#[test]
fn every_spelling_of_nearness_is_known() {
    for (source, expected) in [
        ("a NEAR b", "a NEAR/4 b"),
        ("a ONEAR b", "a ONEAR/4 b"),
        ("a NEAR/7 b", "a NEAR/7 b"),
        ("a NEAR/7f b", "a ONEAR/7 b"),
        ("a near/7f b", "a ONEAR/7 b"),
        ("a W/2 b", "a NEAR/2 b"),
        ("a w/2 b", "a NEAR/2 b"),
        ("a PRE/2 b", "a ONEAR/2 b"),
        ("a /2 b", "a NEAR/2 b"),
        ("a /s b /p c", "a NEAR/s b NEAR/p c"),
        ("a W/s b PRE/p c", "a NEAR/s b ONEAR/p c"),
        ("(a OR b) ONEAR/s \"c d\"", "(a OR b) ONEAR/s \"c d\""),
    ] {
        assert_eq!(printed(source), expected, "{source}");
    }
    for word in ["km/h", "w/o", "W/2-inch", "24/7", "/"] {
        assert_eq!(printed(word), word);
    }
}

#[test]
fn fields_functions_and_boosts_are_read() {
    for (source, expected) in [
        ("title:(أوبك OR \"opec+\")", "title:(أوبك OR \"opec+\")"),
        (
            "headline:a ingress:b language:ar",
            "title:a AND lead:b AND lang:ar",
        ),
        ("topic:medtop:15000000", "topic:medtop:15000000"),
        (
            "topic:(medtop:15000000 OR acme)",
            "topic:(medtop:15000000 OR acme)",
        ),
        (
            "url:\"https://example.com/a\"",
            "url:\"https://example.com/a\"",
        ),
        ("source:bbc.co.uk^2.5", "source:bbc.co.uk^2.5"),
        ("(title:a)^2", "(title:a)^2"),
        (
            "ATLEAST/3(a OR b) atleast5(c)",
            "ATLEAST/3(a OR b) AND ATLEAST/5(c)",
        ),
        (
            "CASE(US) cs(Who) raw:Google+",
            "CASE(US) AND CASE(Who) AND RAW(Google+)",
        ),
        ("title:CASE(US)^2", "title:CASE(US)^2"),
        ("STEM(strike) WORD(京都)", "STEM(strike) AND WORD(京都)"),
        ("CASE study", "CASE AND study"),
        ("10:30 a\\:b", "10:30 AND a\\:b"),
        ("“a b” «c» „d“~3", "\"a b\" AND \"c\" AND \"d\"~3"),
        ("*\"bank of\"* foo*", "*\"bank of\"* AND foo*"),
        ("\u{200F}نفط\u{200F} AND\u{200E} غاز", "نفط AND غاز"),
    ] {
        assert_eq!(printed(source), expected, "{source}");
    }
}

#[test]
fn mistakes_have_a_place_and_a_way_out() {
    for (source, at, message) in [
        ("", "", "empty"),
        ("(a OR b", "(", "not closed"),
        ("a OR b)", ")", "closes nothing"),
        ("a AND", "AND", "expected behind"),
        ("a AND OR b", "OR", "expected before"),
        ("\"a b", "\"", "not closed"),
        ("tittle:a", "tittle:", "did you mean `title:`"),
        ("city:paris", "city:", "country:"),
        ("http://a.com", "http:", "quotation marks"),
        ("a NEAR/500 b", "NEAR/500", "at most 100"),
        ("a NEAR/x b", "NEAR/x", "NEAR/5"),
        ("a NOT NEAR/3 b", "NOT NEAR/3", "AND NOT"),
        ("a NEAR/3 NOT b", "NOT", "AND NOT"),
        ("roam~", "~", "behind a phrase"),
        ("(a b)~5", "~5", "NEAR/5"),
        ("a^x", "^", "number"),
        ("[a TO b]", "[", "ranges"),
        ("/jo+n/", "/jo+n/", "regular"),
        ("ATLEAST/0(a)", "ATLEAST/0", "count"),
        ("()", "()", "nothing between"),
        ("a \\", "\\", "behind it"),
    ] {
        let (place, text) = error(source);
        assert_eq!(place, at, "{source}: {text}");
        assert!(text.contains(message), "{source}: {text}");
    }
    assert!(error(&"(".repeat(5000)).1.contains("deep"));
    assert!(error(&"NOT ".repeat(5000)).1.contains("deep"));
    assert!(error(&"title:(".repeat(5000)).1.contains("deep"));
}

#[test]
fn doubtful_queries_warn() {
    let warnings = |source: &str| {
        let parsed = parse(source, Dialect::Lucene).unwrap();
        parsed
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert!(warnings("a AND b OR c")[0].contains("mixed"));
    assert!(warnings("a b OR c")[0].contains("(a AND b) OR c"));
    assert!(warnings("x AND (a OR b NOT c)")[0].contains("mixed"));
    assert!(warnings("a OR (b AND c)").is_empty());
    assert!(warnings("(a OR b) AND c NOT d").is_empty());
    assert!(warnings("a and b")[0].contains("capitals"));
    assert!(warnings("topic:and b").is_empty());
}

#[test]
fn products_differ_where_they_do() {
    let read = |source, dialect| parse(source, dialect).map(|parsed| print(&parsed.root));
    assert_eq!(
        read(
            "apple and (watch or iwatch) not juice near cup",
            Dialect::Meltwater
        )
        .unwrap(),
        "apple AND (watch OR iwatch) AND NOT juice NEAR/4 cup"
    );
    assert_eq!(
        read(
            "\"British Telecom\" OR {BT} <<< capitals only >>> NOT site:bt.com logitech NEAR/2f keyboard",
            Dialect::Brandwatch
        )
        .unwrap(),
        "\"British Telecom\" OR (CASE(BT) AND NOT source:bt.com AND logitech ONEAR/2 keyboard)"
    );
    let refused = read("BMW site:\"a.com\" site:\"b.com\"", Dialect::Talkwalker).unwrap_err();
    assert!(
        refused.to_string().contains("source:(one OR other)"),
        "{refused}"
    );
    assert_eq!(
        read("chocolate -swiss -site:\"mysite.com\"", Dialect::Talkwalker).unwrap(),
        "chocolate AND NOT swiss AND NOT source:\"mysite.com\""
    );
    assert!(read("{BT}", Dialect::Lucene).is_err());
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "نفط",
        "北京",
        "foo*",
        "w?m",
        "\"",
        "“",
        "\"a b\"",
        "*\"c\"*",
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "and",
        "NEAR/3",
        "/s",
        "W/2",
        "ONEAR/p",
        "NEAR",
        "title:",
        "topic:",
        "medtop:1",
        "url:",
        "CASE(",
        "ATLEAST/2(",
        "RAW(",
        "raw:",
        "^2",
        "^0.5",
        "~3",
        "-",
        "+",
        "!",
        "&&",
        "||",
        "\\",
        "\\(",
        "#x",
        "@y",
        "{",
        "}",
        "[",
        "\u{200F}",
        "\n",
        "<<<",
        ">>>",
        "10:30",
        "*",
    ]);
    prop::collection::vec((piece, prop::bool::ANY), 0..16).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(piece, space)| format!("{piece}{}", if space { " " } else { "" }))
            .collect()
    })
}

fn dialects() -> impl Strategy<Value = Dialect> {
    prop::sample::select(Dialect::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, rng_seed: RngSeed::Fixed(6), ..ProptestConfig::default() })]

    /// Whatever can be read is read the same after it was printed.
    #[test]
    fn printing_is_stable(source in prop_oneof![pieces(), ".{0,40}"], dialect in dialects()) {
        match parse(&source, dialect) {
            Ok(parsed) => {
                let once = print(&parsed.root);
                let again = match parse(&once, Dialect::Lucene) {
                    Ok(again) => again,
                    Err(error) => return Err(TestCaseError::fail(format!("{once:?}: {}", error.render(&once)))),
                };
                prop_assert_eq!(&again.root, &parsed.root, "{:?}", once);
                prop_assert_eq!(print(&again.root), once);
            }
            Err(error) => {
                prop_assert_eq!(error.render(&source).contains('^'), !source.is_empty());
            }
        }
    }
}
