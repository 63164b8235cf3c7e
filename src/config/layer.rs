//! One layer of settings (the file, one variable, one argument): TOML checked against the key tree, with the place of
//! every key. All mistakes of a layer are found, not only the first.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::check::{in_range, leaf, scalar};
use super::errors::{Place, Problem};
use super::keys::{KeyNode, Kind, dotted, key_tree};
use super::nearest::nearest_key;

/// The names from the root to a key; positions in lists are decimal numbers.
pub(super) type KeyPath = Vec<String>;

/// Where a key and its value stand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub key: Place,
    pub value: Place,
}

/// Settings from one source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Layer {
    pub table: Table,
    pub spots: BTreeMap<KeyPath, Spot>,
}

impl Layer {
    /// Puts `over` on top: its tables are merged, its other values replace.
    pub fn merge(&mut self, over: Self) {
        let Self { table, spots } = over;
        // Lists are replaced whole, so that no place of an old item may stay.
        for path in spots.keys() {
            if key_tree()
                .at(path)
                .is_some_and(|node| matches!(node.kind, Kind::List(_)))
            {
                self.spots.retain(|old, _| !old.starts_with(path));
            }
        }
        self.spots.extend(spots);
        merge_tables(&mut self.table, table);
    }

    /// Where the value of the key stands, or of the nearest table around it.
    pub fn place(&self, path: &[String]) -> Place {
        (1..=path.len())
            .rev()
            .filter_map(|end| path.get(..end).and_then(|above| self.spots.get(above)))
            .map(|spot| spot.value.clone())
            .next()
            .unwrap_or_default()
    }
}

/// The recursion is as deep as the key tree: layers hold known keys alone.
fn merge_tables(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge_tables(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// Drops a value piece by piece. A few kilobytes of TOML can nest thousands of tables, and to drop them at once would
/// overflow the stack.
pub(super) fn dismantle(value: DeValue<'_>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            DeValue::Array(items) => open.extend(items.into_iter().map(Spanned::into_inner)),
            DeValue::Table(table) => open.extend(table.into_iter().map(|(_, v)| v.into_inner())),
            _ => {}
        }
    }
}

/// Where the text of a layer comes from.
pub(super) enum Origin<'a> {
    /// A file of this name with this text.
    File(String, LineIndex<'a>),
    /// A variable or an argument: one place for all.
    One(Place),
}

/// Turns byte offsets into lines and columns.
pub(super) struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Indexes `text`.
    pub fn new(text: &'a str) -> Self {
        let after = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after).collect(),
        }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}

/// Reads layers and collects what is wrong with them.
pub(super) struct LayerReader<'a> {
    origin: Origin<'a>,
    layer: Layer,
    problems: Vec<Problem>,
}

impl<'a> LayerReader<'a> {
    /// A reader for one source.
    pub fn new(origin: Origin<'a>) -> Self {
        Self {
            origin,
            layer: Layer::default(),
            problems: Vec::new(),
        }
    }

    /// The layer and the mistakes in it. What is mistaken is not in the layer.
    pub fn finish(self) -> (Layer, Vec<Problem>) {
        (self.layer, self.problems)
    }

    /// Reads a whole file.
    pub fn read_document(&mut self, document: &Spanned<DeTable<'_>>) {
        let table = self.table(key_tree(), document.get_ref(), &mut Vec::new());
        self.layer.table = table;
    }

    /// Reads the value of one key, given as text outside a file. `path` must be known to the key tree.
    pub fn read_text(&mut self, path: &[String], text: &str) {
        let Some(node) = key_tree().at(path) else {
            return;
        };
        let in_properties = path
            .split_last()
            .and_then(|(_, above)| key_tree().at(above))
            .is_some_and(|above| matches!(above.kind, Kind::Properties(_)));
        let verbatim = || Spanned::new(0..0, DeValue::String(text.into()));
        let parsed = (!node.kind.is_text() && !in_properties)
            .then(|| DeValue::parse_recoverable(text.trim()));
        let value = match parsed {
            Some((value, errors)) if errors.is_empty() => value,
            Some((broken, _)) => {
                dismantle(broken.into_inner());
                verbatim()
            }
            None => verbatim(),
        };
        let mut at = path.to_vec();
        let read = self.value(node, 0..0, &value, &mut at);
        dismantle(value.into_inner());
        if let (Some(read), Some((last, above))) = (read, path.split_last()) {
            let mut table = Table::from_iter([(last.clone(), read)]);
            for name in above.iter().rev() {
                table = Table::from_iter([(name.clone(), Value::Table(table))]);
            }
            self.layer.table = table;
        }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        match &self.origin {
            Origin::One(place) => place.clone(),
            Origin::File(file, lines) => {
                let (line, column) = lines.position(span.start);
                Place::File {
                    file: file.clone(),
                    line,
                    column,
                }
            }
        }
    }

    fn problem(
        &mut self,
        path: &[String],
        span: &Range<usize>,
        message: String,
        suggestion: Option<String>,
    ) {
        let place = self.place(span);
        self.problems.push(
            Problem::new(dotted(path), message)
                .at(place)
                .suggest(suggestion),
        );
    }

    fn table(&mut self, node: &KeyNode, table: &DeTable<'_>, path: &mut KeyPath) -> Table {
        let mut read = Table::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            path.push(name.clone());
            match node.child(&name) {
                Some(child) => {
                    if let Some(value) = self.value(child, key.span(), value, path) {
                        read.insert(name, value);
                    }
                }
                None => {
                    let suggestion = nearest_key(path).map(|near| format!("`{}`", dotted(&near)));
                    self.problem(path, &key.span(), "unknown key".to_owned(), suggestion);
                }
            }
            path.pop();
        }
        read
    }

    /// Reads one value. The recursion is as deep as the key tree, whatever the text holds.
    fn value(
        &mut self,
        node: &KeyNode,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        path: &mut KeyPath,
    ) -> Option<Value> {
        let spot = Spot {
            key: self.place(&key),
            value: self.place(&value.span()),
        };
        self.layer.spots.insert(path.clone(), spot);
        match (&node.kind, value.get_ref()) {
            (Kind::Table(_) | Kind::Map(_), DeValue::Table(table)) => {
                Some(Value::Table(self.table(node, table, path)))
            }
            (Kind::Properties(_), DeValue::Table(table)) => {
                Some(Value::Table(self.properties(table, path)))
            }
            (Kind::List(item), DeValue::Array(items)) => {
                let mut read = Vec::new();
                for (index, value) in items.iter().enumerate() {
                    path.push(index.to_string());
                    read.extend(self.value(item, value.span(), value, path));
                    path.pop();
                }
                Some(Value::Array(read))
            }
            (kind, found) => match leaf(kind, found).and_then(|leaf| in_range(node, leaf)) {
                Ok(read) => Some(read),
                Err(wrong) => {
                    let (message, suggestion) = wrong.describe(node, found);
                    self.problem(path, &value.span(), message, suggestion);
                    None
                }
            },
        }
    }

    /// librdkafka's names contain dots, which TOML reads as tables; they are joined again here, without recursion.
    fn properties(&mut self, table: &DeTable<'_>, path: &mut KeyPath) -> Table {
        // Longer than any property name; TOML text can nest a few thousand tables.
        const DEEPEST: usize = 16;
        let mut read = Table::new();
        let mut open = vec![(String::new(), 0, table)];
        while let Some((prefix, depth, table)) = open.pop() {
            for (key, value) in table {
                let name = format!("{prefix}{}", key.get_ref());
                if let (DeValue::Table(below), true) = (value.get_ref(), depth < DEEPEST) {
                    open.push((name + ".", depth + 1, below));
                    continue;
                }
                path.push(name.clone());
                match scalar(value.get_ref()) {
                    Some(scalar) => {
                        let spot = Spot {
                            key: self.place(&key.span()),
                            value: self.place(&value.span()),
                        };
                        self.layer.spots.insert(path.clone(), spot);
                        read.insert(name, scalar);
                    }
                    None => {
                        let message = "expected text, a number, true or false".to_owned();
                        self.problem(path, &value.span(), message, None);
                    }
                }
                path.pop();
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let lines = LineIndex::new("a = 1\nü = 2\n");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(5), (1, 6));
        assert_eq!(lines.position(6), (2, 1));
        // After the two bytes of ü and a space.
        assert_eq!(lines.position(9), (2, 3));
        assert_eq!(lines.position(10_000), (3, 1));
    }

    #[test]
    fn lists_are_replaced_and_tables_merged() {
        let layer = |path: &[&str], text: &str| {
            let path: KeyPath = path.iter().map(|&s| s.to_owned()).collect();
            let mut reader = LayerReader::new(Origin::One(Place::Set(1)));
            reader.read_text(&path, text);
            let (layer, problems) = reader.finish();
            assert_eq!(problems, []);
            layer
        };
        let mut all = layer(
            &["input", "aliases"],
            "{ title = ['a', 'b'], body = ['c'] }",
        );
        all.merge(layer(&["input", "aliases", "title"], "['d']"));
        let expected: Table =
            toml::from_str("input.aliases = { title = ['d'], body = ['c'] }").expect("TOML");
        assert_eq!(all.table, expected);
        let path = |index: &str| {
            ["input", "aliases", "title", index]
                .map(str::to_owned)
                .to_vec()
        };
        assert!(all.spots.contains_key(&path("0")) && !all.spots.contains_key(&path("1")));
    }
}
