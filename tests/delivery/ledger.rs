//! What was sent, and whether exactly that came out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::corpus::{Kind, Planned};
use crate::outcome::{Deliveries, Delivery, Outcomes, status, summary};
use crate::support::client::{Place, Record, produce};

/// How the partition of the output is chosen, and so what order means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The input's partition: the whole partition keeps its order.
    ByPartition,
    /// By key: the messages of one key keep their order.
    ByKey,
}

/// The messages sent to one topic, by partition and offset.
#[derive(Debug, Default)]
pub struct Ledger {
    sent: BTreeMap<Place, Planned>,
    tombstones: BTreeMap<String, Place>,
}

impl Ledger {
    /// Sends messages and notes where they are.
    #[track_caller]
    pub fn send(&mut self, bootstrap: &str, topic: &str, messages: Vec<Planned>) {
        let records: Vec<_> = messages.iter().map(|each| each.record.clone()).collect();
        let places = produce(bootstrap, topic, &records);
        for (place, planned) in places.into_iter().zip(messages) {
            if planned.kind == Kind::Tombstone {
                self.tombstones.insert(planned.id.clone(), place);
            }
            let before = self.sent.insert(place, planned);
            assert!(
                before.is_none(),
                "{place:?}: two messages at the same place"
            );
        }
    }

    /// How many messages were sent.
    pub fn len(&self) -> usize {
        self.sent.len()
    }

    /// The next offset after everything that was sent, by partition.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for &(partition, offset) in self.sent.keys() {
            let end = ends.entry(partition).or_insert(0);
            *end = (offset + 1).max(*end);
        }
        ends
    }

    /// Where the messages of a certain kind are.
    pub fn places(&self, wanted: impl Fn(&Planned) -> bool) -> BTreeSet<Place> {
        let found = self.sent.iter().filter(|(_, planned)| wanted(planned));
        found.map(|(place, _)| *place).collect()
    }

    /// Sorts what came out by the messages it came from, and checks that each record still carries its message: the
    /// article's members and order of members, key, header and timestamp.
    #[track_caller]
    pub fn deliveries(&self, output: &[Record], dead: &[Record]) -> Deliveries {
        let mut deliveries = Deliveries::new();
        for record in output {
            let place = self.place_of_output(record);
            let planned = self.planned(place);
            self.check_carried(place, record);
            let delivery = match &record.payload {
                Some(value) => {
                    check_article(place, planned, value);
                    Delivery::Enriched(value.clone())
                }
                None => Delivery::Tombstone,
            };
            deliveries.entry(place).or_default().push(delivery);
        }
        for record in dead {
            let place = place_of_dead_letter(record);
            self.check_carried(place, record);
            let (original, got) = (&self.planned(place).record.payload, &record.payload);
            assert_eq!(
                original, got,
                "{place:?}: a dead letter is the original message"
            );
            let code = record
                .header("newsstage.error.code")
                .expect("a dead letter has a code");
            deliveries
                .entry(place)
                .or_default()
                .push(Delivery::Dead(code));
        }
        deliveries
    }

    /// Every message came out exactly once.
    #[track_caller]
    pub fn exactly_once(&self, deliveries: Deliveries) -> Outcomes {
        self.at_least_once(&deliveries);
        let doubled: Vec<_> = deliveries
            .iter()
            .filter(|(_, each)| each.len() > 1)
            .map(|(place, each)| (place, each.len()))
            .collect();
        assert!(
            doubled.is_empty(),
            "{} messages came out more than once; first: {:?}",
            doubled.len(),
            &doubled[..doubled.len().min(5)]
        );
        let single = deliveries
            .into_iter()
            .filter_map(|(place, mut each)| each.pop().map(|one| (place, one)));
        single.collect()
    }

    /// No message is missing.
    #[track_caller]
    pub fn at_least_once(&self, deliveries: &Deliveries) {
        let lost: Vec<_> = self
            .sent
            .keys()
            .filter(|place| !deliveries.contains_key(place))
            .collect();
        assert!(
            lost.is_empty(),
            "{} of {} messages did not come out; first: {:?}",
            lost.len(),
            self.len(),
            &lost[..lost.len().min(5)]
        );
    }

    /// Articles were enriched, tombstones passed and broken messages became dead letters with their code, except for the
    /// articles at `refused`.
    #[track_caller]
    pub fn check_kinds(&self, outcomes: &Outcomes, refused: &BTreeSet<Place>) {
        for (place, planned) in &self.sent {
            let outcome = outcomes.get(place);
            let right = match &planned.kind {
                _ if refused.contains(place) => matches!(outcome, Some(Delivery::Dead(_))),
                Kind::Tombstone => outcome == Some(&Delivery::Tombstone),
                Kind::Broken(code) => outcome == Some(&Delivery::Dead((*code).to_owned())),
                Kind::Story(_) | Kind::Copy(_) | Kind::Revision(_) => {
                    matches!(outcome, Some(Delivery::Enriched(_)))
                }
            };
            assert!(
                right,
                "{place:?}: {:?} became {}",
                planned.kind,
                summary(outcome)
            );
        }
    }

    /// Exactly one article of each story is `unique`, and all others are copies or updates of it.
    #[track_caller]
    pub fn check_one_unique_per_story(&self, outcomes: &Outcomes) {
        let mut statuses: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (place, planned) in &self.sent {
            let (Kind::Story(story) | Kind::Copy(story) | Kind::Revision(story)) = planned.kind
            else {
                continue;
            };
            statuses
                .entry(story)
                .or_default()
                .push(status(*place, outcomes));
        }
        assert!(
            statuses.values().any(|each| each.len() > 2),
            "there are stories with several copies"
        );
        for (story, statuses) in statuses {
            let unique = statuses.iter().filter(|status| *status == "unique").count();
            assert_eq!(unique, 1, "story {story}: {statuses:?}");
        }
    }

    /// With one partition the first article of a story is the one that was sent first, and versions are told from copies.
    #[track_caller]
    pub fn check_verdicts_in_order(&self, outcomes: &Outcomes) {
        for (place, planned) in &self.sent {
            let wanted = match planned.kind {
                Kind::Story(_) => "unique",
                Kind::Copy(_) => "exact",
                Kind::Revision(_) => "update",
                Kind::Broken(_) | Kind::Tombstone => continue,
            };
            assert_eq!(
                status(*place, outcomes),
                wanted,
                "{place:?}: {:?}",
                planned.kind
            );
        }
    }

    /// The output keeps the order of the input, and so do the dead letters, whose topic has one partition.
    #[track_caller]
    pub fn check_order(&self, output: &[Record], dead: &[Record], order: Order) {
        let mut last: BTreeMap<(i32, i32, &[u8]), i64> = BTreeMap::new();
        for record in output {
            let (partition, offset) = self.place_of_output(record);
            let key: &[u8] = match order {
                Order::ByPartition => {
                    assert_eq!(
                        record.partition, partition,
                        "offset {offset} changed its partition"
                    );
                    b""
                }
                Order::ByKey => record.key.as_deref().expect("a key"),
            };
            ascending(&mut last, (record.partition, partition, key), offset);
        }
        last.clear();
        for record in dead {
            let (partition, offset) = place_of_dead_letter(record);
            ascending(&mut last, (record.partition, partition, b""), offset);
        }
    }

    /// Where the message of an output record stood.
    #[track_caller]
    pub fn place_of_output(&self, record: &Record) -> Place {
        let Some(payload) = &record.payload else {
            let key = record.key_text();
            let place = self.tombstones.get(&key);
            return *place.unwrap_or_else(|| panic!("a tombstone that nobody sent: {key:?}"));
        };
        let value: Value = serde_json::from_slice(payload).expect("JSON");
        let input = &value["enrichment"]["input"];
        let partition = input["partition"]
            .as_i64()
            .and_then(|partition| i32::try_from(partition).ok());
        let place = partition.zip(input["offset"].as_i64());
        place.unwrap_or_else(|| panic!("no position in the enrichment: {value}"))
    }

    #[track_caller]
    fn planned(&self, place: Place) -> &Planned {
        let planned = self.sent.get(&place);
        planned.unwrap_or_else(|| panic!("{place:?}: came out but was never sent"))
    }

    #[track_caller]
    fn check_carried(&self, place: Place, record: &Record) {
        let sent = &self.planned(place).record;
        assert_eq!(record.key, sent.key, "{place:?}: key");
        assert_eq!(record.timestamp, sent.timestamp, "{place:?}: timestamp");
        assert_eq!(
            record.headers.first(),
            sent.headers.first(),
            "{place:?}: header"
        );
    }
}

#[track_caller]
fn check_article(place: Place, planned: &Planned, value: &[u8]) {
    let enriched: Value = serde_json::from_slice(value).expect("JSON");
    assert_eq!(
        enriched["enrichment"]["id"],
        planned.id.as_str(),
        "{place:?}: id"
    );
    let original = planned.record.payload.as_deref().expect("a payload");
    // The enrichment is the last member: everything before it is the original, brace aside.
    let kept = original.strip_suffix(b"}").expect("an object");
    assert!(
        value.starts_with(kept),
        "{place:?}: the article's bytes changed"
    );
}

#[track_caller]
fn place_of_dead_letter(record: &Record) -> Place {
    let number = |name: &str| {
        record
            .header(name)
            .and_then(|text| text.parse::<i64>().ok())
    };
    let partition =
        number("__connect.errors.partition").and_then(|partition| i32::try_from(partition).ok());
    let place = partition.zip(number("__connect.errors.offset"));
    place.unwrap_or_else(|| panic!("a dead letter without its origin: {:?}", record.headers))
}

#[track_caller]
fn ascending<K: Ord + std::fmt::Debug>(last: &mut BTreeMap<K, i64>, key: K, offset: i64) {
    let text = format!("{key:?}");
    if let Some(before) = last.insert(key, offset) {
        assert!(
            before < offset,
            "{text}: offset {offset} came out after {before}"
        );
    }
}
