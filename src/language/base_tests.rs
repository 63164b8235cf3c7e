//! The converted model says what the package says.

use super::*;

/// All sentences of a line: one alternative of each part, the last part changing fastest.
fn unfold<'t>(parts: impl Iterator<Item = &'t str>) -> Vec<String> {
    parts.fold(vec![String::new()], |sentences, part| {
        sentences
            .iter()
            .flat_map(|sentence| part.split('|').map(move |more| format!("{sentence}{more}")))
            .collect()
    })
}

fn script_of(language: &str) -> &'static str {
    match language {
        "ru" | "uk" | "be" | "bg" | "mk" | "kk" => "Cyrl",
        "ar" | "fa" | "ur" => "Arab",
        "hi" | "mr" | "ne" => "Deva",
        _ => "Latn",
    }
}

fn rows(data: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    data.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

#[test]
fn labels_are_those_of_the_package() {
    let models = shipped().expect("shipped models");
    let mut scratch = Scratch::new();
    let (mut compared, mut wrong) = (0, Vec::new());
    let sentences = rows(include_str!("model/golden_sentences.tsv"));
    for ((language, parts), (of, labels)) in
        sentences.zip(rows(include_str!("model/golden_labels.tsv")))
    {
        assert_eq!(language, of);
        let model = models
            .iter()
            .find(|model| model.script == script_of(language))
            .expect("a model of the script");
        let labels = labels.split(' ').flat_map(|run| {
            let (label, times) = run.split_once('*').expect("label*times");
            std::iter::repeat_n(label, times.parse().expect("a number"))
        });
        for (sentence, label) in unfold(parts.split('\t')).into_iter().zip(labels) {
            let mut scores = Vec::new();
            model.score(&sentence, &mut scratch, &mut scores);
            let best = (0..scores.len())
                .rev()
                .max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            let own = best.and_then(|best| model.classes().nth(best));
            compared += 1;
            if own != Some(label) {
                wrong.push((sentence, label, own));
            }
        }
    }
    assert_eq!(wrong, []);
    assert!(compared > 2500, "{compared}");
}

#[test]
fn a_damaged_table_is_refused() {
    let data = include_bytes!("model/base.bin");
    assert!(read(&data[..data.len() - 1]).is_none());
    assert!(read(&data[..1000]).is_none());
    assert!(read(b"NSLB").is_none());
    assert!(read(b"something else").is_none());
}

#[test]
fn the_scratch_is_left_empty() {
    let models = shipped().expect("shipped models");
    let model = &models[0];
    let mut scratch = Scratch::new();
    let score = |text: &str, scratch: &mut Scratch| {
        let mut scores = Vec::new();
        model.score(text, scratch, &mut scores);
        scores
    };
    let first = score("The ferry stays for another three years.", &mut scratch);
    score(&"long text ".repeat(500), &mut scratch);
    assert_eq!(
        score("The ferry stays for another three years.", &mut scratch),
        first
    );
}
