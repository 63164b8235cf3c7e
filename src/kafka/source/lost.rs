//! What to do when a partition has no valid place to go on from.

use std::sync::atomic::Ordering;

use rdkafka::consumer::{Consumer as _, RebalanceProtocol};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::{REQUEST_TIMEOUT, Source};
use crate::config::{LostOffset, StartOffset};
use crate::kafka::error::KafkaFailure;
use crate::kafka::ownership::Partition;

impl Source {
    /// Sets out from a valid place where there is none; a broker that does not answer now is asked again.
    pub(super) fn find_the_way(&self) -> Result<(), KafkaFailure> {
        match self.offsets_lost() {
            Err(KafkaFailure::Unavailable(reason)) => {
                tracing::warn!(reason, "not known yet where to go on; asking again");
                Ok(())
            }
            known => {
                self.astray.store(false, Ordering::Relaxed);
                known
            }
        }
    }

    /// Partitions that never had a commit begin as `kafka.start` says; where a committed offset is gone from the topic,
    /// `kafka.offset_lost` decides, and never in silence. librdkafka does not say which partition is concerned.
    fn offsets_lost(&self) -> Result<(), KafkaFailure> {
        let committed = self.committed()?;
        let mut moved = TopicPartitionList::new();
        for (partition, own) in self.ownership.resume_points() {
            let (low, high) = self
                .consumer
                .fetch_watermarks(&self.topic, partition, REQUEST_TIMEOUT)
                .map_err(unavailable)?;
            // What this process has read or committed since may be ahead of the broker's commit.
            let place = committed.get(&partition).copied().flatten().max(own);
            if place.is_some_and(|place| (low..=high).contains(&place)) {
                continue;
            }
            let target = match place {
                Some(place) => self.jump(partition, place, low, high)?,
                None => self.begin(partition, low, high)?,
            };
            moved
                .add_partition_offset(&self.topic, partition, Offset::Offset(target))
                .map_err(unavailable)?;
        }
        if moved.count() > 0 {
            self.assign_again(&moved)?;
        }
        Ok(())
    }

    /// Where to go on when `place` is gone.
    fn jump(
        &self,
        partition: Partition,
        place: i64,
        low: i64,
        high: i64,
    ) -> Result<i64, KafkaFailure> {
        let policy = self.offset_lost;
        let target = match policy {
            LostOffset::Error => {
                return Err(KafkaFailure::OffsetsLost(format!(
                    "{}/{partition}: offset {place} was committed but the topic holds {low} to {high}; messages were \
                     deleted before they were read, or the topic was created anew. Set kafka.offset_lost to \"earliest\" \
                     or \"latest\" to go on from there, once",
                    self.topic
                )));
            }
            LostOffset::Earliest => low,
            LostOffset::Latest => high,
        };
        tracing::error!(
            partition,
            committed = place,
            low,
            high,
            ?policy,
            "committed offset is gone; jumping"
        );
        Ok(target)
    }

    /// Where to begin without a commit.
    fn begin(&self, partition: Partition, low: i64, high: i64) -> Result<i64, KafkaFailure> {
        match self.consumer.context().start {
            StartOffset::Earliest => Ok(low),
            StartOffset::Latest => Ok(high),
            StartOffset::Error => Err(KafkaFailure::OffsetsLost(format!(
                "{}/{partition}: the group has no committed offset and kafka.start is \"error\"",
                self.topic
            ))),
        }
    }

    /// Sets out anew at these places. librdkafka has stopped fetching the partitions and takes no seek for them; they
    /// have to be assigned again.
    fn assign_again(&self, moved: &TopicPartitionList) -> Result<(), KafkaFailure> {
        if matches!(
            self.consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        ) {
            self.consumer
                .incremental_unassign(moved)
                .map_err(unavailable)?;
            return self.consumer.incremental_assign(moved).map_err(unavailable);
        }
        // Here an assignment is always a whole one: the others go on where they are.
        let mut all = TopicPartitionList::new();
        for element in self.consumer.position().map_err(unavailable)?.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let place = moved
                .find_partition(topic, partition)
                .map_or_else(|| element.offset(), |moved| moved.offset());
            let place = if place == Offset::Invalid {
                Offset::Stored
            } else {
                place
            };
            all.add_partition_offset(topic, partition, place)
                .map_err(unavailable)?;
        }
        self.consumer.assign(&all).map_err(unavailable)
    }
}

fn unavailable(error: KafkaError) -> KafkaFailure {
    KafkaFailure::Unavailable(error.to_string())
}
