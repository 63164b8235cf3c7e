//! How many copies are found, and how many innocents accused, on a stream made of our own articles; beside the usual
//! settings of other methods in the same run.
//!
//! `cargo bench --bench copies [-- --seed 7 --more 6 --stories FILE… --most 2000 --alone --wrong]`
//!
//! `--stories` takes lines of JSON with `lang`, `title` and `text` in place of the bundled stories.

mod edits;
mod random;
mod rivals;
mod score;
mod sites;
mod stories;
mod stream;

use std::collections::HashMap;

use newsstage::article::{Message, Position};
use newsstage::config::Config;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::{Outcome, Pipeline};
use score::{Answer, Score};
use stories::Stories;
use stream::{Item, Role};

/// The stories that are bundled for this bench.
const BUNDLED: &str = include_str!("../../tests/fixtures/dedup/stories.ndjson");

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("copies: run it with cargo bench");
        return;
    }
    let values = |name: &str| -> Vec<String> {
        let after = arguments
            .iter()
            .skip_while(|argument| *argument != name)
            .skip(1);
        after
            .take_while(|argument| !argument.starts_with("--"))
            .cloned()
            .collect()
    };
    let number = |name: &str, default: usize| {
        values(name)
            .first()
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let mut stories = Stories::default();
    let files = values("--stories");
    for file in &files {
        let lines = std::fs::read_to_string(file).expect("a readable file");
        stories.read(&lines, number("--most", usize::MAX));
    }
    if files.is_empty() {
        stories.read(BUNDLED, usize::MAX);
    }
    let more = number("--more", if files.is_empty() { 6 } else { 0 });
    let items = stream::stream(&stories, more, number("--seed", 1) as u64);
    let copies = items
        .iter()
        .filter(|item| matches!(item.role, Role::Copy(_)))
        .count();
    println!(
        "{} articles in {} languages: {copies} copies, {} template stories\n",
        items.len(),
        stories.by_language.len(),
        items
            .iter()
            .filter(|item| item.role == Role::Template)
            .count(),
    );
    println!(
        "| method | pairs P / R / F1 | stream P / R / F1 | originals accused | templates accused |"
    );
    println!("|---|---|---|---:|---:|");
    let ours = score::score(&items, &newsstage(&items, &values("--set")));
    row("newsstage", &ours);
    let detail = arguments.iter().any(|argument| argument == "--wrong");
    if detail {
        return wrong(&items, &values("--set"));
    }
    let mut rivals_scores = Vec::new();
    if !arguments.iter().any(|argument| argument == "--alone") {
        for (name, answers) in rivals::all(&items) {
            let score = score::score(&items, &answers);
            row(name, &score);
            rivals_scores.push((name, score));
        }
    }
    kinds(&ours, &rivals_scores);
}

fn row(name: &str, score: &Score) {
    println!(
        "| {name} | {:.3} / {:.3} / **{:.3}** | {:.3} / {:.3} / **{:.3}** | {:.1} % | {:.1} % |",
        score.pairs.precision,
        score.pairs.recall,
        score.pairs.f1(),
        score.stream.precision,
        score.stream.recall,
        score.stream.f1(),
        score.originals * 100.0,
        score.templates * 100.0,
    );
}

fn kinds(ours: &Score, rivals: &[(&str, Score)]) {
    print!("\n| copies found, by kind of edit | number | newsstage |");
    rivals.iter().for_each(|(name, _)| print!(" {name} |"));
    println!("\n|---|---:|---:|{}", "---:|".repeat(rivals.len()));
    for (name, (found, all)) in &ours.by_edit {
        print!("| {name} | {all} | {:.2} |", *found as f64 / *all as f64);
        for (_, score) in rivals {
            let (found, all) = score.by_edit.get(name).copied().unwrap_or((0, 1));
            print!(" {:.2} |", found as f64 / all as f64);
        }
        println!();
    }
}

fn outputs(items: &[Item], sets: &[String]) -> Vec<serde_json::Value> {
    let mut config = Config::default();
    config.stages.language = false;
    config.stages.topics = false;
    for set in sets {
        apply(&mut config, set);
    }
    let metrics = Metrics::new(&ProcessInfo::default());
    let mut pipeline = Pipeline::in_memory(&config, metrics).expect("the stages can be built");
    let messages: Vec<Message> = items
        .iter()
        .enumerate()
        .map(|(offset, item)| Message {
            position: Position {
                topic: "raw".into(),
                partition: 0,
                offset: offset as i64,
            },
            key: None,
            payload: Some(item.json.clone().into_bytes()),
            headers: Vec::new(),
            timestamp_ms: None,
        })
        .collect();
    let outcomes = messages
        .chunks(500)
        .flat_map(|batch| pipeline.process(batch, 0).expect("an index in memory"))
        .collect::<Vec<_>>();
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Enriched(enriched) => {
                let value: serde_json::Value =
                    serde_json::from_slice(&enriched.value).expect("JSON");
                value["enrichment"].clone()
            }
            _ => serde_json::Value::Null,
        })
        .collect()
}

/// `name=value` for the near-duplicate settings.
fn apply(config: &mut Config, set: &str) {
    let Some((name, value)) = set.split_once('=') else {
        return;
    };
    let value: f32 = value.parse().expect("a number");
    let near = &mut config.dedup.near;
    match name {
        "threshold" => near.threshold = value,
        "quotation" => near.quotation = value,
        "same" => near.same_source_threshold = value,
        "leading" => near.leading = value,
        "balance" => near.balance = value,
        "figures" => near.figures = value,
        "names" => near.names = value,
        "shingles" => near.min_shingles = value as u32,
        "partial" => near.partial_words = value as u32,
        other => panic!("no setting {other}"),
    }
}

fn newsstage(items: &[Item], sets: &[String]) -> Vec<Answer> {
    let mut clusters: HashMap<String, usize> = HashMap::new();
    outputs(items, sets)
        .iter()
        .map(|enrichment| {
            let dedup = &enrichment["dedup"];
            let name = dedup["cluster"].as_str().unwrap_or_default().to_owned();
            let next = clusters.len();
            let status = dedup["status"].as_str().unwrap_or_default();
            Answer {
                copy: matches!(status, "exact" | "near" | "update"),
                cluster: *clusters.entry(name).or_insert(next),
            }
        })
        .collect()
}

/// Shows some mistakes, for whoever wants to mend them.
fn wrong(items: &[Item], sets: &[String]) {
    let outputs = outputs(items, sets);
    let mut first: HashMap<usize, usize> = HashMap::new();
    let mut shown = HashMap::new();
    let mut tally: std::collections::BTreeMap<String, usize> = Default::default();
    for (at, (item, enrichment)) in items.iter().zip(&outputs).enumerate() {
        let dedup = &enrichment["dedup"];
        let copy = matches!(
            dedup["status"].as_str().unwrap_or_default(),
            "exact" | "near" | "update"
        );
        let earlier = first.get(&item.cluster).copied();
        first.entry(item.cluster).or_insert(at);
        let right = match earlier {
            Some(earlier) => copy && dedup["cluster"] == outputs[earlier]["dedup"]["cluster"],
            None => !copy,
        };
        let lang = serde_json::from_str::<serde_json::Value>(&item.json).unwrap()["source"]
            .as_str()
            .unwrap()
            .split('-')
            .nth(1)
            .unwrap_or("")
            .to_owned();
        let key = format!(
            "{:?} {} {} right={right}",
            item.role,
            if earlier.is_some() { "later" } else { "first" },
            dedup["status"].as_str().unwrap_or("")
        );
        *tally.entry(key).or_default() += 1;
        if !right {
            *tally.entry(format!("WRONG {lang}")).or_default() += 1;
        } else {
            *tally.entry(format!("RIGHT {lang}")).or_default() += 1;
        }
        let count = shown.entry((item.role, earlier.is_some())).or_insert(0);
        if right || *count >= 12 {
            continue;
        }
        *count += 1;
        println!(
            "--- {:?} earlier {:?}: {}",
            item.role,
            earlier.map(|e| items[e].role),
            dedup
        );
        println!("{}\ncontent {}", item.json, enrichment["content"]);
        if let Some(of) = outputs.iter().position(|other| other["id"] == dedup["of"]) {
            println!(
                "OF {:?} {}\ncontent {}",
                items[of].role, items[of].json, outputs[of]["content"]
            );
        }
        if let Some(earlier) = earlier {
            println!(
                "EARLIER {} {}\ncontent {}",
                outputs[earlier]["dedup"], items[earlier].json, outputs[earlier]["content"]
            );
        }
    }
    for (key, count) in tally {
        eprintln!("{key}: {count}");
    }
}
