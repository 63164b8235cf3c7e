//! `newsstage queries` as people and scripts meet it, and matches in enriched records.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_newsstage"))
        .current_dir(folder)
        .env_clear()
        .env("NO_COLOR", "1")
        .args(arguments)
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

fn scene() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    let queries = [
        json!({ "id": "energy", "label": "Energy prices", "query": "(النفط OR oil) NEAR/6 (سعر OR price*)", "tags": { "client": "7" } }),
        json!({ "id": "ferry", "query": "title:lighthouse AND harbour NOT football" }),
        json!({ "id": "bad", "query": "oil AND (gas" }),
    ];
    let articles = [
        json!({ "id": "a1", "title": "The harbour keeps its lighthouse", "text": "The harbour council voted on Thursday to keep the old lighthouse, after three hours of debate in a crowded hall of the town." }),
        json!({ "id": "a2", "title": "Markets on Monday", "text": "The price of crude oil rose on Monday for the third day in a row, while traders waited for the ministers to decide what to do." }),
    ];
    let lines = |values: &[Value]| {
        values
            .iter()
            .map(|value| format!("{value}\n"))
            .collect::<String>()
    };
    std::fs::write(path.join("q.jsonl"), lines(&queries)).expect("queries");
    std::fs::write(path.join("a.ndjson"), lines(&articles)).expect("articles");
    (folder, path)
}

#[test]
fn check_shows_the_place_of_a_mistake() {
    let (_folder, path) = scene();
    let (code, out, _) = run(&path, &["queries", "check", "q.jsonl"]);
    assert_eq!(code, 65);
    assert!(
        out.contains("q.jsonl:3: query bad") && out.contains("error at 1:9"),
        "{out}"
    );
    assert!(
        out.contains("  | oil AND (gas\n  |         ^\n  = write `)`"),
        "{out}"
    );
    assert!(out.contains("2 queries, 1 with errors"), "{out}");
    let (_, out, _) = run(&path, &["queries", "check", "--json", "q.jsonl"]);
    let line: Value = serde_json::from_str(out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&line["query"], &line["column"]),
        (&json!("bad"), &json!(9))
    );
}

#[test]
fn test_compares_with_what_is_expected() {
    let (_folder, path) = scene();
    let test = ["queries", "test", "q.jsonl", "--articles", "a.ndjson"];
    let (_, out, error) = run(&path, &test);
    assert!(
        out.contains("energy  a2") && out.contains("The [price] of crude oil"),
        "{out}"
    );
    assert!(
        out.contains("ferry  a1") && error.contains("2 matches"),
        "{out}{error}"
    );
    std::fs::write(
        path.join("q.jsonl"),
        "{\"id\":\"energy\",\"query\":\"oil\"}\n",
    )
    .expect("queries");
    let (code, _, _) = run(
        &path,
        &[&test[..], &["--write-expected", "e.jsonl"]].concat(),
    );
    assert_eq!(code, 0);
    let (code, _, _) = run(&path, &[&test[..], &["--expect", "e.jsonl"]].concat());
    assert_eq!(code, 0);
    std::fs::write(
        path.join("e.jsonl"),
        "{\"query\":\"energy\",\"matches\":[\"a1\"]}\n",
    )
    .expect("expected");
    let (code, _, error) = run(&path, &[&test[..], &["--expect", "e.jsonl"]].concat());
    assert_eq!(code, 65);
    assert!(
        error.contains("energy: does not match a1") && error.contains("energy: matches a2"),
        "{error}"
    );
}

#[test]
fn explain_names_the_part_that_fails() {
    let (_folder, path) = scene();
    let article = r#"{"id":"x","title":"The lighthouse","text":"A football match was played below the lighthouse on Sunday, and the harbour was full of boats from the islands."}"#;
    std::fs::write(path.join("x.json"), article).expect("article");
    let (code, out, error) = run(
        &path,
        &[
            "queries",
            "explain",
            "ferry",
            "x.json",
            "--queries",
            "q.jsonl",
        ],
    );
    assert_eq!(code, 0, "{error}");
    assert!(out.starts_with("ferry does not match x"), "{out}");
    assert!(
        out.contains("✓ lighthouse in the title") && out.contains("✗ none of"),
        "{out}"
    );
    let (code, _, error) = run(
        &path,
        &[
            "queries",
            "explain",
            "bad",
            "x.json",
            "--queries",
            "q.jsonl",
        ],
    );
    assert!(code == 65 && error.contains("not closed"), "{error}");
}

#[test]
fn import_writes_the_standard_spelling() {
    let (_folder, path) = scene();
    std::fs::write(
        path.join("b.txt"),
        "{BT} AND broadband NEAR/2f speed <<< old >>> NOT site:bt.com",
    )
    .expect("query");
    let (code, out, _) = run(
        &path,
        &["queries", "import", "--from", "brandwatch", "b.txt"],
    );
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "CASE(BT) AND broadband ONEAR/2 speed AND NOT source:bt.com\n"
        )
    );
    let (code, out, _) = run(
        &path,
        &[
            "queries",
            "import",
            "--from",
            "brandwatch",
            "b.txt",
            "--id",
            "bt",
        ],
    );
    let definition: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &definition["id"]), (0, &json!("bt")));
    std::fs::write(path.join("t.txt"), "BMW site:\"a.com\" site:\"b.com\"").expect("query");
    let (code, _, error) = run(
        &path,
        &["queries", "import", "--from", "talkwalker", "t.txt"],
    );
    assert!(
        code == 65 && error.contains("alternatives in Talkwalker"),
        "{error}"
    );
}

#[test]
fn matches_and_the_generation_are_in_the_record() {
    let (_folder, path) = scene();
    let (code, out, error) = run(
        &path,
        &["enrich", "--set", "topics.queries=q.jsonl", "a.ndjson"],
    );
    assert_eq!(code, 0, "{error}");
    let records: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (_, checked, _) = run(&path, &["queries", "check", "q.jsonl"]);
    for record in &records {
        let generation = record["enrichment"]["stage"]["queries"]
            .as_str()
            .expect("a generation");
        assert!(checked.contains(generation), "{checked}");
    }
    let topics = records[1]["enrichment"]["topics"]
        .as_array()
        .expect("topics");
    let energy = topics
        .iter()
        .find(|topic| topic["id"] == "energy")
        .expect("the query");
    assert_eq!(energy["kind"], "query");
    assert_eq!(energy["tags"], json!({ "client": "7" }));
    assert_eq!(
        energy["evidence"][0],
        json!({ "term": "price*", "field": "/text", "start": 4, "end": 9 })
    );
    let (code, out, _) = run(
        &path,
        &["explain", "--set", "topics.queries=q.jsonl", "x.txt"],
    );
    assert!(code != 0 || !out.is_empty());
    let (code, _, error) = run(
        &path,
        &[
            "enrich",
            "--set",
            "topics.queries=missing.jsonl",
            "a.ndjson",
        ],
    );
    assert!(code == 78 && error.contains("missing.jsonl"), "{error}");
}
