//! Loading as a whole: what users do wrong, what wins, what stays secret.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const CANARY: &str = "canary5f1c";

fn sources(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Sources {
    Sources {
        file: Some(("stage.toml".into(), file.to_owned())),
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        host: None,
    }
}

fn load(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Loaded {
    Config::load(&sources(file, env, sets)).unwrap_or_else(|errors| panic!("{errors}"))
}

fn errors(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Vec<String> {
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

const SASL: &str = "[kafka.security]\nprotocol = \"sasl_ssl\"\n[kafka.security.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\n";

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    let sasl = |extra: &str| {
        format!(
            "{SASL}password_file = {:?}\n{extra}",
            path.display().to_string()
        )
    };

    let found = errors(&sasl(""), &[], &[]);
    assert!(
        found[0].starts_with("stage.toml:6:17: kafka.security.sasl.password_file: cannot read "),
        "{found:?}"
    );

    std::fs::write(&path, format!("{CANARY}\r\n")).expect("writes");
    let config = load(&sasl(""), &[], &[]).config;
    assert_eq!(
        config
            .kafka
            .security
            .sasl
            .password
            .as_ref()
            .map(Secret::expose),
        Some(CANARY)
    );

    let found = errors(&sasl(&format!("password = \"{CANARY}\"\n")), &[], &[]);
    assert!(
        found[0].contains("password_file: kafka.security.sasl.password is set too"),
        "{found:?}"
    );

    for (content, part) in [
        ("\n".to_owned(), "is empty"),
        ("x".repeat(70_000), "is longer than"),
    ] {
        std::fs::write(&path, content).expect("writes");
        let found = errors(&sasl(""), &[], &[]);
        assert!(found[0].contains(part), "{found:?}");
    }
}

/// A file, variables and arguments.
type Way = (String, Vec<(&'static str, String)>, Vec<String>);

#[test]
fn nothing_printed_holds_a_secret() {
    let ways: Vec<Way> = vec![
        (format!("{SASL}password = \"{CANARY}\"\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\"\npasword = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = [\"{CANARY}\"]\n"), vec![], vec![]),
        (
            format!("{SASL}password = {{ {CANARY}x = \"{CANARY}\" }}\n")
                .replace(&format!("{CANARY}x"), "x"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = {CANARY}\n"), vec![], vec![]),
        (format!("{SASL}password = \"{CANARY}\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\" {CANARY}\n"),
            vec![],
            vec![],
        ),
        (
            format!("{SASL}password = \"{CANARY}\\q{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("{SASL}password = '{CANARY}'{CANARY}'\n"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = \"\"\"{CANARY}\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\"\npassword = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka]\nsecurity = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (format!("kafka = \"{CANARY}\"\n"), vec![], vec![]),
        (
            format!("[kafka.properties]\n\"sasl.password\" = [\"{CANARY}\"]\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka.properties]\n\"sasl.password\" = \"{CANARY}\"\nnope = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka.consumer_properties]\n\"ssl.key.pem\" = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![("NEWSSTAGE__KAFKA__SECURITY__SASL", CANARY.to_owned())],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![(
                "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD",
                CANARY.to_owned(),
            )],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![(
                "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWROD",
                CANARY.to_owned(),
            )],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.password={CANARY}")],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.password:{CANARY}")],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.pasword={CANARY}")],
        ),
        (
            String::new(),
            vec![],
            vec![format!("kafka.security.sasl.password={CANARY}")],
        ),
        (
            String::new(),
            vec![],
            vec![format!("kafka.security.tls.key_password={CANARY}")],
        ),
    ];
    let (mut loaded_some, mut failed_some) = (0, 0);
    for (file, env, sets) in ways {
        let env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let sources = sources(&file, &env, &sets);
        let printed = match Config::load(&sources) {
            Ok(loaded) => {
                loaded_some += 1;
                let config = &loaded.config;
                let properties = [Role::Consumer, Role::Producer, Role::Admin]
                    .map(|role| kafka_properties(config, role));
                let json = serde_json::to_string(config).expect("serialises");
                format!("{loaded:?}{config:?}{properties:?}{json}{}", show(&loaded))
            }
            Err(errors) => {
                failed_some += 1;
                format!("{errors}{errors:?}")
            }
        };
        let printed = format!("{printed}{sources:?}");
        assert!(
            !printed.contains(CANARY),
            "{file}\n{env:?}\n{sets:?}\n{printed}"
        );
    }
    assert!(
        loaded_some >= 4 && failed_some >= 15,
        "{loaded_some} {failed_some}"
    );
    assert!(!json_schema().to_string().contains(CANARY));
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

#[test]
fn the_example_loads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/newsstage.example.toml");
    let text = std::fs::read_to_string(path).expect("the example");
    let loaded = load(&text, &[], &[]);
    assert_eq!(loaded.validate_for_run(), Ok(()));
    assert_eq!(loaded.warnings, []);
    // What the example shows in comments is right as well.
    let shown = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if setting.starts_with('[') || setting.contains(" = ") => setting.to_owned(),
        _ => line.to_owned(),
    };
    let whole: Vec<String> = text.lines().map(shown).collect();
    let found = errors(&whole.join("\n"), &[], &[]);
    let other: Vec<&String> = found
        .iter()
        .filter(|line| !line.contains("_file: cannot read /run/secrets/"))
        .collect();
    assert!(other.is_empty() && !found.is_empty(), "{found:?}");
}

#[test]
fn hostile_nesting_is_refused() {
    let deep_key = vec!["a"; 100_000].join(".");
    let deep_list = format!("threads = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let inline = format!("{} = {{ ", vec!["a"; 70].join("."));
    let deep_tables = format!("{}x = 1{}", inline.repeat(70), " }".repeat(70));
    let properties = format!("kafka.properties.{deep_tables}");
    for text in [
        format!("{deep_key} = 1"),
        deep_list,
        deep_tables,
        properties,
    ] {
        assert!(!errors(&text, &[], &[]).is_empty());
        assert!(!errors("", &[], &[&text]).is_empty());
        assert!(
            !errors(
                "",
                &[(&format!("NEWSSTAGE__{}", text.replace('.', "__")), &text)],
                &[]
            )
            .is_empty()
        );
        assert!(!errors("", &[("NEWSSTAGE__KAFKA", &text)], &[]).is_empty());
    }
}

/// Pieces from which TOML-like text is made: random text alone would never get past the first line.
fn fragment() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "[kafka]",
        "[kafka.properties]",
        "[[input]]",
        "[dedup]",
        "group",
        "linger.ms",
        "topic",
        "threads",
        "password",
        "aliases",
        " = ",
        "\n",
        "\"",
        "'",
        "\"a\"",
        "5",
        "-1",
        "1e400",
        "nan",
        "true",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "#",
        "1979-05-27",
        "\\u0000",
        "0xffffffffffffffffff",
        "99999999999999999999",
        "\u{feff}",
        "ü",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_loads_or_fails(parts in prop::collection::vec(fragment(), 0..40)) {
        let _ = Config::load(&sources(&parts.concat(), &[], &[]));
    }

    #[test]
    fn any_environment_and_arguments_load_or_fail(
        name in prop_oneof![any::<String>(), proptest::sample::select(keys::key_tree().paths()).prop_map(|p| p.join("__"))],
        value in prop_oneof![any::<String>(), prop::collection::vec(fragment(), 0..8).prop_map(|parts| parts.concat())],
    ) {
        let variable = format!("{ENV_PREFIX}{name}");
        let set = format!("{}={value}", name.replace("__", "."));
        for sources in [sources("", &[(&variable, &value)], &[]), sources("", &[], &[&set, &value])] {
            match Config::load(&sources) {
                Ok(loaded) => {
                    let shown = show(&loaded);
                    let secret = loaded.config.kafka.security != SecurityConfig::default();
                    let again = Config::load(&super::tests::sources(&shown, &[], &[]));
                    prop_assert!(secret || again.is_ok_and(|again| again.config == loaded.config), "{}", shown);
                }
                Err(errors) => prop_assert!(!errors.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn a_secret_never_shows_wherever_the_line_breaks(
        before in prop::collection::vec(fragment(), 0..3),
        after in prop::collection::vec(fragment(), 0..6),
    ) {
        // A newline before the secret would make it a key, and unknown keys are named.
        let before: String = before.concat().replace(['\n', '\r'], "");
        let file = format!("[kafka.security.sasl]\npassword = {before}\"{CANARY}\"{}", after.concat());
        if let Err(errors) = Config::load(&sources(&file, &[], &[])) {
            // As a key of an inline table it is named too.
            let as_key = before.contains('{');
            prop_assert!(as_key || !errors.to_string().contains(CANARY), "{}", errors);
        }
    }
}
