//! Numbers for topic and partition, so that a record holds four bytes for both.

use std::collections::HashMap;
use std::sync::Arc;

use super::record::bounded;
use super::segment::Stream;
use crate::article::Position;

/// The streams that the index has seen. A number keeps its meaning while any segment uses it.
#[derive(Default)]
pub(super) struct Streams {
    numbers: HashMap<Arc<str>, HashMap<i32, u32>>,
    names: HashMap<u32, (Arc<str>, i32)>,
    next: u32,
}

impl Streams {
    /// The number of a position's topic and partition, if they were seen before.
    pub(super) fn find(&self, position: &Position) -> Option<u32> {
        self.numbers
            .get(bounded(&position.topic).as_ref())?
            .get(&position.partition)
            .copied()
    }

    /// The number of a position's topic and partition, new if need be.
    pub(super) fn number(&mut self, position: &Position) -> u32 {
        self.find(position).unwrap_or_else(|| {
            let number = self.next;
            self.enter(
                number,
                bounded(&position.topic).as_ref().into(),
                position.partition,
            );
            number
        })
    }

    /// Topic and partition of a number.
    pub(super) fn name(&self, number: u32) -> Option<(Arc<str>, i32)> {
        self.names.get(&number).cloned()
    }

    fn enter(&mut self, number: u32, topic: Arc<str>, partition: i32) {
        self.numbers
            .entry(topic.clone())
            .or_default()
            .insert(partition, number);
        self.names.insert(number, (topic, partition));
        self.next = self.next.max(number.saturating_add(1));
    }
}

impl From<Vec<Stream>> for Streams {
    fn from(streams: Vec<Stream>) -> Self {
        let mut known = Self::default();
        for (number, topic, partition) in streams {
            known.enter(number, topic.into(), partition);
        }
        known
    }
}
