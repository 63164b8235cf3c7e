//! How often the answer is right, over all and in each language.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use newsstage::language::LanguageDetector;

use crate::sets::{NEWS, Set, document};

/// Languages that are nearly one: they count as one in the second figure.
const MERGED: [&[&str]; 3] = [
    &["bs", "hr", "sr", "sh"],
    &["id", "ms"],
    &["nb", "nn", "no"],
];
/// All groups of siblings that have discriminators: they count as one in the third figure.
const GROUPS: [&[&str]; 10] = [
    MERGED[0],
    MERGED[1],
    &["nb", "nn", "no", "da", "sv"],
    &["gl", "pt", "es", "ca", "ast"],
    &["cs", "sk"],
    &["zh", "yue"],
    &["ar", "fa", "ur", "ckb", "ps", "sd", "ug"],
    &["hi", "mr", "ne"],
    &["ru", "uk", "be", "bg", "mk"],
    &["af", "nl"],
];
/// Lower ends of the classes of confidence.
const CLASSES: [f32; 6] = [0.25, 0.5, 0.7, 0.8, 0.9, 0.97];

#[derive(Default)]
struct Counts {
    all: u32,
    exact: u32,
    merged: u32,
    group: u32,
    unknown: u32,
    answers: BTreeMap<String, u32>,
}

#[derive(Default, Clone, Copy)]
struct Class {
    answers: u32,
    right: u32,
    confidence: f32,
}

pub fn same(answer: &str, wanted: &str) -> bool {
    answer == wanted
        || (!wanted.contains('-')
            && answer.split('-').next() == Some(wanted)
            && answer != "sr-Latn")
}

fn merged<'c>(groups: &[&'c [&'c str]], code: &'c str) -> &'c str {
    let primary = code.split('-').next().unwrap_or(code);
    groups
        .iter()
        .find(|group| group.contains(&primary))
        .map_or(primary, |group| group[0])
}

pub fn head() {
    println!(
        "\n{:<42} {:>6} {:>7} {:>7} {:>7} | {:>5} {:>7} {:>7} {:>6} {:>9} {:>7}",
        "macro accuracy, %: news languages | all",
        "langs",
        "exact",
        "merged",
        "groups",
        "langs",
        "exact",
        "merged",
        "und",
        "reliable",
        "right"
    );
}

/// Prints the figures of a set, and of each language where asked for.
pub fn measure(detector: &LanguageDetector, set: &Set, languages: bool, wrong: &mut String) {
    let mut by_language: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut classes = [Class::default(); CLASSES.len()];
    let (mut reliable, mut right) = (0_u32, 0_u32);
    for (wanted, text) in &set.rows {
        let guess = detector.detect(&document(text), None);
        let exact = same(&guess.code, wanted);
        let counts = by_language.entry(wanted).or_default();
        counts.all += 1;
        counts.exact += u32::from(exact);
        counts.merged += u32::from(merged(&MERGED, &guess.code) == merged(&MERGED, wanted));
        counts.group += u32::from(merged(&GROUPS, &guess.code) == merged(&GROUPS, wanted));
        counts.unknown += u32::from(guess.code == "und");
        reliable += u32::from(guess.reliable);
        right += u32::from(guess.reliable && exact);
        if let Some(class) = CLASSES.iter().rposition(|&low| guess.confidence >= low) {
            classes[class].answers += 1;
            classes[class].right += u32::from(exact);
            classes[class].confidence += guess.confidence;
        }
        if !exact {
            *counts.answers.entry(guess.code.clone()).or_default() += 1;
            let _ = writeln!(
                wrong,
                "{}\t{wanted}\t{}\t{:.2}\t{text}",
                set.name, guess.code, guess.confidence
            );
        }
    }
    let news: Vec<&Counts> = NEWS
        .split_whitespace()
        .filter_map(|code| {
            let forms = [code, "zh-Hans"];
            let own = forms.iter().find_map(|form| by_language.get(form));
            by_language.get(code).or(own.filter(|_| code == "zh"))
        })
        .collect();
    let all: Vec<&Counts> = by_language.values().collect();
    println!(
        "{:<42} {:>6} {:>7.2} {:>7.2} {:>7.2} | {:>5} {:>7.2} {:>7.2} {:>6.2} {:>9.2} {:>7.2}",
        set.name,
        news.len(),
        mean(&news, |counts| counts.exact),
        mean(&news, |counts| counts.merged),
        mean(&news, |counts| counts.group),
        all.len(),
        mean(&all, |counts| counts.exact),
        mean(&all, |counts| counts.merged),
        mean(&all, |counts| counts.unknown),
        f64::from(reliable) / set.rows.len().max(1) as f64 * 100.0,
        f64::from(right) / f64::from(reliable.max(1)) * 100.0,
    );
    if languages {
        details(&by_language, &classes);
    }
}

fn mean(counts: &[&Counts], of: impl Fn(&Counts) -> u32) -> f64 {
    let shares = counts
        .iter()
        .map(|counts| f64::from(of(counts)) / f64::from(counts.all.max(1)));
    shares.sum::<f64>() / counts.len().max(1) as f64 * 100.0
}

fn details(by_language: &BTreeMap<&str, Counts>, classes: &[Class]) {
    for class in classes.iter().filter(|class| class.answers > 0) {
        println!(
            "    confidence {:.3} in {:>6} answers, right {:.3}",
            class.confidence / class.answers as f32,
            class.answers,
            class.right as f32 / class.answers as f32
        );
    }
    for (code, counts) in by_language {
        if counts.exact < counts.all {
            let mut answers: Vec<_> = counts.answers.iter().collect();
            answers.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let answers: Vec<String> = answers
                .iter()
                .take(6)
                .map(|(code, count)| format!("{code} {count}"))
                .collect();
            println!(
                "    {code:<8} {:>6.1} % of {:>4}: {}",
                f64::from(counts.exact) / f64::from(counts.all) * 100.0,
                counts.all,
                answers.join(", ")
            );
        }
    }
}
