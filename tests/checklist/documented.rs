//! `docs/delivery.md` names a test for each behaviour; this checks that the tests are there, and the exit codes right.

use std::collections::BTreeMap;
use std::path::Path;

use newsstage::cli::Exit;

const PAGE: &str = include_str!("../../docs/delivery.md");

/// The cells of the rows whose first cell is a number.
fn numbered_rows(heading: &str) -> BTreeMap<usize, Vec<String>> {
    let section = PAGE
        .split("\n## ")
        .find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("no section {heading:?}"));
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let cells: Vec<String> = row
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        Some((cells.first()?.parse().ok()?, cells))
    })
    .collect()
}

/// `path::function` names in backticks.
fn named_tests(cell: &str) -> Vec<(&str, &str)> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|name| name.split_once("::"))
        .collect()
}

/// Whether the file has a test function of this name, on its own or in a `proptest!`.
fn is_test(path: &str, function: &str) -> bool {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let Ok(source) = std::fs::read_to_string(file) else {
        return false;
    };
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let Some(at) = lines
        .iter()
        .position(|line| line.starts_with(&format!("fn {function}(")))
    else {
        return false;
    };
    let mut attributes = lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#["));
    attributes.any(|line| *line == "#[test]") || source.contains("proptest!")
}

#[test]
fn every_behaviour_has_tests_and_every_named_test_exists() {
    let rows = numbered_rows("The behaviours and their tests");
    assert_eq!(
        rows.keys().copied().collect::<Vec<_>>(),
        (1..=33).collect::<Vec<_>>()
    );
    let mut missing = Vec::new();
    for (number, cells) in &rows {
        let tests = named_tests(cells.last().expect("cells"));
        assert!(!tests.is_empty(), "behaviour {number} names no test");
        let absent = tests
            .into_iter()
            .filter(|(path, function)| !is_test(path, function));
        missing.extend(absent.map(|(path, function)| format!("{number}: {path}::{function}")));
    }
    assert!(
        missing.is_empty(),
        "docs/delivery.md names tests that are not there: {missing:#?}"
    );
}

#[test]
fn the_page_lists_every_exit_code_with_its_meaning() {
    let rows = numbered_rows("Exit codes");
    let wanted: Vec<(usize, &str)> = Exit::TABLE
        .iter()
        .map(|(exit, meaning)| (*exit as usize, *meaning))
        .collect();
    let listed: Vec<(usize, &str)> = rows
        .iter()
        .map(|(code, cells)| (*code, cells[1].as_str()))
        .collect();
    assert_eq!(listed, wanted);
}
