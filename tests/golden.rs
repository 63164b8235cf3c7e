//! The whole path over fixtures: what comes out is the golden files in `tests/golden/`, keeps every promise of the output
//! contract, and does not depend on batches, threads or repetition.

#[path = "golden/places.rs"]
mod places;
#[path = "golden/render.rs"]
mod render;
#[path = "golden/schemas.rs"]
mod schemas;
#[path = "golden/shared.rs"]
mod shared;
#[path = "golden/stage.rs"]
mod stage;

use std::collections::BTreeMap;

use newsstage::pipeline::Outcome;
use serde_json::Value;
use serde_json::value::RawValue;

use stage::{Case, Stage, files, fixtures, messages};

/// Compares every outcome with its golden file; one report for all that differ.
fn assert_golden(folder: &str, cases: &[Case], outcomes: &[Outcome]) {
    let report: String = cases
        .iter()
        .zip(outcomes)
        .filter_map(|(case, outcome)| {
            let actual = render::golden(&case.name, outcome);
            render::compare(folder, &case.name, &actual).err()
        })
        .collect();
    assert!(
        report.is_empty(),
        "outcomes differ from the golden files\n{report}"
    );
    let mut names: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
    names.sort();
    assert_eq!(names, render::names(folder), "golden files and cases");
}

/// What must hold of every outcome, whatever the golden file says.
fn assert_contract(cases: &[Case], outcomes: &[Outcome]) {
    let input = schemas::validator("input.schema.json");
    let output = schemas::validator("output.schema.json");
    let enrichment = schemas::validator("enrichment.schema.json");
    assert_eq!(cases.len(), outcomes.len());
    for (case, outcome) in cases.iter().zip(outcomes) {
        let Outcome::Enriched(enriched) = outcome else {
            continue;
        };
        let value = places::parse(&enriched.value);
        let faults = [
            schemas::faults(&input, &places::parse(trimmed(case.payload()))),
            schemas::faults(&output, &value),
            schemas::faults(&enrichment, &value["enrichment"]),
        ]
        .concat();
        assert!(faults.is_empty(), "{}: {faults}", case.name);
        assert_preserved(&case.name, trimmed(case.payload()), &enriched.value);
        places::check(&value);
        assert_eq!(
            enriched
                .topics
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            strings(&value["enrichment"]["topics"], "id"),
            "{}: what routing sees is what is published",
            case.name
        );
    }
}

fn strings<'v>(list: &'v Value, member: &str) -> Vec<&'v str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[member].as_str()).collect()
}

/// Without byte order mark and surrounding white space, which are no part of a JSON text.
fn trimmed(payload: &[u8]) -> &[u8] {
    payload
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(payload)
        .trim_ascii()
}

/// The published bytes are still there: up to the closing brace or, where an earlier enrichment was replaced, member by
/// member.
fn assert_preserved(name: &str, input: &[u8], output: &[u8]) {
    type Members<'a> = BTreeMap<String, &'a RawValue>;
    let members = |bytes| serde_json::from_slice::<Members<'_>>(bytes).ok();
    if let (Some(mut before), Some(mut after)) = (members(input), members(output))
        && before.remove("enrichment").is_some()
    {
        assert!(after.remove("enrichment").is_some(), "{name}");
        let text = |members: Members<'_>| -> Vec<(String, String)> {
            let members = members.into_iter();
            members
                .map(|(key, raw)| (key, raw.get().to_owned()))
                .collect()
        };
        assert_eq!(text(before), text(after), "{name}");
        return;
    }
    let kept = input.strip_suffix(b"}").expect("an object");
    let added = output
        .strip_prefix(kept)
        .unwrap_or_else(|| panic!("{name}: the input bytes changed"));
    assert!(
        added.starts_with(b",\"enrichment\":{") && added.ends_with(b"}}"),
        "{name}: {}",
        String::from_utf8_lossy(added)
    );
}

#[test]
fn messages_give_their_golden_outcomes() {
    let cases = messages();
    assert!(cases.len() >= 32, "{} cases", cases.len());
    let outcomes = Stage::new(|_| {}).process(&cases, 7);
    assert_contract(&cases, &outcomes);
    assert_golden("messages", &cases, &outcomes);
}

/// One story as sixteen crawlers and feeds deliver it. All but the envelope are read with the default settings.
#[test]
fn every_crawler_gives_its_golden_outcome() {
    let cases = files(&fixtures().join("input"), "input");
    assert!(cases.len() >= 16, "{} cases", cases.len());
    let outcomes = Stage::new(|_| {}).process(&cases, 7);
    assert_contract(&cases, &outcomes);
    assert_golden("input", &cases, &outcomes);
}

#[test]
fn an_envelope_is_opened_by_its_pointer() {
    let mut cases = files(&fixtures().join("input"), "input");
    cases.retain(|case| case.name == "cloudevents");
    let mut stage = Stage::new(|config| config.input.pointer = "/data".to_owned());
    let outcomes = stage.process(&cases, 1);
    let [Outcome::Enriched(enriched)] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    // The enrichment is a member of the envelope, and its places are pointers from the root.
    assert_preserved("cloudevents", trimmed(cases[0].payload()), &enriched.value);
    places::check(&places::parse(&enriched.value));
    assert_golden("envelope", &cases, &outcomes);
}

#[test]
fn batches_threads_and_repetition_change_nothing() {
    let cases = messages();
    let plain = Stage::new(|config| config.threads = Some(1)).process(&cases, 1);
    for (threads, cut) in [(1, 3), (1, 7), (4, 1), (4, 3), (4, 7), (4, cases.len())] {
        let mut stage = Stage::new(|config| config.threads = Some(threads));
        let outcomes = stage.process(&cases, cut);
        assert_same(
            &cases,
            &plain,
            &outcomes,
            &format!("{threads} threads, batches of {cut}"),
        );
        // The same messages again, as after a crash: the same bytes, and nothing is a copy of itself.
        let again = stage.process(&cases, 7);
        assert_same(
            &cases,
            &plain,
            &again,
            &format!("again, {threads} threads, batches of {cut}"),
        );
    }
}

/// A restart finds the index as the last run left it.
#[test]
fn a_restart_changes_nothing() {
    let cases = messages();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let start = || Stage::new(|config| config.dedup.path = folder.path().join("index"));
    let plain = Stage::new(|_| {}).process(&cases, 7);
    let half = cases.len() / 2;
    let mut outcomes = start().process(&cases[..half], 7);
    outcomes.extend(start().process(&cases[half..], 7));
    assert_same(&cases, &plain, &outcomes, "restarted half-way");
    assert_same(
        &cases,
        &plain,
        &start().process(&cases, 7),
        "read again after a restart",
    );
}

#[track_caller]
fn assert_same(cases: &[Case], expected: &[Outcome], actual: &[Outcome], what: &str) {
    assert_eq!(expected.len(), actual.len(), "{what}");
    for ((case, expected), actual) in cases.iter().zip(expected).zip(actual) {
        assert_eq!(
            render::golden(&case.name, expected),
            render::golden(&case.name, actual),
            "{what}: {}",
            case.name
        );
        assert_eq!(expected, actual, "{what}: {}", case.name);
    }
}

/// With everything switched off the article still passes, marked with where it stood.
#[test]
fn stages_can_be_switched_off() {
    let cases = messages();
    let enrichment = schemas::validator("enrichment.schema.json");
    for off in 0..8_u8 {
        let outcomes = Stage::new(|config| {
            config.stages.dedup = off & 1 == 0;
            config.stages.language = off & 2 == 0;
            config.stages.topics = off & 4 == 0;
        })
        .process(&cases, 7);
        for outcome in &outcomes {
            let Outcome::Enriched(enriched) = outcome else {
                continue;
            };
            let value = places::parse(&enriched.value);
            let member = &value["enrichment"];
            assert_eq!(schemas::faults(&enrichment, member), "");
            for (bit, name) in [(1, "dedup"), (2, "language"), (4, "topics")] {
                assert_eq!(
                    member.get(name).is_none(),
                    off & bit != 0,
                    "{name}: {member}"
                );
            }
        }
    }
}
