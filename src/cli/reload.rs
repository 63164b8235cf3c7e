//! The thread that takes over settings and word lists that change while the stage runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::{ConfigArgs, Exit};
use crate::config::{Config, Sources};
use crate::metrics::{ConfigReload, Metrics};
use crate::pipeline::Reloader;

/// Longest sleep before the thread looks whether it must end.
const NAP: Duration = Duration::from_millis(100);

/// Counts SIGHUPs. Each thread that listens remembers how many it has seen.
#[derive(Clone, Default)]
pub struct Hangups(Arc<AtomicU64>);

impl Hangups {
    /// Another one has come.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether more have come than were `seen`; they are seen then.
    pub fn is_new(&self, seen: &mut u64) -> bool {
        let now = self.0.load(Ordering::Acquire);
        std::mem::replace(seen, now) != now
    }
}

/// How the word lists of the folder look from outside: names, lengths and times of change. `None` when they cannot be
/// looked at.
type Lists = Option<Vec<(std::ffi::OsString, u64, Option<SystemTime>)>>;

fn look_at(folder: Option<&Path>) -> Lists {
    let mut lists = Vec::new();
    let Some(folder) = folder else {
        return Some(lists);
    };
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.extension().is_some_and(|ending| ending == "tsv") {
            // Through links, by which some platforms exchange a whole folder.
            let known = std::fs::metadata(&path).ok()?;
            let name = path.file_name().unwrap_or_default().to_owned();
            lists.push((name, known.len(), known.modified().ok()));
        }
    }
    lists.sort();
    Some(lists)
}

/// What is in use, and how its sources looked when it was read.
pub struct Watcher {
    args: ConfigArgs,
    config: Config,
    reloader: Reloader,
    metrics: Metrics,
    taxonomy: Option<String>,
    sources: Option<Sources>,
    lists: Lists,
}

impl Watcher {
    /// Watches over a configuration that is in use and came from these arguments.
    pub fn new(args: &ConfigArgs, config: &Config, reloader: Reloader, metrics: Metrics) -> Self {
        Self {
            args: args.clone(),
            config: config.clone(),
            taxonomy: reloader.taxonomy(),
            reloader,
            metrics,
            sources: sources(args).ok(),
            lists: look_at(config.topics.lexicons.as_deref()),
        }
    }

    /// Starts the thread. It ends with `stop`.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(mut self, hangups: Hangups, stop: Arc<AtomicBool>) -> Result<(), Exit> {
        let (watch, poll) = (self.config.reload.watch, self.config.reload.poll.duration());
        let work = move || {
            let mut seen = 0;
            let mut next = Instant::now() + poll;
            while !stop.load(Ordering::Acquire) {
                let asked = hangups.is_new(&mut seen);
                if asked || (watch && Instant::now() >= next) {
                    self.look(asked);
                    next = Instant::now() + poll;
                }
                std::thread::sleep(NAP);
            }
        };
        std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(work)
            .map(drop)
            .map_err(|error| {
                tracing::error!(%error, "cannot start the thread that reloads settings");
                Exit::Software
            })
    }

    /// Loads anew when something has changed, or when it was asked for. What fails is tried again only when something
    /// has changed once more.
    fn look(&mut self, asked: bool) {
        let now = sources(&self.args);
        let lists = look_at(self.config.topics.lexicons.as_deref());
        let lists_changed = lists != self.lists;
        if !asked && !lists_changed && now.as_ref().ok() == self.sources.as_ref() {
            return;
        }
        self.sources = now.as_ref().ok().cloned();
        self.lists = lists;
        let result = now
            .and_then(|sources| read(&sources))
            .and_then(|new| self.take(&new, asked || lists_changed));
        let result = result.unwrap_or_else(|problem| {
            tracing::error!(
                problem,
                "configuration not reloaded; the old one stays in use"
            );
            ConfigReload::Failed
        });
        self.metrics.config_reload(result);
    }

    fn take(&mut self, new: &Config, build: bool) -> Result<ConfigReload, String> {
        let reloaded = self.config.reloaded(new);
        let mut changed = false;
        if build || !reloaded.taken.is_empty() {
            // Before they are read: what changes meanwhile is seen the next time.
            let lists = look_at(reloaded.config.topics.lexicons.as_deref());
            let taxonomy = self
                .reloader
                .load(&reloaded.config)
                .map_err(|error| error.to_string())?;
            changed = !reloaded.taken.is_empty() || taxonomy != self.taxonomy;
            tracing::info!(
                changed = reloaded.taken.join(" "),
                config = reloaded.config.fingerprint(),
                taxonomy,
                "configuration reloaded"
            );
            self.lists = lists;
            self.taxonomy = taxonomy;
            self.config = reloaded.config;
            self.metrics
                .set_config_fingerprint(self.config.fingerprint());
        }
        // One line for all of them: lines that repeat themselves are cut off.
        if !reloaded.kept.is_empty() {
            tracing::error!(
                keys = reloaded.kept.join(" "),
                "settings have changed that need a restart; their old values stay in use"
            );
            return Ok(ConfigReload::Refused);
        }
        Ok(if changed {
            ConfigReload::Loaded
        } else {
            ConfigReload::Unchanged
        })
    }
}

fn sources(args: &ConfigArgs) -> Result<Sources, String> {
    Sources::from_system(args.config.as_deref(), args.sets.clone())
        .map_err(|errors| errors.to_string())
}

/// The configuration, checked as at the start.
fn read(sources: &Sources) -> Result<Config, String> {
    let loaded = Config::load(sources).map_err(|errors| errors.to_string())?;
    loaded
        .validate_for_run()
        .map_err(|errors| errors.to_string())?;
    Ok(loaded.config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_seen_to_change_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("en.tsv", "one");
        let before = look_at(Some(folder.path()));
        assert_eq!(before.as_ref().map(Vec::len), Some(1));
        write("notes.txt", "two");
        assert_eq!(look_at(Some(folder.path())), before);
        write("en.tsv", "three");
        assert_ne!(look_at(Some(folder.path())), before);
        assert_eq!(look_at(Some(&folder.path().join("gone"))), None);
        assert_eq!(look_at(None), Some(Vec::new()));
    }

    #[test]
    fn every_listener_sees_a_hangup_once() {
        let hangups = Hangups::default();
        let (mut one, mut other) = (0, 0);
        assert!(!hangups.is_new(&mut one));
        hangups.add();
        hangups.add();
        assert!(hangups.is_new(&mut one) && !hangups.is_new(&mut one));
        assert!(hangups.is_new(&mut other));
    }
}
