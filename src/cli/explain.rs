//! `newsstage explain`: why an article gets its verdicts, from the path that production takes.

mod duplicates;
mod language;
mod people;
mod programs;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::articles::{self, Articles};
use super::enrich::{Trouble, index_trouble, pipeline, unreadable};
use super::screen::{Paint, safe};
use super::{ConfigArgs, Exit, load, now_ms, print};
use crate::article::Message;
use crate::pipeline::{Outcome, Pipeline, Untraced};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// One article: JSON as on the input topic, or plain text; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
    /// Articles that came before, as NDJSON or JSON, so that copies of them are found; may be repeated.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub fn main(args: &ExplainArgs) -> Exit {
    explain(args).unwrap_or_else(|trouble| trouble.exit())
}

fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let config = load(&args.config).map_err(Trouble::Said)?.config;
    let mut pipeline = pipeline(config, None)?;
    for file in &args.against {
        let mut earlier = Articles::open(file, |_| ()).map_err(|error| unreadable(file, &error))?;
        loop {
            let mut batch = earlier
                .take(512)
                .map_err(|error| unreadable(file, &error))?;
            if batch.is_empty() {
                break;
            }
            // The explained file may be one of these; it must not count as the same message read twice.
            for message in &mut batch {
                message.position.partition = 1;
            }
            pipeline.process(&batch, now_ms()).map_err(index_trouble)?;
        }
    }
    let message = articles::single(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let (text, exit) = render(
        &mut pipeline,
        &message,
        args.json,
        Paint::new(std::io::stdout().is_terminal()),
    );
    let printed = print(&text);
    Ok(if printed == Exit::Success {
        exit
    } else {
        printed
    })
}

/// The explanation of one message, and the exit code that goes with it.
pub fn render(
    pipeline: &mut Pipeline,
    message: &Message,
    json: bool,
    paint: Paint,
) -> (String, Exit) {
    match pipeline.trace(message, now_ms()) {
        Ok(trace) => {
            let outcome = pipeline.assemble(message, &trace);
            let language = pipeline.explain_language(&trace);
            let text = if json {
                programs::explanation(&trace, language.as_ref(), &outcome)
            } else {
                people::explanation(&trace, &pipeline.near(), language.as_ref(), paint)
            };
            (text, Exit::Success)
        }
        Err(Untraced::Refused(outcome)) => (refusal(&outcome, json, paint), Exit::Data),
        Err(Untraced::Index(error)) => (format!("duplicate index: {error}\n"), Exit::InputOutput),
    }
}

fn refusal(outcome: &Outcome, json: bool, paint: Paint) -> String {
    let (code, detail) = match outcome {
        Outcome::Rejected(rejection) => (rejection.code.as_str(), rejection.detail.clone()),
        _ => (
            "tombstone",
            "a message without a value passes through".to_owned(),
        ),
    };
    if json {
        return format!(
            "{}\n",
            json!({ "rejected": { "code": code, "detail": detail } })
        );
    }
    format!(
        "{} {code}: {}\n",
        paint.red("goes to the dead-letter topic:"),
        safe(&detail)
    )
}
