//! The documentation tells the truth: its commands run and print what it shows, its configurations load, its links lead
//! somewhere, and every dependency is named with its licence.
//!
//! In a fenced `console` block, lines that begin with `$ ` are commands; what follows is their output, with `...` for
//! what is left out. A `toml` block that begins with `# newsstage.toml` is saved under that name for the commands below
//! it. `newsstage run` goes on in the background until the page ends. Blocks of `sh` are shown and not executed.

#[path = "readme/markdown.rs"]
mod markdown;
#[path = "readme/shell.rs"]
mod shell;
mod support;

use std::path::{Path, PathBuf};

use newsstage::article::RejectCode;
use newsstage::config::{Config, Sources};

use markdown::{anchors, blocks, links, matches, steps};
use shell::Shell;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The pages that anyone reads: those at the root and those under `docs/`.
fn pages() -> Vec<PathBuf> {
    let folders = [PathBuf::from(ROOT), Path::new(ROOT).join("docs")];
    let mut pages: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    assert!(pages.len() >= 5, "{pages:?}");
    pages
}

fn read(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

fn name(page: &Path) -> String {
    let inside = page.strip_prefix(ROOT).unwrap_or(page);
    inside.display().to_string()
}

fn is_readme(page: &Path) -> bool {
    name(page) == "README.md"
}

/// Runs the commands of a page in order, and says what was not as the page has it.
fn play(page: &Path) -> Vec<String> {
    let text = read(page);
    let blocks = blocks(&text);
    let consoles = || blocks.iter().filter(|block| block.language == "console");
    if consoles().next().is_none() {
        return Vec::new();
    }
    let uses_kafka = consoles()
        .any(|block| block.text.contains("kafka-") || block.text.contains("newsstage check"));
    let mut shell = Shell::new(Path::new(ROOT), uses_kafka);
    let mut wrong = Vec::new();
    for block in &blocks {
        if block.language == "toml" && block.text.starts_with("# newsstage.toml") {
            shell.write("newsstage.toml", &block.text);
        }
        for step in steps(block).iter().filter(|_| block.language == "console") {
            let outcome = shell.run(&step.command);
            let as_shown = step.output.trim().is_empty() || matches(&step.output, &outcome.output);
            if !outcome.success || !as_shown {
                wrong.push(format!(
                    "{}:{}: $ {}\n---- succeeded: {}, printed:\n{}\n---- shown:\n{}",
                    name(page),
                    step.line,
                    step.command,
                    outcome.success,
                    outcome.output,
                    step.output
                ));
            }
        }
    }
    shell.end();
    wrong
}

#[test]
fn the_commands_of_the_readme_do_what_it_shows() {
    let wrong = play(&Path::new(ROOT).join("README.md"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_commands_of_the_other_pages_do_what_they_show() {
    let pages = pages();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let others = pages.iter().filter(|page| !is_readme(page));
        let running: Vec<_> = others.map(|page| scope.spawn(|| play(page))).collect();
        running
            .into_iter()
            .flat_map(|page| page.join().expect("the page's own panic is above"))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the pages may call: the tests execute it on whatever machine they run on, so it must stay in its folder.
const CALLED: [&str; 17] = [
    "cargo",
    "cat",
    "cp",
    "curl",
    "echo",
    "grep",
    "head",
    "kafka-console-consumer.sh",
    "kafka-console-producer.sh",
    "kafka-topics.sh",
    "mkdir",
    "newsstage",
    "printf",
    "sed",
    "sort",
    "tail",
    "tests/run",
];

#[test]
fn commands_stay_in_their_folder() {
    for page in pages() {
        for step in blocks(&read(&page)).iter().flat_map(steps_of_console) {
            let mut words = step.command.split_whitespace();
            let called = words.find(|word| !word.contains('=')).unwrap_or_default();
            let outside = [">/", "> /"].iter().any(|to| step.command.contains(to));
            assert!(
                CALLED.contains(&called) && !outside,
                "{}:{}: executed by the tests: $ {}\n(show what they must not execute in a block of `sh`)",
                name(&page),
                step.line,
                step.command
            );
        }
    }
}

fn steps_of_console(block: &markdown::Block) -> Vec<markdown::Step> {
    match block.language.as_str() {
        "console" => steps(block),
        _ => Vec::new(),
    }
}

#[test]
fn the_readme_has_the_commands_of_a_first_visit() {
    let page = read(&Path::new(ROOT).join("README.md"));
    let commands: Vec<String> = blocks(&page)
        .iter()
        .flat_map(steps)
        .map(|step| step.command)
        .collect();
    for first in ["cargo run --release -- demo", "tests/run"] {
        assert!(commands.iter().any(|command| command == first), "{first}");
    }
    for name in ["check", "run", "enrich", "explain"] {
        let start = format!("newsstage {name}");
        assert!(
            commands.iter().any(|command| command.starts_with(&start)),
            "{start}"
        );
    }
}

#[test]
fn every_configuration_shown_loads() {
    for page in pages() {
        for block in blocks(&read(&page))
            .iter()
            .filter(|block| block.language == "toml")
        {
            let sources = Sources {
                file: Some((
                    format!("{}:{}", name(&page), block.line).into(),
                    block.text.clone(),
                )),
                ..Sources::default()
            };
            let loaded = Config::load(&sources).unwrap_or_else(|errors| panic!("{errors}"));
            assert!(
                loaded.warnings.is_empty(),
                "{}:{}: {:?}",
                name(&page),
                block.line,
                loaded.warnings
            );
            if block.text.starts_with("# newsstage.toml") {
                loaded
                    .validate_for_run()
                    .unwrap_or_else(|errors| panic!("{errors}"));
            }
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let text = read(&page);
        for (line, target) in links(&text)
            .iter()
            .filter(|(_, target)| !target.contains("://"))
        {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                page.clone()
            } else {
                page.with_file_name("").join(file)
            };
            assert!(file.exists(), "{}:{line}: {target}", name(&page));
            if !anchor.is_empty() {
                let anchors = anchors(&read(&file));
                assert!(
                    anchors.iter().any(|known| known == anchor),
                    "{}:{line}: {target} {anchors:?}",
                    name(&page)
                );
            }
        }
    }
}

#[test]
fn every_dependency_is_named_with_its_licence() {
    let manifest: toml::Table =
        toml::from_str(&read(&Path::new(ROOT).join("Cargo.toml"))).expect("TOML");
    let page = read(&Path::new(ROOT).join("THIRD_PARTY.md"));
    let named: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name, rest.split(" |").next().unwrap_or_default().trim()))
        .collect();
    let mut wanted = Vec::new();
    for table in ["dependencies", "dev-dependencies"] {
        let table = manifest[table].as_table().expect("a table");
        wanted.extend(table.keys().map(String::as_str));
    }
    for dependency in &wanted {
        let licence = named.iter().find(|(name, _)| name == dependency);
        assert!(
            licence.is_some_and(|(_, licence)| !licence.is_empty()),
            "{dependency} is not in THIRD_PARTY.md"
        );
    }
    for (name, _) in named {
        assert!(
            wanted.contains(&name),
            "{name} is in THIRD_PARTY.md but is no dependency"
        );
    }
}

/// Words in backticks outside fenced blocks, with the line.
fn quoted(page: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut fenced = false;
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let inside = line.split('`').skip(1).step_by(2);
            words.extend(inside.map(|word| (index + 1, word.to_owned())));
        }
    }
    words
}

#[test]
fn every_setting_named_exists() {
    let known: Vec<String> = Config::load(&Sources::default())
        .expect("the defaults")
        .origins
        .into_keys()
        .collect();
    // Tables too, those whose keys are free among them.
    let defaults = serde_json::to_value(Config::default()).expect("JSON");
    let mut seen = 0;
    for page in pages() {
        for (line, word) in quoted(&read(&page)) {
            let key = word.split(" = ").next().unwrap_or_default();
            let Some((table, _)) = key.split_once('.') else {
                continue;
            };
            let is_key = key
                .chars()
                .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'));
            if !is_key
                || !known
                    .iter()
                    .any(|known| known.split('.').next() == Some(table))
            {
                continue;
            }
            seen += 1;
            let pointer = format!("/{}", key.replace('.', "/"));
            let exists =
                defaults.pointer(&pointer).is_some() || known.iter().any(|known| known == key);
            assert!(exists, "{}:{line}: there is no setting {key}", name(&page));
        }
    }
    assert!(seen > 40, "only {seen} settings found");
}

#[test]
fn every_metric_named_exists() {
    let list = read(&Path::new(ROOT).join("docs/metrics.md"));
    let mut seen = 0;
    for page in pages() {
        for (line, text) in quoted(&read(&page)) {
            let names = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
            for metric in names.filter(|word| word.starts_with("newsstage_")) {
                seen += 1;
                assert!(
                    list.contains(&format!("| `{}", base(metric))),
                    "{}:{line}: {metric}",
                    name(&page)
                );
            }
        }
    }
    assert!(seen > 40, "only {seen} metrics found");
}

/// A metric without the endings that its series have, and without an ending that is left open.
fn base(metric: &str) -> &str {
    let endings = ["_bucket", "_sum", "_count", "_"];
    endings
        .iter()
        .find_map(|ending| metric.strip_suffix(ending))
        .unwrap_or(metric)
}

#[test]
fn every_rejection_code_is_explained() {
    let page = read(&Path::new(ROOT).join("docs/operations.md"));
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for code in RejectCode::ALL {
        let cell = format!("`{code}`");
        let explained = rows.iter().any(|row| {
            row.split(" |")
                .next()
                .is_some_and(|first| first.contains(&cell))
        });
        assert!(explained, "{code} is not in docs/operations.md");
    }
}

#[test]
fn left_out_output_matches_anything() {
    for (shown, printed, same) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\nb\n", "a\nc\n", false),
        ("a\n", "a\nb\n", false),
        ("a\n...\nd\n", "a\nb\nc\nd\n", true),
        ("a\n...\nd\n", "a\nd\n", true),
        ("a\n...\nd\n", "a\nb\n", false),
        ("...\nx\n...\ny\n", "1\nx\n2\nx\n3\ny\n", true),
        ("id ... end\n", "id 1 2 end  \n", true),
        ("id ... end\n", "id 1 2 ends\n", false),
    ] {
        assert_eq!(matches(shown, printed), same, "{shown:?} {printed:?}");
    }
}

#[test]
fn a_console_block_is_commands_with_their_output() {
    let page = "text\n```console\n$ one \\\n    two\nout\n\n$ three\n```\n";
    let blocks = blocks(page);
    assert_eq!(
        (blocks[0].language.as_str(), blocks[0].line),
        ("console", 2)
    );
    let steps = steps(&blocks[0]);
    let words: Vec<&str> = steps[0].command.split_whitespace().collect();
    assert_eq!(words, ["one", "two"]);
    assert_eq!((steps[0].output.as_str(), steps[0].line), ("out\n\n", 3));
    assert_eq!(
        (steps[1].command.as_str(), steps[1].output.as_str()),
        ("three", "")
    );
}
