//! The tree of all keys, taken from the JSON Schema of [`Config`], so that checks, suggestions and the reference cannot
//! drift from the types.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::model::Config;

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A table with known keys.
    Table(BTreeMap<String, KeyNode>),
    /// A table whose keys the user chooses.
    Map(Box<KeyNode>),
    /// librdkafka properties: a map whose names contain dots.
    Properties(Box<KeyNode>),
    /// An array.
    List(Box<KeyNode>),
    /// Text; never parsed as anything else.
    Text,
    /// One of these names, with what they mean.
    Choice(Vec<(String, String)>),
    /// A duration in quotes.
    Duration,
    /// A byte size: text with a unit, or an integer.
    Size,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// true or false.
    Boolean,
    /// Whatever the type behind it takes.
    Any,
}

/// One key of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeyNode {
    /// Its documentation.
    pub doc: String,
    /// What it holds.
    pub kind: Kind,
    /// Does it, or anything below it, hold a secret? Its value is then never printed.
    pub secret: bool,
    /// Its default as JSON.
    pub default: Option<Value>,
    /// Smallest value, as written in the schema.
    pub minimum: Option<Value>,
    /// Every value is above this one, as written in the schema.
    pub above: Option<Value>,
    /// Largest value, as written in the schema.
    pub maximum: Option<Value>,
}

/// The root of the key tree.
pub(super) fn key_tree() -> &'static KeyNode {
    static TREE: OnceLock<KeyNode> = OnceLock::new();
    TREE.get_or_init(|| {
        let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
        KeyNode::from_schema(
            settings
                .into_generator()
                .into_root_schema_for::<Config>()
                .as_value(),
        )
    })
}

/// The JSON Schema of the configuration file (draft 2020-12).
pub fn json_schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

impl KeyNode {
    fn from_schema(schema: &Value) -> Self {
        // `Option<T>` of a named type is `anyOf: [T, null]`, with documentation and default beside it.
        let inner = schema
            .get("anyOf")
            .and_then(Value::as_array)
            .and_then(|options| options.iter().find(|option| option["type"] != "null"));
        let shape = inner.unwrap_or(schema);
        let either = |key: &str| {
            schema
                .get(key)
                .or_else(|| shape.get(key))
                .filter(|v| !v.is_null())
                .cloned()
        };
        let kind = Kind::from_schema(shape);
        Self {
            doc: either("description")
                .and_then(|d| d.as_str().map(one_line))
                .unwrap_or_default(),
            secret: shape["writeOnly"] == true || kind.children().any(|child| child.secret),
            default: either("default"),
            minimum: either("x-minimum").or_else(|| either("minimum")),
            above: either("exclusiveMinimum"),
            maximum: either("x-maximum").or_else(|| either("maximum")),
            kind,
        }
    }

    /// The node at `path`; `None` for unknown keys and below leaves.
    pub fn at<S: AsRef<str>>(&self, path: &[S]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |node, segment| node.child(segment.as_ref()))
    }

    /// The node of a key, or of the index of an array.
    pub fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Table(keys) => keys.get(name),
            Kind::Map(value) | Kind::Properties(value) => Some(value),
            Kind::List(item) => name.parse::<usize>().is_ok().then_some(item),
            _ => None,
        }
    }

    /// Every path in the tree, tables and leaves.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut open: Vec<(Vec<String>, &Self)> = vec![(Vec::new(), self)];
        while let Some((path, node)) = open.pop() {
            if let Kind::Table(keys) = &node.kind {
                for (name, child) in keys.iter().rev() {
                    let mut below = path.clone();
                    below.push(name.clone());
                    open.push((below, child));
                }
            }
            if !path.is_empty() {
                found.push(path);
            }
        }
        found
    }
}

impl Kind {
    fn from_schema(schema: &Value) -> Self {
        let child = |key: &str| {
            schema
                .get(key)
                .filter(|v| v.is_object())
                .map(|v| Box::new(KeyNode::from_schema(v)))
        };
        match (schema["format"].as_str(), types(schema).as_slice()) {
            (Some("time-span"), _) => Self::Duration,
            (Some("byte-size"), _) => Self::Size,
            (Some("librdkafka-properties"), _) => {
                child("additionalProperties").map_or(Self::Any, Self::Properties)
            }
            (_, ["object"]) => match (
                schema["properties"].as_object(),
                child("additionalProperties"),
            ) {
                (Some(properties), _) => Self::Table(
                    properties
                        .iter()
                        .map(|(k, v)| (k.clone(), KeyNode::from_schema(v)))
                        .collect(),
                ),
                (None, Some(value)) => Self::Map(value),
                // A table without a single setting has no `properties`.
                (None, None) if schema["additionalProperties"] == false => {
                    Self::Table(BTreeMap::new())
                }
                (None, None) => Self::Any,
            },
            (_, ["array"]) => child("items").map_or(Self::Any, Self::List),
            (_, ["boolean"]) => Self::Boolean,
            (_, ["integer"]) => Self::Integer,
            (_, ["number"]) => Self::Number,
            (_, names) => choices(schema).map_or_else(
                || {
                    if names == ["string"] {
                        Self::Text
                    } else {
                        Self::Any
                    }
                },
                Self::Choice,
            ),
        }
    }

    fn children(&self) -> Box<dyn Iterator<Item = &KeyNode> + '_> {
        match self {
            Self::Table(keys) => Box::new(keys.values()),
            Self::Map(value) | Self::Properties(value) | Self::List(value) => {
                Box::new(std::iter::once(value.as_ref()))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// What is expected here, for a message.
    pub fn expected(&self) -> String {
        match self {
            Self::Table(_) => "a table".to_owned(),
            Self::Map(_) | Self::Properties(_) => "a table of names and values".to_owned(),
            Self::List(item) => format!("a list in brackets, each item {}", item.kind.expected()),
            Self::Text => "text in quotes".to_owned(),
            Self::Choice(names) => format!("one of {}", quoted_names(names)),
            Self::Duration => "a duration in quotes, such as \"45s\"".to_owned(),
            Self::Size => "a byte size, such as \"8MiB\"".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Any => "another type of value".to_owned(),
        }
    }

    /// Does it take text as it is, so that text from the environment must not be parsed?
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_) | Self::Duration)
    }
}

/// The names of a choice for a message: `"lz4", "zstd"`.
pub(super) fn quoted_names(names: &[(String, String)]) -> String {
    let names: Vec<String> = names.iter().map(|(name, _)| format!("{name:?}")).collect();
    names.join(", ")
}

/// The JSON types a schema allows, without null.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .filter(|n| *n != "null")
            .collect(),
        _ => Vec::new(),
    }
}

/// The names of a choice: `enum`, or `oneOf` with a `const` each, which is how documented variants come out.
fn choices(schema: &Value) -> Option<Vec<(String, String)>> {
    if let Some(names) = schema["enum"].as_array() {
        let text = |v: &Value| v.as_str().map(|name| (name.to_owned(), String::new()));
        return names.iter().filter(|v| !v.is_null()).map(text).collect();
    }
    let variant = |v: &Value| {
        let doc = v["description"].as_str().map(one_line).unwrap_or_default();
        v["const"].as_str().map(|name| (name.to_owned(), doc))
    };
    schema["oneOf"].as_array()?.iter().map(variant).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path as users write it: `kafka.properties."linger.ms"`.
pub(super) fn dotted<S: AsRef<str>>(path: &[S]) -> String {
    let segment = |s: &S| {
        let s = s.as_ref();
        let bare = !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if bare { s.to_owned() } else { format!("{s:?}") }
    };
    path.iter().map(segment).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn the_tree_knows_types() {
        let tree = key_tree();
        let kind = |key: &str| {
            tree.at(&path(key))
                .map(|node| node.kind.clone())
                .expect(key)
        };
        assert_eq!(kind("kafka.brokers"), Kind::Text);
        assert_eq!(kind("kafka.instance"), Kind::Text);
        assert_eq!(kind("kafka.session_timeout"), Kind::Duration);
        assert_eq!(kind("batch.bytes"), Kind::Size);
        assert_eq!(kind("output.max_record_bytes"), Kind::Size);
        assert_eq!(kind("threads"), Kind::Integer);
        assert_eq!(kind("dead_letter.max_ratio"), Kind::Number);
        assert_eq!(kind("stages.dedup"), Kind::Boolean);
        assert_eq!(kind("kafka.security.sasl.password_file"), Kind::Text);
        for key in [
            "delivery",
            "kafka.compression",
            "kafka.security.sasl.mechanism",
            "log.format",
        ] {
            assert!(
                matches!(kind(key), Kind::Choice(names) if !names.is_empty()),
                "{key}"
            );
        }
        assert!(
            matches!(kind("input.aliases"), Kind::Map(item) if matches!(item.kind, Kind::List(_)))
        );
        assert!(matches!(kind("kafka.properties"), Kind::Properties(_)));
    }

    #[test]
    fn every_key_is_documented_and_typed() {
        for path in key_tree().paths() {
            let node = key_tree().at(&path).expect("listed");
            assert!(
                node.doc.len() > 10,
                "{} has no documentation",
                dotted(&path)
            );
            assert_ne!(node.kind, Kind::Any, "{} has no known type", dotted(&path));
        }
    }

    #[test]
    fn secrets_mark_everything_above_them() {
        let secret = |key: &str| key_tree().at(&path(key)).expect(key).secret;
        for key in [
            "kafka",
            "kafka.security",
            "kafka.security.sasl.password",
            "kafka.security.sasl.token",
        ] {
            assert!(secret(key), "{key}");
        }
        assert!(secret("kafka.security.tls.key_password") && secret("kafka.properties"));
        assert!(
            !secret("kafka.brokers")
                && !secret("kafka.security.sasl.password_file")
                && !secret("input")
        );
    }

    #[test]
    fn dotted_paths_are_quoted_where_needed() {
        assert_eq!(
            dotted(&["kafka", "properties", "linger.ms"]),
            "kafka.properties.\"linger.ms\""
        );
    }
}
