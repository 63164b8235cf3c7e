//! Language detection: how often it is right, how well its confidence means what it says, and how fast it is beside
//! `whatlang` and `cld2`.
//!
//! `cargo bench --bench language [-- --wrong FILE --languages --no-speed]`
//!
//! Reads labelled texts of the folder in `EVALUATION`, else of `../shared/eval`, and says so where there are none: then
//! only junk and the speed on our own sentences are measured. `language/*.tsv` are lines `code<TAB>text`, `topics/*.jsonl`
//! have `lang` and `title`. `--languages` prints each language, `--wrong` writes the wrong answers.
#![allow(missing_docs)]

mod accuracy;
mod dirty;
mod sets;
mod speed;

use std::path::PathBuf;

use newsstage::language::{LanguageDetector, LanguageSettings};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("language: run it with cargo bench");
        return;
    }
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let before = sets::resident();
    let detector = LanguageDetector::new(&LanguageSettings::default()).expect("shipped tables");
    println!(
        "tables: {:.1} MB resident",
        sets::resident().saturating_sub(before) as f64 / 1e6
    );
    let folder = std::env::var_os("EVALUATION").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/eval")),
        PathBuf::from,
    );
    let sets = sets::read(&folder);
    if sets.iter().all(|set| !set.sentences) {
        println!("{}: no labelled sentences", folder.display());
    }
    let mut wrong = String::new();
    accuracy::head();
    for set in &sets {
        accuracy::measure(&detector, set, has("--languages"), &mut wrong);
    }
    if let Some(sentences) = sets.iter().find(|set| set.sentences) {
        dirty::measure(&detector, sentences);
    }
    dirty::junk(&detector);
    if let Some(file) = value("--wrong") {
        std::fs::write(file, wrong).expect("a file that can be written");
    }
    if !has("--no-speed") {
        speed::measure(&detector, sets.iter().find(|set| set.sentences));
    }
}
