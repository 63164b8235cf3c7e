//! Sources become a configuration: merged, read into the types, completed with secrets, validated.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use toml::{Table, Value};

use super::errors::{ConfigErrors, Place, Problem};
use super::keys::{Kind, dotted, key_tree};
use super::layer::{KeyPath, Layer};
use super::model::Config;
use super::secret::Secret;
use super::sources::{Sources, misnamed};

/// Largest file for one secret, in bytes.
const LARGEST_SECRET: u64 = 64 * 1024;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file, in this line.
    File {
        /// Line, from 1.
        line: usize,
    },
    /// The environment variable of this name.
    Env(String),
    /// A `--set` argument.
    Set,
}

/// A configuration with the origin of every value.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The origin of every key, by dotted key.
    pub origins: BTreeMap<String, Origin>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
    places: BTreeMap<String, Place>,
}

impl Config {
    /// Reads a configuration. The files that hold secrets (`…_file`) are read too.
    ///
    /// # Errors
    /// With every mistake that was found: broken TOML, unknown keys, values of the wrong type or out of range, secrets
    /// that cannot be read, settings that contradict each other. Topics may be missing: see
    /// [`Loaded::validate_for_run`].
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
        let (layer, mut problems) = sources.layers();
        let mut config = deserialize(&layer, &mut problems);
        read_secrets(&mut config, &layer, &mut problems);
        if config.kafka.instance.is_none() {
            config.kafka.instance.clone_from(&sources.host);
        }
        let places: BTreeMap<String, Place> = layer
            .spots
            .iter()
            .map(|(path, spot)| (dotted(path), spot.value.clone()))
            .collect();
        problems.extend(placed(config.check_values(), &places));
        let (errors, warnings) = config.check();
        // Contradictions of a configuration that was not read whole may not be there once it is.
        if problems.is_empty() {
            problems = placed(errors, &places);
        }
        let mut warnings = placed(warnings, &places);
        warnings.extend(misnamed(&sources.misnamed));
        let origins = origins(&layer);
        ConfigErrors::unless_empty(
            problems,
            Loaded {
                config,
                origins,
                warnings,
                places,
            },
        )
    }
}

impl Loaded {
    /// Checks what only `run` needs: that the topics are named and differ.
    ///
    /// # Errors
    /// With every missing topic.
    pub fn validate_for_run(&self) -> Result<(), ConfigErrors> {
        self.config
            .validate_for_run()
            .map_err(|errors| ConfigErrors(placed(errors.0, &self.places)))
    }
}

fn placed(problems: Vec<Problem>, places: &BTreeMap<String, Place>) -> Vec<Problem> {
    let place = |problem: Problem| {
        let place = places.get(&problem.key).cloned().unwrap_or_default();
        problem.at(place)
    };
    problems.into_iter().map(place).collect()
}

/// Reads the merged table into the types. Types of our own, such as those of the stages, may refuse what the key tree
/// allows; each refused value is noted and left out, so that the next one is found too.
fn deserialize(layer: &Layer, problems: &mut Vec<Problem>) -> Config {
    let mut table = layer.table.clone();
    loop {
        let error = match serde_path_to_error::deserialize::<_, Config>(Value::Table(table.clone()))
        {
            Ok(config) => return config,
            Err(error) => error,
        };
        let path = key_path(error.path());
        let secret = key_tree().at(&path).is_none_or(|node| node.secret);
        let message = if secret {
            "this value is not usable here".to_owned()
        } else {
            one_line(error.inner().message())
        };
        problems.push(Problem::new(dotted(&path), message).at(layer.place(&path)));
        if !remove(&mut table, &path) {
            return Config::default();
        }
    }
}

fn key_path(path: &serde_path_to_error::Path) -> KeyPath {
    use serde_path_to_error::Segment;
    path.iter()
        .map_while(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn one_line(message: &str) -> String {
    message.trim().replace('\n', " ")
}

/// Removes the value at `path`, or the list that it is in. `false` when there is nothing to remove.
fn remove(table: &mut Table, path: &[String]) -> bool {
    let Some((first, below)) = path.split_first() else {
        return false;
    };
    match table.get_mut(first) {
        None => false,
        Some(Value::Table(inner)) if below.first().is_some_and(|next| inner.contains_key(next)) => {
            remove(inner, below)
        }
        Some(_) => table.remove(first).is_some(),
    }
}

/// Reads the files that hold secrets. The token file is read, to find mistakes early, and again by every refresh.
fn read_secrets(config: &mut Config, layer: &Layer, problems: &mut Vec<Problem>) {
    let security = &mut config.kafka.security;
    let (sasl, tls) = (&mut security.sasl, &mut security.tls);
    let shared = &mut config.dedup.shared;
    let secrets = [
        (
            "kafka.security.sasl.password",
            &mut sasl.password,
            &sasl.password_file,
        ),
        (
            "kafka.security.sasl.token",
            &mut sasl.token,
            &sasl.token_file,
        ),
        (
            "kafka.security.tls.key_password",
            &mut tls.key_password,
            &tls.key_password_file,
        ),
        (
            "dedup.shared.password",
            &mut shared.password,
            &shared.password_file,
        ),
    ];
    for (key, secret, file) in secrets {
        let Some(file) = file else { continue };
        let path: KeyPath = format!("{key}_file")
            .split('.')
            .map(str::to_owned)
            .collect();
        let read = match secret {
            Some(_) => Err(format!("{key} is set too: keep one of them")),
            None => read_secret(file),
        };
        match read {
            Ok(value) => *secret = Some(value),
            Err(message) => {
                problems.push(Problem::new(dotted(&path), message).at(layer.place(&path)))
            }
        }
    }
}

fn read_secret(path: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(LARGEST_SECRET + 1).read_to_string(&mut text));
    match read {
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        Ok(length) if length as u64 > LARGEST_SECRET => Err(format!(
            "{} is longer than {LARGEST_SECRET} bytes",
            path.display()
        )),
        Ok(_) => {
            let value = text.strip_suffix('\n').unwrap_or(&text);
            let value = value.strip_suffix('\r').unwrap_or(value);
            if value.is_empty() {
                return Err(format!("{} is empty", path.display()));
            }
            Ok(Secret::new(value))
        }
    }
}

/// The origin of every key that holds a value, and of every entry of a table whose names the user chose.
fn origins(layer: &Layer) -> BTreeMap<String, Origin> {
    let leaves = key_tree().paths().into_iter().filter(|path| {
        key_tree().at(path).is_some_and(|node| {
            !matches!(
                node.kind,
                Kind::Table(_) | Kind::Map(_) | Kind::Properties(_)
            )
        })
    });
    let mut origins: BTreeMap<String, Origin> = leaves
        .map(|path| (dotted(&path), Origin::Default))
        .collect();
    for (path, spot) in &layer.spots {
        let parent = path
            .split_last()
            .and_then(|(_, above)| key_tree().at(above));
        let own =
            parent.is_some_and(|node| matches!(node.kind, Kind::Map(_) | Kind::Properties(_)));
        let key = dotted(path);
        if own || origins.contains_key(&key) {
            origins.insert(key, origin(&spot.key));
        }
    }
    origins
}

fn origin(place: &Place) -> Origin {
    match place {
        Place::Unset => Origin::Default,
        Place::File { line, .. } => Origin::File { line: *line },
        Place::Env(name) => Origin::Env(name.clone()),
        Place::Set(_) => Origin::Set,
    }
}
