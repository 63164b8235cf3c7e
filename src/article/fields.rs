//! The ranked table of keys: which key of the JSON object stands for which canonical field, and how good it is.

use std::collections::BTreeMap;

use super::ReaderError;

const TABLE: &str = include_str!("fields.txt");

/// What a key of the raw article can mean to the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Canonical {
    Id,
    Url,
    Title,
    Body,
    Summary,
    Language,
    Published,
    Source,
    SourceName,
    Country,
    Authors,
    Tags,
}

impl Canonical {
    pub(super) const ALL: [Self; 12] = [
        Self::Id,
        Self::Url,
        Self::Title,
        Self::Body,
        Self::Summary,
        Self::Language,
        Self::Published,
        Self::Source,
        Self::SourceName,
        Self::Country,
        Self::Authors,
        Self::Tags,
    ];

    /// The name in `fields.txt` and in `input.aliases`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Url => "url",
            Self::Title => "title",
            Self::Body => "body",
            Self::Summary => "summary",
            Self::Language => "language",
            Self::Published => "published",
            Self::Source => "source",
            Self::SourceName => "source_name",
            Self::Country => "country",
            Self::Authors => "authors",
            Self::Tags => "tags",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether a number counts, so that its spelling must be kept (a long integer is not a 64-bit float).
    fn takes_numbers(self) -> bool {
        matches!(self, Self::Id | Self::Published)
    }
}

/// One meaning of a key. Lower ranks are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) field: Canonical,
    pub(super) rank: u16,
    /// Whether the key often holds something else, so that a useless value is no reason for a warning.
    pub(super) doubtful: bool,
}

/// A key that is read, with all its meanings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The key, or its beginning for a `key*` entry.
    name: String,
    pub(super) targets: Vec<Target>,
    pub(super) takes_numbers: bool,
}

/// All keys that are read. Exact keys are grouped by length: most unknown keys are told apart by that alone.
#[derive(Debug, Clone)]
pub(super) struct FieldTable {
    by_length: Vec<Vec<Key>>,
    prefixes: Vec<Key>,
}

/// The aliases that cannot be used.
pub(super) fn alias_problems(aliases: &BTreeMap<String, Vec<String>>) -> Vec<ReaderError> {
    let problem = |(name, keys): (&String, &Vec<String>)| {
        let empty = || ReaderError::new(format!("input.aliases.{name}"), "a key name is empty");
        match Canonical::from_name(name) {
            None => Some(unknown_field(name)),
            Some(_) => keys.iter().any(String::is_empty).then(empty),
        }
    };
    aliases.iter().filter_map(problem).collect()
}

fn unknown_field(name: &str) -> ReaderError {
    let valid = Canonical::ALL.map(Canonical::name).join(", ");
    let reason = format!("unknown field; expected one of: {valid}");
    ReaderError::new(format!("input.aliases.{name}"), reason)
}

impl FieldTable {
    /// Builds the table from the built-in names and the user's aliases, which rank first.
    pub(super) fn new(aliases: &BTreeMap<String, Vec<String>>) -> Result<Self, ReaderError> {
        let mut table = Self {
            by_length: Vec::new(),
            prefixes: Vec::new(),
        };
        if let Some(first) = alias_problems(aliases).into_iter().next() {
            return Err(first);
        }
        for (name, keys) in aliases {
            let Some(field) = Canonical::from_name(name) else {
                return Err(unknown_field(name));
            };
            for (rank, key) in keys.iter().enumerate() {
                table.add(
                    key,
                    Target {
                        field,
                        rank: rank as u16,
                        doubtful: false,
                    },
                );
            }
        }
        for (field, keys) in built_in() {
            let first = aliases.get(field.name()).map_or(0, Vec::len);
            for (rank, key) in keys.enumerate() {
                let doubtful = key.ends_with('?');
                let target = Target {
                    field,
                    rank: (first + rank) as u16,
                    doubtful,
                };
                match key.strip_suffix('*') {
                    Some(prefix) => table.prefixes.push(Key::new(prefix, target)),
                    None => table.add(key.trim_end_matches('?'), target),
                }
            }
        }
        Ok(table)
    }

    fn add(&mut self, name: &str, target: Target) {
        if self.by_length.len() <= name.len() {
            self.by_length.resize_with(name.len() + 1, Vec::new);
        }
        let Some(bucket) = self.by_length.get_mut(name.len()) else {
            return;
        };
        match bucket.iter_mut().find(|key| key.name == name) {
            Some(key) => key.merge(target),
            None => bucket.push(Key::new(name, target)),
        }
    }

    /// The entry for a key of the article, if it is read.
    pub(super) fn get(&self, name: &str) -> Option<&Key> {
        let exact = self
            .by_length
            .get(name.len())
            .and_then(|bucket| bucket.iter().find(|key| key.name == name));
        exact.or_else(|| self.prefixes.iter().find(|key| name.starts_with(&key.name)))
    }
}

impl Key {
    fn new(name: &str, target: Target) -> Self {
        Self {
            name: name.to_owned(),
            targets: vec![target],
            takes_numbers: target.field.takes_numbers(),
        }
    }

    fn merge(&mut self, target: Target) {
        self.takes_numbers |= target.field.takes_numbers();
        // An alias that is built in as well keeps its better, earlier rank.
        if self.targets.iter().all(|known| known.field != target.field) {
            self.targets.push(target);
        }
    }
}

/// Lines of the table: a field and its keys, best first.
fn built_in() -> impl Iterator<Item = (Canonical, impl Iterator<Item = &'static str>)> {
    TABLE.lines().filter_map(|line| {
        let (name, keys) = line.split_once(':')?;
        Some((Canonical::from_name(name)?, keys.split_whitespace()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_canonical_field_has_a_line_and_every_line_a_field() {
        for field in Canonical::ALL {
            assert_eq!(
                built_in().filter(|(name, _)| *name == field).count(),
                1,
                "{}",
                field.name()
            );
        }
        let lines = TABLE
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .count();
        assert_eq!(lines, Canonical::ALL.len());
    }

    #[test]
    fn aliases_come_first_and_keep_their_order() {
        let aliases = BTreeMap::from([(
            "title".to_owned(),
            vec!["kop".to_owned(), "title_rss".to_owned()],
        )]);
        let table = FieldTable::new(&aliases).unwrap();
        let rank = |name| {
            table
                .get(name)
                .unwrap()
                .targets
                .iter()
                .find(|t| t.field == Canonical::Title)
                .unwrap()
                .rank
        };
        assert_eq!((rank("kop"), rank("title_rss"), rank("title")), (0, 1, 2));
    }

    #[test]
    fn one_key_may_have_several_meanings() {
        let table = FieldTable::new(&BTreeMap::new()).unwrap();
        let source = table.get("source").unwrap();
        let fields: Vec<_> = source.targets.iter().map(|target| target.field).collect();
        assert_eq!(
            fields,
            [Canonical::Url, Canonical::Source, Canonical::SourceName]
        );
        assert!(table.get("uri").unwrap().takes_numbers);
        assert!(table.get("Title").is_none(), "keys are compared exactly");
        assert!(table.get("").is_none());
    }

    #[test]
    fn keys_with_a_known_beginning_are_found() {
        let table = FieldTable::new(&BTreeMap::new()).unwrap();
        assert_eq!(
            table.get("body_html").unwrap().targets[0].field,
            Canonical::Body
        );
        assert_eq!(
            table.get("headline_seo").unwrap().targets[0].field,
            Canonical::Title
        );
    }

    #[test]
    fn an_unknown_canonical_name_is_refused_with_the_valid_ones() {
        let error = FieldTable::new(&BTreeMap::from([("titel".to_owned(), vec![])])).unwrap_err();
        assert_eq!(error.key, "input.aliases.titel");
        for field in Canonical::ALL {
            assert!(error.reason.contains(field.name()), "{}", error.reason);
        }
        let error = FieldTable::new(&BTreeMap::from([("body".to_owned(), vec![String::new()])]))
            .unwrap_err();
        assert_eq!(error.key, "input.aliases.body");
    }
}
