//! Settings: where they come from, what is told when they are wrong, what is never told. And `check`.

use serde_json::Value;

use super::program::{file, finish, folder, newsstage, program, run};

const CANARY: &str = "canary-7f31c0";
/// What `run` and `check` need beside the defaults.
const TOPICS: [&str; 6] = [
    "--set",
    "input.topic=raw",
    "--set",
    "output.topic=enriched",
    "--set",
    "dead_letter.topic=dead",
];

fn with_topics<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut all = arguments.to_vec();
    all.extend(TOPICS);
    all
}

#[test]
fn settings_show_where_they_come_from() {
    let folder = folder();
    let config = file(
        &folder,
        "stage.toml",
        "\n[kafka]\ngroup = \"from-file\"\nbrokers = \"one:9092\"\n",
    );
    let mut command = program();
    command
        .args([
            "config",
            "show",
            "--config",
            &config,
            "--set",
            "batch.linger=50ms",
        ])
        .env("NEWSSTAGE__KAFKA__BROKERS", "two:9092");
    let shown = finish(command, b"").success();
    for line in [
        "group = \"from-file\"  # file, line 3",
        "brokers = \"two:9092\"  # NEWSSTAGE__KAFKA__BROKERS",
        "linger = \"50ms\"  # --set",
        "compression = \"lz4\"\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    // What is shown is a configuration file with the same settings.
    let again = file(&folder, "again.toml", &shown);
    let shown_again = run(&["config", "show", "--config", &again]).success();
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(1);
        lines
            .map(|line| line.split("  # ").next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(plain(&shown_again), plain(&shown));
    // The file can also be named by the environment.
    let mut command = program();
    command
        .args(["config", "show"])
        .env("NEWSSTAGE_CONFIG", &config);
    assert!(finish(command, b"").success().contains("from-file"));
}

#[test]
fn secrets_are_shown_nowhere() {
    let folder = folder();
    let sasl = format!(
        "[kafka.security]\nprotocol = \"sasl_ssl\"\n[kafka.security.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\npassword = \"{CANARY}\"\n"
    );
    let config = file(&folder, "stage.toml", &sasl);
    let secret = file(&folder, "secret", CANARY);
    let without = sasl.replace(&format!("password = \"{CANARY}\"\n"), "");
    let without = file(&folder, "without.toml", &without);
    let property = format!("kafka.properties.\"sasl.password\"={CANARY}");
    let password = format!("kafka.security.sasl.password={CANARY}");
    let password_file = format!("kafka.security.sasl.password_file={secret}");
    let bad = file(&folder, "bad.toml", sasl.replace("\"u\"", "\"u") + "x = [");
    for arguments in [
        &["config", "show", "-c", &config][..],
        &["config", "show", "-c", &without, "--set", &password],
        &["config", "show", "-c", &without, "--set", &password_file],
        &["config", "show", "-c", &without, "--set", &property],
        &["config", "show", "-c", &bad],
        &["config", "show", "-c", &config, "--set", &password_file],
        &["config", "show", "--set", &password],
        &["config", "show", "--set", CANARY],
        &["check", "--offline", "-c", &config],
        &["enrich", "-c", &config, "/dev/null"],
    ] {
        let ran = run(arguments);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(CANARY), "{arguments:?}: {said}");
    }
    let mut command = program();
    command
        .args(["config", "show", "-c", &without])
        .env("NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD", CANARY);
    let ran = finish(command, b"");
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(ran.code == 0 && !said.contains(CANARY), "{said}");
    assert!(
        said.contains("password"),
        "that there is one is shown\n{said}"
    );
}

#[test]
fn schema_and_reference_are_printed() {
    let schema: Value = serde_json::from_str(&run(&["config", "schema"]).success()).expect("JSON");
    assert_eq!(
        schema["properties"]["input"]["type"].is_null(),
        schema["properties"]["input"]["$ref"].is_string()
    );
    let reference = run(&["config", "reference"]).success();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    assert_eq!(
        reference,
        std::fs::read_to_string(path).expect("the reference")
    );
}

#[test]
fn mistakes_are_told_with_their_place_and_all_at_once() {
    let folder = folder();
    let config = file(
        &folder,
        "stage.toml",
        "[kafka]\nbrokerz = \"x:1\"\n[batch]\nlinger = \"soon\"\n  messages = 0\n[log]\nformat = \"xml\"\n",
    );
    let told = run(&["config", "show", "-c", &config]).failure(78);
    let lines: Vec<&str> = told.lines().collect();
    for (place, words) in [
        (
            "stage.toml:2:1: ",
            "kafka.brokerz: unknown key; did you mean `kafka.brokers`?",
        ),
        ("stage.toml:4:10: ", "batch.linger"),
        ("stage.toml:5:14: ", "batch.messages"),
        ("stage.toml:7:10: ", "log.format"),
    ] {
        let found = lines
            .iter()
            .any(|line| line.contains(place) && line.contains(words));
        assert!(found, "{place}{words}\n{told}");
    }
    assert_eq!(lines.len(), 4, "{told}");
}

#[test]
fn mistakes_in_the_environment_and_arguments_are_told() {
    let with_env = |name: &str, value: &str| {
        let mut command = program();
        command.args(["config", "show"]).env(name, value);
        finish(command, b"").failure(78)
    };
    let told = with_env("NEWSSTAGE__KAFKA__BROKER", "x");
    assert!(
        told.contains("did you mean NEWSSTAGE__KAFKA__BROKERS?"),
        "{told}"
    );
    let told = with_env("NEWSSTAGE__BATCH__LINGER", "soon");
    assert!(
        told.contains("environment variable NEWSSTAGE__BATCH__LINGER: batch.linger: \"soon\""),
        "{told}"
    );
    for (set, words) in [
        ("batch.linger", "expected key=value"),
        ("batch.lingr=5ms", "did you mean `batch.linger`?"),
        ("batch.linger=soon", "is not a duration"),
    ] {
        let told = run(&["config", "show", "--set", set]).failure(78);
        assert!(
            told.contains("--set (number 1)") && told.contains(words),
            "{set}: {told}"
        );
    }
    // What only the stages themselves can judge.
    for (set, words) in [
        ("input.aliases.titel=['kop']", "input.aliases.titel"),
        ("topics.threshold=7", "topics.threshold"),
        ("language.sample_bytes=7", "sample_bytes"),
        ("output.field=title", "title"),
    ] {
        let told = run(&["enrich", "--set", set, "/dev/null"]).failure(78);
        assert!(told.contains(words), "{set}: {told}");
    }
    let told = run(&["enrich", "-c", "/nowhere/stage.toml"]).failure(78);
    assert!(told.contains("/nowhere/stage.toml"), "{told}");
    // Broken TOML shows its place.
    let folder = folder();
    let config = file(&folder, "stage.toml", "[kafka\nbrokers = 1\n");
    let told = run(&["config", "show", "-c", &config]).failure(78);
    assert!(
        told.contains("stage.toml:1:") && told.contains("not valid TOML"),
        "{told}"
    );
}

#[test]
fn run_refuses_a_wrong_configuration_before_it_connects() {
    let told = run(&["run"]).failure(78);
    for key in ["input.topic", "output.topic", "dead_letter.topic"] {
        assert!(told.contains(key), "{told}");
    }
    let told = run(&with_topics(&["run", "--set", "log.filter=inof"])).failure(78);
    assert!(
        told.contains("log.filter") && told.contains("did you mean \"info\"?"),
        "{told}"
    );
    let mut command = program();
    command
        .args(with_topics(&["run"]))
        .env("RUST_LOG", "newsstage=loud");
    let told = finish(command, b"").failure(78);
    assert!(told.contains("RUST_LOG") && told.contains("loud"), "{told}");
}

#[test]
fn check_offline_tells_what_is_right_and_what_is_not() {
    let folder = folder();
    let index = format!("dedup.path={}", folder.path().join("index").display());
    let good = run(&with_topics(&["check", "--offline", "--set", &index])).success();
    assert!(
        good.contains("ok    configuration") && good.ends_with("0 faults, 0 warnings\n"),
        "{good}"
    );
    // Checking makes nothing.
    assert!(!folder.path().join("index").exists());

    let missing = run(&["check", "--offline"]);
    assert_eq!(missing.code, 78);
    let faults = missing
        .stdout
        .lines()
        .filter(|line| line.starts_with("fail  "));
    assert_eq!(
        faults.count(),
        3,
        "one line for each topic\n{}",
        missing.stdout
    );

    let lexicons = folder.path().join("lexicons");
    std::fs::create_dir(&lexicons).expect("a folder");
    std::fs::write(lexicons.join("en.tsv"), "11000000\tvote\t9\n").expect("a list");
    let lexicons = format!("topics.lexicons={}", lexicons.display());
    let blocked = file(&folder, "file", "");
    let blocked = format!("dedup.path={blocked}/index");
    for (set, words) in [(&*lexicons, "en.tsv:1"), (&*blocked, "dedup")] {
        let ran = run(&with_topics(&["check", "--offline", "--set", set]));
        assert_eq!(ran.code, 65, "{set}: {}", ran.stdout);
        let told = ran.stdout.lines().find(|line| line.starts_with("fail  "));
        assert!(
            told.is_some_and(|line| line.contains(words)),
            "{set}: {}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("→ ") && ran.stdout.contains("1 fault,"),
            "{}",
            ran.stdout
        );
    }
}

/// Values that do not fit are mistakes of the configuration, whoever reads it, and all of them are told at once.
#[test]
fn values_out_of_range_are_told_together() {
    let sets = [
        ("log.filter", "inof"),
        ("input.aliases.titel", "['kop']"),
        ("language.sample_bytes", "7"),
        ("topics.max_topics", "0"),
        ("dedup.near.threshold", "7"),
    ];
    let mut arguments: Vec<String> = Vec::new();
    for (key, value) in sets {
        arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
    }
    for command in [&["check", "--offline"][..], &["config", "show"], &["run"]] {
        let all: Vec<&str> = command
            .iter()
            .copied()
            .chain(arguments.iter().map(String::as_str))
            .collect();
        let told = run(&with_topics(&all)).failure(78);
        for (key, _) in sets {
            assert!(told.contains(&format!(": {key}: ")), "{key}: {told}");
        }
        assert_eq!(told.lines().count(), sets.len(), "{told}");
    }
}

#[test]
fn who_gives_no_file_is_shown_the_shortest() {
    for command in [&["check", "--offline"][..], &["run"]] {
        let ran = run(command);
        assert_eq!(ran.code, 78);
        assert!(
            ran.stderr.contains("no configuration file was given")
                && ran.stderr.contains("NEWSSTAGE_CONFIG")
                && ran.stderr.contains("[input]\ntopic = "),
            "{}",
            ran.stderr
        );
    }
    let mut command = program();
    command
        .args(with_topics(&["check", "--offline"]))
        .env("NEWSSTAGE_KAFKA_BROKERS", "k:9092");
    let ran = finish(command, b"");
    assert!(
        ran.stderr.contains("NEWSSTAGE_KAFKA_BROKERS: not read")
            && ran
                .stderr
                .contains("did you mean NEWSSTAGE__KAFKA__BROKERS?"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.ends_with("1 warning\n"), "{}", ran.stdout);
}

#[test]
fn check_notes_articles_that_other_machines_may_read() {
    let folder = folder();
    let index = format!("dedup.path={}", folder.path().join("index").display());
    let live = ["--set", "admin.live.enabled=true", "--set", &index];
    let open = [
        &["check", "--offline", "--set", "admin.listen=0.0.0.0:9464"][..],
        &live,
    ]
    .concat();
    let shown = run(&with_topics(&open)).success();
    assert!(shown.contains("warn  admin.live.enabled: "), "{shown}");
    let closed = [&["check", "--offline"][..], &live].concat();
    let shown = run(&with_topics(&closed)).success();
    assert!(shown.ends_with("0 faults, 0 warnings\n"), "{shown}");
}

#[test]
fn check_tells_that_the_broker_is_not_there() {
    let folder = folder();
    let index = format!("dedup.path={}", folder.path().join("index").display());
    let arguments = [
        "check",
        "--timeout",
        "1",
        "--set",
        "kafka.brokers=127.0.0.1:1",
        "--set",
        &index,
    ];
    let ran = run(&with_topics(&arguments));
    assert_eq!(ran.code, 65, "{}{}", ran.stdout, ran.stderr);
    let faults: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("fail  "))
        .collect();
    assert_eq!(faults.len(), 1, "once is enough\n{}", ran.stdout);
    assert!(faults[0].contains("127.0.0.1:1"), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("→ is kafka.brokers right, and the broker up?"),
        "{}",
        ran.stdout
    );
}

/// Standard input is no terminal here, so nothing may wait for a person.
#[test]
fn nothing_asks_a_person() {
    for arguments in [
        &["config", "show"][..],
        &["version"],
        &["completions", "zsh"],
    ] {
        assert_eq!(newsstage(arguments, b"").code, 0, "{arguments:?}");
    }
}
