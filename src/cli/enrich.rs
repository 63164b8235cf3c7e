//! `newsstage enrich`: the pipeline on files, without a broker.

use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::articles::Articles;
use super::{ConfigArgs, Exit, load, now_ms, process_info, say, screen};
use crate::article::Message;
use crate::config::{Config, Duplicates};
use crate::dedup::{DedupStatus, IndexError};
use crate::metrics::Metrics;
use crate::pipeline::{Outcome, Pipeline, PipelineError};

/// Messages that are analysed together.
const BATCH: usize = 512;

/// Arguments of `enrich`.
#[derive(Debug, Args)]
pub struct EnrichArgs {
    /// Files of NDJSON, of one article as JSON, or of a JSON array of articles; none, or -, is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Keep the duplicate index in this folder instead of forgetting it at the end.
    #[arg(long, value_name = "DIR")]
    index: Option<PathBuf>,
    /// End with exit code 65 when an article could not be enriched.
    #[arg(long)]
    strict: bool,
}

/// Why `enrich` or `explain` cannot go on.
pub enum Trouble {
    /// Said already; only the code is left.
    Said(Exit),
    /// Standard output was closed by its reader: an orderly end.
    Closed,
}

impl Trouble {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Said(exit) => *exit,
            Self::Closed => Exit::Success,
        }
    }
}

pub fn main(args: &EnrichArgs) -> Exit {
    enrich(args).unwrap_or_else(|trouble| trouble.exit())
}

fn enrich(args: &EnrichArgs) -> Result<Exit, Trouble> {
    let config = load(&args.config).map_err(Trouble::Said)?.config;
    let drops = config.output.duplicates == Duplicates::Drop;
    if config.output.duplicates == Duplicates::Route {
        say("output.duplicates = \"route\": duplicates are written with the others\n");
    }
    let mut pipeline = pipeline(config, args.index.as_deref())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let files = if args.files.is_empty() {
        vec![PathBuf::from("-")]
    } else {
        args.files.clone()
    };
    let progress = progress(&files);
    let mut totals = Totals::default();
    for file in &files {
        let bar = progress.clone();
        let mut articles =
            Articles::open(file, move |bytes| bar.inc(bytes)).map_err(|e| unreadable(file, &e))?;
        loop {
            let batch = articles
                .take(BATCH)
                .map_err(|error| unreadable(file, &error))?;
            if batch.is_empty() {
                break;
            }
            let outcomes = pipeline.process(&batch, now_ms()).map_err(index_trouble)?;
            pipeline.flush(now_ms()).map_err(index_trouble)?;
            for (message, outcome) in batch.iter().zip(&outcomes) {
                if drops && is_duplicate(outcome) {
                    totals.dropped += 1;
                    continue;
                }
                totals.count(outcome);
                write_outcome(&mut out, message, outcome, &progress)
                    .map_err(|error| unwritable(&error))?;
            }
        }
    }
    out.flush().map_err(|error| unwritable(&error))?;
    progress.finish_and_clear();
    if !progress.is_hidden() || totals.rejected > 0 || totals.dropped > 0 {
        let dropped = match totals.dropped {
            0 => String::new(),
            1 => ", 1 duplicate dropped".to_owned(),
            more => format!(", {more} duplicates dropped"),
        };
        say(&format!(
            "{} enriched, {} not{dropped}\n",
            totals.enriched, totals.rejected
        ));
    }
    Ok(if args.strict && totals.rejected > 0 {
        Exit::Data
    } else {
        Exit::Success
    })
}

/// Says what is wrong with the duplicate index.
pub fn index_trouble(error: IndexError) -> Trouble {
    say(&format!("duplicate index: {error}\n"));
    Trouble::Said(Exit::InputOutput)
}

#[derive(Default)]
struct Totals {
    enriched: u64,
    rejected: u64,
    dropped: u64,
}

fn is_duplicate(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Enriched(enriched) => enriched.dedup.is_some_and(DedupStatus::is_duplicate),
        _ => false,
    }
}

impl Totals {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Enriched(_) => self.enriched += 1,
            Outcome::Rejected(_) => self.rejected += 1,
            Outcome::Tombstone => {}
        }
    }
}

fn write_outcome(
    out: &mut impl Write,
    message: &Message,
    outcome: &Outcome,
    progress: &ProgressBar,
) -> std::io::Result<()> {
    match outcome {
        Outcome::Enriched(enriched) => {
            // One record, one line. A line break can only stand between the parts of a JSON text, never in a string.
            let line: Vec<u8> = enriched
                .value
                .iter()
                .map(|&byte| {
                    if matches!(byte, b'\n' | b'\r') {
                        b' '
                    } else {
                        byte
                    }
                })
                .collect();
            out.write_all(&line)?;
            out.write_all(b"\n")
        }
        Outcome::Rejected(rejection) => {
            let place = format!("{}:{}", message.position.topic, message.position.offset + 1);
            progress.suspend(|| say(&format!("{}: {rejection}\n", screen::safe(&place))));
            Ok(())
        }
        Outcome::Tombstone => Ok(()),
    }
}

/// The pipeline for one-off work. Unless a folder is named, the index is forgotten at the end.
pub fn pipeline(mut config: Config, index: Option<&Path>) -> Result<Pipeline, Trouble> {
    let metrics = Metrics::new(&process_info(&config));
    let pipeline = if let Some(folder) = index {
        config.dedup.path = folder.to_owned();
        Pipeline::new(&config, metrics, now_ms()).map(|(pipeline, _)| pipeline)
    } else {
        Pipeline::in_memory(&config, metrics)
    };
    pipeline.map_err(|error| {
        say(&format!("{error}\n"));
        let exit = if matches!(error, PipelineError::Index(_)) {
            Exit::InputOutput
        } else {
            Exit::Config
        };
        Trouble::Said(exit)
    })
}

/// A bar over the bytes of the files, on a terminal and only when they are files.
fn progress(files: &[PathBuf]) -> ProgressBar {
    let total: Option<u64> = files
        .iter()
        .map(|file| {
            std::fs::metadata(file)
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|m| m.len())
        })
        .sum();
    let Some(total) = total.filter(|_| std::io::stderr().is_terminal()) else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar
}

pub fn unreadable(file: &Path, error: &std::io::Error) -> Trouble {
    say(&format!("{}: {error}\n", file.display()));
    Trouble::Said(Exit::InputOutput)
}

fn unwritable(error: &std::io::Error) -> Trouble {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Trouble::Closed;
    }
    say(&format!("standard output: {error}\n"));
    Trouble::Said(Exit::InputOutput)
}
