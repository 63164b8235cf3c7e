//! What the group has committed, asked from outside: without joining it, so that a running stage is not disturbed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::client_config;
use super::error::KafkaFailure;
use super::oauth::TokenSource;
use crate::config::{Config, Role};

/// How many partitions of the input topic the group has committed, asked without joining it.
///
/// # Errors
/// When the broker does not answer or refuses.
pub fn committed_of_group(config: &Config, timeout: Duration) -> Result<usize, KafkaFailure> {
    let consumer: BaseConsumer<CheckContext> = client_config(config, Role::Consumer)
        .create_with_context(CheckContext(TokenSource::new(config)))
        .map_err(|error| KafkaFailure::of_start(&error))?;
    let committed = committed(&consumer, &config.input.topic, timeout)
        .map_err(|error| KafkaFailure::of_start(&error))?;
    Ok(committed.len())
}

/// By partition of the topic, what the consumer's group has committed; partitions without a commit are missing.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<BTreeMap<i32, i64>> {
    // A bearer token is fetched by polling, and needed for the connection.
    drop(consumer.poll(Duration::from_millis(100)));
    let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions())
    {
        partitions.add_partition(topic, partition.id());
    }
    let committed = once_coordinated(timeout, KafkaError::rdkafka_error_code, || {
        consumer.committed_offsets(partitions.clone(), timeout)
    })?;
    let elements = committed.elements();
    let known = elements
        .iter()
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        });
    Ok(known.collect())
}

/// Asks a group's coordinator, for `timeout` again while there is none yet: a cluster makes its coordinators when the
/// first group asks, and that takes a moment.
pub(super) fn once_coordinated<T, E>(
    timeout: Duration,
    code: impl Fn(&E) -> Option<RDKafkaErrorCode>,
    mut ask: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let deadline = Instant::now() + timeout;
    loop {
        match ask() {
            Err(error)
                if code(&error).is_some_and(is_coordinator_coming) && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(200));
            }
            other => return other,
        }
    }
}

fn is_coordinator_coming(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::CoordinatorLoadInProgress
    )
}

struct CheckContext(TokenSource);

impl rdkafka::ClientContext for CheckContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<rdkafka::client::OAuthToken, Box<dyn std::error::Error>> {
        self.0.token()
    }

    fn stats_raw(&self, _: &[u8]) {}
}

impl ConsumerContext for CheckContext {}
