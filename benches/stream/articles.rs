//! Articles of about 3 kB in English and Arabic, every fifth a copy.

use crate::support::client::{Outgoing, produce_with};

/// Produces the articles with these numbers, in turn to all partitions, and returns their bytes.
pub fn fill(
    bootstrap: &str,
    topic: &str,
    partitions: u16,
    numbers: std::ops::Range<usize>,
) -> usize {
    let mut total = 0;
    let vocabularies = [vocabulary(false), vocabulary(true)];
    let properties = [
        ("bootstrap.servers", bootstrap),
        ("compression.type", "lz4"),
        ("linger.ms", "20"),
    ];
    for from in numbers.clone().step_by(5_000) {
        let records: Vec<Outgoing> = (from..numbers.end.min(from + 5_000))
            .map(|n| {
                let payload = article(n, &vocabularies);
                total += payload.len();
                Outgoing::keyed(format!("key-{n}"), payload)
                    .to((n % usize::from(partitions)) as i32)
            })
            .collect();
        produce_with(&properties, topic, &records);
    }
    total
}

/// The first article of the story that this one tells; its own number, or an earlier one when it is a copy.
pub fn story(n: usize) -> usize {
    if n % 5 == 4 { n - 4 } else { n }
}

/// The running words of the bundled articles in one script: random draws from them have the frequencies of real text,
/// and compress like it (lz4 takes them to a little over half).
fn vocabulary(arabic: bool) -> Vec<&'static str> {
    include_str!("../../src/cli/demo/articles.ndjson")
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() > 1)
        .filter(|word| {
            let first = word.chars().next().map_or(0, u32::from);
            if arabic {
                (0x0620..0x06d0).contains(&first)
            } else {
                first < 0x80
            }
        })
        .collect()
}

/// An article of about 3 kB, in English or Arabic in turn; every fifth repeats an earlier story at another address.
fn article(n: usize, [english, arabic]: &[Vec<&'static str>; 2]) -> String {
    let story = story(n);
    let (words, sentences) = if story.is_multiple_of(2) {
        (english, 28)
    } else {
        (arabic, 16)
    };
    let mut seed = story as u64 + 1;
    let mut draw = |count: usize| -> Vec<&str> {
        (0..count)
            .map(|_| {
                // Knuth's MMIX generator; the high bits are the good ones.
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                words[(seed >> 33) as usize % words.len()]
            })
            .collect()
    };
    let title = draw(9).join(" ");
    let body: Vec<String> = (0..sentences)
        .map(|_| format!("{}.", draw(15).join(" ")))
        .collect();
    let paragraphs: Vec<String> = body
        .chunks(3)
        .map(|sentences| sentences.join(" "))
        .collect();
    serde_json::json!({
        "url": format!("https://news{}.example/story/{n}", n % 37),
        "title": title,
        "maintext": paragraphs.join("\n"),
        "language": null,
        "date_publish": "2026-11-20 08:30:00",
        "authors": ["A. Writer"],
    })
    .to_string()
}
