//! Speed beside other engines, one thread.

use std::collections::BTreeMap;

use newsstage::language::LanguageDetector;
use newsstage::text::Document;

use crate::sets::{NEWS, SHORT_CHARS, Set, cut, document};

const ARTICLE_BYTES: usize = 3000;
const ROUNDS: usize = 7;
/// Bytes of a round at least: the clock of the CPU time of a thread moves in steps of some milliseconds.
const ROUND_BYTES: usize = 8_000_000;
const OWN: &str = include_str!("../../src/language/model/golden_sentences.tsv");

/// Detects the language of a text, given by its place in the list.
type Engine<'t> = Box<dyn Fn(usize) -> usize + 't>;

/// CPU time of this thread in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Articles of 3 kB, one a news language, in turn, by each engine, and headlines; the median of the rounds.
pub fn measure(detector: &LanguageDetector, set: Option<&Set>) {
    let own: Vec<(&str, &str)> = match set {
        Some(set) => set
            .rows
            .iter()
            .map(|(code, text)| (code.as_str(), text.as_str()))
            .collect(),
        None => OWN
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .collect(),
    };
    let mut by_language: BTreeMap<&str, (String, u32)> = BTreeMap::new();
    let mut headlines: Vec<String> = Vec::new();
    for (code, text) in own {
        let code = if code == "zh-Hans" { "zh" } else { code };
        if !NEWS.split_whitespace().any(|own| own == code) {
            continue;
        }
        let (article, sentences) = by_language.entry(code).or_default();
        if article.len() < ARTICLE_BYTES {
            article.push_str(text);
            article.push(if article.len().is_multiple_of(3) {
                '\n'
            } else {
                ' '
            });
        }
        *sentences += 1;
        if *sentences <= 10 {
            headlines.push(cut(text, SHORT_CHARS).to_owned());
        }
    }
    let articles: Vec<String> = by_language.into_values().map(|(text, _)| text).collect();
    // Languages alternate among the headlines as they do among the articles.
    let mut shuffled = headlines.clone();
    for (place, headline) in headlines.into_iter().enumerate() {
        let at = place * 7 % shuffled.len();
        shuffled[at] = headline;
    }
    println!(
        "\nspeed: {} articles in turn, {} headlines, one thread, CPU time",
        articles.len(),
        shuffled.len()
    );
    race(detector, "articles", &articles);
    race(detector, "headlines", &shuffled);
}

fn race(detector: &LanguageDetector, kind: &str, texts: &[String]) {
    let documents: Vec<Document> = texts.iter().map(|text| document(text)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let engines: [(&str, Engine<'_>); 3] = [
        (
            "newsstage",
            Box::new(|index| detector.detect(&documents[index], None).code.len()),
        ),
        (
            "whatlang",
            Box::new(|index| {
                whatlang::detect(&texts[index]).map_or(0, |info| info.lang() as usize)
            }),
        ),
        (
            "cld2",
            Box::new(|index| {
                cld2::detect_language(&texts[index], cld2::Format::Text)
                    .0
                    .map_or(0, |lang| lang.0.len())
            }),
        ),
    ];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); engines.len()];
    let mut checked = 0;
    let passes = ROUND_BYTES.div_ceil(bytes.max(1));
    for _ in 0..ROUNDS {
        for ((_, engine), times) in engines.iter().zip(&mut times) {
            let before = cpu();
            for index in (0..passes).flat_map(|_| 0..texts.len()) {
                checked += engine(index);
            }
            times.push((cpu() - before) / passes as f64);
        }
    }
    assert!(checked > 0);
    for ((engine, _), times) in engines.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "{kind:<10} {engine:<10} {:>8.1} MB/s {:>8.1} µs each",
            bytes as f64 / median / 1e6,
            median / texts.len() as f64 * 1e6
        );
    }
}
