//! The Kafka side: messages in, outcomes out, and the rules of delivery between them.
//!
//! [`source`] reads, [`ownership`] knows which partitions are ours, [`producer`] sends and commits transactions,
//! [`sink`] turns outcomes into records, [`limits`] and [`rights`] ask the broker what it takes and allows. Nothing here
//! knows what an article is.

pub mod context;
pub mod dead_letter;
pub mod error;
pub mod group;
pub mod history;
pub mod limits;
pub mod oauth;
pub mod ownership;
pub mod producer;
pub mod queries;
pub mod replay;
pub mod rights;
pub mod sink;
pub mod source;
pub mod trace;

use rdkafka::ClientConfig;
use rdkafka::message::{Headers as _, Message as _};

use crate::article::Header;
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

/// The headers of a message, copied out in their order.
fn headers_of(message: &rdkafka::message::BorrowedMessage<'_>) -> Vec<Header> {
    let headers = message.headers().into_iter().flat_map(|all| all.iter());
    headers
        .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
        .collect()
}
