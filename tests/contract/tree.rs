//! Rules of the source tree that no compiler checks.

use std::path::{Path, PathBuf};

/// Longest source file, in lines.
const LONGEST: usize = 400;
/// Rooms that may know Kafka or an async runtime.
const OUTER_ROOMS: [&str; 5] = ["kafka", "worker", "admin", "cli", "main.rs"];

pub fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file of `src`, by its path in there.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(&root).expect("below src").to_owned();
                files.push((path, text));
            }
        }
    }
    assert!(files.len() > 50, "{} files", files.len());
    files.sort();
    files
}

/// The code of a file without comments, and without what is compiled for tests only.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text
        .find("#[cfg(test)]\nmod tests {")
        .map_or(text, |at| &text[..at]);
    let lines = tests.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// Whether a file is compiled for tests only: below a folder `tests`, or declared so.
fn is_test(path: &Path, declared: &[String]) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.components().any(|part| part.as_os_str() == "tests") || declared.contains(&name.into())
}

/// Names of all modules and files that are declared under `#[cfg(test)]`.
fn declared_for_tests(sources: &[(PathBuf, String)]) -> Vec<String> {
    let mut names = Vec::new();
    for (_, text) in sources {
        for declared in text.split("#[cfg(test)]\n").skip(1) {
            let Some((declaration, _)) = declared.split_once(';') else {
                continue;
            };
            match declaration.split(['"', ' ']).collect::<Vec<_>>().as_slice() {
                ["#[path", "=", "", file, ..] => {
                    names.push(file.trim_end_matches(".rs").to_owned())
                }
                ["mod", name] | [_, "mod", name] => names.push((*name).to_owned()),
                _ => {}
            }
        }
    }
    assert!(names.len() >= 10, "{names:?}");
    names
}

#[test]
fn only_the_outer_rooms_know_kafka_and_the_runtime() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| {
            let room = path.components().next().expect("a name");
            !OUTER_ROOMS.iter().any(|outer| room.as_os_str() == *outer)
        })
        .flat_map(|(path, text)| {
            code(text)
                .filter(|(_, line)| line.contains("tokio") || line.contains("rdkafka::"))
                .map(|(number, line)| format!("src/{}:{number}: {line}", path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("src/{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines\n{}", long.join("\n"));
}

/// A panic costs at least an article. `clippy` denies these too; a crate attribute can be lost.
#[test]
fn nothing_panics_on_purpose_outside_tests() {
    let sources = sources();
    let tests = declared_for_tests(&sources);
    let wrong: Vec<String> = sources
        .iter()
        .filter(|(path, _)| !is_test(path, &tests))
        .flat_map(|(path, text)| {
            code(text)
                .filter(|(_, line)| {
                    [
                        ".unwrap()",
                        ".expect(",
                        "panic!(",
                        "unreachable!(",
                        "todo!(",
                    ]
                    .iter()
                    .any(|call| line.contains(call))
                })
                .map(|(number, line)| format!("src/{}:{number}: {line}", path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every folder of `src` is a room with a word at its door.
#[test]
fn every_module_says_what_it_is() {
    let sources = sources();
    let tests = declared_for_tests(&sources);
    let silent: Vec<String> = sources
        .iter()
        .filter(|(path, text)| !is_test(path, &tests) && !text.starts_with("//! "))
        .map(|(path, _)| format!("src/{}", path.display()))
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
