//! The command line.

mod articles;
mod check;
mod config;
mod demo;
mod dlq;
mod enrich;
mod exit;
mod explain;
mod queries;
mod reload;
mod remote;
mod run;
mod screen;
mod tap;
mod top;
mod topics;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, Loaded, Sources};
use crate::metrics::ProcessInfo;
pub use exit::Exit;

/// One Kafka stage for news: raw article in, duplicates, language and topics found, enriched article out.
#[derive(Debug, Parser)]
#[command(name = "newsstage", version, after_help = Exit::help(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the settings come from: defaults, then the file, then NEWSSTAGE__A__B variables, then --set.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file (TOML).
    #[arg(short, long, value_name = "FILE", env = "NEWSSTAGE_CONFIG")]
    config: Option<PathBuf>,
    /// One setting, e.g. --set batch.linger=50ms; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Consume, enrich, publish, until told to stop.
    Run {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Enrich files or standard input without a broker: NDJSON or JSON in, NDJSON out.
    Enrich(enrich::EnrichArgs),
    /// Show why an article gets its verdicts: what was read, set aside, compared and matched.
    Explain(explain::ExplainArgs),
    /// Check, try and explain stored queries (customers' own topics).
    #[command(subcommand)]
    Queries(queries::QueriesCommand),
    /// Look at dead letters, and send them back once their cause is mended.
    #[command(subcommand)]
    Dlq(dlq::DlqCommand),
    /// See the stage work on bundled articles and an embedded broker; needs nothing else.
    Demo(demo::DemoArgs),
    /// Watch a running instance: rates, lag, verdicts, languages, topics, latency.
    Top(top::TopArgs),
    /// Watch the articles that leave a running instance: a sample, with filters.
    Tap(tap::TapArgs),
    /// Check the configuration and, unless --offline, the broker: topics, partitions, rights, sizes.
    Check(check::CheckArgs),
    /// Keep the word lists of the topics: coverage, template, calibration.
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    /// Show the settings or their schema.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version {
        /// As JSON, with the versions of what is built in.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// The effective settings as TOML, with their origin; secrets are hidden.
    Show {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// The JSON Schema of the configuration file.
    Schema,
    /// All settings as a Markdown table, as in docs/configuration.md.
    Reference,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            }
            .into();
        }
    };
    match cli.command {
        Command::Run { config } => run::main(&config),
        Command::Enrich(args) => enrich::main(&args),
        Command::Explain(args) => explain::main(&args),
        Command::Queries(command) => queries::main(&command),
        Command::Dlq(command) => dlq::main(&command),
        Command::Demo(args) => demo::main(&args),
        Command::Top(args) => top::main(&args),
        Command::Tap(args) => tap::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Topics(command) => topics::main(&command),
        Command::Config(ConfigCommand::Show { config }) => config::show(&config),
        Command::Config(ConfigCommand::Schema) => config::schema(),
        Command::Config(ConfigCommand::Reference) => print(&crate::config::reference_markdown()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "newsstage", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Version { json } => version(json),
    }
    .into()
}

/// Loads the configuration, or says on standard error everything that is wrong with it.
fn load(args: &ConfigArgs) -> Result<Loaded, Exit> {
    let sources =
        Sources::from_system(args.config.as_deref(), args.sets.clone()).map_err(|error| {
            say(&format!("{error}\n"));
            Exit::Config
        })?;
    let loaded = Config::load(&sources).map_err(|errors| {
        say(&format!("{errors}\n"));
        Exit::Config
    })?;
    for warning in &loaded.warnings {
        say(&format!("warning: {warning}\n"));
    }
    Ok(loaded)
}

/// The configuration, complete as for `run`. What is wrong is said.
fn load_for_run(args: &ConfigArgs) -> Result<Config, Exit> {
    let loaded = load(args)?;
    loaded.validate_for_run().map_err(|errors| {
        say(&format!("{errors}\n{}", no_file(args)));
        Exit::Config
    })?;
    Ok(loaded.config)
}

/// The shortest configuration with which the stage runs.
const SHORTEST: &str = r#"[input]
topic = "news.raw"
[output]
topic = "news.enriched"
[dead_letter]
topic = "news.dead"
[kafka]
brokers = "localhost:9092"
"#;

/// What helps whoever gave no configuration file; empty where one was given.
fn no_file(args: &ConfigArgs) -> String {
    if args.config.is_some() {
        return String::new();
    }
    format!(
        "no configuration file was given: name one with --config FILE or in NEWSSTAGE_CONFIG. The shortest one:\n\n{SHORTEST}"
    )
}

fn version(json: bool) -> Exit {
    let (number, library) = rdkafka::util::get_rdkafka_version();
    if json {
        let text = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "librdkafka": library,
            "librdkafka_number": number,
            "enrichment": crate::enrichment::ENRICHMENT_VERSION,
        });
        return print(&format!("{text}\n"));
    }
    print(&format!(
        "newsstage {} (librdkafka {library})\n",
        env!("CARGO_PKG_VERSION")
    ))
}

/// Writes to standard output. A reader that went away, as `head` does, is no failure.
fn print(text: &str) -> Exit {
    print_bytes(text.as_bytes())
}

/// The same for what need not be text.
fn print_bytes(bytes: &[u8]) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Success,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Success,
        Err(_) => Exit::InputOutput,
    }
}

/// Writes to standard error; there is nowhere to report a failure to.
fn say(text: &str) {
    std::io::stderr().lock().write_all(text.as_bytes()).ok();
}

/// What metrics say of this process.
fn process_info(config: &Config) -> ProcessInfo {
    ProcessInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: option_env!("NEWSSTAGE_REVISION")
            .unwrap_or("unknown")
            .to_owned(),
        config_fingerprint: config.fingerprint(),
        started_ms: now_ms(),
    }
}

/// The time in milliseconds since 1970: the one place where the program reads the clock.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_shortest_configuration_is_complete() {
        let file = Some(("newsstage.toml".into(), SHORTEST.to_owned()));
        let sources = Sources {
            file,
            ..Sources::default()
        };
        let loaded = Config::load(&sources).unwrap();
        assert_eq!(loaded.validate_for_run(), Ok(()));
        assert_eq!(loaded.warnings, []);
        let given = ConfigArgs {
            config: Some("newsstage.toml".into()),
            ..ConfigArgs::default()
        };
        assert_eq!(no_file(&given), "");
        assert!(no_file(&ConfigArgs::default()).contains(SHORTEST));
    }
}
