//! `newsstage dlq`: look at dead letters, and send them back once their cause is mended.

mod describe;
mod filter;
mod list;
mod replay;
mod show;

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ConfigArgs, Exit, load_for_run, say};
use crate::config::Config;
use crate::kafka::error::KafkaFailure;
use filter::FilterArgs;

/// Dead letters read at a time: their values may be large.
const AT_ONCE: usize = 64;
/// Longest wait for records before it is looked whether the command was asked to stop.
const WAIT: Duration = Duration::from_millis(500);

/// The commands about dead letters.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// Count dead letters by reason, and list the last ones.
    List(ListArgs),
    /// Print one dead letter: what was wrong, its headers, its original value.
    Show(ShowArgs),
    /// Send dead letters back to the input topic, byte for byte.
    Replay(ReplayArgs),
}

/// How long to wait, and for which stage.
#[derive(Debug, Args)]
pub struct StageArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How long the broker may take to answer, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    timeout: u64,
}

impl StageArgs {
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// The configuration, complete as for `run`.
    fn config(&self) -> Result<Config, Exit> {
        load_for_run(&self.config)
    }
}

/// Arguments of `dlq list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    stage: StageArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// How many dead letters to list, the last ones. When unset: 20, and all of them with --json.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// As JSON Lines, for programs: one dead letter a line, the counts on the last.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dlq show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Where it stands on the dead-letter topic: PARTITION/OFFSET, as `dlq list` prints it.
    #[arg(value_name = "POSITION", value_parser = filter::position)]
    position: (i32, i64),
    #[command(flatten)]
    stage: StageArgs,
    /// Write the value alone, exactly as it is.
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    /// As JSON, for programs; what is not UTF-8 as base64.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dlq replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    stage: StageArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Send nothing; count what would be sent.
    #[arg(long)]
    dry_run: bool,
    /// Send at most so many; run it again to go on.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    limit: usize,
    /// Leave out messages that were replayed so often already.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_replays: u32,
    /// Begin anew, with what this same replay has looked at before.
    #[arg(long)]
    again: bool,
    /// As JSON Lines, for programs: one dead letter a line, the counts on the last.
    #[arg(long)]
    json: bool,
}

pub fn main(command: &DlqCommand) -> Exit {
    let ended = match command {
        DlqCommand::List(args) => list::main(args),
        DlqCommand::Show(args) => show::main(args),
        DlqCommand::Replay(args) => replay::main(args),
    };
    ended.unwrap_or_else(|exit| exit)
}

/// Says what went wrong with the broker.
fn failed(failure: &KafkaFailure) -> Exit {
    say(&format!("{}\n", super::screen::safe(&failure.to_string())));
    Exit::from(failure)
}
