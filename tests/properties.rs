//! The whole pipeline on hostile input: it never panics, gives the same answer twice, and what it gives is valid JSON with
//! the input in it. Time is not measured; the inputs are large enough for anything worse than linear to show as a hang.

#[path = "golden/places.rs"]
mod places;
#[path = "golden/stage.rs"]
mod stage;

use std::cell::RefCell;

use newsstage::article::RejectCode;
use newsstage::pipeline::Outcome;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use stage::{Case, Stage, files, fixtures, message, messages};

/// Work on one message must not grow out of proportion: the output is the input and a bounded enrichment.
const MOST_ADDED: usize = 1 << 20;

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::new(|config| config.threads = Some(1)));
}

fn case((offset, payload): (usize, Vec<u8>)) -> Case {
    Case {
        name: String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned(),
        message: message("hostile", offset, payload),
    }
}

/// Runs messages through the pipeline, twice, and checks what holds of every outcome.
fn outcomes(payloads: Vec<Vec<u8>>) -> Vec<Outcome> {
    let cases: Vec<Case> = payloads.into_iter().enumerate().map(case).collect();
    let run = || STAGE.with_borrow_mut(|stage| stage.process(&cases, cases.len()));
    run();
    // From now on the index knows them all.
    let outcomes = run();
    assert_eq!(outcomes, run(), "the same answer twice");
    for (case, outcome) in cases.iter().zip(&outcomes) {
        check(case, outcome);
    }
    outcomes
}

fn outcome(payload: impl Into<Vec<u8>>) -> Outcome {
    outcomes(vec![payload.into()]).remove(0)
}

fn check(case: &Case, outcome: &Outcome) {
    let name = &case.name;
    match outcome {
        Outcome::Rejected(rejection) => {
            assert_ne!(rejection.code, RejectCode::Internal, "{name}: {rejection}");
            assert!(
                rejection.detail.len() < 500,
                "{} bytes",
                rejection.detail.len()
            );
            assert!(!rejection.detail.contains('\n'), "{rejection}");
        }
        Outcome::Enriched(enriched) => {
            let value = places::parse(&enriched.value);
            assert!(value["enrichment"]["id"].is_string());
            assert!(enriched.value.len() <= case.payload().len() + MOST_ADDED);
            places::check(&value);
        }
        Outcome::Tombstone => panic!("there was a value"),
    }
}

fn is_enriched(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Enriched(_))
}

fn rejected(outcome: &Outcome) -> Option<RejectCode> {
    match outcome {
        Outcome::Rejected(rejection) => Some(rejection.code),
        _ => None,
    }
}

/// An article whose title and text are the given text.
fn article(text: &str) -> Vec<u8> {
    let title: String = text.chars().take(200).collect();
    // Once is enough for the longest: there is a limit on the message.
    let url = if text.len() < 1_000_000 { text } else { "" };
    serde_json::json!({ "title": title, "text": text, "url": url })
        .to_string()
        .into_bytes()
}

#[test]
fn hostile_json_is_answered() {
    let nested = |open: &str, close: &str, count: usize| {
        format!(
            "{{\"title\":\"a\",\"x\":{}{}}}",
            open.repeat(count),
            close.repeat(count)
        )
    };
    for (deep, code) in [
        (nested("[", "]", 200_000), RejectCode::TooDeep),
        (nested("{\"a\":", "}", 200_000), RejectCode::TooDeep),
        (nested("[", "", 200_000), RejectCode::TooDeep),
        ("[".repeat(200_000), RejectCode::TooDeep),
        ("{\"a\":".repeat(200_000), RejectCode::TooDeep),
    ] {
        let found = rejected(&outcome(deep.clone()));
        // Whichever fault is met first; both are refusals.
        let fits = [
            Some(code),
            Some(RejectCode::NotJson),
            Some(RejectCode::NotObject),
        ];
        assert!(fits.contains(&found), "{found:?} for {}…", &deep[..20]);
    }
    for good in [
        r#"{"title":"Ferry","n":1e999,"m":-1e-999,"k":123456789012345678901234567890}"#,
        r#"{"title":"Ferry","title":"Boat","title":"Ship","text":1e999}"#,
        r#"{"title":"\ud800 Ferry \udfff\ud83d\ude00\ud83d"}"#,
        r#"{"\ud800":1,"title":"Ferry"}"#,
        r#"{"title":"Ferry \u0000 stays","url":"\u0000"}"#,
        r#"{"":"","title":"Ferry","enrichment":{},"enrichment":[1],"enrichment":null}"#,
        "\u{feff} \r\n\t{\"title\":\"Ferry\"}\n\n ",
    ] {
        assert!(is_enriched(&outcome(good)), "{good}");
    }
    for bad in [
        "",
        " ",
        "\u{feff}",
        "null",
        "true",
        "7",
        "\"x\"",
        "[]",
        "{}",
        "{",
        "{\"title\":",
        "{\"title\":\"a\"}{",
        "{\"title\":\"a\"},",
        "{'title':'a'}",
        "{\"title\":\"a\n\"}",
        "{\"title\":\"\\x\"}",
        "{\"title\":NaN}",
        "{\"title\":\"\\u12\"}",
    ] {
        assert!(rejected(&outcome(bad)).is_some(), "{bad:?}");
    }
    for bytes in [
        &b"{\"title\":\"caf\xe9\"}"[..],
        b"\xff\xfe{\0}\0",
        b"\0",
        b"{\"t\":\"\xed\xa0\x80\"}",
    ] {
        assert!(rejected(&outcome(bytes)).is_some(), "{bytes:?}");
    }
}

#[test]
fn many_duplicate_and_unknown_keys_are_read() {
    let many = |key: &str| -> String {
        let members: String = (0..100_000)
            .map(|n| format!("\"{key}\":\"Ferry {n}\","))
            .collect();
        format!("{{{members}\"title\":\"Ferry\"}}")
    };
    for key in ["text", "unknown", "enrichment"] {
        assert!(is_enriched(&outcome(many(key))), "{key}");
    }
    let distinct: String = (0..100_000)
        .map(|n| format!("\"body_{n}\":\"Ferry\","))
        .collect();
    assert!(is_enriched(&outcome(format!(
        "{{{distinct}\"title\":\"Ferry\"}}"
    ))));
}

#[test]
fn hostile_texts_are_answered() {
    let ten_million = "Word and more words. ".repeat(480_000);
    let paragraphs = "Short paragraph here.\n".repeat(100_000);
    let list: String = (0..50_000)
        .map(|n| format!("• Headline number {n}\n"))
        .collect();
    let texts = [
        ("ten megabytes", ten_million),
        ("one word", "a".repeat(1_000_000)),
        ("one Arabic word", "ب".repeat(500_000)),
        ("one Chinese sentence", "漢".repeat(300_000)),
        (
            "unclosed tags",
            format!("<p>Ferry {}", "<div>".repeat(1_000_000)),
        ),
        ("half tags", format!("<p>Ferry {}", "<".repeat(1_000_000))),
        (
            "attributes",
            format!("<p {}>Ferry</p>", "a=\"b\" ".repeat(200_000)),
        ),
        (
            "comments",
            format!("<p>Ferry</p>{}", "<!--".repeat(200_000)),
        ),
        (
            "entities",
            format!("<p>Ferry</p>{}", "&amp;&#x1F600;&nosuch;&".repeat(100_000)),
        ),
        ("combining marks", format!("e{}", "\u{301}".repeat(500_000))),
        ("links", "https://paper.example/a?b=c ".repeat(50_000)),
        ("one link", format!("https://{}", "a.".repeat(200_000))),
        ("handles", "@name #tag ".repeat(100_000)),
        ("markers", "إقرأ أيضاً: كلمات دلالية: المصدر: ".repeat(20_000)),
        (
            "marker lines",
            "Read also:\nRelated articles\nShare this\n".repeat(20_000),
        ),
        ("hyphens", format!("word{}", "-word".repeat(200_000))),
        ("apostrophes", format!("l{}", "'l".repeat(200_000))),
        ("quotation", "\"«“„‘".repeat(100_000) + "x"),
        ("paragraphs", paragraphs),
        ("list", list),
        (
            "right to left",
            "\u{202e}\u{2067}ferry\u{2069}\u{202c} ".repeat(50_000),
        ),
    ];
    for (name, text) in texts {
        let payload = article(&text);
        let outcome = outcome(payload);
        let code = rejected(&outcome);
        assert!(
            is_enriched(&outcome) || code == Some(RejectCode::TooLarge),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn texts_without_letters_are_refused_or_unknown() {
    for text in [
        "\u{301}\u{301}\u{301}",
        "\u{200b}\u{200d}\u{feff}\u{2060}",
        "\u{0}\u{1}\u{7f}",
        "—…!?",
        "\u{e000}\u{10ffff}",
        " \u{a0}\u{3000}\n",
    ] {
        let payload = serde_json::json!({ "title": text, "text": text }).to_string();
        assert_eq!(
            rejected(&outcome(payload)),
            Some(RejectCode::NoText),
            "{text:?}"
        );
    }
    let digits = serde_json::json!({ "title": "2026", "text": "٣٤٥ 12" }).to_string();
    let Outcome::Enriched(enriched) = outcome(digits) else {
        panic!("digits are a text")
    };
    assert_eq!(enriched.language.as_deref(), Some("und"));
}

/// Every assigned block, as words of eight characters: no script stops the pipeline.
#[test]
fn every_script_passes() {
    let all: Vec<char> = (0..=0x10FFFF_u32).filter_map(char::from_u32).collect();
    let payloads = all
        .chunks(4096)
        .map(|block| {
            let words = block.chunks(8).map(|word| word.iter().collect::<String>());
            article(&format!("Ferry {}", words.collect::<Vec<_>>().join(" ")))
        })
        .collect();
    assert!(outcomes(payloads).iter().all(is_enriched));
}

fn corpus() -> Vec<Vec<u8>> {
    let input = files(&fixtures().join("input"), "input");
    let cases = messages().into_iter().chain(input);
    cases.map(|case| case.payload().to_vec()).collect()
}

/// A fixture with pieces cut out, doubled, overwritten or swapped with another fixture's.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let pick = prop::sample::select(corpus());
    let edit = (
        any::<prop::sample::Index>(),
        0..40_usize,
        0..5_u8,
        any::<Vec<u8>>(),
    );
    (pick.clone(), pick, prop::collection::vec(edit, 1..6)).prop_map(|(mut bytes, other, edits)| {
        for (index, length, kind, junk) in edits {
            let start = index.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            let piece: Vec<u8> = match kind {
                0 => Vec::new(),
                1 => bytes[start..end].repeat(2),
                2 => junk.into_iter().take(12).collect(),
                3 => {
                    let from = index.index(other.len());
                    other[from..(from + length).min(other.len())].to_vec()
                }
                _ => b"\"},{[:\\u0000\xd8null<p>"
                    .iter()
                    .copied()
                    .take(length)
                    .collect(),
            };
            bytes.splice(start..end, piece);
        }
        bytes
    })
}

/// Any JSON value with keys and texts that mean something here.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let words = "[a-zàé ]{0,20}|[ا-ي ]{0,20}|[一-龥]{0,8}|<p>[a-z&;<> ]{0,20}|\\PC{0,12}|None|https?://[a-z./?=&%]{0,20}";
    let leaf = prop_oneof![
        4 => words.prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => any::<f64>().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
    ];
    let keys = prop::sample::select(vec![
        "title",
        "text",
        "content",
        "body",
        "url",
        "id",
        "language",
        "summary",
        "value",
        "type",
        "headlines",
        "bodies",
        "source",
        "enrichment",
        "authors",
        "date",
        "rendered",
        "role",
        "x",
    ]);
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((keys.clone(), inner), 0..8).prop_map(|members| members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        outcome(bytes);
    }

    #[test]
    fn mutated_fixtures_are_answered(payloads in prop::collection::vec(mutated(), 1..6)) {
        outcomes(payloads);
    }

    #[test]
    fn random_json_is_answered(value in json()) {
        let outcome = outcome(value.to_string());
        let code = rejected(&outcome);
        // It is JSON, so only its contents can be refused.
        prop_assert!(!matches!(code, Some(RejectCode::NotJson | RejectCode::InvalidUtf8 | RejectCode::Empty)), "{code:?}");
        prop_assert!(value.is_object() || code == Some(RejectCode::NotObject));
    }

    #[test]
    fn random_text_is_answered(text in "\\PC{0,300}|(.|\n){0,300}") {
        outcome(article(&format!("a {text}")));
    }
}
