//! The configuration of a stage under test; [`process`](super::process) names it too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::process::{Stage, program};

/// A configuration file in a folder of its own, which also holds the index and the logs. The same configuration may be
/// started again and again: a restart finds what the last run left.
#[derive(Debug)]
pub struct StageConfig {
    values: toml::Table,
    folder: TempDir,
    starts: AtomicU32,
}

impl StageConfig {
    /// A stage that reads `input`, writes `output` and `dead_letter` and is in the group `group`. The admin server takes
    /// a free port and the log is JSON.
    pub fn new(bootstrap: &str, group: &str, [input, output, dead_letter]: [&str; 3]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("stage-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder for the stage");
        let mut config = Self {
            values: toml::Table::new(),
            folder,
            starts: AtomicU32::new(0),
        };
        config.set("input.topic", input);
        config.set("output.topic", output);
        config.set("dead_letter.topic", dead_letter);
        config.set("kafka.brokers", bootstrap);
        config.set("kafka.group", group);
        config.set("admin.listen", "127.0.0.1:0");
        config.set("log.format", "json");
        config.own_index();
        config
    }

    /// The same settings for another replica, with a folder and an index of its own.
    pub fn replica(&self) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("stage-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder for the stage");
        let mut other = Self {
            values: self.values.clone(),
            folder,
            starts: AtomicU32::new(0),
        };
        other.own_index();
        other
    }

    /// Sets one key; dots lead into tables, which are made when missing: `set("kafka.session_timeout", "6s")`.
    pub fn set(&mut self, path: &str, value: impl Into<toml::Value>) -> &mut Self {
        let (tables, key) = path.rsplit_once('.').unwrap_or(("", path));
        self.table(tables).insert(key.to_owned(), value.into());
        self
    }

    /// Sets a key that itself has dots, in the table `tables`:
    /// `set_dotted("kafka.consumer_properties", "fetch.wait.max.ms", "50")`.
    pub fn set_dotted(
        &mut self,
        tables: &str,
        key: &str,
        value: impl Into<toml::Value>,
    ) -> &mut Self {
        self.table(tables).insert(key.to_owned(), value.into());
        self
    }

    /// Takes one key out again.
    pub fn unset(&mut self, path: &str) -> &mut Self {
        let (tables, key) = path.rsplit_once('.').unwrap_or(("", path));
        self.table(tables).remove(key);
        self
    }

    /// Where the files of this configuration are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the configuration file as it is now, and returns its path.
    pub fn write(&self) -> PathBuf {
        let path = self.folder().join("newsstage.toml");
        let text = toml::to_string(&self.values).expect("TOML");
        std::fs::write(&path, text).expect("the configuration is written");
        path
    }

    /// Starts `newsstage run` with this configuration.
    #[track_caller]
    pub fn start(&self) -> Stage {
        self.start_with(&[], &[])
    }

    /// Starts `newsstage run` with further arguments and environment variables.
    #[track_caller]
    pub fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Stage {
        let number = self.starts.fetch_add(1, Ordering::Relaxed);
        let log_path = self.folder().join(format!("stage-{number}.log"));
        let log = File::create(&log_path).expect("a log file");
        let mut command = program();
        command
            .arg("run")
            .arg("--config")
            .arg(self.write())
            .args(arguments);
        command
            .envs(environment.iter().copied())
            .current_dir(self.folder());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().expect("newsstage starts");
        Stage::new(child, log_path)
    }

    fn own_index(&mut self) {
        let index = self.folder().join("index").display().to_string();
        self.set("dedup.path", index);
    }

    fn table(&mut self, path: &str) -> &mut toml::Table {
        let mut table = &mut self.values;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let next = table
                .entry(name)
                .or_insert_with(|| toml::Table::new().into());
            table = next.as_table_mut().expect("a table");
        }
        table
    }
}
