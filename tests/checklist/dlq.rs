//! `newsstage dlq` against a real broker: what it lists and shows, and that a replay sends back what it should, once.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use serde_json::Value;

use newsstage::config::{Config, Sources};
use newsstage::kafka::producer::Record as Sent;
use newsstage::kafka::replay::Replayer;

use crate::scene::{Scene, article, article_json, id_of};
use crate::support::client::{Isolation, Outgoing, Record, produce, read_all};
use crate::support::process::{PATIENCE, Signal, program};
use crate::support::topics;

const CREATED: i64 = 1_600_000_000_000;

/// Runs `newsstage dlq COMMAND --config … ARGUMENTS`.
#[track_caller]
fn dlq(scene: &Scene, command: &str, arguments: &[&str]) -> Output {
    let mut program = program();
    program.args(["dlq", command, "--config"]);
    program.arg(scene.config.write()).args(arguments);
    program.output().expect("newsstage runs")
}

/// Standard output of a command that must end with this code.
#[track_caller]
fn said(output: Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Lines of JSON: dead letters, and the summary.
#[track_caller]
fn lines(output: Output, code: i32) -> (Vec<Value>, Value) {
    let text = said(output, code);
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let mut all: Vec<Value> = text.lines().map(parse).collect();
    let summary = all.pop().expect("a summary")["summary"].take();
    (all, summary)
}

#[track_caller]
fn replayed(scene: &Scene, arguments: &[&str]) -> (Vec<Value>, Value) {
    let mut all = vec!["--json"];
    all.extend(arguments);
    lines(dlq(scene, "replay", &all), 0)
}

/// Everything on the input topic.
fn inputs(scene: &Scene) -> Vec<Record> {
    read_all(&scene.bootstrap, &scene.input, Isolation::ReadCommitted)
}

/// A dead letter as the stage writes it, for a message of the scene's input.
fn dead_letter(scene: &Scene, n: usize, code: &str) -> Outgoing {
    let origin = format!("{}/0/{n}", scene.input);
    Outgoing::keyed(format!("k{n}"), format!("value {n}"))
        .at(CREATED + n as i64)
        .header("feed", Some(b"one"))
        .header("newsstage.error.code", Some(code.as_bytes()))
        .header("newsstage.error.origin", Some(origin.as_bytes()))
        .header("newsstage.error.headers", Some(b"3"))
}

#[test]
fn dead_letters_are_counted_listed_and_shown_without_harm_to_the_terminal() {
    let scene = Scene::new(1);
    let hostile: &[u8] = b"{\"title\":\"\x1b[2Jcut\xff\xe2\x80\xae off\n";
    let poison = Outgoing {
        key: Some(b"k\x07ey".to_vec()),
        ..Outgoing::new(hostile)
    };
    scene.send(&[
        poison.at(CREATED).header("na\nme", Some(b"\x1b]0;x\x07")),
        article("good", 5),
        Outgoing::keyed("a-17", "[1]").at(CREATED + 5000),
        Outgoing::new(r#"{"id":"a-18"}"#).at(CREATED + 9000),
        Outgoing::new(r#"{"id":"a-19"}"#).at(CREATED + 9000),
    ]);
    let mut stage = scene.start();
    scene.dead_letters(4);
    stage.signal(Signal::Terminate);
    stage.wait_exit(PATIENCE);

    let (letters, summary) = lines(dlq(&scene, "list", &["--json"]), 0);
    assert_eq!(letters.len(), 4);
    assert_eq!(summary["letters"], 4);
    assert_eq!(summary["reasons"]["no_text"]["letters"], 2);
    assert_eq!(summary["reasons"]["invalid_utf8"]["letters"], 1);
    assert_eq!(letters[1]["origin"]["offset"], 2);
    assert_eq!(letters[1]["key"], "a-17");

    let count = |arguments: &[&str]| {
        let mut all = vec!["--json"];
        all.extend(arguments);
        lines(dlq(&scene, "list", &all), 0).1["letters"].clone()
    };
    assert_eq!(count(&["--reason", "no_text,not_object"]), 3);
    assert_eq!(count(&["--id", "a-17"]), 1);
    assert_eq!(count(&["--id", "a-18"]), 1);
    assert_eq!(count(&["--text", "a-1"]), 3);
    assert_eq!(count(&["--key", "a-17"]), 1);
    assert_eq!(count(&["--from", "2020-09-13T12:26:45Z"]), 3);
    assert_eq!(count(&["--to", "2020-09-13T12:26:45Z"]), 1);
    assert_eq!(count(&["--from", "1h"]), 0);
    assert_eq!(
        count(&["--partition", "0", "--from-offset", "1", "--to-offset", "2"]),
        2
    );
    assert_eq!(count(&["--partition", "1"]), 0);

    let list = said(dlq(&scene, "list", &["--limit", "2"]), 0);
    assert!(list.contains("4 dead letters"), "{list}");
    assert!(list.contains("no_text") && list.contains("50.0%"), "{list}");
    assert!(
        list.contains("\n0/3 ") && !list.contains("\n0/1 "),
        "{list}"
    );

    let shown = said(dlq(&scene, "show", &["0/0"]), 0);
    let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(shown.chars().all(harmless), "{shown:?}");
    assert!(
        shown.contains("invalid_utf8") && shown.contains("\\xff"),
        "{shown}"
    );
    let raw = dlq(&scene, "show", &["0/0", "--raw"]);
    assert_eq!(raw.stdout, hostile, "every byte as it was");
    let json: Value =
        serde_json::from_str(&said(dlq(&scene, "show", &["0/1", "--json"]), 0)).expect("JSON");
    assert_eq!(json["value"], "[1]");
    assert_eq!(json["headers"][8]["value"], "not_object");
    assert!(said(dlq(&scene, "show", &["0/99"]), 65).is_empty());
}

#[test]
fn a_replay_sends_the_selected_ones_back_as_they_were_and_once() {
    let mut scene = Scene::new(3);
    scene.config.set("input.limits.message_bytes", 1000);
    let large = |n: usize| {
        Outgoing {
            key: (n != 1).then(|| vec![b'k', 0xff, n as u8]),
            ..Outgoing::new(article_json(&format!("large-{n}"), 300))
        }
        .header("feed", Some(&[0, 200, n as u8]))
        .header("null", None)
        .header("feed", Some(b""))
        .at(CREATED + n as i64)
        .to(n as i32 % 3)
    };
    let sent: Vec<Outgoing> = (0..5).map(large).collect();
    scene.send(&sent);
    scene.send(&[Outgoing::new("[]"), Outgoing::new("[]")]);
    let mut stage = scene.start();
    scene.dead_letters(7);
    stage.signal(Signal::Terminate);
    stage.wait_exit(PATIENCE);
    let before = inputs(&scene);

    let (would, summary) = replayed(&scene, &["--reason", "too_large", "--dry-run"]);
    assert_eq!(would.len(), 5);
    assert_eq!((&summary["fit"], &summary["sent"]), (&5.into(), &0.into()));
    assert_eq!(inputs(&scene), before, "a dry run sends nothing");

    let (letters, summary) = replayed(&scene, &["--reason", "too_large", "--limit", "2"]);
    assert_eq!((letters.len(), &summary["ended"]), (2, &"limit".into()));
    let (_, summary) = replayed(&scene, &["--reason", "too_large"]);
    assert_eq!(
        (&summary["sent"], &summary["ended"]),
        (&3.into(), &"end".into())
    );
    let (_, summary) = replayed(&scene, &["--reason", "too_large"]);
    assert_eq!(summary["sent"], 0, "what was sent is not sent again");

    let after = inputs(&scene);
    let known: BTreeSet<_> = before.iter().map(|r| (r.partition, r.offset)).collect();
    let new = after
        .iter()
        .filter(|r| !known.contains(&(r.partition, r.offset)));
    let new: Vec<&Record> = new.collect();
    assert_eq!(new.len(), 5);
    for original in before.iter().filter(|r| r.timestamp < Some(CREATED + 5)) {
        let back = new
            .iter()
            .find(|r| r.timestamp == original.timestamp)
            .expect("it is back");
        assert_eq!(back.payload, original.payload);
        assert_eq!(back.key, original.key);
        assert_eq!(back.partition, original.partition);
        let (own, counted) = back.headers.split_at(original.headers.len());
        assert_eq!(own, original.headers);
        let names: Vec<&str> = counted.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["newsstage.replay.count", "newsstage.replay.origin"]);
        let origin = format!("{}/{}/{}", scene.input, original.partition, original.offset);
        assert_eq!(back.header("newsstage.replay.origin"), Some(origin));
    }

    // Mended, they come out; another selection has its own memory.
    scene.config.set("input.limits.message_bytes", 100_000);
    let _stage = scene.start();
    let ids: BTreeSet<String> = scene.outputs(5).iter().map(id_of).collect();
    assert_eq!(ids.len(), 5);
    let (_, summary) = replayed(&scene, &["--reason", "not_object"]);
    assert_eq!(summary["sent"], 2);
    let (_, summary) = replayed(&scene, &["--reason", "too_large", "--again", "--dry-run"]);
    assert_eq!(summary["fit"], 5);
}

#[test]
fn what_dies_again_is_not_replayed_without_end() {
    let scene = Scene::new(1);
    scene.send(&[Outgoing::new("[]"), Outgoing::new("{"), article("good", 3)]);
    let mut stage = scene.start();
    scene.dead_letters(2);
    for round in 1..=2 {
        // The stage is at work meanwhile: what dies again comes behind the end that the replay has taken.
        let (_, summary) = replayed(&scene, &[]);
        assert_eq!(summary["sent"], 2);
        let dead = scene.dead_letters(2 + 2 * round);
        let last = dead.last().expect("a dead letter");
        assert_eq!(
            last.header("newsstage.replay.count"),
            Some(round.to_string())
        );
        let origin = format!("{}/0/1", scene.input);
        assert_eq!(last.header("newsstage.replay.origin"), Some(origin));
        assert_eq!(
            last.header("newsstage.error.code").as_deref(),
            Some("not_json")
        );
    }
    let (letters, summary) = replayed(&scene, &[]);
    assert_eq!(
        (&summary["sent"], &summary["left_out"]["too_many_replays"]),
        (&0.into(), &2.into())
    );
    assert!(letters.iter().all(|line| line["why"] == "too_many_replays"));
    let first = letters[0]["offset"].to_string();
    let (_, summary) = replayed(
        &scene,
        &[
            "--max-replays",
            "3",
            "--partition",
            "0",
            "--from-offset",
            &first,
        ],
    );
    assert_eq!(summary["sent"], 2);
    scene.dead_letters(8);
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn a_replay_that_is_killed_goes_on_where_it_was() {
    const LETTERS: usize = 3000;
    let scene = Scene::new(2);
    let mut letters: Vec<Outgoing> = (0..LETTERS)
        .map(|n| dead_letter(&scene, n, "internal"))
        .collect();
    let other = Outgoing::new("x").header("newsstage.error.origin", Some(b"other/0/1"));
    letters.insert(700, other);
    produce(&scene.bootstrap, &scene.dead, &letters);
    let mut killed = program();
    killed.args(["dlq", "replay", "--limit", "5000", "--config"]);
    let mut killed = killed
        .arg(scene.config.write())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newsstage starts");
    let progress = killed.stderr.take().expect("a pipe");
    let first = BufReader::new(progress).lines().next();
    assert!(first.expect("a line").expect("text").contains("sent"));
    killed.kill().expect("it is killed");
    killed.wait().expect("it has ended");

    let (_, summary) = replayed(&scene, &["--limit", "5000"]);
    let resumed = summary["sent"].as_u64().expect("a count") as usize;
    assert!(resumed < LETTERS, "{summary}");
    let back = inputs(&scene);
    let keys: BTreeSet<String> = back.iter().map(Record::key_text).collect();
    assert_eq!(
        (back.len(), keys.len()),
        (LETTERS, LETTERS),
        "each once, {resumed} by the second"
    );
}

#[test]
fn a_part_that_is_refused_sends_nothing_of_it() {
    let mut scene = Scene::new(1);
    let small = topics::unique("small");
    topics::create(
        &scene.bootstrap,
        &small,
        1,
        &[("max.message.bytes", "2000")],
    );
    produce(
        &scene.bootstrap,
        &scene.dead,
        &[dead_letter(&scene, 0, "internal")],
    );
    for (delivery, kept) in [("exactly_once", 0), ("at_least_once", 1)] {
        scene
            .config
            .set("delivery", delivery)
            .set("input.topic", small.as_str());
        let sources =
            Sources::from_system(Some(&scene.config.write()), Vec::new()).expect("sources");
        let config = Config::load(&sources).expect("a configuration").config;
        let name = topics::unique("replay");
        let record = |bytes: usize| Sent {
            topic: small.as_str().into(),
            partition: Some(0),
            key: None,
            // Compression must not make it small.
            value: Some((0..bytes).map(|n| (n * n * 31 / 7 % 251) as u8).collect()),
            headers: Vec::new(),
            timestamp_ms: Some(CREATED),
        };
        let next = [(0, 1)].into();
        let mut replayer = Replayer::open(&config, &name, PATIENCE).expect("a replayer");
        replayer
            .send(&[record(100), record(50_000)], &next)
            .expect_err("too large");
        assert_eq!(replayer.positions(PATIENCE).expect("positions"), [].into());
        if kept == 0 {
            let all = read_all(&scene.bootstrap, &small, Isolation::ReadCommitted);
            assert_eq!(all.len(), 0, "{delivery}");
        }
        drop(replayer);
        let mut replayer = Replayer::open(&config, &name, PATIENCE).expect("another one");
        replayer.send(&[record(100)], &next).expect("sent");
        assert_eq!(replayer.positions(PATIENCE).expect("positions"), next);
        drop(replayer);
        let other = Replayer::open(&config, &name, PATIENCE).expect("another of the same name");
        assert_eq!(other.positions(PATIENCE).expect("positions"), next);
    }
}

#[test]
fn what_cannot_be_sent_is_said() {
    let mut scene = Scene::new(1);
    let omitted =
        dead_letter(&scene, 0, "too_large").header("newsstage.error.value_omitted", Some(b"true"));
    produce(
        &scene.bootstrap,
        &scene.dead,
        &[omitted, dead_letter(&scene, 1, "internal")],
    );
    let output = dlq(&scene, "replay", &["--json"]);
    let (_, summary) = lines(output, 65);
    assert_eq!(
        (&summary["sent"], &summary["left_out"]["value_omitted"]),
        (&1.into(), &1.into())
    );

    scene.config.set("dead_letter.topic", "nowhere-to-be-found");
    assert!(said(dlq(&scene, "list", &[]), 69).is_empty());
    scene.config.unset("dead_letter.topic");
    assert!(said(dlq(&scene, "list", &[]), 78).is_empty());
    assert_eq!(
        dlq(&scene, "list", &["--from", "soon"]).status.code(),
        Some(64)
    );
    assert_eq!(
        dlq(&scene, "list", &["--to-offset", "4"]).status.code(),
        Some(64)
    );
}
