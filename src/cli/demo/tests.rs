//! The bundled articles keep what they say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::pipeline::Outcome;

fn outcomes() -> Vec<(String, Outcome)> {
    let config = Config::default();
    let mut pipeline = Pipeline::in_memory(&config, Metrics::new(&process_info(&config))).unwrap();
    let messages = messages();
    let outcomes = pipeline.process(&messages, 1_000).unwrap();
    let text = |m: &Message| {
        m.payload
            .as_deref()
            .map(String::from_utf8_lossy)
            .unwrap_or_default()
            .into_owned()
    };
    messages.iter().map(text).zip(outcomes).collect()
}

/// The deepest promise of a bundled article: what its `_demo.expect` member says comes true.
#[test]
fn every_expectation_comes_true() {
    let mut languages = BTreeSet::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (text, outcome) in outcomes() {
        let Ok(input) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let expect = &input["_demo"]["expect"];
        let Outcome::Enriched(enriched) = outcome else {
            if let Outcome::Rejected(rejection) = &outcome
                && expect["reject"]
                    .as_str()
                    .is_none_or(|code| code == rejection.code.as_str())
            {
                continue;
            }
            wrong.push(format!("{expect} but {outcome:?}"));
            continue;
        };
        let output: Value = serde_json::from_slice(&enriched.value).unwrap();
        let found = &output["enrichment"];
        let primary = |value: &Value| {
            value
                .as_str()
                .map(|code| code.split('-').next().unwrap_or(code).to_owned())
        };
        if primary(&expect["language"]) != primary(&found["language"]["code"]) {
            wrong.push(format!(
                "{}: language {} not {}",
                found["id"], found["language"]["code"], expect["language"]
            ));
        }
        if expect["dedup"] != found["dedup"]["status"] {
            wrong.push(format!(
                "{}: {} not {}",
                found["id"], found["dedup"], expect["dedup"]
            ));
        }
        if let Some(of) = expect["of"].as_str()
            && found["dedup"]["of"].as_str() != Some(of)
        {
            wrong.push(format!(
                "{}: of {} not {of}",
                found["id"], found["dedup"]["of"]
            ));
        }
        let tags: BTreeSet<&str> = found["topics"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tag| tag["id"].as_str())
            .collect();
        for topic in expect["topics"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !tags.contains(topic) {
                wrong.push(format!("{}: {topic} missing from {tags:?}", found["id"]));
            }
        }
        languages.extend(primary(&found["language"]["code"]));
        *kinds
            .entry(
                found["dedup"]["status"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
            .or_default() += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(languages.len() >= 12, "{languages:?}");
    assert!(kinds["exact"] >= 10 && kinds["update"] >= 2, "{kinds:?}");
    assert!(kinds["near"] >= 1 && kinds["partial"] >= 1, "{kinds:?}");
}

/// The worker says the rest; the settings are made here.
#[test]
fn the_settings_do_not_keep_the_demo_from_being_ready() {
    let process = Process::new(&Config::default());
    let blockers = process.health.blockers();
    assert!(
        !blockers.contains(&crate::health::Blocker::Config),
        "{blockers:?}"
    );
}

#[test]
fn labels_with_commas_are_told_apart() {
    let seen = Seen {
        id: "a".to_owned(),
        language: "ar".to_owned(),
        topics: vec!["conflict, war and peace".to_owned(), "politics".to_owned()],
        ..Seen::default()
    };
    let row = table::row(&seen, Paint::new(false));
    assert!(row.contains("conflict, war and peace; politics"), "{row}");
}

#[test]
fn there_are_at_least_sixty_articles_and_some_broken_messages() {
    let outcomes = outcomes();
    let count = |wanted: fn(&Outcome) -> bool| {
        outcomes
            .iter()
            .filter(|(_, outcome)| wanted(outcome))
            .count()
    };
    assert!(count(|outcome| matches!(outcome, Outcome::Enriched(_))) >= 60);
    assert!(count(|outcome| matches!(outcome, Outcome::Rejected(_))) >= 5);
    assert_eq!(count(|outcome| matches!(outcome, Outcome::Tombstone)), 1);
}
