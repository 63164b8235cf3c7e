//! Every codec, coming in and going out.

use crate::scene::{Scene, article, id_of};
use crate::support::broker::Broker;
use crate::support::client::produce_with;
use crate::support::process::{PATIENCE, Signal};

/// Kafka's codecs with the number that a record batch names them by.
const CODECS: [(&str, u8); 5] = [
    ("none", 0),
    ("gzip", 1),
    ("snappy", 2),
    ("lz4", 3),
    ("zstd", 4),
];

/// The codec of the first record batch of a topic, as the broker keeps it: the low bits of the batch's attributes.
fn stored_codec(topic: &str) -> u8 {
    let folder = Broker::shared()
        .ca_file()
        .with_file_name("data")
        .join(format!("{topic}-0"));
    let segment =
        std::fs::read(folder.join("00000000000000000000.log")).expect("the topic's first segment");
    // Base offset 8, length 4, leader epoch 4, magic 1, checksum 4, then the attributes, big-endian.
    segment[22] & 0b111
}

#[test]
fn every_codec_is_read_and_written() {
    let mut scene = Scene::new(1);
    let mut ids = Vec::new();
    for (codec, number) in CODECS {
        let properties = [
            ("bootstrap.servers", scene.bootstrap.as_str()),
            ("compression.type", codec),
        ];
        let articles = ["a", "b"].map(|name| article(&format!("{codec}-{name}"), 400));
        produce_with(&properties, &scene.input, &articles);
        ids.extend(
            articles.iter().map(|article| {
                String::from_utf8(article.key.clone().expect("a key")).expect("text")
            }),
        );
        if codec == "none" {
            assert_eq!(
                stored_codec(&scene.input),
                number,
                "the test reads the segment rightly"
            );
        }
    }
    for (codec, number) in CODECS {
        // The same input for each: a topic and a group of its own.
        let other = Scene::new(1);
        scene
            .config
            .set("output.topic", other.output.as_str())
            .set("kafka.group", other.group.as_str());
        scene
            .config
            .set("kafka.compression", codec)
            .set("stages.topics", false);
        scene.config.set(
            "dedup.path",
            scene.config.folder().join(codec).display().to_string(),
        );
        let mut stage = scene.start();
        let out: Vec<String> = other.outputs(ids.len()).iter().map(id_of).collect();
        assert_eq!(out, ids, "{codec}");
        assert_eq!(stored_codec(&other.output), number, "{codec}");
        stage.signal(Signal::Terminate);
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0), "{codec}");
    }
}
