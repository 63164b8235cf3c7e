//! What became of messages.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::client::Place;

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// An enriched article: the whole value.
    Enriched(Vec<u8>),
    /// A dead letter: its code.
    Dead(String),
    /// A tombstone that passed through.
    Tombstone,
}

/// Everything that came out, by where its message stood in the input, in the order of the output.
pub type Deliveries = BTreeMap<Place, Vec<Delivery>>;

/// What became of each message, once that is known to be one thing.
pub type Outcomes = BTreeMap<Place, Delivery>;

/// The same messages became the same, byte for byte.
#[track_caller]
pub fn check_same(disturbed: &Outcomes, undisturbed: &Outcomes) {
    assert_eq!(disturbed.len(), undisturbed.len());
    for (place, outcome) in undisturbed {
        let other = disturbed.get(place);
        assert!(
            other == Some(outcome),
            "{place:?}: undisturbed {}\n  but disturbed {}",
            summary(Some(outcome)),
            summary(other)
        );
    }
}

/// The dedup status of an article that was enriched.
#[track_caller]
pub fn status(place: Place, outcomes: &Outcomes) -> String {
    let Some(Delivery::Enriched(value)) = outcomes.get(&place) else {
        panic!(
            "{place:?}: not enriched but {}",
            summary(outcomes.get(&place))
        );
    };
    let value: Value = serde_json::from_slice(value).expect("JSON");
    let status = value["enrichment"]["dedup"]["status"].as_str();
    status.expect("a status").to_owned()
}

/// A delivery for a person.
pub fn summary(outcome: Option<&Delivery>) -> String {
    match outcome {
        Some(Delivery::Enriched(value)) => {
            let value: Value = serde_json::from_slice(value).unwrap_or_default();
            format!("enriched: {}", value["enrichment"])
        }
        other => format!("{other:?}"),
    }
}
