//! What the broker says of our topics: whether they are there, how many partitions they have, how large a record may be.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client_config;
use super::error::KafkaFailure;
use super::oauth::TokenSource;
use crate::config::{Config, Role};

/// Room that a batch of one record needs beside the record itself, in bytes.
const BATCH_OVERHEAD: usize = 1024;

/// An admin client's context: it only fetches tokens.
pub struct AdminContext(TokenSource);

impl ClientContext for AdminContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<rdkafka::client::OAuthToken, Box<dyn std::error::Error>> {
        self.0.token()
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(client = "admin", %error, reason, "kafka client reports an error");
    }
}

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFacts {
    /// Number of partitions.
    pub partitions: usize,
    /// Largest batch of records the topic takes, in bytes; `None` when the broker does not say.
    pub max_message_bytes: Option<usize>,
    /// `compact`, `delete` or both; `None` when the broker does not say.
    pub cleanup_policy: Option<String>,
}

/// Asks about topics.
pub struct Inspector {
    admin: AdminClient<AdminContext>,
    timeout: Duration,
}

impl Inspector {
    /// Makes the client; nothing connects yet.
    ///
    /// # Errors
    /// When a property is wrong.
    pub fn new(config: &Config, timeout: Duration) -> Result<Self, KafkaFailure> {
        let admin = client_config(config, Role::Admin)
            .create_with_context(AdminContext(TokenSource::new(config)))
            .map_err(|error| KafkaFailure::of_start(&error))?;
        Ok(Self { admin, timeout })
    }

    /// The facts of a topic; `None` when it does not exist.
    ///
    /// # Errors
    /// When the broker does not answer or refuses.
    pub fn topic(&self, name: &str) -> Result<Option<TopicFacts>, KafkaFailure> {
        let metadata = self
            .admin
            .inner()
            .fetch_metadata(Some(name), self.timeout)
            .map_err(|error| KafkaFailure::of_start(&error))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
            return Ok(None);
        };
        if let Some(code) = topic.error() {
            let code = RDKafkaErrorCode::from(code);
            return match code {
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                    Ok(None)
                }
                code if super::error::is_denial(code) => {
                    Err(KafkaFailure::Denied(format!("{name}: {code}")))
                }
                code => Err(KafkaFailure::Unavailable(format!("{name}: {code}"))),
            };
        }
        let partitions = topic.partitions().len();
        if partitions == 0 {
            return Ok(None);
        }
        let described = self.described(name);
        let value = |key: &str| {
            described
                .as_ref()
                .and_then(|d| d.get(key))
                .and_then(|entry| entry.value.clone())
        };
        Ok(Some(TopicFacts {
            partitions,
            max_message_bytes: value("max.message.bytes").and_then(|text| text.parse().ok()),
            cleanup_policy: value("cleanup.policy"),
        }))
    }

    /// Not every broker describes its topics, and not every client may ask; then the defaults count.
    fn described(&self, name: &str) -> Option<ConfigResource> {
        let options = AdminOptions::new().request_timeout(Some(self.timeout));
        let topics = [ResourceSpecifier::Topic(name)];
        let answer = block_on(
            self.admin.describe_configs(&topics, &options),
            self.timeout * 2,
        )?;
        answer.ok()?.into_iter().next()?.ok()
    }
}

/// Waits for an answer of the admin client from synchronous code.
fn block_on<T>(future: impl Future<Output = T>, timeout: Duration) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .ok()?;
    runtime.block_on(async { tokio::time::timeout(timeout, future).await.ok() })
}

/// The largest record that fits the topic and our own producer, in bytes. 1 MB is what brokers take by default.
pub fn record_room(configured: Option<usize>, facts: Option<&TopicFacts>) -> usize {
    const DEFAULT: usize = 1_048_588;
    let topic = facts
        .and_then(|facts| facts.max_message_bytes)
        .unwrap_or(DEFAULT)
        .saturating_sub(BATCH_OVERHEAD);
    configured.map_or(topic, |configured| configured.min(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_counts() {
        let facts = |bytes| TopicFacts {
            partitions: 1,
            max_message_bytes: bytes,
            cleanup_policy: None,
        };
        assert_eq!(
            record_room(None, Some(&facts(Some(50_000)))),
            50_000 - BATCH_OVERHEAD
        );
        assert_eq!(
            record_room(Some(10_000), Some(&facts(Some(50_000)))),
            10_000
        );
        assert_eq!(
            record_room(Some(90_000), Some(&facts(Some(50_000)))),
            50_000 - BATCH_OVERHEAD
        );
        assert_eq!(
            record_room(None, Some(&facts(None))),
            1_048_588 - BATCH_OVERHEAD
        );
        assert_eq!(record_room(None, None), 1_048_588 - BATCH_OVERHEAD);
    }
}
