//! The program as people and scripts meet it: help, exit codes, what goes to standard output and what to standard error.
//! Nothing here needs a broker of its own.

#[path = "cli/articles.rs"]
mod articles;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/settings.rs"]
mod settings;

use newsstage::cli::Exit;
use program::{Ran, newsstage, run};
use serde_json::Value;

/// Every subcommand, with words that its help must have.
const COMMANDS: [(&[&str], &[&str]); 19] = [
    (&["run"], &["--config", "--set", "NEWSSTAGE_CONFIG"]),
    (
        &["enrich"],
        &["[FILE]", "standard input", "--index", "--strict"],
    ),
    (&["explain"], &["--against", "--json", "plain text"]),
    (&["demo"], &["--fast"]),
    (&["dlq"], &["list", "show", "replay"]),
    (
        &["dlq", "list"],
        &["--reason", "--from", "--to-offset", "--id", "--json"],
    ),
    (&["dlq", "show"], &["POSITION", "--raw", "--json"]),
    (
        &["dlq", "replay"],
        &["--dry-run", "--limit", "--max-replays", "--again"],
    ),
    (&["check"], &["--offline", "--strict", "--timeout"]),
    (&["queries"], &["check", "test", "explain", "import"]),
    (&["queries", "check"], &["--strict", "--json"]),
    (
        &["queries", "test"],
        &["--articles", "--expect", "--write-expected"],
    ),
    (&["queries", "explain"], &["--queries", "ARTICLE"]),
    (&["queries", "import"], &["--from", "meltwater"]),
    (&["config"], &["show", "schema", "reference"]),
    (&["config", "show"], &["origin", "secrets", "--set"]),
    (&["config", "schema"], &["JSON Schema"]),
    (&["completions"], &["bash", "zsh", "fish"]),
    (&["version"], &["--json"]),
];

#[test]
fn every_command_has_its_help() {
    let overview = run(&["--help"]).success();
    for (command, words) in COMMANDS {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = run(&arguments).success();
        for word in words {
            assert!(
                help.contains(word),
                "{command:?} does not say {word}:\n{help}"
            );
        }
        assert!(
            help.lines().all(|line| line.chars().count() <= 120),
            "{help}"
        );
        assert!(overview.contains(command[0]), "{overview}");
    }
    assert_eq!(run(&["help"]).success(), overview);
}

#[test]
fn the_help_has_the_table_of_exit_codes() {
    let help = run(&["--help"]).success();
    let (_, table) = help.split_once("Exit codes:\n").expect("the table");
    let rows: Vec<(u8, &str)> = table
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(code, meaning)| (code.parse().expect("a code"), meaning.trim()))
        .collect();
    let known: Vec<(u8, &str)> = Exit::TABLE
        .iter()
        .map(|(exit, meaning)| (*exit as u8, *meaning))
        .collect();
    assert_eq!(rows, known);
}

#[test]
fn a_wrong_command_line_is_told_and_ends_with_64() {
    for (arguments, told) in [
        (&["enrihc"][..], "enrich"),
        (&[], "Usage"),
        (&["explain"], "<FILE>"),
        (&["enrich", "--stric"], "--strict"),
        (&["completions", "tcsh"], "possible values"),
        (&["check", "--timeout", "soon"], "soon"),
        (&["config"], "schema"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 64, "{arguments:?}");
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_version_is_told_to_people_and_programs() {
    let number = env!("CARGO_PKG_VERSION");
    let words = run(&["version"]).success();
    assert!(
        words.starts_with(&format!("newsstage {number} (librdkafka ")),
        "{words}"
    );
    assert_eq!(
        run(&["--version"]).success(),
        format!("newsstage {number}\n")
    );
    let json: Value = serde_json::from_str(&run(&["version", "--json"]).success()).expect("JSON");
    assert_eq!(json["version"], number);
    assert_eq!(json["enrichment"], 1);
    let library = json["librdkafka"].as_str().expect("a version");
    assert!(words.contains(library));
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).success();
        for (command, _) in COMMANDS {
            for word in command {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
    // The shell that is everywhere takes its script.
    let script = run(&["completions", "bash"]).success();
    let bash = std::process::Command::new("bash")
        .args(["-n", "-c", &script])
        .output()
        .expect("bash runs");
    assert!(
        bash.status.success(),
        "{}",
        String::from_utf8_lossy(&bash.stderr)
    );
}

/// The first thing that a newcomer sees, whole.
#[test]
fn the_demo_shows_everything_and_ends() {
    let ran = newsstage(&["demo", "--fast"], b"");
    let Ran {
        code,
        stdout,
        stderr,
    } = &ran;
    assert_eq!((*code, stderr.as_str()), (0, ""), "{stdout}");
    let line = |start: &str| -> &str {
        let found = stdout
            .lines()
            .find(|line| line.trim_start().starts_with(start));
        found.unwrap_or_else(|| panic!("no line begins with {start:?}:\n{stdout}"))
    };
    let languages = line("languages ").split(',').count();
    assert!(languages >= 12, "{}", line("languages "));
    for word in ["unique", "exact", "update"] {
        assert!(
            line("duplicates ").contains(word),
            "{}",
            line("duplicates ")
        );
    }
    for word in ["not_json", "invalid_utf8", "no_text", "not_object"] {
        assert!(
            line("dead letters ").contains(word),
            "{}",
            line("dead letters ")
        );
    }
    for heading in [
        "ID ",
        "Summary",
        "Article",
        "Text",
        "Duplicate?",
        "Language",
        "Topics",
    ] {
        line(heading);
    }
    for words in [
        "mock cluster",
        "dead letter: not_json",
        "tombstone, passed through",
        "(exact)",
        "(update)",
        "newsstage explain: why demo-ar-001-agg",
        "same content",
        "keyword_cloud",
        "newsstage enrich your-articles.ndjson",
        "newsstage check --config newsstage.toml",
    ] {
        assert!(stdout.contains(words), "{words}\n{stdout}");
    }
    // No row is wider than a laptop's terminal, and no colours outside one.
    assert!(!stdout.contains('\u{1b}'));
    let head = line("ID ");
    assert!(head.chars().count() <= 120, "{head}");
}
