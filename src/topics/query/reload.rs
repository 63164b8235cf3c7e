//! Queries that change while the stage runs: a new set is compiled beside the old one and put in its place at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use super::definition::{Definition, Sourced};
use super::files::{FilesError, Stamp, read, stamp};
use super::set::{Compiled, QueryOptions, QueryProblem, QuerySet};
use crate::metrics::{Metrics, QueryReload};

/// Articles after which the words by which candidates are found are chosen anew, by how frequent they were.
const LEARNED: u32 = 4000;
/// Queries with errors that are named in the log at each load.
const NAMED: usize = 20;

/// The set in use. A batch of articles takes it once and keeps it to its end.
#[derive(Debug)]
pub struct QueryHandle {
    current: RwLock<Arc<QuerySet>>,
}

impl QueryHandle {
    /// A handle to a set.
    pub fn new(set: QuerySet) -> Self {
        Self {
            current: RwLock::new(Arc::new(set)),
        }
    }

    /// The set in use.
    pub fn current(&self) -> Arc<QuerySet> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn swap(&self, set: QuerySet) -> Arc<QuerySet> {
        let set = Arc::new(set);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, set)
    }
}

/// Queries of a topic by key.
type Records = BTreeMap<Vec<u8>, Box<[u8]>>;

/// Loads queries and looks after changes. It belongs to a thread of its own: what it does takes time, but nobody waits.
pub struct QueryLoader {
    path: Option<PathBuf>,
    options: QueryOptions,
    handle: Arc<QueryHandle>,
    metrics: Metrics,
    stamp: Option<Stamp>,
    /// Name of the topic and its queries by key.
    topic: Option<(Arc<str>, Records)>,
    topic_changed: bool,
    learned: bool,
    /// The set that was replaced, until nobody uses it: giving memory back is work too.
    old: Vec<Arc<QuerySet>>,
}

impl QueryLoader {
    /// Loads the files for the first time.
    ///
    /// # Errors
    /// When they cannot be read. Queries that cannot be used are no error: they are logged and counted.
    pub fn start(
        path: Option<PathBuf>,
        options: QueryOptions,
        metrics: Metrics,
    ) -> Result<Self, FilesError> {
        let mut loader = Self {
            path,
            handle: Arc::new(QueryHandle::new(QuerySet::empty(&options))),
            options,
            metrics,
            stamp: None,
            topic: None,
            topic_changed: false,
            learned: false,
            old: Vec::new(),
        };
        loader.look()?;
        loader.load(false)?;
        Ok(loader)
    }

    /// The set in use, to be shared.
    pub fn handle(&self) -> Arc<QueryHandle> {
        self.handle.clone()
    }

    /// Says that queries come from a topic too. One of the topic replaces one of the files with the same id.
    pub fn use_topic(&mut self, name: &str) {
        self.topic = Some((format!("topic {name}").into(), BTreeMap::new()));
    }

    /// Takes a record of the topic: the key is the id, the value the definition, no value deletes it.
    pub fn record(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Some((_, records)) = &mut self.topic else {
            return;
        };
        match value {
            Some(value) => drop(records.insert(key.to_owned(), value.into())),
            None => drop(records.remove(key)),
        }
        self.topic_changed = true;
    }

    /// Loads anew where something has changed. What cannot be read leaves the old set in use. Returns whether a set was
    /// replaced.
    pub fn poll(&mut self) -> bool {
        self.old.retain(|set| Arc::strong_count(set) > 1);
        let changed = match self.look() {
            Ok(changed) => changed,
            Err(error) => return self.failed(&error),
        };
        let learned = !self.learned && self.handle.current().sampled() >= LEARNED;
        if !(changed || self.topic_changed || learned) {
            return false;
        }
        self.learned |= learned;
        match self.load(true) {
            Ok(()) => true,
            Err(error) => self.failed(&error),
        }
    }

    /// Looks whether the files have changed.
    fn look(&mut self) -> Result<bool, FilesError> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let now = Some(stamp(path)?);
        let changed = now != self.stamp;
        self.stamp = now;
        Ok(changed)
    }

    fn failed(&mut self, error: &FilesError) -> bool {
        // Tried again, and said again, only when the files have changed once more.
        self.metrics.query_reload(QueryReload::Failed);
        tracing::error!(%error, "queries not loaded; the old ones stay in use");
        false
    }

    fn load(&mut self, replaces: bool) -> Result<(), FilesError> {
        let started = Instant::now();
        let mut definitions = match &self.path {
            Some(path) => read(path)?,
            None => Vec::new(),
        };
        definitions.extend(self.topic_definitions());
        self.topic_changed = false;
        let before = self.handle.current();
        let Compiled {
            set,
            problems,
            disabled,
        } = QuerySet::compile(definitions, &self.options, Some(&before));
        drop(before);
        let seconds = started.elapsed().as_secs_f64();
        self.metrics
            .set_queries(set.len() as u64, disabled as u64, set.memory_bytes() as u64);
        self.metrics.query_reload(QueryReload::Loaded);
        tell(&problems, disabled);
        if replaces {
            tracing::info!(
                queries = set.len(),
                disabled,
                generation = set.generation(),
                seconds,
                "queries loaded"
            );
        }
        let replaced = self.handle.swap(set);
        self.old.push(replaced);
        Ok(())
    }

    fn topic_definitions(&self) -> Vec<Sourced> {
        let Some((name, records)) = &self.topic else {
            return Vec::new();
        };
        records
            .iter()
            .map(|(key, value)| Sourced {
                file: name.clone(),
                line: 0,
                definition: keyed(key, value),
            })
            .collect()
    }
}

/// The definition of a record, whose key is its id.
fn keyed(key: &[u8], value: &[u8]) -> Result<Definition, (String, String)> {
    let id =
        std::str::from_utf8(key).map_err(|_| (String::new(), "the key is not UTF-8".to_owned()))?;
    let mut definition =
        Definition::from_json(value).map_err(|problem| (id.to_owned(), problem))?;
    if !definition.id.is_empty() && definition.id != id {
        let problem = format!("the key is {id:?}, the id inside {:?}", definition.id);
        return Err((id.to_owned(), problem));
    }
    definition.id = id.to_owned();
    Ok(definition)
}

/// Names the queries that cannot be used.
fn tell(problems: &[QueryProblem], disabled: usize) {
    let errors = problems.iter().filter(|problem| problem.is_error());
    for problem in errors.take(NAMED) {
        tracing::error!(
            id = problem.id,
            file = problem.file,
            line = problem.line,
            problem = %problem.diagnostic,
            "query disabled"
        );
    }
    if disabled > NAMED {
        tracing::error!(
            disabled,
            "more queries are disabled; `newsstage queries check` lists them"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ProcessInfo;

    fn metrics() -> Metrics {
        Metrics::new(&ProcessInfo::default())
    }

    #[test]
    fn changes_are_loaded_and_what_is_unreadable_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.jsonl");
        std::fs::write(
            &file,
            "{\"id\":\"a\",\"query\":\"oil\"}\n{\"id\":\"b\",\"query\":\"(\"}\n",
        )
        .unwrap();
        let mut loader =
            QueryLoader::start(Some(file.clone()), QueryOptions::default(), metrics()).unwrap();
        let handle = loader.handle();
        let first = handle.current();
        assert_eq!(
            first.ids().collect::<Vec<_>>(),
            ["a"],
            "a bad query disables itself only"
        );
        assert!(!loader.poll());
        std::fs::write(
            &file,
            "{\"id\":\"a\",\"query\":\"oil\"}\n{\"id\":\"b\",\"query\":\"gas OR oil\"}\n",
        )
        .unwrap();
        assert!(loader.poll());
        let second = handle.current();
        assert_eq!(second.len(), 2);
        assert_ne!(first.generation(), second.generation());
        assert_eq!(first.len(), 1, "whoever has the old set keeps it whole");
        std::fs::remove_file(&file).unwrap();
        assert!(!loader.poll());
        assert_eq!(handle.current().generation(), second.generation());
        std::fs::write(&file, "{\"id\":\"a\",\"query\":\"oil\"}\n").unwrap();
        assert!(loader.poll());
        assert_eq!(
            handle.current().generation(),
            first.generation(),
            "equal queries, equal generation"
        );
    }

    #[test]
    fn records_of_a_topic_add_replace_and_delete() {
        let mut loader = QueryLoader::start(None, QueryOptions::default(), metrics()).unwrap();
        let handle = loader.handle();
        loader.use_topic("queries");
        loader.record(b"a", Some(br#"{"query":"oil"}"#));
        loader.record(b"b", Some(br#"{"id":"b","query":"gas"}"#));
        loader.record(b"c", Some(br#"{"id":"other","query":"gas"}"#));
        loader.record(b"\xff", Some(b"{}"));
        assert!(loader.poll());
        assert_eq!(handle.current().ids().collect::<Vec<_>>(), ["a", "b"]);
        loader.record(b"a", None);
        assert!(loader.poll());
        assert_eq!(handle.current().ids().collect::<Vec<_>>(), ["b"]);
        assert!(!loader.poll());
    }
}
