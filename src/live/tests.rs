use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::article::{Message, Position};
use crate::config::Config;
use crate::metrics::ProcessInfo;
use crate::pipeline::{Outcome, Pipeline};

fn metrics() -> Metrics {
    Metrics::new(&ProcessInfo::default())
}

fn settings() -> LiveConfig {
    LiveConfig {
        enabled: true,
        rate: 1000,
        ..LiveConfig::default()
    }
}

fn message(offset: i64, article: &Value) -> Message {
    Message {
        position: Position {
            topic: "raw".into(),
            partition: 0,
            offset,
        },
        key: None,
        payload: Some(article.to_string().into_bytes()),
        headers: Vec::new(),
        timestamp_ms: None,
    }
}

/// What viewers see of these articles, and the published values.
fn cards_of(articles: &[Value], settings: &LiveConfig) -> (Vec<Value>, Vec<Vec<u8>>) {
    let mut pipeline = Pipeline::in_memory(&Config::default(), metrics()).unwrap();
    pipeline.set_live(Live::new(settings, metrics(), 0));
    let messages: Vec<Message> = (0..).zip(articles).map(|(n, a)| message(n, a)).collect();
    let outcomes = pipeline.process(&messages, 1000).unwrap();
    let mut cards = Vec::new();
    let mut values = Vec::new();
    for outcome in outcomes {
        let Outcome::Enriched(enriched) = outcome else {
            continue;
        };
        values.push(enriched.value);
        cards.extend(
            enriched
                .card
                .map(|card| serde_json::from_str(&card).unwrap()),
        );
    }
    (cards, values)
}

fn cards(articles: &[Value]) -> Vec<Value> {
    cards_of(articles, &settings()).0
}

const STORY: &str = "The army shelled the border town on Monday and soldiers crossed the river before dawn, officials said. \
    The ministry of defence said its troops had withdrawn from two villages after the ceasefire collapsed. \
    Residents told reporters that the market, the school and the only pharmacy of the valley were hit by rockets. \
    A convoy with flour and medicine waits at the bridge until the guns fall silent again, the mayor added.";

fn story(id: &str, body: &str) -> Value {
    json!({"id": id, "title": "Army shells border town", "text": body, "url": format!("https://{id}.example/a")})
}

fn part(text: &str, start: &Value, end: &Value) -> String {
    let (start, end) = (
        start.as_u64().unwrap() as usize,
        end.as_u64().unwrap() as usize,
    );
    text.chars().skip(start).take(end - start).collect()
}

/// Every mark of evidence as (topic label, marked words).
fn evidence(card: &Value) -> Vec<(String, String)> {
    let topics = &card["enrichment"]["topics"];
    let blocks = card["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .chain([&card["title"]]);
    let mut found = Vec::new();
    for block in blocks {
        for mark in block["evidence"].as_array().into_iter().flatten() {
            let topic = &topics[mark[2].as_u64().unwrap() as usize];
            let words = part(block["text"].as_str().unwrap(), &mark[0], &mark[1]);
            found.push((
                topic["label"].as_str().unwrap().to_owned(),
                words.to_lowercase(),
            ));
        }
    }
    found
}

#[test]
fn a_card_shows_the_words_that_topics_rest_on() {
    let card = &cards(&[story("a", STORY)])[0];
    assert_eq!(card["title"]["text"], "Army shells border town");
    assert_eq!(card["source"], "a.example");
    assert_eq!(card["enrichment"]["id"], "a");
    let found = evidence(card);
    assert!(
        found
            .iter()
            .any(|(label, words)| label.contains("conflict") && words == "troops"),
        "{found:?}"
    );
    let terms: Vec<&str> = card["enrichment"]["topics"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|topic| topic["evidence"].as_array().unwrap())
        .map(|place| place["term"].as_str().unwrap())
        .collect();
    assert_eq!(
        found.len(),
        terms.len(),
        "every place is marked: {found:?} {terms:?}"
    );
}

#[test]
fn marks_stand_right_in_html_and_behind_characters_of_several_bytes() {
    let html = format!(
        "<p>🚢🚢 Ünruhe &amp; <b>Häfen</b> &lt;</p><p>{}</p>",
        STORY.replace("troops", "<i>tr</i>oops &amp; tanks")
    );
    let card = &cards(&[story("a", &html)])[0];
    let found = evidence(card);
    assert!(
        found.iter().any(|(_, words)| words == "troops"),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .all(|(_, words)| words.chars().all(|c| c.is_alphabetic() || c == ' ')),
        "{found:?}"
    );
    let text = card["blocks"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("🚢🚢 Ünruhe & Häfen <"), "{text}");
}

#[test]
fn a_near_copy_shows_what_it_has_in_common_and_with_what() {
    let copy = format!(
        "Our correspondent adds that it rained all week in the hills. {}",
        STORY.replace("on Monday", "late on Monday night")
    );
    let cards = cards(&[story("a", STORY), story("b", &copy)]);
    assert_eq!(cards[1]["enrichment"]["dedup"]["status"], "near");
    assert_eq!(
        (&cards[1]["shared_with"], &cards[0]["shared_with"]),
        (&json!("a"), &Value::Null)
    );
    let mut shared = String::new();
    for block in cards[1]["blocks"].as_array().unwrap() {
        for mark in block["shared"].as_array().into_iter().flatten() {
            shared += &part(block["text"].as_str().unwrap(), &mark[0], &mark[1]);
        }
    }
    assert!(shared.contains("only pharmacy of the valley"), "{shared}");
    assert!(!shared.contains("rained all week"), "{shared}");
}

#[test]
fn an_article_that_is_no_copy_has_nothing_in_common() {
    let other = "The council of the valley said its bridge will be closed from Monday. A convoy with flour and medicine \
        waits at the bridge until the new one opens; officials said it takes a year, and shops in both villages fear for \
        their winter. The only pharmacy of the valley moves to the school, where a nurse will hand out medicine twice a week.";
    let cards = cards(&[story("a", STORY), story("b", other)]);
    assert_eq!(cards[1]["enrichment"]["dedup"]["status"], "unique");
    assert_eq!(cards[1]["shared_with"], Value::Null);
    assert!(!cards[1].to_string().contains("\"shared\""), "{}", cards[1]);
}

#[test]
fn what_was_set_aside_is_short_and_bears_no_marks() {
    let page = format!(
        "{STORY}\n\nRead also:\nTroops, army and war: soldiers of the border in pictures, and why the guns of the army matter {}\n",
        "war ".repeat(200)
    );
    let card = &cards(&[story("a", &page)])[0];
    let aside: Vec<&Value> = card["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|b| b["kind"] == "read_also")
        .collect();
    assert!(!aside.is_empty(), "{card}");
    for block in aside {
        assert!(block["text"].as_str().unwrap().chars().count() <= 160);
        assert_eq!(
            (&block["evidence"], &block["shared"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[test]
fn the_excerpt_is_bounded_and_says_what_it_leaves_out() {
    let settings = LiveConfig {
        excerpt: 150,
        ..settings()
    };
    let long = format!("{STORY}\n\n{STORY}\n\n{STORY}");
    let (cards, _) = cards_of(&[story("a", &long)], &settings);
    let blocks = cards[0]["blocks"].as_array().unwrap();
    let shown: usize = blocks
        .iter()
        .map(|b| b["text"].as_str().unwrap().chars().count())
        .sum();
    assert_eq!(shown, 150);
    let left_out = cards[0]["left_out"].as_u64().unwrap() as usize;
    // Line breaks between paragraphs belong to none.
    assert!((long.chars().count() - 150 - left_out) <= 6, "{left_out}");
}

#[test]
fn the_published_article_does_not_change() {
    let articles = [story("a", STORY), story("b", STORY)];
    let off = LiveConfig::default();
    let (none, without) = cards_of(&articles, &off);
    let (some, with) = cards_of(&articles, &settings());
    assert_eq!((none.len(), some.len()), (0, 2));
    assert_eq!(with, without);
}

#[test]
fn viewers_read_what_was_shown_and_learn_what_they_missed() {
    let live = Live::new(
        &LiveConfig {
            buffer: 3,
            ..settings()
        },
        metrics(),
        0,
    );
    let begin = live.cursor(0);
    let numbered = |from: u64, to: u64| {
        (from..to)
            .map(|n| Arc::from(n.to_string()))
            .collect::<Vec<Arc<str>>>()
    };
    live.show(numbered(0, 2), 7);
    let view = live.read(begin, 10);
    let texts: Vec<&str> = view.shown.iter().map(|shown| &*shown.card).collect();
    assert_eq!(
        (texts, view.missed, view.shown[0].at_ms),
        (vec!["0", "1"], 0, 7)
    );
    live.show(numbered(2, 8), 8);
    let view = live.read(view.next, 2);
    let texts: Vec<&str> = view.shown.iter().map(|shown| &*shown.card).collect();
    assert_eq!((texts, view.missed), (vec!["5", "6"], 3));
    assert_eq!(live.read(view.next, 2).shown.len(), 1);
    assert_eq!(
        live.read(live.cursor(usize::MAX), 10).shown.len(),
        3,
        "history"
    );
    assert_eq!(
        live.read(u64::MAX, 10),
        View {
            next: 9,
            ..View::default()
        },
        "an unknown future"
    );
}

#[test]
fn the_stream_does_not_wait_for_a_viewer() {
    let metrics = metrics();
    let live = Live::new(&settings(), metrics.clone(), 0);
    let begin = live.cursor(0);
    let held = live.inner.as_ref().unwrap().ring.lock().unwrap();
    live.show(vec!["{}".into(), "{}".into()], 1);
    drop(held);
    assert!(live.read(begin, 10).shown.is_empty());
    assert!(
        metrics
            .encode()
            .contains("\nnewsstage_live_dropped_articles_total 2\n")
    );
}

#[test]
fn without_a_view_nothing_happens() {
    let live = Live::default();
    live.begin(1);
    live.show(vec!["{}".into()], 1);
    assert!(!live.is_on());
    assert_eq!((live.read(0, 10), live.cursor(5)), (View::default(), 0));
}

/// Text that looks like markup, pages and stories of several scripts.
fn foreign_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(<p>|</p>|<b>|&amp;|&#x1f600;|🚢|قوات الجيش |troops |北京|\n\n|Read also:\n|é|\u{301}|<script>|\u{202e}){0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is published: a card is one line of JSON, bounded, and its marks stand in its texts.
    #[test]
    fn any_article_has_a_card(title in foreign_text(), body in foreign_text(), again in any::<bool>()) {
        let settings = LiveConfig { excerpt: 100, ..settings() };
        let article = |id: &str| json!({"id": id, "title": title, "text": body, "url": body});
        let articles = if again { vec![article("a"), article("b")] } else { vec![article("a")] };
        for card in cards_of(&articles, &settings).0 {
            prop_assert!(!card.to_string().contains('\n'));
            let blocks = card["blocks"].as_array().unwrap().iter().chain([&card["title"]]);
            for block in blocks.filter(|block| !block.is_null()) {
                let length = block["text"].as_str().unwrap().chars().count() as u64;
                prop_assert!(length <= 400);
                let marks = block["evidence"].as_array().into_iter().chain(block["shared"].as_array()).flatten();
                for mark in marks {
                    let (start, end) = (mark[0].as_u64().unwrap(), mark[1].as_u64().unwrap());
                    prop_assert!(start < end && end <= length);
                }
            }
        }
    }
}
