//! How good the topics are: macro-F1 on public labelled sets, with the time, memory and start that it takes.
//!
//! `cargo bench --bench topics_eval [-- <folder>] [--without <topic>]`. Articles with the label of a topic that is named
//! (`--without 14000000`; may be repeated) are left out, so that sections of a newspaper that stand for no topic do not
//! count as one. The folder (`../shared/eval/topics` unless given) holds files of JSON
//! lines with `lang`, `title`, `text` and `iptc`, the accepted topics. They are read for measuring only. Says so where
//! the folder is missing.
//!
//! * *closed*: the best-scoring topic among those that occur as labels of the set, thresholds off.
//! * *published*: the same among the tags that the stage would publish with its default settings.
//! * *sure*: of the articles whose best published tag has a confidence of 0.9 or more, how many are right, and how
//!   many those are of all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newsstage::article::{ArticleReader, ReaderSettings};
use newsstage::text::{Document, DocumentBuilder, TextSettings};
use newsstage::topics::{TopicSettings, TopicTagger, TopicTags};
use serde::Deserialize;

const CHARACTERS: usize = 400_000;
/// Less processor time than this is not told from none.
const MEASURABLE: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
struct Labelled {
    lang: String,
    title: Option<String>,
    text: Option<String>,
    iptc: Vec<String>,
}

/// What was found in one set and language.
#[derive(Default)]
struct Results {
    articles: usize,
    bytes: usize,
    spent: Duration,
    closed: Counts,
    published: Counts,
    sure: usize,
    sure_right: usize,
}

impl Results {
    fn add(&mut self, labelled: &Labelled, all: Option<(&str, f32)>, tags: Option<(&str, f32)>) {
        let expected = class(&labelled.iptc);
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.articles += 1;
        self.bytes += length(&labelled.title) + length(&labelled.text);
        self.closed.add(&expected, all.map(|(class, _)| class));
        self.published.add(&expected, tags.map(|(class, _)| class));
        if let Some((class, _)) = tags.filter(|(_, confidence)| *confidence >= 0.9) {
            self.sure += 1;
            self.sure_right += usize::from(class == expected);
        }
    }
}

/// Right, given and expected, by class.
#[derive(Default)]
struct Counts(BTreeMap<String, [usize; 3]>);

impl Counts {
    fn add(&mut self, expected: &str, given: Option<&str>) {
        self.0.entry(expected.to_owned()).or_default()[2] += 1;
        if let Some(given) = given {
            let class = self.0.entry(given.to_owned()).or_default();
            class[1] += 1;
            class[0] += usize::from(given == expected);
        }
    }

    fn macro_f1(&self) -> f64 {
        let classes: Vec<_> = self.0.values().filter(|[_, _, all]| *all > 0).collect();
        let f1 = |[right, given, all]: &[usize; 3]| 2.0 * *right as f64 / (given + all) as f64;
        classes.iter().map(|class| f1(class)).sum::<f64>() / classes.len().max(1) as f64
    }
}

/// Reads articles as the stage does.
struct Reader {
    articles: ArticleReader,
    documents: DocumentBuilder,
}

impl Reader {
    fn document(&self, labelled: &Labelled) -> Option<Document> {
        let payload = serde_json::json!({ "title": labelled.title, "text": labelled.text });
        let payload = payload.to_string();
        let article = self.articles.read(payload.as_bytes(), None).ok()?;
        Some(self.documents.build(&article, CHARACTERS))
    }
}

/// The accepted topics of a label are one class: an article of "World" may be politics or conflict.
fn class(topics: &[String]) -> String {
    topics.join("+")
}

/// The class of the best topic that belongs to one.
fn best<'a>(tags: &TopicTags, classes: &'a BTreeMap<String, String>) -> Option<(&'a str, f32)> {
    tags.tags.iter().find_map(|tag| {
        let class = classes.get(&tag.id)?;
        Some((class.as_str(), tag.confidence))
    })
}

fn measure(set: &[Labelled], reader: &Reader, open: &TopicTagger, usual: &TopicTagger) -> Results {
    let mut classes: BTreeMap<String, String> = BTreeMap::new();
    for labelled in set {
        for topic in &labelled.iptc {
            classes.insert(topic.clone(), class(&labelled.iptc));
        }
    }
    let mut results = Results::default();
    for some in set.chunks(256) {
        let read: Vec<(&Labelled, Document)> = some
            .iter()
            .filter_map(|labelled| Some((labelled, reader.document(labelled)?)))
            .collect();
        let started = processor_time();
        let tagged: Vec<TopicTags> = read
            .iter()
            .map(|(labelled, document)| usual.tag(document, &labelled.lang))
            .collect();
        results.spent += processor_time().saturating_sub(started);
        for ((labelled, document), tags) in read.iter().zip(tagged) {
            let all = open.tag(document, &labelled.lang);
            results.add(labelled, best(&all, &classes), best(&tags, &classes));
        }
    }
    results
}

fn load(file: &Path, tagger: &TopicTagger, without: &[String]) -> BTreeMap<String, Vec<Labelled>> {
    let mut sets: BTreeMap<String, Vec<Labelled>> = BTreeMap::new();
    let text = std::fs::read_to_string(file).unwrap_or_default();
    for labelled in text
        .lines()
        .filter_map(|line| serde_json::from_str::<Labelled>(line).ok())
    {
        let left_out = |topic: &String| without.iter().any(|code| topic.ends_with(code.as_str()));
        if !labelled.iptc.is_empty()
            && !labelled.iptc.iter().any(left_out)
            && tagger.list_for(&labelled.lang).is_some()
        {
            sets.entry(labelled.lang.clone())
                .or_default()
                .push(labelled);
        }
    }
    sets
}

/// Time that this thread had the processor, where the system tells, so that other work on the machine does not count.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    Duration::from_nanos(
        first
            .and_then(|first| first.parse().ok())
            .unwrap_or_default(),
    )
}

/// Resident memory in kilobytes, where the system tells.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

fn main() {
    let (mut given, mut without) = (None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--without" => without.extend(arguments.next()),
            _ if argument.starts_with('-') => {}
            _ => given = Some(argument),
        }
    }
    let folder = PathBuf::from(given.unwrap_or_else(|| "../shared/eval/topics".to_owned()));
    let reader = Reader {
        articles: ArticleReader::new(&ReaderSettings::default(), "enrichment").expect("defaults"),
        documents: DocumentBuilder::new(&TextSettings::default()).expect("defaults"),
    };
    let (before, started) = (memory(), Instant::now());
    let usual = TopicTagger::new(&TopicSettings::default()).expect("the shipped lists are valid");
    let start = started.elapsed();
    println!(
        "start {:.0} ms, {:.1} MB for {} languages",
        start.as_secs_f64() * 1000.0,
        memory().saturating_sub(before) as f64 / 1024.0,
        usual.languages().count()
    );
    let open = TopicTagger::new(&TopicSettings {
        threshold: f32::MIN_POSITIVE,
        narrow_threshold: f32::MIN_POSITIVE,
        min_score: 0.0,
        max_topics: 100,
        ..TopicSettings::default()
    })
    .expect("the shipped lists are valid");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!(
            "{} is not there: nothing more is measured",
            folder.display()
        );
        return;
    };
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    println!(
        "set                  lang  articles  closed  published  sure: right  of all  µs/article  µs per 2 kB"
    );
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "jsonl"))
    {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        for (language, set) in load(file, &usual, &without) {
            let found = measure(&set, &reader, &open, &usual);
            let micros = found.spent.as_secs_f64() * 1e6;
            // The system counts in ticks of some milliseconds.
            let cost = |micros: f64| match found.spent {
                spent if spent < MEASURABLE => "-".to_owned(),
                _ => format!("{micros:.1}"),
            };
            println!(
                "{name:20} {language:5} {:8}  {:6.3}  {:9.3}  {:11.3}  {:6.2}  {:>10}  {:>11}",
                found.articles,
                found.closed.macro_f1(),
                found.published.macro_f1(),
                found.sure_right as f64 / found.sure.max(1) as f64,
                found.sure as f64 / found.articles.max(1) as f64,
                cost(micros / found.articles.max(1) as f64),
                cost(micros * 2048.0 / found.bytes.max(1) as f64),
            );
        }
    }
}
