//! A message as it stood on the input topic: foreign bytes beside their position.

use std::fmt;
use std::sync::Arc;

/// Where a message stands: topic, partition and offset. Kafka never gives one position to two messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// Topic name, shared by all messages of the topic.
    pub topic: Arc<str>,
    /// Partition number, from 0.
    pub partition: i32,
    /// Offset in the partition, from 0.
    pub offset: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// One header: a name and its value, which may be null. Names repeat and order matters.
pub type Header = (String, Option<Vec<u8>>);

/// One message as consumed, with everything that must pass through unchanged.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it stands on the input.
    pub position: Position,
    /// Key bytes; `None` is a null key, which is not an empty key.
    pub key: Option<Vec<u8>>,
    /// Value bytes; `None` is a tombstone, which is not an empty value.
    pub payload: Option<Vec<u8>>,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// Record timestamp in milliseconds since 1970, when the broker knows one.
    pub timestamp_ms: Option<i64>,
}
