//! What passes through unchanged: bytes, key, headers, timestamp, order, and the partition that Java clients expect.

use crate::scene::{Scene, article, id_of};
use crate::support::client::{Outgoing, Record};
use crate::support::process::{PATIENCE, Signal};
use crate::support::topics;

/// Java's partitioner hash: MurmurHash2 as `org.apache.kafka.common.utils.Utils` defines it.
pub fn murmur2(key: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ u32::try_from(key.len()).expect("a short key");
    let words = key.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        let mut k = u32::from_le_bytes(word.try_into().expect("four bytes")).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    for (n, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * n);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    (hash ^ (hash >> 15)).cast_signed()
}

/// The partition that a Java producer chooses for the key.
pub fn java_partition(key: &[u8], partitions: i32) -> i32 {
    (murmur2(key) & 0x7fff_ffff) % partitions
}

#[test]
fn murmur2_agrees_with_the_vectors_of_the_java_client() {
    // From Kafka's own UtilsTest.testMurmur2.
    let vectors = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        (
            "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
            -58_897_971,
        ),
        ("abc", 479_470_107),
    ];
    for (key, hash) in vectors {
        assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
    }
}

#[test]
fn the_output_partition_is_the_one_a_java_producer_would_choose() {
    const PARTITIONS: i32 = 7;
    let scene = Scene::new(PARTITIONS as u16);
    let mut keys = ["foobar", "", "غزة", "a-little-bit-longer-string"]
        .map(|key| key.as_bytes().to_vec())
        .to_vec();
    keys.extend((0u8..60).map(|n| vec![0xff, n, n ^ 0x55, 7][..1 + usize::from(n % 4)].to_vec()));
    // Each comes from a partition that its key would not choose.
    let sent = keys.iter().enumerate().map(|(n, key)| Outgoing {
        key: Some(key.clone()),
        partition: Some((java_partition(key, PARTITIONS) + 1 + n as i32 % 6) % PARTITIONS),
        ..article(&format!("a{n}"), 3)
    });
    let sent: Vec<Outgoing> = sent.collect();
    scene.send(&sent);
    let _stage = scene.start();
    let out = scene.outputs(sent.len());
    assert_eq!(out.len(), sent.len());
    for record in &out {
        let key = record.key.as_deref().expect("a key");
        assert_eq!(
            record.partition,
            java_partition(key, PARTITIONS),
            "key {key:?}"
        );
    }
}

#[test]
fn the_input_partition_is_kept_by_setting() {
    let mut scene = Scene::new(3);
    scene.config.set("output.partition", "input");
    let sent: Vec<Outgoing> = (0..30)
        .map(|n| {
            Outgoing {
                key: (n % 2 == 0).then(|| vec![n as u8]),
                ..article(&format!("a{n}"), 3)
            }
            .to(n % 3)
        })
        .collect();
    scene.send(&sent);
    let _stage = scene.start();
    for record in scene.outputs(sent.len()) {
        let n: i32 = id_of(&record)[1..].parse().expect("a number");
        assert_eq!(record.partition, n % 3, "article {n}");
    }
}

#[test]
fn key_headers_and_timestamp_come_out_as_they_went_in() {
    const CREATED: i64 = 1_500_000_000_000;
    let scene = Scene::new(1);
    let binary: &[u8] = &[0, 0xff, b'k'];
    let keys = [
        Some(binary.to_vec()),
        None,
        Some(Vec::new()),
        Some(b"plain".to_vec()),
    ];
    let sent: Vec<Outgoing> = keys
        .into_iter()
        .enumerate()
        .map(|(n, key)| {
            let record = Outgoing {
                key,
                ..article(&format!("a{n}"), 3)
            }
            .at(CREATED + n as i64);
            let record = record
                .header("feed", Some(b"one"))
                .header("empty", Some(b""))
                .header("null", None);
            record
                .header("feed", Some(&[0, 200, n as u8]))
                .header("__connect.errors.topic", Some(b"earlier"))
        })
        .collect();
    scene.send(&sent);
    let _stage = scene.start();
    let out = scene.outputs(sent.len());
    for (sent, record) in sent.iter().zip(&out) {
        assert_eq!(record.key, sent.key);
        assert_eq!(record.headers, sent.headers);
        assert_eq!(record.timestamp, sent.timestamp);
    }
    assert_eq!(out.len(), sent.len());
}

#[test]
fn the_value_is_the_original_to_the_byte_and_one_member_more() {
    let scene = Scene::new(1);
    let originals = [
        "{\"title\":\"The ferry\",\"price\":1.50,\"n\":1E+2,\"big\":123456789012345678901234567890,\"Z\":0,\"a\":null}",
        "{ \"b\" : 1 ,\n\t\"title\" : \"Caf\\u00e9 \\/ \\ud83d\\ude00\" , \"b\" : 2 }",
        "{\"body\":\"تصل العبارة الجديدة إلى الميناء قبل الشتاء\",\"x\":{\"enrichment\":1,\"y\":[ ]}}",
    ];
    let sent: Vec<Outgoing> = originals
        .iter()
        .map(|value| Outgoing::new(*value))
        .collect();
    scene.send(&sent);
    let _stage = scene.start();
    for (original, record) in originals.iter().zip(scene.outputs(originals.len())) {
        let value = String::from_utf8(record.payload.clone().expect("a value")).expect("UTF-8");
        let open = original.strip_suffix('}').expect("an object").trim_end();
        let rest = value
            .strip_prefix(open)
            .unwrap_or_else(|| panic!("{original}\n became\n{value}"));
        assert!(rest.trim_start().starts_with(",\"enrichment\":{"), "{rest}");
        assert!(record.json()["enrichment"]["id"].is_string());
    }
}

/// The four parts of a `traceparent`.
#[track_caller]
fn trace(record: &Record) -> [String; 4] {
    let parent = record.header("traceparent").expect("a trace");
    let parts: Vec<String> = parent.split('-').map(str::to_owned).collect();
    parts.try_into().expect("four parts")
}

#[test]
fn a_trace_goes_on_with_a_new_span_and_the_state_as_it_was() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let scene = Scene::new(1);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let traced = |record: Outgoing| {
        record
            .header("before", Some(b"1"))
            .header("traceparent", Some(parent.as_bytes()))
            .header("tracestate", Some(b"vendor=abc,other=1"))
            .header("after", None)
    };
    let odd = article("odd", 3)
        .header("traceparent", Some(b"not a trace"))
        .header("tracestate", Some(b"vendor=abc"));
    let sent = [
        traced(article("traced", 3)),
        odd,
        article("none", 3),
        traced(Outgoing::new("[]")),
    ];
    scene.send(&sent);
    let mut stage = scene.start();
    let (out, dead) = (scene.outputs(3), scene.dead_letters(1));
    for record in [&out[0], &dead[0]] {
        let names = record.headers.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.take(4).collect();
        assert_eq!(names, ["before", "traceparent", "tracestate", "after"]);
        let [version, id, span, flags] = trace(record);
        assert_eq!((version.as_str(), id.as_str()), ("00", TRACE));
        assert!(span.len() == 16 && span != "00f067aa0ba902b7", "{span}");
        assert_eq!(flags, "01");
        let state = record.header("tracestate");
        assert_eq!(state.as_deref(), Some("vendor=abc,other=1"));
    }
    assert_ne!(trace(&out[0]), trace(&dead[0]), "a span for each message");
    let [_, id, _, flags] = trace(&out[1]);
    assert!(id != TRACE && flags == "00", "a new trace: {id}");
    assert_eq!(out[1].header("tracestate"), None);
    assert!(out[2].headers.is_empty(), "none is made up");

    // The same messages by another group: nothing of the trace is left to chance.
    stage.signal(Signal::Terminate);
    stage.wait_exit(PATIENCE);
    let mut again = scene.config.replica();
    again.set("kafka.group", topics::unique("group"));
    again.set("dedup.rebuild", "never");
    let _again = again.start();
    let (outs, deads) = (scene.outputs(6), scene.dead_letters(2));
    for (first, second) in out.iter().zip(&outs[3..]) {
        assert_eq!(first.headers, second.headers);
    }
    assert_eq!(trace(&deads[0]), trace(&deads[1]));
}

#[test]
fn articles_of_a_key_stay_in_order_however_many_threads_work_on_them() {
    const KEYS: usize = 11;
    const ARTICLES: usize = 660;
    let mut scene = Scene::new(3);
    scene
        .config
        .set("threads", 8)
        .set("batch.messages", 70)
        .set("batch.linger", "20ms");
    // Long and short ones in turn: a long one takes many times as long as its successor.
    let sent: Vec<Outgoing> = (0..ARTICLES)
        .map(|n| {
            let words = if n % 3 == 0 { 2500 } else { n % 7 };
            Outgoing {
                key: Some(format!("key-{}", n % KEYS).into_bytes()),
                ..article(&format!("{n}"), words)
            }
        })
        .collect();
    scene.send(&sent);
    let _stage = scene.start();
    let out = scene.outputs(ARTICLES);
    assert_eq!(out.len(), ARTICLES);
    for key in 0..KEYS {
        let name = format!("key-{key}");
        let of_key: Vec<&Record> = out
            .iter()
            .filter(|record| record.key_text() == name)
            .collect();
        let order: Vec<usize> = of_key
            .iter()
            .map(|record| id_of(record).parse().expect("a number"))
            .collect();
        let wanted: Vec<usize> = (key..ARTICLES).step_by(KEYS).collect();
        assert_eq!(order, wanted, "{name}");
    }
}
