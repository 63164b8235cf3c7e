//! Values that do not fit their key, all of them at once, and names that are nearly those of settings.

use super::tests::{errors, load};
use super::*;

#[test]
fn numbers_of_the_stages_are_in_their_ranges() {
    let cases = [
        (
            "dedup.near.threshold",
            ["7", "0.04", "nan"],
            "from 0.05 to 1",
        ),
        ("dedup.near.quotation", ["1.1", "0", "-1"], "from 0.05 to 1"),
        ("dedup.near.rewritten", ["1.1", "0", "-1"], "from 0.05 to 1"),
        (
            "dedup.near.same_source_threshold",
            ["2", "0", "inf"],
            "from 0.05 to 1",
        ),
        ("dedup.near.leading", ["1.5", "-0.1", "nan"], "from 0 to 1"),
        ("dedup.near.balance", ["1.5", "-0.1", "nan"], "from 0 to 1"),
        ("dedup.near.figures", ["1.5", "-0.1", "nan"], "from 0 to 1"),
        ("dedup.near.names", ["1.5", "-0.1", "nan"], "from 0 to 1"),
        ("dedup.near.min_shingles", ["0", "51", "-1"], "from 1 to 50"),
        (
            "dedup.near.partial_words",
            ["9", "1001", "0"],
            "from 10 to 1000",
        ),
        ("topics.max_topics", ["0", "101", "-1"], "from 1 to 100"),
        ("topics.max_evidence", ["0", "101", "-1"], "from 1 to 100"),
        (
            "topics.queries_poll_seconds",
            ["0", "3601", "-1"],
            "from 1 to 3600",
        ),
        (
            "topics.query_steps",
            ["999", "1000000001", "0"],
            "from 1000 to 1000000000",
        ),
        (
            "topics.article_steps",
            ["999", "1000000001", "0"],
            "from 1000 to 1000000000",
        ),
        ("topics.threshold", ["0", "1.1", "nan"], "over 0 to 1"),
        ("topics.sure", ["0", "1.1", "nan"], "over 0 to 1"),
        (
            "topics.narrow_threshold",
            ["0.0", "1.1", "-1"],
            "over 0 to 1",
        ),
        ("topics.min_score", ["-1", "1001", "nan"], "from 0 to 1000"),
        ("topics.title_boost", ["0.9", "11", "nan"], "from 1 to 10"),
        (
            "language.sample_bytes",
            ["255", "65537", "0"],
            "from 256 to 65536",
        ),
    ];
    for (key, values, range) in cases {
        for value in values {
            let found = errors("", &[], &[&format!("{key}={value}")]);
            let expected = format!("{key}: {value} is out of range: expected a ");
            assert!(
                found.len() == 1 && found[0].contains(&expected) && found[0].ends_with(range),
                "{found:?}"
            );
        }
    }
    for ends in ["0.05", "1"] {
        load("", &[], &[&format!("dedup.near.threshold={ends}")]);
    }
    load("", &[], &["topics.threshold=0.001", "topics.min_score=0"]);
    let schema = json_schema().to_string();
    assert!(schema.contains("\"exclusiveMinimum\":0"), "{schema}");
}

#[test]
fn mistakes_that_only_a_stage_can_tell_are_found_with_the_others() {
    let file = "\
[topics]
max_topics = 0
categories = { \"?\" = \"medtop:15000000\", Sport = \"medtop:1\" }
[input]
pointer = \"data\"
aliases = { titel = [\"kop\"], body = [\"\"] }
[log]
filter = \"infp\"
[dedup.near]
figures = 2
";
    let found = errors(file, &[], &[]);
    for part in [
        "stage.toml:2:14: topics.max_topics: 0 is out of range",
        "stage.toml:10:11: dedup.near.figures: 2 is out of range",
        "stage.toml:5:11: input.pointer: a JSON Pointer is empty or begins",
        "stage.toml:6:21: input.aliases.titel: unknown field; expected one of: ",
        "stage.toml:6:37: input.aliases.body: a key name is empty",
        "topics.categories.\"?\": must be a name with a letter or digit",
        "topics.categories.Sport: must be a code of IPTC Media Topics",
        "stage.toml:8:10: log.filter: \"infp\": \"infp\" is no level",
    ] {
        assert!(
            found.iter().any(|each| each.contains(part)),
            "{part}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
    // The member that is added must not be one that is read.
    let replaced = errors("", &[], &["output.field=title"]);
    assert!(
        replaced.len() == 1 && replaced[0].contains("output.field: the enrichment would replace"),
        "{replaced:?}"
    );
}

#[test]
fn a_variable_that_nearly_names_a_setting_is_noted() {
    let names = [
        "NEWSSTAGE_KAFKA_BROKERS",
        "NEWSSTAGE_DEAD_LETTER__TOPIC",
        "NEWSSTAGE_CONFIG",
        "NEWSSTAGE_SERVICE_HOST",
        "NEWSSTAGE_PORT",
    ];
    let sources = Sources {
        misnamed: names.map(str::to_owned).to_vec(),
        ..Sources::default()
    };
    let loaded = Config::load(&sources).expect("loads");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "environment variable NEWSSTAGE_KAFKA_BROKERS: not read: two underscores part the names of a setting; did you mean NEWSSTAGE__KAFKA__BROKERS?",
            "environment variable NEWSSTAGE_DEAD_LETTER__TOPIC: not read: two underscores part the names of a setting; did you mean NEWSSTAGE__DEAD_LETTER__TOPIC?",
        ]
    );
}
