//! Stored queries on a compacted topic: read before the first article, followed while the stage runs.

use serde_json::Value;

use crate::scene::{Scene, article};
use crate::support::client::{Outgoing, produce};
use crate::support::process::{PATIENCE, Signal};
use crate::support::{topics, wait_for};

/// The queries that match, and the generation, of an output record.
fn matched(value: &[u8]) -> (Vec<String>, String) {
    let record: Value = serde_json::from_slice(value).expect("JSON");
    let enrichment = &record["enrichment"];
    let found = enrichment["topics"].as_array().expect("topics");
    let ids = found
        .iter()
        .filter(|topic| topic["kind"] == "query")
        .map(|topic| topic["id"].as_str().expect("an id").to_owned())
        .collect();
    let generation = enrichment["stage"]["queries"]
        .as_str()
        .expect("a generation");
    (ids, generation.to_owned())
}

#[test]
fn queries_come_from_a_compacted_topic_without_a_restart() {
    let mut scene = Scene::new(1);
    let queries = topics::unique("queries");
    topics::create(
        &scene.bootstrap,
        &queries,
        2,
        &[("cleanup.policy", "compact")],
    );
    let definition =
        |id: &str, query: &str| Outgoing::keyed(id, format!(r#"{{"query":"{query}"}}"#));
    produce(
        &scene.bootstrap,
        &queries,
        &[
            definition("ferry", "ferry NEAR/3 new"),
            definition("broken", "(ferry"),
            definition("gone", "ferry"),
            Outgoing::tombstone("gone"),
        ],
    );
    scene
        .config
        .set("topics.queries_topic", queries.as_str())
        .set("topics.queries_poll_seconds", 1)
        .set("batch.linger", "10ms");
    let mut stage = scene.start();
    scene.send(&[article("first", 20)]);
    let first = scene.outputs(1);
    let (ids, generation) = matched(first[0].payload.as_deref().expect("a value"));
    assert_eq!(
        ids,
        ["ferry"],
        "the queries are there before the first article"
    );
    assert_eq!(
        stage.metric("newsstage_queries", &["state=\"disabled\""]),
        Some(1.0)
    );

    produce(
        &scene.bootstrap,
        &queries,
        &[
            definition("council", "council AND winter"),
            Outgoing::tombstone("ferry"),
        ],
    );
    wait_for("the new queries", PATIENCE, || {
        stage.metric("newsstage_query_loads_total", &["result=\"loaded\""]) >= Some(3.0)
    });
    scene.send(&[article("second", 20)]);
    let second = scene.outputs(2);
    let (ids, later) = matched(second[1].payload.as_deref().expect("a value"));
    assert_eq!(ids, ["council"]);
    assert_ne!(generation, later);
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}
