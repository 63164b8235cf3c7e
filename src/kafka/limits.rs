//! What the broker says of our topics: whether they are there, how many partitions they have, how large a record may be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::{Client, ClientContext, DefaultClientContext};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{Producer as _, ProducerContext, ThreadedProducer};

use super::client_config;
use super::error::{KafkaFailure, is_denial};
use super::group::once_coordinated;
use super::oauth::TokenSource;
use super::rights::{self, Rights};
use crate::config::{Config, Role, SaslMechanism};

/// Room that a batch of one record needs beside the record itself, in bytes.
const BATCH_OVERHEAD: usize = 1024;

/// First wait for an answer before the client's own trouble is looked at; each wait doubles.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Fetches tokens, and keeps the last trouble of the connections, which librdkafka does not return from a request.
pub(super) struct InspectorContext {
    tokens: TokenSource,
    trouble: Mutex<Option<(KafkaError, String)>>,
}

impl InspectorContext {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            tokens: TokenSource::new(config),
            trouble: Mutex::new(None),
        }
    }

    /// What is known of why a request got no answer.
    pub(super) fn explain(&self, error: &KafkaError) -> KafkaFailure {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match &*trouble {
            Some((cause, reason)) if cause.rdkafka_error_code().is_some_and(is_denial) => {
                KafkaFailure::Denied(reason.clone())
            }
            Some((_, reason)) => KafkaFailure::Unavailable(format!("{error}; {reason}")),
            None => KafkaFailure::of_start(error),
        }
    }
}

impl ClientContext for InspectorContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<rdkafka::client::OAuthToken, Box<dyn std::error::Error>> {
        self.tokens.token()
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(client = "admin", %error, reason, "kafka client reports an error");
        // That all brokers are down follows from the trouble with each of them, and says less.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            *trouble = Some((error, reason.to_owned()));
        }
    }
}

impl ConsumerContext for InspectorContext {}

impl ProducerContext for InspectorContext {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
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
    /// It sends nothing, but unlike an admin client it has a thread that serves tokens and errors.
    client: ThreadedProducer<InspectorContext>,
    /// Reads the topics' settings. There is none with OAUTHBEARER: nothing would give it a token.
    admin: Option<AdminClient<DefaultClientContext>>,
    timeout: Duration,
}

impl Inspector {
    /// Makes the clients; nothing connects yet.
    ///
    /// # Errors
    /// When a property is wrong.
    pub fn new(config: &Config, timeout: Duration) -> Result<Self, KafkaFailure> {
        let properties = client_config(config, Role::Admin);
        let client = properties
            .create_with_context(InspectorContext::new(config))
            .map_err(|error| KafkaFailure::of_start(&error))?;
        let security = &config.kafka.security;
        let by_token = security.sasl.mechanism == Some(SaslMechanism::OAuthBearer);
        let admin = (!by_token)
            .then(|| properties.create())
            .transpose()
            .map_err(|error| KafkaFailure::of_start(&error))?;
        Ok(Self {
            client,
            admin,
            timeout,
        })
    }

    /// The facts of a topic; `None` when it does not exist.
    ///
    /// # Errors
    /// When the broker does not answer or refuses.
    pub fn topic(&self, name: &str) -> Result<Option<TopicFacts>, KafkaFailure> {
        // Some errors come back at once.
        let pause = || std::thread::sleep(Duration::from_millis(50));
        let metadata = metadata(self.client.client(), name, self.timeout, pause)?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
            return Ok(None);
        };
        if let Some(code) = topic.error() {
            let code = RDKafkaErrorCode::from(code);
            return match code {
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                    Ok(None)
                }
                code if is_denial(code) => Err(KafkaFailure::Denied(format!("{name}: {code}"))),
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

    /// What this user may do with topics, by their names. Those of which the broker does not tell it are missing.
    pub fn rights(&self, topics: &[&str]) -> BTreeMap<String, Rights> {
        rights::of_topics(self.client.client(), topics, self.timeout).unwrap_or_else(|code| {
            tracing::debug!(%code, "the broker does not tell the rights on topics");
            BTreeMap::new()
        })
    }

    /// What this user may do with the consumer group; `None` where the broker does not tell it.
    ///
    /// # Errors
    /// When the broker refuses to say anything about the group.
    pub fn group_rights(&self, group: &str) -> Result<Option<Rights>, KafkaFailure> {
        let told = once_coordinated(
            self.timeout,
            |code: &RDKafkaErrorCode| Some(*code),
            || rights::of_group(self.client.client(), group, self.timeout),
        );
        match told {
            Err(code) if is_denial(code) => Err(KafkaFailure::Denied(format!("{group}: {code}"))),
            Err(code) => {
                tracing::debug!(%code, "the broker does not tell the rights on the group");
                Ok(None)
            }
            Ok(rights) => Ok(rights),
        }
    }

    /// Not every broker describes its topics, and not every client may ask; then the defaults count.
    fn described(&self, name: &str) -> Option<ConfigResource> {
        let admin = self.admin.as_ref()?;
        let options = AdminOptions::new().request_timeout(Some(self.timeout));
        let topics = [ResourceSpecifier::Topic(name)];
        let answer = block_on(admin.describe_configs(&topics, &options), self.timeout * 2)?;
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

/// The largest record that fits the topic and our own settings, in bytes. Where the topic's limit is not known, the
/// setting is believed, and without one the 1 MB that brokers take by default.
pub fn record_room(configured: Option<usize>, facts: Option<&TopicFacts>) -> usize {
    const DEFAULT: usize = 1_048_588;
    let room = |bytes: usize| bytes.saturating_sub(BATCH_OVERHEAD);
    match (configured, facts.and_then(|facts| facts.max_message_bytes)) {
        (Some(configured), Some(topic)) => configured.min(room(topic)),
        (Some(configured), None) => configured,
        (None, topic) => room(topic.unwrap_or(DEFAULT)),
    }
}

/// Asks until there is an answer, with `meanwhile` between two attempts. A denial is final: a password does not become right by
/// waiting.
pub(super) fn metadata(
    client: &Client<InspectorContext>,
    topic: &str,
    timeout: Duration,
    mut meanwhile: impl FnMut(),
) -> Result<Metadata, KafkaFailure> {
    let deadline = Instant::now() + timeout;
    let mut wait = FIRST_WAIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match client.fetch_metadata(Some(topic), wait.min(left)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        match client.context().explain(&error) {
            denied @ KafkaFailure::Denied(_) => return Err(denied),
            failure if Instant::now() >= deadline => return Err(failure),
            _ => meanwhile(),
        }
        wait *= 2;
    }
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
        assert_eq!(record_room(Some(5_000_000), Some(&facts(None))), 5_000_000);
        assert_eq!(record_room(None, None), 1_048_588 - BATCH_OVERHEAD);
    }
}
