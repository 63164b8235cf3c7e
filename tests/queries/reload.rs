//! Queries that change while articles pass: each batch sees one set.

use newsstage::article::{Message, Position};
use newsstage::config::Config;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::{Outcome, Pipeline};
use serde_json::Value;

fn message(offset: i64) -> Message {
    let payload = format!(
        r#"{{"id":"a{offset}","title":"Oil","text":"The price of oil rose on Monday for the third day in a row."}}"#
    );
    Message {
        position: Position {
            topic: "t".into(),
            partition: 0,
            offset,
        },
        key: None,
        payload: Some(payload.into_bytes()),
        headers: Vec::new(),
        timestamp_ms: None,
    }
}

/// Generation and matches of each record of a batch.
fn seen(pipeline: &mut Pipeline, batch: &[Message]) -> Vec<(String, Vec<String>)> {
    let outcomes = pipeline.process(batch, 0).expect("an index in memory");
    outcomes
        .iter()
        .map(|outcome| {
            let Outcome::Enriched(enriched) = outcome else {
                panic!("{outcome:?}")
            };
            let record: Value = serde_json::from_slice(&enriched.value).unwrap();
            let enrichment = &record["enrichment"];
            let queries = enrichment["topics"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|topic| topic["kind"] == "query");
            let ids = queries
                .map(|topic| topic["id"].as_str().unwrap().to_owned())
                .collect();
            (
                enrichment["stage"]["queries"].as_str().unwrap().to_owned(),
                ids,
            )
        })
        .collect()
}

#[test]
fn a_batch_sees_one_set_and_the_next_one_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.jsonl");
    std::fs::write(&file, "{\"id\":\"one\",\"query\":\"oil\"}\n").unwrap();
    let mut config = Config::default();
    config.topics.queries = Some(file.clone());
    config.stages.dedup = false;
    let metrics = Metrics::new(&ProcessInfo::default());
    let mut pipeline = Pipeline::in_memory(&config, metrics.clone()).unwrap();
    let mut loader = pipeline.take_query_loader().unwrap();
    let batch: Vec<Message> = (0..200).map(message).collect();
    let before = seen(&mut pipeline, &batch);
    assert!(before.iter().all(|(_, ids)| ids == &["one"]));
    // Loads go on in another thread while batches are processed; whenever the swap comes, no batch is mixed.
    let other = std::thread::spawn(move || {
        for round in 0..40 {
            let text = format!(
                "{{\"id\":\"one\",\"query\":\"oil\"}}\n{{\"id\":\"two{round}\",\"query\":\"price\"}}\n"
            );
            std::fs::write(&file, text + &" ".repeat(round)).unwrap();
            loader.poll();
        }
    });
    let mut generations = std::collections::BTreeSet::new();
    while !other.is_finished() {
        let batch = seen(&mut pipeline, &batch);
        assert!(
            batch.windows(2).all(|pair| pair[0] == pair[1]),
            "a mixed batch"
        );
        generations.insert(batch[0].0.clone());
    }
    other.join().unwrap();
    let after = seen(&mut pipeline, &batch);
    assert_eq!(after[0].1, ["one", "two39"]);
    assert_ne!(after[0].0, before[0].0);
    let exposition = metrics.encode();
    assert!(
        exposition.contains("newsstage_queries{state=\"active\"} 2"),
        "{exposition}"
    );
    assert!(exposition.contains("newsstage_query_loads_total{result=\"loaded\"}"));
}
