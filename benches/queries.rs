//! Stored queries against articles: time, memory and loading, side by side with evaluating every query and with the
//! percolator library `mokaccino` on queries of single words.
//!
//! `cargo bench --bench queries -- [--sizes 10000,50000,100000] [--articles 300] [--rounds 3]`
//!
//! Articles and queries are made up: words are drawn by Zipf's law from a vocabulary of syllables. One thread.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use mokaccino::prelude::{CNFQueryable as _, Document as Percolated, Percolator, Query};
use newsstage::text::{Block, Document, DocumentField, Role, Token, ZoneKind, tokenize};
use newsstage::topics::query::{Definition, Metadata, QueryOptions, QuerySet, Sourced, Subject};

/// xorshift64*, so that every run sees the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Language {
    English,
    Arabic,
}

impl Language {
    fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }

    /// A word of two to four syllables that no other number has.
    fn word(self, number: usize) -> String {
        const LATIN: [&str; 24] = [
            "ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo",
            "wa", "ze", "tra", "ple", "sti", "cro", "ndu", "mar", "len", "kis",
        ];
        const ARABIC: [&str; 24] = [
            "با", "دي", "رو", "سا", "عم", "قا", "كي", "لو", "ما", "نو", "هر", "شا", "صف", "طل",
            "غا", "في", "حر", "جم", "تو", "ثق", "خل", "زا", "ضم", "ين",
        ];
        let syllables = if self == Self::English { LATIN } else { ARABIC };
        let mut rest = number + 24;
        let mut word = String::new();
        while rest > 0 {
            word.push_str(syllables[rest % 24]);
            rest /= 24;
        }
        word
    }
}

/// Words of the articles.
const VOCABULARY: usize = 40_000;
/// Numbers from here on are words that no article has.
const ABSENT: usize = 1_000_000;

/// A rank by Zipf's law.
fn zipf(random: &mut Random) -> usize {
    ((VOCABULARY as f64).powf(random.unit()) - 1.0) as usize
}

struct Article {
    document: Document,
    bytes: usize,
}

fn article(language: Language, random: &mut Random) -> Article {
    let size = 1300 + random.below(1100);
    let word = |random: &mut Random| {
        let word = language.word(zipf(random));
        match language {
            Language::Arabic if random.chance(30) => format!("ال{word}"),
            Language::Arabic if random.chance(15) => format!("و{word}"),
            _ => word,
        }
    };
    let mut title = String::new();
    for _ in 0..9 {
        title += &word(random);
        title.push(' ');
    }
    let mut body = String::new();
    while title.len() + body.len() < size {
        for _ in 0..14 + random.below(60) {
            body += &word(random);
            body.push_str(if random.chance(6) { ". " } else { " " });
        }
        body.push('\n');
    }
    let mut document = Document::default();
    add(&mut document, Role::Title, &title);
    add(&mut document, Role::Body, &body);
    Article {
        bytes: title.len() + body.len(),
        document,
    }
}

fn add(document: &mut Document, role: Role, text: &str) {
    let field = document.fields.len() as u16;
    let mut blocks = Vec::new();
    let (mut byte, mut point) = (0, 0_u32);
    for line in text.split_inclusive('\n') {
        let first = document.tokens.len() as u32;
        tokenize(line, |form, _, points, single| {
            let folded_start = document.folded.len() as u32;
            document.folded.push_str(form);
            document.tokens.push(Token {
                folded_start,
                folded_end: document.folded.len() as u32,
                field,
                start: point + points.start,
                end: point + points.end,
                single,
                ..Token::default()
            });
        });
        let points = line.chars().count() as u32;
        blocks.push(Block {
            kind: match role {
                Role::Title => ZoneKind::Title,
                _ if blocks.is_empty() => ZoneKind::Lead,
                _ => ZoneKind::Main,
            },
            bytes: byte..byte + line.len(),
            span: point..point + points,
            tokens: first..document.tokens.len() as u32,
            reason: None,
        });
        byte += line.len();
        point += points;
    }
    document.fields.push(DocumentField {
        role,
        pointer: if role == Role::Title {
            "/title"
        } else {
            "/text"
        }
        .to_owned(),
        text: text.to_owned(),
        blocks,
    });
}

/// A term of a brand list: 70 in 100 stand in no article; 20 in 100 are open at their end, 30 in 100 are phrases.
fn brand(language: Language, terms_only: bool, random: &mut Random) -> String {
    let word = |random: &mut Random| {
        if random.chance(70) {
            language.word(ABSENT + random.below(200_000))
        } else {
            // Names are rarer than other words.
            language.word(600 + random.below(VOCABULARY - 600))
        }
    };
    match random.below(100) {
        _ if terms_only => word(random),
        0..20 => format!("{}*", word(random)),
        20..50 => format!("\"{} {}\"", word(random), language.word(zipf(random))),
        _ => word(random),
    }
}

fn context(language: Language, random: &mut Random) -> String {
    language.word(80 + random.below(2500))
}

fn list(count: usize, mut term: impl FnMut() -> String) -> String {
    let terms: Vec<String> = (0..count).map(|_| term()).collect();
    format!("({})", terms.join(" OR "))
}

/// The mixture: 35 % lists, 35 % lists with a context and an exclusion, 15 % NEAR, 5 % title, 5 % at least two, 5 % very
/// large.
fn query(language: Language, terms_only: bool, random: &mut Random) -> String {
    let brands =
        |count: usize, random: &mut Random| list(count, || brand(language, terms_only, random));
    let contexts = |count: usize, random: &mut Random| list(count, || context(language, random));
    let few = 3 + random.below(6);
    match random.below(100) {
        0..35 => brands(few, random),
        35..70 => format!(
            "{} AND {} NOT {}",
            brands(few, random),
            contexts(10, random),
            contexts(3, random)
        ),
        70..85 if terms_only => format!("{} AND {}", brands(few, random), contexts(6, random)),
        70..85 => format!("{} NEAR/10 {}", brands(few, random), contexts(6, random)),
        85..90 if !terms_only => format!("title:{}", brands(few, random)),
        90..95 if !terms_only => format!("ATLEAST/2{}", brands(few, random)),
        _ => format!(
            "{} AND {} NOT {}",
            brands(60, random),
            contexts(20, random),
            contexts(10, random)
        ),
    }
}

fn definitions(count: usize, language: Language, terms_only: bool) -> Vec<Sourced> {
    let mut random = Random(7);
    (0..count)
        .map(|number| {
            Sourced::of(Definition::new(
                &format!("query-{number:06}"),
                &query(language, terms_only, &mut random),
            ))
        })
        .collect()
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0_usize)
        * 4096
}

/// Best time of some rounds for each article, sorted.
fn time(articles: &[Article], rounds: usize, mut work: impl FnMut(&Article)) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; articles.len()];
    for _ in 0..rounds {
        for (article, best) in articles.iter().zip(&mut best) {
            let started = Instant::now();
            work(article);
            *best = (*best).min(started.elapsed());
        }
    }
    best.sort_unstable();
    best
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn mean(times: &[Duration]) -> f64 {
    times.iter().copied().map(micros).sum::<f64>() / times.len() as f64
}

fn subject<'a>(article: &'a Article, language: Language) -> Subject<'a> {
    Subject {
        document: &article.document,
        language: language.code(),
        topics: &[],
        metadata: Metadata::default(),
    }
}

fn run(count: usize, language: Language, articles: usize, rounds: usize) {
    let mut random = Random(11);
    let learned: Vec<Article> = (0..articles)
        .map(|_| article(language, &mut random))
        .collect();
    let measured: Vec<Article> = (0..articles)
        .map(|_| article(language, &mut random))
        .collect();
    let bytes = measured.iter().map(|article| article.bytes).sum::<usize>() / articles;
    let sources = definitions(count, language, false);
    let before = resident();
    let copy = sources.clone();
    let started = Instant::now();
    let first = QuerySet::compile(copy, &QueryOptions::default(), None);
    let load = started.elapsed();
    let grown = resident().saturating_sub(before);
    assert_eq!(
        first.disabled,
        0,
        "{:?}",
        first.problems.iter().find(|problem| problem.is_error())
    );
    let first = Arc::new(first.set);
    let own = first.memory_bytes();
    for article in &learned {
        first.matches(&subject(article, language));
    }
    let cold = time(&measured, rounds, |article| {
        drop(first.matches(&subject(article, language)))
    });
    let set = Arc::new(QuerySet::compile(sources, &QueryOptions::default(), Some(&first)).set);
    drop(first);
    for article in &learned {
        set.matches(&subject(article, language));
    }
    let times = time(&measured, rounds, |article| {
        drop(set.matches(&subject(article, language)))
    });
    let few = &measured[..measured.len().min(40)];
    let all = time(few, 1, |article| {
        drop(set.matches_by_trying_all(&subject(article, language)))
    });
    let (mut matches, mut candidates, mut spans) = (0, 0, 0);
    for article in &measured {
        let found = set.matches(&subject(article, language));
        matches += found.len();
        candidates += found.candidates;
        spans += found
            .iter()
            .map(|found| found.evidence().count())
            .sum::<usize>();
    }
    for article in few {
        let found = set.matches(&subject(article, language));
        let expected = set.matches_by_trying_all(&subject(article, language));
        assert!(
            found
                .iter()
                .map(|one| one.id())
                .eq(expected.iter().map(|one| one.id())),
            "different matches"
        );
    }
    let n = measured.len() as f64;
    println!(
        "{count:>7} {}  {bytes:>5} B | {:>6.0} matches {:>6.0} candidates {:>6.0} spans | mean {:>6.0} median {:>6.0} p99 {:>6.0} µs (unlearned mean {:>6.0}) | every query {:>7.0} µs, {:>4.1} times | load {:>5.0} ms, {:>4.0} MB in the set, {:>4.0} MB resident",
        language.code(),
        matches as f64 / n,
        candidates as f64 / n,
        spans as f64 / n,
        mean(&times),
        micros(times[times.len() / 2]),
        micros(times[times.len() * 99 / 100]),
        mean(&cold),
        mean(&all),
        mean(&all) / mean(&times),
        load.as_secs_f64() * 1e3,
        own as f64 / 1e6,
        grown as f64 / 1e6,
    );
}

/// The same queries of single words here and in `mokaccino`.
fn against_percolator(count: usize, language: Language, articles: usize, rounds: usize) {
    let mut random = Random(11);
    let measured: Vec<Article> = (0..articles)
        .map(|_| article(language, &mut random))
        .collect();
    let sources = definitions(count, language, true);
    let mut percolator = Percolator::default();
    for source in &sources {
        let text = &source.definition.as_ref().unwrap().query;
        percolator.add_query(percolated_query(text, language));
    }
    let first = Arc::new(QuerySet::compile(sources.clone(), &QueryOptions::default(), None).set);
    for article in &measured {
        first.matches(&subject(article, language));
    }
    let set = Arc::new(QuerySet::compile(sources, &QueryOptions::default(), Some(&first)).set);
    for article in &measured {
        set.matches(&subject(article, language));
    }
    let ours = time(&measured, rounds, |article| {
        drop(set.matches(&subject(article, language)))
    });
    let theirs = time(&measured, rounds, |article| {
        let document = percolated_document(&article.document, language);
        assert!(percolator.percolate(&document).count() < usize::MAX);
    });
    let mut different = 0;
    for article in &measured {
        let ours: Vec<String> = set
            .matches(&subject(article, language))
            .iter()
            .map(|one| one.id().to_owned())
            .collect();
        let mut theirs: Vec<String> = percolator
            .percolate(&percolated_document(&article.document, language))
            .map(|id| format!("query-{id:06}"))
            .collect();
        theirs.sort_unstable();
        different += usize::from(ours != theirs);
    }
    println!(
        "{count:>7} {}  words only | mean {:>6.0} µs, mokaccino {:>6.0} µs, {:>4.1} times | {different} of {articles} articles differ",
        language.code(),
        mean(&ours),
        mean(&theirs),
        mean(&theirs) / mean(&ours),
    );
}

/// The query of words, AND, OR and NOT that the generator writes, for the other library. Its words are those that this
/// one looks for: without article.
fn percolated_query(text: &str, language: Language) -> Query {
    let group = |group: &str| {
        let words = group.trim_matches(['(', ')', ' ']).split(" OR ");
        let mut words = words.map(|word| {
            "t".has_value(bare(&newsstage::text::folded_words(word)[0], language).to_owned())
        });
        let first = words.next().unwrap();
        words.fold(first, |all, word| all | word)
    };
    let (positive, negative) = text
        .split_once(" NOT ")
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let mut groups = positive.split(" AND ").map(group);
    let first = groups.next().unwrap();
    let all = groups.fold(first, |all, one| all & one);
    match negative {
        None => all,
        Some(negative) => all & !group(negative),
    }
}

fn bare(word: &str, language: Language) -> &str {
    match word.strip_prefix("ال") {
        Some(rest) if language == Language::Arabic && rest.chars().count() >= 3 => rest,
        _ => word,
    }
}

/// The forms of the article's words, as they are compared here.
fn percolated_document(document: &Document, language: Language) -> Percolated {
    let mut percolated = Percolated::default();
    for token in &document.tokens {
        let word = document.form(token);
        percolated = percolated.with_value("t", word);
        if language == Language::Arabic {
            for form in arabic_forms(word) {
                percolated = percolated.with_value("t", form);
            }
        }
    }
    percolated
}

fn arabic_forms(word: &str) -> Vec<&str> {
    let cut = |word: &'static str| word;
    let _ = cut;
    let strip = |word: &'_ str, particle: &str, left: usize| -> Option<usize> {
        let rest = word.strip_prefix(particle)?;
        (rest.chars().count() >= left).then(|| word.len() - rest.len())
    };
    let mut starts = vec![0];
    starts.extend(strip(word, "و", 3).or_else(|| strip(word, "ف", 4)));
    for start in starts.clone() {
        let rest = &word[start..];
        starts.extend(strip(rest, "لل", 3).map(|more| start + more));
        let particle = strip(rest, "ب", 3)
            .or_else(|| strip(rest, "ل", 3))
            .or_else(|| strip(rest, "ك", 4));
        starts.extend(particle.map(|more| start + more));
    }
    for start in starts.clone() {
        starts.extend(strip(&word[start..], "ال", 3).map(|more| start + more));
    }
    starts.into_iter().map(|start| &word[start..]).collect()
}

fn argument(name: &str, default: &str) -> String {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    at.and_then(|at| arguments.get(at + 1))
        .cloned()
        .unwrap_or_else(|| default.to_owned())
}

fn main() {
    let articles: usize = argument("--articles", "300").parse().expect("a number");
    let rounds: usize = argument("--rounds", "3").parse().expect("a number");
    let sizes: Vec<usize> = argument("--sizes", "10000,50000,100000")
        .split(',')
        .map(|size| size.parse().expect("numbers"))
        .collect();
    for &size in &sizes {
        for language in [Language::English, Language::Arabic] {
            run(size, language, articles, rounds);
        }
    }
    for &size in &sizes {
        for language in [Language::English, Language::Arabic] {
            against_percolator(size, language, articles, rounds);
        }
    }
}
