//! Messages that no stage can enrich, end to end on a real broker: each becomes a dead letter that keeps everything it
//! came with, and the articles around it go their way.

use crate::scene::{Scene, article, article_json, id_of};
use crate::support::client::{Outgoing, Record, produce_with};
use crate::support::process::PATIENCE;
use crate::support::process::Signal;

const CREATED: i64 = 1_600_000_000_000;

/// The kinds of poison and the code that each must get.
fn poison() -> Vec<(&'static str, Option<Vec<u8>>)> {
    let deep = format!(
        "{{\"title\":\"Deep water\",\"x\":{}1{}}}",
        "[".repeat(40),
        "]".repeat(40)
    );
    let long = |bytes: usize| article_json("long", bytes / 8).into_bytes();
    let values: [(&str, &[u8]); 8] = [
        ("not_json", b"{\"title\": \"cut off"),
        ("not_json", b"{\"title\":\"Twice\"}{\"title\":\"Twice\"}"),
        ("not_object", b"[\"The harbour gets a new ferry\"]"),
        ("invalid_utf8", b"{\"title\":\"caf\xe9\"}"),
        ("too_deep", deep.as_bytes()),
        (
            "no_text",
            b"{\"id\":\"a-17\",\"title\":\"\",\"body\":\"  ... \"}",
        ),
        ("too_large", &long(130_000)),
        ("output_too_large", &long(60_000)),
    ];
    let mut all: Vec<_> = values
        .into_iter()
        .map(|(code, value)| (code, Some(value.to_vec())))
        .collect();
    all.push(("empty", Some(Vec::new())));
    all
}

fn with_origin(n: usize, payload: Option<Vec<u8>>) -> Outgoing {
    let mut record = Outgoing {
        // One null key, the others with a byte that is not text.
        key: (n != 2).then(|| vec![b'k', 0xff, n as u8]),
        payload,
        ..Outgoing::default()
    };
    record = record.header("feed", Some(b"first")).header("note", None);
    record = record.header("feed", Some(&[0, 159, 255]));
    record.at(CREATED + n as i64)
}

#[test]
fn every_kind_of_poison_is_a_dead_letter_that_keeps_what_it_came_with() {
    let mut scene = Scene::with(1, &[("max.message.bytes", "40000")], &[]);
    scene.config.set("input.limits.message_bytes", 100_000);
    scene.config.set("input.limits.depth", 32);
    let poison = poison();
    let mut sent = Vec::new();
    for (n, (_, payload)) in poison.iter().enumerate() {
        sent.push(article(&format!("good-{n}"), 10));
        sent.push(with_origin(n, payload.clone()));
    }
    let places = produce_with(
        &[
            ("bootstrap.servers", &scene.bootstrap),
            ("message.max.bytes", "10000000"),
        ],
        &scene.input,
        &sent,
    );
    let mut stage = scene.start();
    let dead = scene.dead_letters(poison.len());
    let good = scene.outputs(poison.len());
    scene.wait_done(sent.len());

    assert_eq!(dead.len(), poison.len());
    for (n, ((code, _), letter)) in poison.iter().zip(&dead).enumerate() {
        assert_original(&sent[2 * n + 1], letter, code);
        assert_origin(&scene, places[2 * n + 1], letter, code);
        let counted = stage.metric(
            "newsstage_dead_letters_total",
            &[&format!("reason=\"{code}\"")],
        );
        assert!(counted >= Some(1.0), "{code}: {counted:?}");
    }
    let ids: Vec<String> = good.iter().map(id_of).collect();
    let wanted: Vec<String> = (0..poison.len()).map(|n| format!("good-{n}")).collect();
    assert_eq!(
        ids, wanted,
        "the articles between the poison, in their order"
    );
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[track_caller]
fn assert_original(sent: &Outgoing, letter: &Record, code: &str) {
    assert_eq!(letter.payload, sent.payload, "{code}: the original bytes");
    assert_eq!(letter.key, sent.key, "{code}: the key");
    assert_eq!(letter.timestamp, sent.timestamp, "{code}: the timestamp");
    let (own, added) = letter.headers.split_at(sent.headers.len());
    assert_eq!(
        own, sent.headers,
        "{code}: headers in order, with duplicates and nulls"
    );
    let known =
        |name: &str| name.starts_with("__connect.errors.") || name.starts_with("newsstage.error.");
    assert!(
        added.iter().all(|(name, _)| known(name)),
        "{code}: {added:?}"
    );
}

#[track_caller]
fn assert_origin(scene: &Scene, (partition, offset): (i32, i64), letter: &Record, code: &str) {
    let header = |name: &str| {
        let value = letter.header(name);
        value.unwrap_or_else(|| panic!("{code}: no header {name} in {:?}", letter.headers))
    };
    assert_eq!(header("newsstage.error.code"), code);
    assert_eq!(header("__connect.errors.topic"), scene.input);
    assert_eq!(header("__connect.errors.partition"), partition.to_string());
    assert_eq!(header("__connect.errors.offset"), offset.to_string());
    assert_eq!(header("__connect.errors.connector.name"), scene.group);
    assert_eq!(
        header("__connect.errors.exception.class.name"),
        format!("newsstage.{code}")
    );
    assert!(!header("__connect.errors.exception.message").is_empty() || code == "empty");
    assert!(!header("__connect.errors.stage").is_empty());
    assert!(!header("__connect.errors.class.name").is_empty());
}

#[test]
fn a_tombstone_passes_as_a_tombstone_and_an_empty_value_does_not() {
    let scene = Scene::new(1);
    let tombstone = Outgoing::tombstone("gone")
        .at(CREATED)
        .header("why", Some(b"retracted"));
    scene.send(&[
        article("kept", 5),
        tombstone.clone(),
        Outgoing::keyed("empty", ""),
    ]);
    let _stage = scene.start();
    let out = scene.outputs(2);
    assert_eq!(out[1].payload, None, "null, not empty");
    assert_eq!(out[1].key, tombstone.key);
    assert_eq!(out[1].headers, tombstone.headers);
    assert_eq!(out[1].timestamp, Some(CREATED));
    let dead = scene.dead_letters(1);
    assert_eq!(
        dead[0].payload.as_deref(),
        Some(&b""[..]),
        "empty, not null"
    );
    assert_eq!(
        dead[0].header("newsstage.error.code").as_deref(),
        Some("empty")
    );
    scene.wait_done(3);
    assert_eq!(scene.outputs(2).len(), 2);
}

#[test]
fn a_dead_letter_that_no_record_can_hold_is_a_reference_to_its_origin() {
    let scene = Scene::with(1, &[], &[("max.message.bytes", "6000")]);
    let broken = vec![b'{'; 9000];
    let places = scene.send(&[Outgoing::keyed("big", broken.clone()), article("after", 5)]);
    let _stage = scene.start();
    let dead = scene.dead_letters(1);
    assert_eq!(
        dead[0].header("newsstage.error.value_omitted").as_deref(),
        Some("true")
    );
    assert_eq!(dead[0].key_text(), "big");
    let reference = serde_json::json!({
        "topic": scene.input, "partition": places[0].0, "offset": places[0].1, "bytes": broken.len(),
    });
    assert_eq!(dead[0].json(), reference);
    assert_eq!(id_of(&scene.outputs(1)[0]), "after");
}

#[test]
fn a_compressed_bomb_is_a_dead_letter_and_costs_no_more_memory_than_itself() {
    const BYTES: usize = 48 << 20;
    let scene = Scene::new(1);
    let bomb = format!("{{\"title\":\"Flood\",\"body\":\"{}\"}}", " ".repeat(BYTES));
    let properties = [
        ("bootstrap.servers", scene.bootstrap.as_str()),
        ("compression.type", "zstd"),
        ("message.max.bytes", "100000000"),
    ];
    let mut stage = scene.start();
    stage.wait_ready(PATIENCE);
    let quiet = stage.memory_kib("VmRSS").expect("memory");
    for _ in 0..3 {
        produce_with(
            &properties,
            &scene.input,
            &[Outgoing::keyed("bomb", bomb.clone())],
        );
    }
    scene.send(&[article("after", 5)]);
    let dead = scene.dead_letters(3);
    assert!(
        dead.iter()
            .all(|letter| letter.header("newsstage.error.code").as_deref() == Some("too_large"))
    );
    assert!(
        dead.iter()
            .all(|letter| letter.header("newsstage.error.value_omitted").is_some())
    );
    assert_eq!(id_of(&scene.outputs(1)[0]), "after");
    let peak = stage.memory_kib("VmHWM").expect("memory");
    let extra = (peak - quiet) / 1024;
    println!("three bombs of 48 MiB: {extra} MiB more than before");
    assert!(extra < 350, "{extra} MiB more for three bombs of 48 MiB");
}
