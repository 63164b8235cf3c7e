//! An index that is lost is learned again from the output topic, before the first verdict.

use std::fs;
use std::path::PathBuf;

use crate::scene::{Scene, id_of};
use crate::support::client::{Outgoing, Record};
use crate::support::process::{PATIENCE, Signal, Stage};

const STORIES: usize = 40;

/// A story of its own, told under this id; `lead` comes before it.
fn story(number: usize, id: &str, lead: &str) -> Outgoing {
    let words: Vec<String> = (0..90)
        .map(|word| format!("w{}x{}", number * 131 % 97, word * number))
        .collect();
    let json = serde_json::json!({
        "id": id,
        "source": format!("site{}.example", id.len() + number % 3),
        "title": format!("story {number}"),
        "text": format!("{lead}{}", words.join(" ")),
    });
    Outgoing::keyed(id, json.to_string())
}

fn dedup(record: &Record) -> serde_json::Value {
    record.json()["enrichment"]["dedup"].clone()
}

fn stopped(mut stage: Stage) {
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

fn index_folder(scene: &Scene) -> PathBuf {
    scene.config.folder().join("index")
}

#[test]
fn a_lost_index_is_learned_again_from_the_output_before_the_first_verdict() {
    let scene = Scene::new(2);
    let originals: Vec<Outgoing> = (1..=STORIES)
        .map(|number| story(number, &format!("first-{number}"), ""))
        .collect();
    scene.send(&originals);
    let stage = scene.start();
    scene.wait_done(STORIES);
    stopped(stage);
    let before = scene.outputs(STORIES);
    assert!(
        before
            .iter()
            .all(|record| dedup(record)["status"] == "unique")
    );
    fs::remove_dir_all(index_folder(&scene)).expect("the index is lost");

    let copies: Vec<Outgoing> = (1..=STORIES)
        .map(|number| {
            story(
                number,
                &format!("copy-{number}"),
                "A local lead of some words. ",
            )
        })
        .collect();
    scene.send(&copies);
    let mut stage = scene.start();
    let told = stage.wait_for_message("the duplicate index is complete", PATIENCE);
    assert_eq!(
        told.field("restored").and_then(|n| n.as_u64()),
        Some(STORIES as u64)
    );
    scene.wait_done(2 * STORIES);
    let all = scene.outputs(2 * STORIES);
    for record in all
        .iter()
        .filter(|record| id_of(record).starts_with("copy-"))
    {
        let verdict = dedup(record);
        let original = id_of(record).replace("copy-", "first-");
        assert_eq!(verdict["status"], "near", "{verdict}");
        assert_eq!(verdict["cluster"], original.as_str(), "{verdict}");
    }
    assert_eq!(
        stage.metric("newsstage_dedup_rebuilt_articles_total", &[]),
        Some(STORIES as f64)
    );
    stopped(stage);

    // Complete now: the next start reads nothing again.
    let mut stage = scene.start();
    stage.wait_ready(PATIENCE);
    let again = |line: &crate::support::process::LogLine| {
        line.message() == Some("the duplicate index is complete")
    };
    assert!(!stage.log().iter().any(again));
}

#[test]
fn a_message_that_was_published_gets_its_verdict_again_after_the_index_was_lost() {
    let mut scene = Scene::new(1);
    scene.send(&[
        story(1, "a", ""),
        story(1, "b", "A lead of five words. "),
        story(2, "c", ""),
    ]);
    let stage = scene.start();
    scene.wait_done(3);
    stopped(stage);
    let before = scene.outputs(3);
    fs::remove_dir_all(index_folder(&scene)).expect("the index is lost");
    // Another group reads the same messages from the beginning, as after an offset reset.
    let group = format!("{}-again", scene.group);
    scene.config.set("kafka.group", group.as_str());
    scene.group = group;
    let _stage = scene.start();
    scene.wait_done(3);
    let all = scene.outputs(6);
    for (first, again) in before.iter().zip(all.iter().skip(3)) {
        assert_eq!(
            first.payload, again.payload,
            "a replay gives the same bytes"
        );
    }
}

#[test]
fn an_index_that_is_to_stay_empty_says_so() {
    let mut scene = Scene::new(1);
    scene.config.set("dedup.rebuild", "never");
    scene.send(&[story(1, "a", "")]);
    let mut stage = scene.start();
    let warned = stage.log().iter().any(|line| {
        line.message()
            .is_some_and(|message| message.contains("dedup.rebuild = \"never\""))
    });
    assert!(warned, "never empty in silence");
    scene.wait_done(1);
    stage.signal(Signal::Terminate);
    stage.wait_exit(PATIENCE);
}
