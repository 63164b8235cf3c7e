//! Where settings come from, and how each source becomes a layer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::errors::{Place, Problem};
use super::keys::{Kind, dotted, key_tree};
use super::layer::{KeyPath, Layer, LayerReader, LineIndex, Origin, dismantle};
use super::nearest::nearest_key;
use super::properties::from_underscores;

/// Beginning of every environment variable that is a setting.
pub const ENV_PREFIX: &str = "NEWSSTAGE__";

/// Beginning of every environment variable that is meant for this program.
pub(super) const PROGRAM: &str = "NEWSSTAGE_";

/// What the configuration is made of; later sources win: file, environment, arguments.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Name and text of the file.
    pub file: Option<(PathBuf, String)>,
    /// Environment variables; those that do not begin with [`ENV_PREFIX`] are ignored.
    pub env: Vec<(String, String)>,
    /// Names of variables that begin with `NEWSSTAGE_` and are no settings; whoever wrote one may have meant a setting.
    pub misnamed: Vec<String>,
    /// Values of `--set`: `kafka.group=news`.
    pub sets: Vec<String>,
    /// Host name: the default of `kafka.instance`.
    pub host: Option<String>,
}

// Sources hold secrets as they were written.
impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file.as_ref().map(|(path, _)| path))
            .field("env", &self.env.len())
            .field("sets", &self.sets.len())
            .field("host", &self.host)
            .finish()
    }
}

impl Sources {
    /// All layers, one on top of the other, and every mistake in them.
    pub(super) fn layers(&self) -> (Layer, Vec<Problem>) {
        let mut all = Layer::default();
        let mut problems = Vec::new();
        let file = self
            .file
            .iter()
            .map(|(path, text)| file_layer(&path.display().to_string(), text));
        let sets = self
            .sets
            .iter()
            .enumerate()
            .map(|(index, set)| set_layer(index + 1, set));
        for (layer, wrong) in file.chain(env_layers(&self.env)).chain(sets) {
            all.merge(layer);
            problems.extend(wrong);
        }
        (all, problems)
    }
}

fn file_layer(name: &str, text: &str) -> (Layer, Vec<Problem>) {
    // More would only be follow-up errors.
    const MOST_SYNTAX_ERRORS: usize = 10;
    let (document, errors) = DeTable::parse_recoverable(text);
    let lines = LineIndex::new(text);
    if errors.is_empty() {
        let mut reader = LayerReader::new(Origin::File(name.to_owned(), lines));
        reader.read_document(&document);
        dismantle(DeValue::Table(document.into_inner()));
        let (layer, mut problems) = reader.finish();
        problems.sort_by_key(|problem| match problem.place {
            Place::File { line, column, .. } => (line, column),
            _ => (0, 0),
        });
        return (layer, problems);
    }
    dismantle(DeValue::Table(document.into_inner()));
    let problem = |error: &toml::de::Error| {
        let (line, column) = lines.position(error.span().map_or(0, |span| span.start));
        // The message is the parser's; its Display would also print the line, which may hold a secret.
        let place = Place::File {
            file: name.to_owned(),
            line,
            column,
        };
        Problem::new("", format!("not valid TOML: {}", error.message())).at(place)
    };
    (
        Layer::default(),
        errors
            .iter()
            .take(MOST_SYNTAX_ERRORS)
            .map(problem)
            .collect(),
    )
}

fn env_layers(env: &[(String, String)]) -> Vec<(Layer, Vec<Problem>)> {
    let mut settings: Vec<(&str, &str, &str)> = env
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.as_str(),
                name.strip_prefix(ENV_PREFIX)?,
                value.as_str(),
            ))
        })
        .collect();
    // By name, so that the order of the environment decides nothing: a table comes before its keys.
    settings.sort_unstable();
    let mut seen: BTreeMap<KeyPath, &str> = BTreeMap::new();
    let mut layers = Vec::new();
    for (name, key, value) in settings {
        let path = env_path(key);
        let place = Place::Env(name.to_owned());
        let mut problems = Vec::new();
        if let Some(problem) = unknown(&path, &place) {
            let near = nearest_key(&path).map(|near| env_name(&near));
            problems.push(problem.suggest(near));
        } else if let Some(other) = seen.insert(path.clone(), name) {
            let message = format!("set twice, also by {}", other.escape_debug());
            problems.push(Problem::new(dotted(&path), message).at(place));
        } else {
            layers.push(text_layer(&path, value, place));
        }
        layers.push((Layer::default(), problems));
    }
    layers
}

/// Warnings about variables that would be settings if the names in them were parted by two underscores.
pub(super) fn misnamed(names: &[String]) -> Vec<Problem> {
    let single = |name: &str| name.to_uppercase().replace("__", "_");
    let meant = |name: &String| {
        let bare = single(name);
        let path = key_tree()
            .paths()
            .into_iter()
            .find(|path| single(&env_name(path)) == bare)?;
        let message = "not read: two underscores part the names of a setting";
        let problem = Problem::new("", message).at(Place::Env(name.clone()));
        Some(problem.suggest(Some(env_name(&path))))
    };
    names.iter().filter_map(meant).collect()
}

fn set_layer(number: usize, set: &str) -> (Layer, Vec<Problem>) {
    let place = Place::Set(number);
    let fail = |problem: Problem| (Layer::default(), vec![problem]);
    // Without `=` the whole text may be a secret, so none of it is shown.
    let Some((key, value)) = split_set(set) else {
        return fail(Problem::new("", "expected key=value, such as kafka.group=news").at(place));
    };
    let path = join_properties(key);
    if let Some(problem) = unknown(&path, &place) {
        let near = nearest_key(&path).map(|near| format!("`{}`", dotted(&near)));
        return fail(problem.suggest(near));
    }
    text_layer(&path, value, place)
}

fn text_layer(path: &[String], text: &str, place: Place) -> (Layer, Vec<Problem>) {
    let mut reader = LayerReader::new(Origin::One(place));
    reader.read_text(path, text);
    reader.finish()
}

fn unknown(path: &[String], place: &Place) -> Option<Problem> {
    let known = !path.is_empty() && key_tree().at(path).is_some();
    (!known).then(|| Problem::new(dotted(path), "unknown key").at(place.clone()))
}

/// `KAFKA__PROPERTIES__LINGER_MS` is `kafka.properties."linger.ms"`.
fn env_path(name: &str) -> KeyPath {
    let mut path = join_properties(name.split("__").map(str::to_lowercase).collect());
    if let Some((last, above)) = path.split_last_mut()
        && key_tree()
            .at(above)
            .is_some_and(|node| matches!(node.kind, Kind::Properties(_)))
    {
        *last = from_underscores(last);
    }
    path
}

fn env_name(path: &[String]) -> String {
    let name: Vec<String> = path
        .iter()
        .map(|segment| segment.to_uppercase().replace('.', "_"))
        .collect();
    format!("{ENV_PREFIX}{}", name.join("__"))
}

/// Everything below a table of librdkafka properties is one name: `kafka.properties.linger.ms`.
fn join_properties(mut path: KeyPath) -> KeyPath {
    let at = (1..path.len()).find(|end| {
        path.get(..*end)
            .and_then(|above| key_tree().at(above))
            .is_some_and(|node| matches!(node.kind, Kind::Properties(_)))
    });
    if let Some(at) = at {
        let name = path.split_off(at).join(".");
        path.push(name);
    }
    path
}

/// Splits `a."b.c"=value` into its segments and the value. `None` without `=` or with an open quote.
fn split_set(set: &str) -> Option<(KeyPath, &str)> {
    let mut path = vec![String::new()];
    let mut quote = None;
    for (at, c) in set.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('=', None) => {
                let path = path
                    .iter()
                    .map(|segment| segment.trim().to_owned())
                    .collect();
                return Some((path, set.get(at + 1..)?));
            }
            ('.', None) => path.push(String::new()),
            (c, _) => path.last_mut()?.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_at_dots_outside_quotes() {
        let split =
            |set: &str| split_set(set).map(|(path, value)| (path.join("|"), value.to_owned()));
        let some = |path: &str, value: &str| Some((path.to_owned(), value.to_owned()));
        assert_eq!(split("kafka.group=a=b"), some("kafka|group", "a=b"));
        assert_eq!(
            split("kafka.properties.\"linger.ms\"=5"),
            some("kafka|properties|linger.ms", "5")
        );
        assert_eq!(split(" threads = 2"), some("threads", " 2"));
        assert_eq!(split("kafka.group"), None);
        assert_eq!(split("kafka.'group=5"), None);
    }

    #[test]
    fn variable_names_are_paths() {
        assert_eq!(env_path("KAFKA__BROKERS"), ["kafka", "brokers"]);
        assert_eq!(
            env_path("DEAD_LETTER__MAX_RATIO"),
            ["dead_letter", "max_ratio"]
        );
        assert_eq!(
            env_path("KAFKA__PROPERTIES__SOCKET_TIMEOUT_MS"),
            ["kafka", "properties", "socket.timeout.ms"]
        );
        assert_eq!(
            env_path("INPUT__ALIASES__SOURCE_NAME"),
            ["input", "aliases", "source_name"]
        );
        let path = env_path("KAFKA__SECURITY__SASL__PASSWORD_FILE");
        assert_eq!(
            env_name(&path),
            "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD_FILE"
        );
    }
}
