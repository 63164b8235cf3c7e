//! `newsstage queries`: stored queries checked, tried, explained, and watched while the stage runs.

mod explain;
mod files;
mod show;
mod trial;
mod watch;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArgs, Exit};
use crate::topics::query::syntax::Dialect;

pub use show::{Excerpt, snippet};
pub use watch::watch;

/// The commands about stored queries.
#[derive(Debug, Subcommand)]
pub enum QueriesCommand {
    /// Say what is wrong or doubtful in query files.
    Check(CheckArgs),
    /// Match queries against articles; compare with what is expected.
    Test(TestArgs),
    /// Show why a query matches an article, or which part of it does not hold.
    Explain(ExplainArgs),
    /// Read a query in the style of another product and write it in this program's own.
    Import(ImportArgs),
}

/// Arguments of `queries check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Query files (JSON Lines) or folders of them; - is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Count warnings as faults.
    #[arg(long)]
    strict: bool,
    /// As JSON Lines, for programs.
    #[arg(long)]
    json: bool,
}

/// Arguments of `queries test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Query files (JSON Lines) or folders of them.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Articles as NDJSON or JSON; may be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    articles: Vec<PathBuf>,
    /// What is expected, as lines with `query`, `matches` and `not`; a difference ends with 65
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Write what was found in the form of --expect.
    #[arg(long, value_name = "FILE")]
    write_expected: Option<PathBuf>,
    /// Only these queries; may be repeated.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// As JSON Lines, for programs.
    #[arg(long)]
    json: bool,
}

/// Arguments of `queries explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Id of the query.
    #[arg(value_name = "ID")]
    id: String,
    /// One article: JSON as on the input topic, or plain text; - is standard input.
    #[arg(value_name = "ARTICLE")]
    article: PathBuf,
    /// Query files or folders; otherwise those of topics.queries.
    #[arg(long, value_name = "FILE")]
    queries: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Arguments of `queries import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The product: meltwater, brandwatch or talkwalker.
    #[arg(long, value_name = "PRODUCT", value_parser = dialect)]
    from: Dialect,
    /// A file with one query; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write a line for a query file, with this id.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::ALL
        .into_iter()
        .find(|dialect| dialect.name() == name)
        .ok_or_else(|| {
            format!(
                "expected one of {}",
                Dialect::ALL.map(Dialect::name).join(", ")
            )
        })
}

pub fn main(command: &QueriesCommand) -> Exit {
    match command {
        QueriesCommand::Check(args) => files::check(args),
        QueriesCommand::Import(args) => files::import(args),
        QueriesCommand::Test(args) => trial::main(args),
        QueriesCommand::Explain(args) => explain::main(args),
    }
}
