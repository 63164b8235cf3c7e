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
use super::{ConfigArgs, Exit, load, now_ms, print, say};
use crate::article::{Message, Position};
use crate::pipeline::{Outcome, Pipeline, Trace, Untraced};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// An article as JSON, an array of them, one a line, or plain text; several go in order; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
    /// Articles that came before, as NDJSON or JSON, so that copies of them are found; may be repeated.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// Explain only the article with this id; those before it in the file come before it.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
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
    let mut earlier = Earlier::default();
    for file in &args.against {
        earlier.asked = true;
        let mut articles =
            Articles::open(file, |_| ()).map_err(|error| unreadable(file, &error))?;
        loop {
            let mut batch = articles
                .take(512)
                .map_err(|error| unreadable(file, &error))?;
            if batch.is_empty() {
                break;
            }
            // The explained file may be one of these; it must not count as the same message read twice.
            for message in &mut batch {
                message.position.partition = 1;
            }
            let outcomes = pipeline.process(&batch, now_ms()).map_err(index_trouble)?;
            for (message, outcome) in batch.iter().zip(&outcomes) {
                earlier.count(message, outcome);
            }
        }
    }
    let given = articles::given(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    if given.is_array {
        say(
            "a JSON array: its articles are explained; as one message the stage refuses it (not_object)\n",
        );
    }
    let paint = Paint::new(std::io::stdout().is_terminal());
    each(args, &mut pipeline, &given.messages, earlier, paint)
}

/// Explains the articles of the file in their order, or the one that is wanted.
fn each(
    args: &ExplainArgs,
    pipeline: &mut Pipeline,
    messages: &[Message],
    mut earlier: Earlier,
    paint: Paint,
) -> Result<Exit, Trouble> {
    let (mut shown, mut worst) = (0, Exit::Success);
    for message in messages {
        let traced = pipeline.trace(message, now_ms());
        let id = traced.as_ref().ok().map(|trace| trace.article.id.as_ref());
        if args.id.is_none() || id == args.id.as_deref() {
            let (text, exit) = rendered(pipeline, message, &traced, &earlier, args.json, paint);
            if messages.len() > 1 && !args.json && shown > 0 {
                print("\n");
            }
            let printed = print(&text);
            if printed != Exit::Success {
                return Ok(printed);
            }
            shown += 1;
            worst = if exit == Exit::Success { worst } else { exit };
        }
        match &traced {
            Ok(_) => earlier.articles += 1,
            Err(Untraced::Refused(outcome)) => earlier.count(message, outcome),
            Err(Untraced::Index(_)) => {}
        }
        earlier.asked |= messages.len() > 1;
    }
    if let Some(id) = args.id.as_deref().filter(|_| shown == 0) {
        let (file, id) = (safe(&args.file.display().to_string()), safe(id));
        say(&format!(
            "{file}: no article with the id {id} among {}\n",
            messages.len()
        ));
        return Ok(Exit::Data);
    }
    Ok(worst)
}

/// The articles that came before.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Whether any were asked for.
    asked: bool,
    /// How many could be used.
    articles: usize,
    /// The first that could not, each with its place and the reason.
    unusable: Vec<String>,
    /// How many could not.
    refused: usize,
}

/// Articles that cannot be used and are named.
const NAMED: usize = 3;

impl Earlier {
    fn count(&mut self, message: &Message, outcome: &Outcome) {
        match outcome {
            Outcome::Enriched(_) => self.articles += 1,
            Outcome::Rejected(rejection) => {
                self.refused += 1;
                if self.unusable.len() < NAMED {
                    let Position { topic, offset, .. } = &message.position;
                    let line = offset.saturating_add(1);
                    self.unusable.push(format!("{topic}:{line}: {rejection}"));
                }
            }
            Outcome::Tombstone => {}
        }
    }

    /// What the article was compared with; `None` where nothing was to come before.
    fn told(&self) -> Option<String> {
        let plural = if self.articles == 1 { "" } else { "s" };
        let compared = format!("with {} earlier article{plural}", self.articles);
        if self.refused == 0 {
            return self.asked.then_some(compared);
        }
        let more = self.refused - self.unusable.len();
        let more = if more > 0 { "; …" } else { "" };
        let unusable = self.unusable.join("; ");
        Some(format!(
            "{compared} ({} unusable: {unusable}{more})",
            self.refused
        ))
    }
}

/// The explanation of one message, and the exit code that goes with it.
pub fn render(
    pipeline: &mut Pipeline,
    message: &Message,
    json: bool,
    paint: Paint,
) -> (String, Exit) {
    let traced = pipeline.trace(message, now_ms());
    rendered(pipeline, message, &traced, &Earlier::default(), json, paint)
}

fn rendered(
    pipeline: &Pipeline,
    message: &Message,
    traced: &Result<Trace<'_>, Untraced>,
    earlier: &Earlier,
    json: bool,
    paint: Paint,
) -> (String, Exit) {
    match traced {
        Ok(trace) => {
            let (near, language) = (pipeline.near(), pipeline.explain_language(trace));
            let text = if json {
                let outcome = pipeline.assemble(message, trace);
                programs::explanation(trace, &near, language.as_ref(), earlier, &outcome)
            } else {
                people::explanation(trace, &near, language.as_ref(), earlier, paint)
            };
            (text, Exit::Success)
        }
        Err(Untraced::Refused(outcome)) => (refusal(outcome, json, paint), Exit::Data),
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
