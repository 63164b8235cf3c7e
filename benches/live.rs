//! What the live view costs the stage: a batch through the pipeline without it, with it at its usual rate, and with a card
//! of every article.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use newsstage::article::{Message, Position};
use newsstage::config::{Config, LiveConfig};
use newsstage::live::Live;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::{Outcome, Pipeline};

/// Batches in which each article comes ten times.
const TIMES: usize = 10;

fn metrics() -> Metrics {
    Metrics::new(&ProcessInfo::default())
}

fn batch(begin: i64) -> Vec<Message> {
    let articles = include_str!("../src/cli/demo/articles.ndjson");
    let lines = articles.lines().filter(|line| !line.is_empty());
    let lines = std::iter::repeat_n(lines, TIMES).flatten();
    (begin..)
        .zip(lines)
        .map(|(offset, line)| Message {
            position: Position {
                topic: "raw".into(),
                partition: 0,
                offset,
            },
            key: None,
            payload: Some(line.as_bytes().to_vec()),
            headers: Vec::new(),
            timestamp_ms: None,
        })
        .collect()
}

fn live(c: &mut Criterion) {
    let mut group = c.benchmark_group("live");
    group.sample_size(20);
    let articles = batch(0).len();
    group.throughput(Throughput::Elements(articles as u64));
    for (name, enabled, rate, every_ms) in [
        ("off", false, 1, 100),
        // A batch in 100 ms is 9,600 articles a second.
        ("20 a second", true, 20, 100),
        ("every article", true, 1000, 1000),
    ] {
        let settings = LiveConfig {
            enabled,
            rate,
            ..LiveConfig::default()
        };
        let view = Live::new(&settings, metrics(), 0);
        let mut pipeline = Pipeline::in_memory(&Config::default(), metrics()).expect("a pipeline");
        pipeline.set_live(view.clone());
        let mut batches = 0;
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    batches += 1;
                    (batches, batch(batches * articles as i64))
                },
                |(batches, messages)| {
                    let now_ms = batches * every_ms;
                    let outcomes = pipeline.process(&messages, now_ms).expect("outcomes");
                    let cards = outcomes.into_iter().filter_map(|outcome| match outcome {
                        Outcome::Enriched(enriched) => enriched.card,
                        _ => None,
                    });
                    view.show(cards.collect(), now_ms);
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, live);
criterion_main!(benches);
