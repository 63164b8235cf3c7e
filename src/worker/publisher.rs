//! The producer with the limits it was made for. Made anew when the broker's limits change, or when a transaction of
//! ours ran into its time limit and the broker closed it.

use std::time::Duration;

use crate::config::{Config, Delivery, Role};
use crate::kafka::client_config;
use crate::kafka::error::KafkaFailure;
use crate::kafka::limits::{Inspector, TopicFacts, record_room};
use crate::kafka::oauth::TokenSource;
use crate::kafka::producer::Producer;
use crate::kafka::sink::Sink;

/// How large a record each topic takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rooms {
    /// Output topic, and the topic of routed duplicates.
    pub output: usize,
    /// Dead-letter topic.
    pub dead_letter: usize,
}

/// How many records go to the broker in one batch of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// As many as there are: fast. When the broker refuses one, it refuses its whole batch.
    Batched,
    /// One: slow, but a refusal is that of a certain record.
    OneByOne,
}

/// Sends records; knows what fits.
pub struct Publisher {
    /// The producer, ready for its first transaction.
    pub producer: Producer,
    /// Where records go.
    pub sink: Sink,
    /// What fits.
    pub rooms: Rooms,
    /// How it sends.
    pub sending: Sending,
    config: Config,
}

impl Publisher {
    /// Asks the broker for the limits unless they are `known`, makes the producer and registers its transactional id.
    ///
    /// # Errors
    /// When the broker cannot be reached within `timeout`, a topic is missing or a right is.
    pub fn connect(
        config: &Config,
        timeout: Duration,
        known: Option<Rooms>,
    ) -> Result<Self, KafkaFailure> {
        let rooms = known.map_or_else(|| rooms(config, timeout), Ok)?;
        Self::open(config, timeout, rooms, Sending::Batched)
    }

    fn open(
        config: &Config,
        timeout: Duration,
        rooms: Rooms,
        sending: Sending,
    ) -> Result<Self, KafkaFailure> {
        let producer = producer(config, &rooms, sending, timeout)?;
        let mut sink = Sink::new(config);
        sink.dead_letter_room = rooms.dead_letter;
        Ok(Self {
            producer,
            sink,
            rooms,
            sending,
            config: config.clone(),
        })
    }

    /// Asks for the limits again. Returns whether they changed.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub fn limits_changed(&self, timeout: Duration) -> Result<bool, KafkaFailure> {
        Ok(rooms(&self.config, timeout)? != self.rooms)
    }

    /// Replaces the producer by a new one with the limits of now. The old one must not be in use: registering the
    /// transactional id again ends whatever it left open.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn reconnect(&mut self, timeout: Duration, sending: Sending) -> Result<(), KafkaFailure> {
        let rooms = rooms(&self.config, timeout)?;
        *self = Self::open(&self.config, timeout, rooms, sending)?;
        Ok(())
    }
}

fn rooms(config: &Config, timeout: Duration) -> Result<Rooms, KafkaFailure> {
    let inspector = Inspector::new(config, timeout)?;
    let facts = |name: &str, key: &str| -> Result<TopicFacts, KafkaFailure> {
        inspector.topic(name)?.ok_or_else(|| {
            KafkaFailure::Unavailable(format!(
                "{key}: topic {name:?} does not exist; create it, or correct the name"
            ))
        })
    };
    let configured = config.output.max_record_bytes;
    let mut output = record_room(
        configured,
        Some(&facts(&config.output.topic, "output.topic")?),
    );
    if let Some(topic) = &config.output.duplicates_topic {
        output = output.min(record_room(
            configured,
            Some(&facts(topic, "output.duplicates_topic")?),
        ));
    }
    let dead_letter = record_room(
        None,
        Some(&facts(&config.dead_letter.topic, "dead_letter.topic")?),
    );
    Ok(Rooms {
        output,
        dead_letter,
    })
}

fn producer(
    config: &Config,
    rooms: &Rooms,
    sending: Sending,
    timeout: Duration,
) -> Result<Producer, KafkaFailure> {
    let mut client = client_config(config, Role::Producer);
    // A batch is refused as a whole: it must fit the smallest topic. Single records are checked before they are sent.
    let smallest = rooms.output.min(rooms.dead_letter);
    let batch = client
        .get("batch.size")
        .and_then(|bytes| bytes.parse().ok())
        .unwrap_or(smallest)
        .min(smallest);
    client.set("batch.size", batch.max(1).to_string());
    if sending == Sending::OneByOne {
        client.set("batch.num.messages", "1");
        // Those behind a refused record would wait for it in vain.
        client.remove("max.in.flight");
        client.set("max.in.flight.requests.per.connection", "1");
    }
    let producer = Producer::new(&client, TokenSource::new(config))?;
    if config.delivery == Delivery::ExactlyOnce {
        producer.init_transactions(timeout)?;
    }
    Ok(producer)
}
