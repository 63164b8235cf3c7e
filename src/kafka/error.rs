//! What can go wrong with the broker, sorted by what must be done about it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Trouble with Kafka. None of these ever loses or skips a message: what was not committed is read again.
#[derive(Debug, thiserror::Error)]
pub enum KafkaFailure {
    /// The transaction must be aborted and its messages read again.
    #[error("transaction aborted: {0}")]
    Abort(String),
    /// The client can never work again: fenced by another instance, or a fatal error of librdkafka.
    #[error("fatal: {0}")]
    Fatal(String),
    /// The broker refuses this client: authentication or authorisation.
    #[error("denied: {0}")]
    Denied(String),
    /// The broker cannot be reached, or does not answer in time, at the start.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Committed offsets no longer exist on the input topic.
    #[error("offsets lost: {0}")]
    OffsetsLost(String),
    /// A librdkafka property is wrong.
    #[error("kafka settings: {0}")]
    Settings(String),
}

/// Whether the code means that the broker refuses this client.
pub fn is_denial(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::Authentication
    )
}

/// Whether the broker has lost track of a producer's transactions, which nobody else took over: a new producer with the
/// same transactional id may go on where this one cannot.
pub fn is_out_of_step(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::InvalidTransactionalState
            | Code::InvalidProducerIdMapping
            | Code::UnknownProducerId
            | Code::OutOfOrderSequenceNumber
    )
}

/// Whether the broker will refuse this record however often it is sent.
pub fn is_refusal(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::MessageSizeTooLarge
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::InvalidMessage
            | Code::InvalidMessageSize
            | Code::MessageBatchTooLarge
    )
}

impl KafkaFailure {
    /// Sorts an error of a transactional call that is neither retriable nor success.
    pub fn of_transaction(error: &KafkaError) -> Self {
        match error {
            KafkaError::Transaction(inner) if is_denial(inner.code()) => {
                Self::Denied(inner.to_string())
            }
            KafkaError::Transaction(inner) if inner.is_fatal() => {
                Self::Fatal(format!("{}: {}", inner.name(), inner))
            }
            KafkaError::Transaction(inner) => Self::Abort(format!("{}: {}", inner.name(), inner)),
            other => Self::Abort(other.to_string()),
        }
    }

    /// A denial that came up while `topics` were read, by a member of `group` if there is one, with the right that this user
    /// needs.
    pub fn of_denied_reading(error: &KafkaError, topics: &str, group: Option<&str>) -> Self {
        let on = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => Some(("topic", topics)),
            Some(RDKafkaErrorCode::GroupAuthorizationFailed) => group.map(|name| ("group", name)),
            _ => None,
        };
        let right = on.map_or_else(String::new, |(kind, name)| {
            format!("; this user needs the right Read on the {kind} {name}")
        });
        Self::Denied(format!("{error}{right}"))
    }

    /// Sorts an error that came up while a client was made or first used.
    pub fn of_start(error: &KafkaError) -> Self {
        match (error, error.rdkafka_error_code()) {
            (KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_), _) => {
                Self::Settings(error.to_string())
            }
            (KafkaError::Transaction(inner), _) if is_denial(inner.code()) => {
                Self::Denied(inner.to_string())
            }
            (KafkaError::Transaction(inner), _) if inner.is_fatal() => {
                Self::Fatal(inner.to_string())
            }
            (_, Some(code)) if is_denial(code) => Self::Denied(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// Whether a transactional call may simply be made again.
pub fn is_retriable(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(inner) => {
            inner.is_retriable() && !inner.is_fatal() && !inner.txn_requires_abort()
        }
        KafkaError::Flush(code) => *code == RDKafkaErrorCode::OperationTimedOut,
        _ => false,
    }
}
