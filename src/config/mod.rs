//! Settings: a strict TOML file, then `NEWSSTAGE__A__B` from the environment, then `--set a.b=c`.
//!
//! [`Config`] and the types in it say what there is to set; their doc comments are the users' reference. The way of a
//! setting: [`Sources`] are read into layers that are checked against the key tree (`keys`, from the JSON Schema of
//! [`Config`]), with the place of every key; layers are merged and read into the types (`load`); then settings are
//! checked against each other (`validate`). Every mistake is collected, each with its key, its place and the nearest
//! valid key, and no message ever holds a secret.

mod check;
mod errors;
mod kafka;
mod kafka_model;
mod keys;
mod layer;
mod load;
mod model;
mod nearest;
mod properties;
mod reference;
mod reload;
mod secret;
mod service_model;
mod show;
mod sources;
mod system;
mod units;
mod validate;

use serde_json::{Map, Value, json};

pub use errors::{ConfigErrors, Place, Problem};
pub use kafka::{KafkaProperties, Role, kafka_properties};
pub use kafka_model::{
    Compression, KafkaConfig, KafkaMemory, LostOffset, RebalanceProtocol, SaslConfig,
    SaslMechanism, SecurityConfig, SecurityProtocol, StartOffset, TlsConfig,
};
pub use keys::json_schema;
pub use load::{Loaded, Origin};
pub use model::{
    BatchConfig, Config, DeadLetterConfig, Delivery, Duplicates, HeaderStyle, InputConfig,
    LimitsConfig, OutputConfig, Partitioning, StagesConfig, Tombstones,
};
pub(crate) use nearest::nearest_name;
pub use reference::reference_markdown;
pub use reload::Reloaded;
pub use secret::{Properties, Secret, is_secret_property};
pub use service_model::{
    AdminConfig, LiveConfig, LivenessConfig, LogConfig, LogFormat, ReloadConfig, RetryConfig,
    ShutdownConfig, TracingConfig,
};
pub use show::show;
pub use sources::{ENV_PREFIX, Sources};
pub use units::{ByteSize, TimeSpan};

/// Settings of dedup that decide where and how safely the index is kept, not what it says. They may differ between
/// replicas, whose output must not.
const NOT_IN_FINGERPRINT: [&str; 6] = [
    "path",
    "fsync",
    "on_damage",
    "rebuild",
    "memory",
    "head_articles",
];

impl Config {
    /// What the article reader needs.
    pub fn reader_settings(&self) -> crate::article::ReaderSettings {
        self.input.reader_settings()
    }

    /// A short hash (XXH3, 64 bits, as 16 hexadecimal digits) of the settings that decide what the output says: reading,
    /// text, and the stages that are on. Brokers, topics, secrets and limits on work do not change it.
    pub fn fingerprint(&self) -> String {
        let mut stages = Map::new();
        if self.stages.dedup {
            let mut dedup = serde_json::to_value(&self.dedup).unwrap_or_default();
            if let Some(settings) = dedup.as_object_mut() {
                settings.retain(|key, _| !NOT_IN_FINGERPRINT.contains(&key.as_str()));
            }
            stages.insert("dedup".to_owned(), dedup);
        }
        // Topics are tagged in the detected language, published or not.
        if self.stages.language || self.stages.topics {
            stages.insert(
                "language".to_owned(),
                json!([self.stages.language, self.language]),
            );
        }
        if self.stages.topics {
            let mut topics = json!(self.topics);
            // Which queries are in use is told by their generation.
            if let Some(settings) = topics.as_object_mut() {
                settings.retain(|key, _| !key.starts_with("queries"));
            }
            stages.insert("topics".to_owned(), topics);
        }
        let mut decisive: Value = json!({
            "reader": self.reader_settings(),
            "field": self.output.field,
            "text": self.text,
            "stages": stages,
        });
        // Whatever order the JSON library keeps, the text, and with it the hash, depends on the settings alone.
        decisive.sort_all_objects();
        format!(
            "{:016x}",
            xxhash_rust::xxh3::xxh3_64(decisive.to_string().as_bytes())
        )
    }
}

#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod range_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
