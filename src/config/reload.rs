//! Which settings a running stage takes over, and which it does not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::Config;

/// Settings that a running stage takes over: what decides verdicts, and nothing about where they go. An ending point
/// stands for everything below.
const TAKEN: [&str; 6] = [
    "topics.",
    "language.",
    "text.",
    "dedup.near.",
    "dedup.min_tokens",
    "dedup.min_headline_tokens",
];
/// Where queries come from: whoever watches them has been started with it.
const SOURCES_OF_QUERIES: [&str; 3] = [
    "topics.queries",
    "topics.queries_topic",
    "topics.queries_poll_seconds",
];
/// How queries are matched: a part of the compiled set.
const OPTIONS_OF_QUERIES: [&str; 4] = [
    "topics.max_evidence",
    "topics.title_boost",
    "topics.query_steps",
    "topics.article_steps",
];

/// The settings after a reload.
#[derive(Debug, Clone, PartialEq)]
pub struct Reloaded {
    /// The old settings with what is taken over of the new ones.
    pub config: Config,
    /// Keys that are taken over, in their order.
    pub taken: Vec<String>,
    /// Keys that differ and keep their old value until a restart.
    pub kept: Vec<String>,
}

impl Config {
    /// What becomes of these settings when they are replaced by `new` while the stage runs. A secret that has changed is not
    /// seen: clients keep theirs until a restart.
    pub fn reloaded(&self, new: &Self) -> Reloaded {
        let (before, after) = (leaves(self), leaves(new));
        let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
        keys.sort();
        keys.dedup();
        let changed = keys
            .into_iter()
            .filter(|key| before.get(*key) != after.get(*key));
        let (taken, kept) = changed.cloned().partition(|key| self.takes(key));
        let mut config = self.clone();
        let topics = config.topics.clone();
        config.topics = new.topics.clone();
        config.topics.queries = topics.queries;
        config.topics.queries_topic = topics.queries_topic;
        config.topics.queries_poll_seconds = topics.queries_poll_seconds;
        if self.topics.has_queries() {
            config.topics.max_evidence = topics.max_evidence;
            config.topics.title_boost = topics.title_boost;
            config.topics.query_steps = topics.query_steps;
            config.topics.article_steps = topics.article_steps;
        }
        config.language = new.language.clone();
        config.text = new.text.clone();
        config.dedup.near = new.dedup.near.clone();
        config.dedup.min_tokens = new.dedup.min_tokens;
        config.dedup.min_headline_tokens = new.dedup.min_headline_tokens;
        Reloaded {
            config,
            taken,
            kept,
        }
    }

    /// Whether a running stage takes this setting over.
    fn takes(&self, key: &str) -> bool {
        let under = |taken: &str| match taken.strip_suffix('.') {
            Some(_) => key.starts_with(taken),
            None => key == taken,
        };
        let of_queries = SOURCES_OF_QUERIES.contains(&key)
            || (self.topics.has_queries() && OPTIONS_OF_QUERIES.contains(&key));
        TAKEN.into_iter().any(under) && !of_queries
    }
}

/// Every value by its dotted key; a list is one value. Secrets are all alike.
fn leaves(config: &Config) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    let mut open = vec![(
        String::new(),
        serde_json::to_value(config).unwrap_or_default(),
    )];
    while let Some((key, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                open.extend(members.into_iter().map(|(name, value)| {
                    let dot = if key.is_empty() { "" } else { "." };
                    (format!("{key}{dot}{name}"), value)
                }));
            }
            // Whether a setting is absent or null is the same.
            Value::Null => {}
            value => drop(leaves.insert(key, value)),
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_verdicts_is_taken_over_and_what_names_the_stage_is_not() {
        let old = Config::default();
        let mut new = old.clone();
        new.topics.threshold = 0.5;
        new.topics.title_boost = 3.0;
        new.topics.lexicons = Some("lists".into());
        new.topics
            .categories
            .insert("sport".to_owned(), "medtop:15000000".to_owned());
        new.language.sample_bytes = 1024;
        new.dedup.near.threshold = 0.4;
        new.dedup.min_tokens = 20;
        new.input.topic = "other".to_owned();
        new.kafka.group = "other".to_owned();
        new.kafka.brokers = "other:9092".to_owned();
        new.dedup.path = "elsewhere".into();
        new.topics.queries = Some("queries".into());
        let reloaded = old.reloaded(&new);
        assert_eq!(
            reloaded.taken,
            [
                "dedup.min_tokens",
                "dedup.near.threshold",
                "language.sample_bytes",
                "topics.categories.sport",
                "topics.lexicons",
                "topics.threshold",
                "topics.title_boost",
            ]
        );
        assert_eq!(
            reloaded.kept,
            [
                "dedup.path",
                "input.topic",
                "kafka.brokers",
                "kafka.group",
                "topics.queries"
            ]
        );
        assert_eq!(reloaded.config.topics.threshold, 0.5);
        assert_eq!(reloaded.config.topics.queries, None);
        assert_eq!(reloaded.config.input.topic, old.input.topic);
        // The rest of the difference is exactly what is kept.
        assert_eq!(reloaded.config.reloaded(&new).kept, reloaded.kept);
        assert!(reloaded.config.reloaded(&new).taken.is_empty());
    }

    #[test]
    fn how_queries_are_matched_stays_with_the_queries() {
        let mut old = Config::default();
        old.topics.queries = Some("queries".into());
        let mut new = old.clone();
        new.topics.title_boost = 3.0;
        new.topics.max_topics = 3;
        let reloaded = old.reloaded(&new);
        assert_eq!(reloaded.kept, ["topics.title_boost"]);
        assert_eq!(reloaded.taken, ["topics.max_topics"]);
        assert_eq!(reloaded.config.topics.title_boost, old.topics.title_boost);
    }

    #[test]
    fn equal_settings_differ_in_nothing() {
        let config = Config::default();
        let reloaded = config.reloaded(&config);
        assert_eq!(reloaded.config, config);
        assert!(reloaded.taken.is_empty() && reloaded.kept.is_empty());
    }
}
