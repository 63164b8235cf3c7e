//! The real pipeline over the fixtures: messages in, outcomes out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use newsstage::article::{Message, Position};
use newsstage::config::Config;
use newsstage::metrics::{Metrics, ProcessInfo};
use newsstage::pipeline::{Outcome, Pipeline};
use tempfile::TempDir;

/// When all messages arrive. Only the window of the index depends on it.
pub const NOW_MS: i64 = 1_790_000_000_000;

/// A named message of the fixtures.
pub struct Case {
    /// Name of its golden file.
    pub name: String,
    pub message: Message,
}

impl Case {
    pub fn payload(&self) -> &[u8] {
        self.message.payload.as_deref().unwrap_or_default()
    }
}

/// A pipeline with an index of its own.
pub struct Stage {
    pub pipeline: Pipeline,
    _folder: TempDir,
}

impl Stage {
    pub fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let mut config = Config::default();
        config.dedup.path = folder.path().join("index");
        change(&mut config);
        let metrics = Metrics::new(&ProcessInfo {
            started_ms: NOW_MS,
            ..ProcessInfo::default()
        });
        let (pipeline, _) = Pipeline::new(&config, metrics, NOW_MS).expect("a pipeline");
        Self {
            pipeline,
            _folder: folder,
        }
    }

    /// All cases, `cut` at a time, as batches come from a topic.
    pub fn process(&mut self, cases: &[Case], cut: usize) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for batch in cases.chunks(cut.max(1)) {
            let messages: Vec<Message> = batch.iter().map(|case| case.message.clone()).collect();
            outcomes.extend(
                self.pipeline
                    .process(&messages, NOW_MS)
                    .expect("an index in memory"),
            );
            self.pipeline.flush(NOW_MS).expect("the index is written");
        }
        outcomes
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn message(topic: &str, offset: usize, payload: Vec<u8>) -> Message {
    Message {
        position: Position {
            topic: Arc::from(topic),
            partition: 0,
            offset: i64::try_from(offset).expect("a small number"),
        },
        key: None,
        payload: Some(payload),
        headers: Vec::new(),
        timestamp_ms: Some(NOW_MS),
    }
}

/// The lines of `golden_input.ndjson`, each named by its member `_case`, or by its line where it has none.
pub fn messages() -> Vec<Case> {
    let bytes = std::fs::read(fixtures().join("golden_input.ndjson")).expect("the fixture");
    bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .enumerate()
        .map(|(index, line)| Case {
            name: case_name(line).unwrap_or_else(|| format!("line_{}", index + 1)),
            message: message("golden", index, line.to_vec()),
        })
        .collect()
}

/// The member is found as text: some lines are no JSON on purpose.
fn case_name(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let (_, rest) = text.split_once("\"_case\"")?;
    let (_, rest) = rest.split_once('"')?;
    let (name, _) = rest.split_once('"')?;
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    assert!(plain && !name.is_empty(), "no file name: {name:?}");
    Some(name.to_owned())
}

/// Every file of a folder as one message, in the order of the names.
pub fn files(folder: &Path, topic: &str) -> Vec<Case> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    paths
        .iter()
        .enumerate()
        .map(|(index, path)| Case {
            name: path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
            message: message(topic, index, std::fs::read(path).expect("a fixture")),
        })
        .collect()
}
