//! `newsstage topics`: for whoever keeps the word lists.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::articles::Articles;
use super::enrich::{Trouble, pipeline, unreadable};
use super::screen::safe;
use super::{ConfigArgs, Exit, load, now_ms, print, say};
use crate::article::{Message, Position};
use crate::config::Config;
use crate::pipeline::Pipeline;
use crate::topics::{
    Coverage, Labelled, LanguageCoverage, TermCoverage, TopicTagger, calibrate, template,
};

/// What `topics` can do.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Show what the word lists cover, which terms clash, and which never occur in given articles.
    Coverage(CoverageArgs),
    /// Print an empty word list to fill in for a language.
    Template {
        /// Two or three small letters, e.g. nl.
        language: String,
    },
    /// Measure the word lists on labelled articles, and print the table that makes scores a confidence.
    Calibrate(CalibrateArgs),
}

/// Arguments of `topics coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only this language; may be repeated.
    #[arg(long, value_name = "LANGUAGE")]
    language: Vec<String>,
    /// Articles as NDJSON or JSON; may be repeated.
    #[arg(long, value_name = "FILE")]
    articles: Vec<PathBuf>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Arguments of `topics calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Labelled articles, one file LANGUAGE.tsv for each language: code (- for none), narrow code or nothing, title, text.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub fn main(command: &TopicsCommand) -> Exit {
    let done = match command {
        TopicsCommand::Coverage(args) => coverage(args),
        TopicsCommand::Template { language } => empty(language),
        TopicsCommand::Calibrate(args) => fit(args),
    };
    done.unwrap_or_else(|trouble| trouble.exit())
}

/// The tagger, and a pipeline that reads articles as the stage does.
fn tools(args: &ConfigArgs) -> Result<(TopicTagger, Pipeline), Trouble> {
    let config = load(args).map_err(Trouble::Said)?.config;
    let mut quiet: Config = config.clone();
    quiet.stages.dedup = false;
    quiet.stages.topics = false;
    quiet.stages.language = true;
    let tagger = TopicTagger::new(&config.topics).map_err(|error| {
        say(&format!("{error}\n"));
        Trouble::Said(Exit::Config)
    })?;
    Ok((tagger, pipeline(quiet, None)?))
}

fn coverage(args: &CoverageArgs) -> Result<Exit, Trouble> {
    let (tagger, mut pipeline) = tools(&args.config)?;
    let mut coverage = Coverage::new(&tagger);
    for file in &args.articles {
        let mut articles =
            Articles::open(file, |_| ()).map_err(|error| unreadable(file, &error))?;
        while let Some(message) = articles.next().map_err(|error| unreadable(file, &error))? {
            if let Ok(trace) = pipeline.trace(&message, now_ms()) {
                let language = trace
                    .language
                    .as_ref()
                    .map_or("und", |guess| guess.code.as_str());
                coverage.add(&trace.document, language);
            }
        }
    }
    let wanted = |language: &LanguageCoverage| {
        args.language.is_empty() || args.language.contains(&language.language)
    };
    let languages: Vec<_> = coverage.languages().into_iter().filter(wanted).collect();
    if args.json {
        let text = serde_json::to_string(&languages).unwrap_or_default();
        return Ok(print(&format!("{text}\n")));
    }
    let mut out = String::new();
    for language in &languages {
        describe(&mut out, language).unwrap_or_default();
    }
    Ok(print(&out))
}

fn describe(out: &mut String, language: &LanguageCoverage) -> std::fmt::Result {
    writeln!(
        out,
        "{}  {} terms, {} of the topics of level 2",
        language.language, language.terms, language.narrow_topics
    )?;
    for topic in language.topics.iter().filter(|topic| topic.broad) {
        let thin = if topic.thin { "  thin" } else { "" };
        writeln!(
            out,
            "  {}  {:5}  {}{thin}",
            topic.id, topic.terms, topic.label
        )?;
    }
    list(
        out,
        "clashes: terms for several broad topics",
        &language.clashes,
        usize::MAX,
    )?;
    if language.articles > 0 {
        list(
            out,
            &format!("most frequent in {} articles", language.articles),
            &language.frequent,
            20,
        )?;
        list(
            out,
            &format!("in none of {} articles", language.articles),
            &language.unseen,
            usize::MAX,
        )?;
    }
    Ok(())
}

fn list(out: &mut String, head: &str, terms: &[TermCoverage], most: usize) -> std::fmt::Result {
    if terms.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {head}: {}", terms.len())?;
    for term in terms.iter().take(most) {
        let topics: Vec<String> = term
            .topics
            .iter()
            .map(|(id, weight)| format!("{id} {weight}"))
            .collect();
        let count = if term.articles > 0 {
            format!("  {}×", term.articles)
        } else {
            String::new()
        };
        writeln!(
            out,
            "    {}  {}{count}",
            safe(&term.term),
            topics.join(", ")
        )?;
    }
    Ok(())
}

fn empty(language: &str) -> Result<Exit, Trouble> {
    if !(2..=3).contains(&language.len()) || !language.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        say("a language is two or three small letters, e.g. nl\n");
        return Err(Trouble::Said(Exit::Usage));
    }
    let text = template(language).map_err(|error| {
        say(&format!("{error}\n"));
        Trouble::Said(Exit::Software)
    })?;
    Ok(print(&text))
}

fn fit(args: &CalibrateArgs) -> Result<Exit, Trouble> {
    let (tagger, mut pipeline) = tools(&args.config)?;
    let mut articles = Vec::new();
    for file in &args.files {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        let language = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        for (line, number) in text.lines().zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let article =
                labelled(&mut pipeline, language, line).ok_or_else(|| bad_line(file, number))?;
            articles.push(article);
        }
    }
    let (rates, table) = calibrate(&tagger, &articles);
    for (language, rates) in rates {
        say(&format!(
            "{language}: {} of {} right; confidence 0.9 and more: {} of {} right; without a topic: {} of {} tagged\n",
            rates.right, rates.articles, rates.sure_right, rates.sure, rates.tagged, rates.empty
        ));
    }
    Ok(print(&table))
}

fn labelled(pipeline: &mut Pipeline, language: &str, line: &str) -> Option<Labelled> {
    let [broad, narrow, title, text] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let payload = serde_json::json!({ "title": title, "text": text }).to_string();
    let message = Message {
        position: Position {
            topic: "-".into(),
            partition: 0,
            offset: 0,
        },
        key: None,
        payload: Some(payload.into_bytes()),
        headers: Vec::new(),
        timestamp_ms: None,
    };
    let document = pipeline.trace(&message, now_ms()).ok()?.document;
    let code = |text: &str| (text.len() == 8).then(|| text.to_owned());
    Some(Labelled {
        language: language.to_owned(),
        document,
        broad: code(broad),
        narrow: code(narrow),
    })
}

fn bad_line(file: &Path, number: usize) -> Trouble {
    say(&format!(
        "{}:{number}: expected code (or -), narrow code or nothing, title and text, with tabs between them\n",
        file.display()
    ));
    Trouble::Said(Exit::Data)
}
