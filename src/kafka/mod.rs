//! The Kafka side: messages in, outcomes out, and the rules of delivery between them.
//!
//! [`source`] reads, [`ownership`] knows which partitions are ours, [`producer`] sends and commits transactions,
//! [`sink`] turns outcomes into records, [`limits`] asks the broker what it takes. Nothing here knows what an article is.

pub mod context;
pub mod error;
pub mod group;
pub mod history;
pub mod limits;
pub mod oauth;
pub mod ownership;
pub mod producer;
pub mod queries;
pub mod sink;
pub mod source;
pub mod trace;

use rdkafka::ClientConfig;

use crate::config::{Config, Role, kafka_properties};

pub use error::KafkaFailure;

/// librdkafka's settings for one kind of client.
pub fn client_config(config: &Config, role: Role) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (name, value) in kafka_properties(config, role).iter() {
        client.set(name, value);
    }
    client
}
