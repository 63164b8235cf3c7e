//! Loading as a whole: what users do wrong, what wins, what stays secret.

use std::collections::BTreeSet;

use super::*;

pub(super) fn sources(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Sources {
    Sources {
        file: Some(("stage.toml".into(), file.to_owned())),
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        ..Sources::default()
    }
}

pub(super) fn load(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Loaded {
    Config::load(&sources(file, env, sets)).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(super) fn errors(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Vec<String> {
    match Config::load(&sources(file, env, sets)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn nothing_at_all_is_the_default() {
    let loaded = Config::load(&Sources::default()).expect("loads");
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, []);
    assert!(
        loaded.origins.len() > 60
            && loaded
                .origins
                .values()
                .all(|origin| *origin == Origin::Default)
    );
}

#[test]
fn later_sources_win_and_origins_tell() {
    let file = "[kafka]\ngroup = \"file\"\nbrokers = \"file:1\"\n[batch]\nmessages = 7\n[input]\ntopic = \"file\"\n";
    let env = [
        ("NEWSSTAGE__KAFKA__GROUP", "env"),
        ("NEWSSTAGE__BATCH__MESSAGES", "8"),
        ("HOME", "/root"),
    ];
    let loaded = load(file, &env, &["batch.messages=9"]);
    let config = &loaded.config;
    assert_eq!(
        (config.kafka.group.as_str(), config.kafka.brokers.as_str()),
        ("env", "file:1")
    );
    assert_eq!(config.batch.messages, 9);
    let origin = |key: &str| loaded.origins.get(key).cloned().expect(key);
    assert_eq!(origin("kafka.brokers"), Origin::File { line: 3 });
    assert_eq!(
        origin("kafka.group"),
        Origin::Env("NEWSSTAGE__KAFKA__GROUP".to_owned())
    );
    assert_eq!(origin("batch.messages"), Origin::Set);
    assert_eq!(origin("batch.bytes"), Origin::Default);
}

#[test]
fn text_stays_text_and_the_rest_is_toml() {
    let env = [
        ("NEWSSTAGE__KAFKA__GROUP", "123"),
        ("NEWSSTAGE__INPUT__TOPIC", "true"),
        ("NEWSSTAGE__KAFKA__SESSION_TIMEOUT", "30s"),
        ("NEWSSTAGE__DELIVERY", "at_least_once"),
        ("NEWSSTAGE__BATCH__BYTES", "4096"),
        ("NEWSSTAGE__STAGES", "{ dedup = false }"),
        ("NEWSSTAGE__INPUT__ALIASES__TITLE", "[\"kop\"]"),
        ("NEWSSTAGE__KAFKA__PROPERTIES__SOCKET_TIMEOUT_MS", "70000"),
        ("NEWSSTAGE__DEAD_LETTER__MAX_RATIO", "1"),
    ];
    let sets = [
        "output.max_record_bytes=2MiB",
        "kafka.consumer_properties.fetch.min.bytes=5",
        "threads= 2",
    ];
    let config = load("", &env, &sets).config;
    assert_eq!(
        (config.kafka.group.as_str(), config.input.topic.as_str()),
        ("123", "true")
    );
    assert_eq!(config.kafka.session_timeout, TimeSpan::from_secs(30));
    assert_eq!(
        (config.delivery, config.batch.bytes),
        (Delivery::AtLeastOnce, ByteSize::from_bytes(4096))
    );
    assert!(!config.stages.dedup && config.stages.topics);
    assert_eq!(config.input.aliases["title"], ["kop"]);
    assert_eq!(
        config.kafka.properties.get("socket.timeout.ms"),
        Some("70000")
    );
    assert_eq!(
        config.kafka.consumer_properties.get("fetch.min.bytes"),
        Some("5")
    );
    assert_eq!(
        (config.output.max_record_bytes, config.threads),
        (Some(2 << 20), Some(2))
    );
    assert_eq!(config.dead_letter.max_ratio, 1.0);
}

#[test]
fn properties_may_be_written_with_or_without_quotes() {
    let file = "[kafka.properties]\nsocket.timeout.ms = 1000\nlog_level = 3\n\"client.rack\" = \"a\"\n\
                [kafka.properties.metadata.max]\nage.ms = 5\n";
    let properties = load(file, &[], &[]).config.kafka.properties;
    let expected = [
        ("client.rack", "a"),
        ("log_level", "3"),
        ("metadata.max.age.ms", "5"),
        ("socket.timeout.ms", "1000"),
    ];
    assert_eq!(properties.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn every_mistake_is_found_with_its_place() {
    let file = "\
threads = 0
brokers = \"k:9092\"

[kafka]
gruop = \"news\"
session_timeout = 45
max_poll_interval = \"5 minutes\"
compression = \"lz5\"
start = { at = 1 }

  [batch]
  messages = \"many\"
  bytes = \"8 mb\"
  linger = \"2h\"

[dedup]
window = \"0s\"
max_articles = 0

[dead_letter]
max_ratio = nan

[kafak]
";
    let env = [
        ("NEWSSTAGE__KAFKA_GROUP", "x"),
        ("NEWSSTAGE__STAGES__DEDUP", "maybe"),
    ];
    let found = errors(file, &env, &["thread=2", "log.format=xml", "output"]);
    let expected = [
        (
            "stage.toml:1:11: threads: 0 is out of range: expected a whole number from 1 to 1024",
            "",
        ),
        ("stage.toml:2:1: brokers: unknown key", "`kafka.brokers`"),
        ("stage.toml:5:1: kafka.gruop: unknown key", "`kafka.group`"),
        (
            "stage.toml:6:19: kafka.session_timeout: expected a duration in quotes, such as \"45s\", found 45",
            "",
        ),
        (
            "stage.toml:7:21: kafka.max_poll_interval: \"minutes\" is not a unit of time",
            "",
        ),
        (
            "stage.toml:8:15: kafka.compression: \"lz5\" is not known here: expected one of ",
            "\"lz4\"",
        ),
        ("stage.toml:9:9: kafka.start: expected one of", ""),
        (
            "stage.toml:12:14: batch.messages: expected a whole number, found the text \"many\"",
            "",
        ),
        (
            "stage.toml:13:11: batch.bytes: \"mb\" is not a unit of size",
            "",
        ),
        (
            "stage.toml:14:12: batch.linger: \"2h\" is out of range: expected a duration",
            "",
        ),
        ("stage.toml:17:10: dedup.window: ", ""),
        ("stage.toml:18:16: dedup.max_articles: ", ""),
        (
            "stage.toml:21:13: dead_letter.max_ratio: nan is out of range: expected a number from 0 to 1",
            "",
        ),
        ("stage.toml:23:2: kafak: unknown key", "`kafka`"),
        (
            "environment variable NEWSSTAGE__KAFKA_GROUP: kafka_group: unknown key",
            "NEWSSTAGE__KAFKA__GROUP",
        ),
        (
            "environment variable NEWSSTAGE__STAGES__DEDUP: stages.dedup: expected true or false, found the text",
            "",
        ),
        ("--set (number 1): thread: unknown key", "`threads`"),
        (
            "--set (number 2): log.format: \"xml\" is not known here: expected one of \"auto\", \"json\", \"text\"",
            "",
        ),
        ("--set (number 3): expected key=value", ""),
    ];
    for (start, suggestion) in expected {
        let line = found.iter().find(|line| line.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("missing: {start}\nin:\n{}", found.join("\n")));
        assert!(line.contains(suggestion), "{line}");
        assert!(
            suggestion.is_empty() || line.ends_with(&format!("did you mean {suggestion}?")),
            "{line}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", found.join("\n"));
}

#[test]
fn broken_toml_is_placed_and_the_environment_is_still_checked() {
    let found = errors(
        "[kafka]\ngroup = news\ngroup = \"b\"\n",
        &[("NEWSSTAGE__X", "1")],
        &[],
    );
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("stage.toml:2:9: not valid TOML: ")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|line| line.contains("NEWSSTAGE__X: x: unknown key")),
        "{found:?}"
    );
    let twice = errors("[kafka]\ngroup = \"a\"\ngroup = \"b\"\n", &[], &[]);
    assert_eq!(twice, ["stage.toml:3:1: not valid TOML: duplicate key"]);
}

#[test]
fn a_variable_set_twice_is_refused() {
    let found = errors(
        "",
        &[
            ("NEWSSTAGE__KAFKA__GROUP", "a"),
            ("NEWSSTAGE__kafka__group", "b"),
        ],
        &[],
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("set twice, also by NEWSSTAGE__KAFKA__GROUP"),
        "{found:?}"
    );
}

#[test]
fn contradictions_are_placed_where_they_were_written() {
    let found = errors(
        "[kafka]\nsession_timeout = \"10m\"\n",
        &[],
        &["kafka.properties.group.id=x"],
    );
    assert!(
        found[0].starts_with("stage.toml:2:19: kafka.session_timeout: 10m must be shorter"),
        "{found:?}"
    );
    let expected = "--set (number 1): kafka.properties.\"group.id\": cannot be set here: set `kafka.group` instead";
    assert_eq!(found[1], expected);
}

#[test]
fn run_needs_topics_and_says_which() {
    let loaded = load(
        "[input]\ntopic = \"news\"\n[output]\ntopic = \"\"\n",
        &[],
        &[],
    );
    let errors = loaded
        .validate_for_run()
        .expect_err("topics are missing")
        .to_string();
    assert_eq!(
        errors,
        "stage.toml:4:9: output.topic: required: no topic is named\n\
         configuration: dead_letter.topic: required: no topic is named"
    );
}

#[test]
fn the_host_names_the_instance() {
    let host = |sets: &[&str]| {
        let sources = Sources {
            host: Some("pod-7".to_owned()),
            ..sources("", &[], sets)
        };
        Config::load(&sources)
            .expect("loads")
            .config
            .kafka
            .transactional_id()
    };
    assert_eq!(host(&[]), "newsstage-pod-7");
    assert_eq!(host(&["kafka.instance=a"]), "newsstage-a");
    assert_eq!(host(&["kafka.transactional_id=t"]), "t");
}

#[test]
fn the_schema_agrees_with_the_loader() {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let json = |text: &str| -> Value {
        serde_json::to_value(toml::from_str::<toml::Table>(text).expect("TOML")).expect("JSON")
    };
    for good in [
        "",
        "threads = 2",
        "[kafka]\ncompression = \"zstd\"\n[kafka.properties]\n\"a.b\" = 1",
        "batch.bytes = \"1MB\"",
    ] {
        assert!(validator.is_valid(&json(good)), "{good}");
    }
    for bad in [
        "nope = 1",
        "threads = 0",
        "[kafka]\ncompression = \"lz5\"",
        "batch.linger = \"5 weeks\"",
        "batch.linger = 5",
    ] {
        assert!(!validator.is_valid(&json(bad)), "{bad}");
        assert!(!errors(bad, &[], &[]).is_empty(), "{bad}");
    }
}

#[test]
fn the_fingerprint_is_of_what_decides_the_output() {
    let print = |sets: &[&str]| load("", &[], sets).config.fingerprint();
    let base = print(&[]);
    assert!(base.len() == 16 && base.bytes().all(|b| b.is_ascii_hexdigit()));
    for same in [
        "kafka.brokers=other:9092",
        "kafka.group=other",
        "input.topic=other",
        "batch.messages=5",
        "dedup.path=/other",
        "dedup.fsync=false",
        "output.headers=true",
        "threads=1",
    ] {
        assert_eq!(print(&[same]), base, "{same}");
    }
    let others = [
        "input.pointer=/data",
        "input.id_from_key=true",
        "input.limits.text_chars=5000",
        "input.aliases.title=['kop']",
        "output.field=found",
        "stages.dedup=false",
        "stages.language=false",
        "dedup.window=7d",
        "topics.max_topics=3",
        "text.zones=false",
    ];
    let prints: BTreeSet<String> = others.iter().map(|set| print(&[set])).collect();
    assert_eq!(prints.len(), others.len());
    assert!(!prints.contains(&base));
    // A stage that is off decides nothing.
    assert_eq!(
        print(&["stages.dedup=false", "dedup.window=7d"]),
        print(&["stages.dedup=false"])
    );
}
