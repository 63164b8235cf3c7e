//! `newsstage check`: finds what would stop or hurt the stage before it is started.

mod broker;
mod rights;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::screen::{Paint, safe};
use super::{ConfigArgs, Exit, load, no_file, now_ms, print, say};
use crate::config::Config;
use crate::dedup::{Backend, DedupIndex, inspect};
use crate::language::LanguageDetector;
use crate::text::DocumentBuilder;
use crate::topics::TopicTagger;
use crate::topics::query::{QuerySet, read_files};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Do not ask the broker.
    #[arg(long)]
    offline: bool,
    /// Count warnings as faults.
    #[arg(long)]
    strict: bool,
    /// How long the broker may take to answer, in seconds.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Ok,
    Warn,
    Fail,
}

/// Prints each line as soon as it is known, and counts.
struct Report {
    paint: Paint,
    warnings: usize,
    faults: usize,
}

impl Report {
    fn line(&mut self, grade: Grade, what: &str, fix: &str) {
        let mark = match grade {
            Grade::Ok => self.paint.green("ok  "),
            Grade::Warn => self.paint.yellow("warn"),
            Grade::Fail => self.paint.red("fail"),
        };
        self.warnings += usize::from(grade == Grade::Warn);
        self.faults += usize::from(grade == Grade::Fail);
        let mut line = format!("{mark}  {}\n", safe(what));
        if grade != Grade::Ok && !fix.is_empty() {
            line += &format!("      {}\n", self.paint.dim(&format!("→ {}", safe(fix))));
        }
        print(&line);
    }

    fn ok(&mut self, what: &str) {
        self.line(Grade::Ok, what, "");
    }

    fn warn(&mut self, what: &str, fix: &str) {
        self.line(Grade::Warn, what, fix);
    }

    fn fail(&mut self, what: &str, fix: &str) {
        self.line(Grade::Fail, what, fix);
    }
}

pub fn main(args: &CheckArgs) -> Exit {
    let loaded = match load(&args.config) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let paint = Paint::new(std::io::stdout().is_terminal());
    let mut report = Report {
        paint,
        warnings: loaded.warnings.len(),
        faults: 0,
    };
    if let Err(errors) = loaded.validate_for_run() {
        for problem in &errors.0 {
            report.fail(&problem.to_string(), "see docs/configuration.md");
        }
        say(&no_file(&args.config));
        return Exit::Config;
    }
    report.ok("configuration: every key is known, every value in range");
    offline(&loaded.config, &mut report);
    if !args.offline {
        shared_index(&loaded.config, &mut report);
        broker::online(
            &loaded.config,
            Duration::from_secs(args.timeout.max(1)),
            &mut report,
        );
    }
    let (faults, warnings) = (
        counted(report.faults, "fault"),
        counted(report.warnings, "warning"),
    );
    print(&format!("{faults}, {warnings}\n"));
    if report.faults > 0 || (args.strict && report.warnings > 0) {
        Exit::Data
    } else {
        Exit::Success
    }
}

/// A number and what it counts.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Whoever reaches the admin address may read the articles that are shown there.
fn is_exposed(config: &Config) -> bool {
    let admin = &config.admin;
    let listen = admin.listen.parse::<SocketAddr>();
    admin.enabled && admin.live.enabled && listen.is_ok_and(|at| !at.ip().is_loopback())
}

fn offline(config: &Config, report: &mut Report) {
    if is_exposed(config) {
        report.warn(
            &format!(
                "admin.live.enabled: the text of articles is shown, without a password, to whoever reaches {}",
                config.admin.listen
            ),
            "listen on 127.0.0.1, or let only trusted machines reach the port: docs/live.md",
        );
    }
    let stages = [
        DocumentBuilder::new(&config.text).map_or_else(|e| Some(format!("text: {e}")), |_| None),
        LanguageDetector::new(&config.language)
            .map_or_else(|e| Some(format!("language: {e}")), |_| None),
    ];
    for problem in stages.into_iter().flatten() {
        report.fail(&problem, "see docs/configuration.md");
    }
    if config.stages.topics {
        match TopicTagger::new(&config.topics) {
            Ok(tagger) => lexicons(config, &tagger, report),
            Err(error) => report.fail(
                &format!("topics: {error}"),
                "correct what is named, in the word list or in the settings of [topics]",
            ),
        }
    }
    if config.stages.topics && config.topics.has_queries() {
        queries(config, report);
    }
    if config.stages.dedup {
        index(config, report);
    }
}

fn lexicons(config: &Config, tagger: &TopicTagger, report: &mut Report) {
    let languages: Vec<&str> = tagger.languages().collect();
    report.ok(&format!(
        "topics: lexicons {} in {}",
        tagger.generation(),
        languages.join(" ")
    ));
    // The shipped lists are known to be as they should; only the user's own lines are worth a word.
    if config.topics.lexicons.is_some() {
        for note in tagger.notes() {
            report.warn(
                &format!("topics: {note}"),
                "see topics.lexicons in docs/configuration.md",
            );
        }
    }
}

fn queries_counted(count: usize) -> String {
    let noun = if count == 1 { "query" } else { "queries" };
    format!("{count} {noun}")
}

/// Stored queries of the files: those of a topic are known only to a running stage.
fn queries(config: &Config, report: &mut Report) {
    let Some(path) = &config.topics.queries else {
        return;
    };
    let definitions = match read_files(path) {
        Ok(definitions) => definitions,
        Err(error) => return report.fail(&error.to_string(), "correct topics.queries"),
    };
    let compiled = QuerySet::compile(definitions, &config.topics.query_options(), None);
    let see = format!("newsstage queries check {}", path.display());
    let warnings = compiled
        .problems
        .iter()
        .filter(|problem| !problem.is_error())
        .count();
    report.ok(&format!(
        "topics.queries: {}, generation {}",
        queries_counted(compiled.set.len()),
        compiled.set.generation()
    ));
    if compiled.disabled > 0 {
        let first = compiled.problems.iter().find(|problem| problem.is_error());
        let first = first.map_or_else(String::new, |problem| {
            format!("; first: {} {}", problem.id, problem.diagnostic)
        });
        report.fail(
            &format!(
                "topics.queries: {} with errors, disabled{first}",
                queries_counted(compiled.disabled)
            ),
            &see,
        );
    }
    if warnings > 0 {
        let warnings = counted(warnings, "warning");
        report.warn(&format!("topics.queries: {warnings}"), &see);
    }
}

fn index(config: &Config, report: &mut Report) {
    if config.dedup.backend == Backend::Valkey {
        return;
    }
    let path = &config.dedup.path;
    if !path.exists() {
        let here = |ancestor: &&Path| ancestor.as_os_str().is_empty() || ancestor.exists();
        let ancestor = path.ancestors().find(here).unwrap_or(path);
        let ancestor = if ancestor.as_os_str().is_empty() {
            Path::new(".")
        } else {
            ancestor
        };
        // A file without a name, gone when it is closed.
        return match tempfile::tempfile_in(ancestor) {
            Ok(_) => report.ok(&format!(
                "dedup: {} does not exist yet and will be made",
                path.display()
            )),
            Err(error) => report.fail(
                &format!(
                    "dedup: {} cannot be made: {}: {error}",
                    path.display(),
                    ancestor.display()
                ),
                "dedup.path must be a folder that can be written",
            ),
        };
    }
    match DedupIndex::open(&config.dedup, now_ms()) {
        Ok((index, _)) => report.ok(&format!(
            "dedup: {} holds {} articles",
            path.display(),
            index.len()
        )),
        Err(error @ crate::dedup::IndexError::Locked { .. }) => {
            report.warn(
                &format!("dedup: {error}"),
                "fine when that is the running stage; each stage needs its own folder",
            );
        }
        Err(error) => report.fail(
            &format!("dedup: {error}"),
            "dedup.path must be a folder that can be written",
        ),
    }
}

/// Asks the servers of the shared index.
fn shared_index(config: &Config, report: &mut Report) {
    let dedup = &config.dedup;
    if !config.stages.dedup || dedup.backend != Backend::Valkey {
        return;
    }
    let (servers, shards) = match inspect(&dedup.shared) {
        Ok(found) => found,
        Err(error) => {
            let fix =
                "are dedup.shared.urls, user, password_file and tls right, and the server up?";
            return report.fail(&format!("dedup: {error}"), fix);
        }
    };
    for server in servers {
        let mib = server.memory_bytes / (1 << 20);
        let address = &server.address;
        report.ok(&format!(
            "dedup: {address} is {}, {mib} MiB in use",
            server.version
        ));
        if server.policy != "noeviction" {
            report.warn(
                &format!("dedup: {address} has maxmemory-policy {}: it forgets articles in silence when memory is short", server.policy),
                "set maxmemory-policy noeviction; the stage then waits until there is room",
            );
        }
        if !server.persistent {
            report.warn(
                &format!("dedup: {address} keeps nothing on disk: after a restart the index is built again from the output topic"),
                "set appendonly yes",
            );
        }
    }
    match shards {
        None => report.ok("dedup: the shared index does not exist yet and will be made"),
        Some(shards) if shards == dedup.shared.shards.get() => {
            report.ok(&format!("dedup: the shared index has {shards} shards"));
        }
        Some(shards) => report.fail(
            &format!(
                "dedup.shared.shards: {}, but the index was made with {shards}",
                dedup.shared.shards
            ),
            "set it so, or choose another dedup.shared.prefix",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(0, "fault"), "0 faults");
        assert_eq!(counted(1, "fault"), "1 fault");
        assert_eq!(counted(2, "warning"), "2 warnings");
        assert_eq!(queries_counted(1), "1 query");
    }

    #[test]
    fn articles_shown_to_other_machines_are_noted() {
        let exposed = |listen: &str, live| {
            let mut config = Config::default();
            config.admin.listen = listen.to_owned();
            config.admin.live.enabled = live;
            is_exposed(&config)
        };
        assert!(exposed("0.0.0.0:9464", true) && exposed("[::]:9464", true));
        assert!(exposed("192.0.2.1:9464", true));
        assert!(!exposed("127.0.0.1:9464", true) && !exposed("[::1]:9464", true));
        assert!(!exposed("0.0.0.0:9464", false));
    }
}
