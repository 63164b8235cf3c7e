//! Settings and word lists that change while the stage runs: taken over whole, refused by name, or left alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scene::{Scene, article};
use crate::support::client::{Outgoing, Record};
use crate::support::process::{PATIENCE, Signal, Stage};
use crate::support::{topics, wait_for};

const SPORT: &str = "medtop:15000000";

/// A folder with a list for English in which the words of the harbour are sport.
fn sport_lists(folder: &Path, name: &str, words: &[&str]) -> PathBuf {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let lines = words.iter().map(|word| format!("15000000\t{word}\t5\n"));
    std::fs::write(folder.join("en.tsv"), lines.collect::<String>()).expect("a list");
    folder
}

fn reloads(stage: &mut Stage, result: &str) -> f64 {
    let label = format!("result=\"{result}\"");
    let count = stage.metric("newsstage_config_reloads_total", &[&label]);
    count.unwrap_or(0.0)
}

#[track_caller]
fn wait_reloads(stage: &mut Stage, result: &str, count: f64) {
    wait_for(&format!("{count} reloads {result}"), PATIENCE, || {
        reloads(stage, result) >= count
    });
}

/// The settings and lists that an output names.
fn versions(record: &Record) -> (String, String) {
    let enrichment = &record.json()["enrichment"]["stage"];
    let text = |name: &str| enrichment[name].as_str().expect("text").to_owned();
    (text("config"), text("taxonomy"))
}

/// Whether a harbour is sport: only our own list says so.
fn is_sport(record: &Record) -> bool {
    let json = record.json();
    let tags = json["enrichment"]["topics"].as_array().cloned();
    let mut sport = tags
        .unwrap_or_default()
        .into_iter()
        .filter(|tag| tag["id"] == SPORT);
    sport.any(|tag| tag["evidence"].to_string().contains("\"harbour\""))
}

fn status(record: &Record) -> Value {
    record.json()["enrichment"]["dedup"]["status"].clone()
}

/// Sends an article and returns what became of it, the `count`th output.
#[track_caller]
fn send(scene: &Scene, record: Outgoing, count: usize) -> Record {
    scene.send(&[record]);
    scene.outputs(count).pop().expect("an output")
}

#[test]
fn word_lists_are_taken_over_when_their_files_change() {
    let mut scene = Scene::new(1);
    let folder = scene.config.folder().to_owned();
    let lists = sport_lists(&folder, "lists", &[]);
    scene
        .config
        .set("topics.lexicons", lists.display().to_string())
        .set("reload.poll", "100ms");
    let mut stage = scene.start();
    let before = send(&scene, article("first", 20), 1);
    assert!(!is_sport(&before));
    sport_lists(&folder, "lists", &["ferry", "harbour", "council"]);
    wait_reloads(&mut stage, "loaded", 1.0);
    let after = send(&scene, article("second", 20), 2);
    assert!(is_sport(&after), "{}", after.json()["enrichment"]["topics"]);
    let (old, new) = (versions(&before), versions(&after));
    assert_eq!(old.0, new.0, "the settings are the same");
    assert_ne!(old.1, new.1, "the lists say so");

    // A list that cannot be used changes nothing, and is said once.
    std::fs::write(lists.join("en.tsv"), "15000000\tferry\theavy\n").expect("a list");
    wait_reloads(&mut stage, "failed", 1.0);
    let line = stage.wait_for_message(
        "configuration not reloaded; the old one stays in use",
        PATIENCE,
    );
    assert!(
        line.text_field("problem")
            .expect("a problem")
            .contains("en.tsv:1"),
        "{}",
        line.text
    );
    assert_eq!(
        stage.metric("newsstage_config_last_reload_successful", &[]),
        Some(0.0)
    );
    let still = send(&scene, article("third", 20), 3);
    assert_eq!((is_sport(&still), versions(&still)), (true, new));
    sport_lists(&folder, "lists", &[]);
    wait_reloads(&mut stage, "loaded", 2.0);
    assert_eq!(
        stage.metric("newsstage_config_last_reload_successful", &[]),
        Some(1.0)
    );
    assert_eq!(reloads(&mut stage, "failed"), 1.0);
    let mended = send(&scene, article("fourth", 20), 4);
    assert_eq!((is_sport(&mended), versions(&mended)), (false, old));
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn thresholds_are_taken_over_on_sighup_and_identity_is_refused_by_name() {
    let mut scene = Scene::new(1);
    scene.config.set("reload.watch", false);
    let mut stage = scene.start();
    let long = "The old ferry between the island and the mainland will be replaced before the winter, the council \
        decided on Monday after a long debate about the costs of repairs and the safety of passengers. Engineers had warned \
        that the engine of the ship would not last another season, and fishermen had complained about delays.";
    let copy = |id: &str, end: &str| {
        let json = serde_json::json!({"id": id, "title": "Council replaces the island ferry", "body": format!("{long} {end}")});
        Outgoing::keyed(id, json.to_string())
    };
    let first = send(&scene, copy("a", "It sails at noon."), 1);
    assert_eq!(status(&first), "unique");
    let second = send(&scene, copy("b", "Tickets stay as cheap as they were."), 2);
    assert_eq!(status(&second), "near");

    let fingerprint = |stage: &mut Stage, of: &Record| {
        let label = format!("fingerprint=\"{}\"", versions(of).0);
        stage.metric("newsstage_config_info", &[&label])
    };
    assert_eq!(fingerprint(&mut stage, &second), Some(1.0));
    let (input, group) = (scene.input.clone(), scene.group.clone());
    scene
        .config
        .set("dedup.near.enabled", false)
        .set("input.topic", topics::unique("elsewhere"))
        .set("kafka.group", topics::unique("another"))
        .set("kafka.brokers", "127.0.0.1:1")
        .set("dedup.path", "elsewhere")
        .set("kafka.transactional_id", "another");
    scene.config.write();
    stage.signal(Signal::Hangup);
    wait_reloads(&mut stage, "refused", 1.0);
    let line = stage.wait_for_message(
        "settings have changed that need a restart; their old values stay in use",
        PATIENCE,
    );
    assert_eq!(
        line.text_field("keys"),
        Some("dedup.path input.topic kafka.brokers kafka.group kafka.transactional_id")
    );
    assert_eq!(line.level(), Some("ERROR"));
    let third = send(&scene, copy("c", "The mayor did not want to comment."), 3);
    assert_eq!(status(&third), "unique", "the threshold is taken over");
    assert_ne!(versions(&third).0, versions(&second).0);
    assert_eq!(fingerprint(&mut stage, &third), Some(1.0));
    assert_eq!(fingerprint(&mut stage, &second), None);
    assert_eq!((&scene.input, &scene.group), (&input, &group));
    scene.wait_done(3);

    // Broken: everything stays.
    let path = scene.config.write();
    std::fs::write(&path, "[dedup.near]\nthreshhold = 0.3\n").expect("a file");
    stage.signal(Signal::Hangup);
    wait_reloads(&mut stage, "failed", 1.0);
    let fourth = send(&scene, copy("d", "A new ship costs nine million."), 4);
    assert_eq!(versions(&fourth), versions(&third));
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn no_article_sees_a_part_of_two_sets() {
    const EACH: usize = 150;
    let mut scene = Scene::new(1);
    let folder = scene.config.folder().to_owned();
    let words: [&[&str]; 2] = [&["ferry", "harbour", "council"], &[]];
    let lists = ["sport", "none"].map(|name| {
        sport_lists(&folder, name, words[usize::from(name == "none")])
            .display()
            .to_string()
    });
    scene
        .config
        .set("batch.messages", 40)
        .set("batch.linger", "5ms")
        .set("reload.watch", false)
        .set("language.sample_bytes", 768)
        .set("topics.lexicons", lists[0].as_str());
    let mut stage = scene.start();
    for round in 0..6 {
        let articles: Vec<Outgoing> = (0..EACH)
            .map(|n| article(&format!("r{round}-{n}"), 30))
            .collect();
        scene.send(&articles);
        // While these are on their way: lists and a threshold at once.
        scene
            .config
            .set("topics.lexicons", lists[(round + 1) % 2].as_str())
            .set(
                "language.sample_bytes",
                768 + 256 * ((round as i64 + 1) % 2),
            );
        scene.config.write();
        stage.signal(Signal::Hangup);
        wait_reloads(&mut stage, "loaded", round as f64 + 1.0);
    }
    let out = scene.outputs(6 * EACH);
    let seen: BTreeSet<(bool, (String, String))> = out
        .iter()
        .map(|record| (is_sport(record), versions(record)))
        .collect();
    assert_eq!(seen.len(), 2, "two whole sets: {seen:?}");
    let [one, other] =
        [false, true].map(|sport| seen.iter().find(|set| set.0 == sport).expect("both"));
    assert!(one.1.0 != other.1.0 && one.1.1 != other.1.1, "{seen:?}");
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}
