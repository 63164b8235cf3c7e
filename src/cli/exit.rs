//! Exit codes: part of the contract with whoever starts the process. They follow `sysexits.h` where it has one.

use std::process::ExitCode;

use crate::kafka::KafkaFailure;
use crate::worker::WorkerError;

/// Why the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `run`, drained and committed.
    Success = 0,
    /// A failure without a code of its own.
    Failure = 1,
    /// Wrong command line.
    Usage = 64,
    /// `enrich --strict` met an article that cannot be enriched; `check` found a fault.
    Data = 65,
    /// The committed offsets are gone from the input topic.
    OffsetsLost = 66,
    /// The broker cannot be reached at the start, a topic is missing, or no admin address answers.
    Unavailable = 69,
    /// A bug in this program.
    Software = 70,
    /// The duplicate index or a file cannot be read or written.
    InputOutput = 74,
    /// The drain deadline passed; unfinished work will be read again.
    DrainDeadline = 75,
    /// Fenced by another instance with the same transactional id, or a fatal error of the client library.
    Fenced = 76,
    /// The broker denies authentication or a right.
    Denied = 77,
    /// The configuration is wrong.
    Config = 78,
    /// A signal ended the command before it was done; the service only ends so at the second.
    Interrupted = 130,
}

impl Exit {
    /// All codes with their meaning, for `--help` and the tests.
    pub const TABLE: &[(Self, &str)] = &[
        (Self::Success, "done; for run: drained and committed"),
        (Self::Failure, "a failure without a code of its own"),
        (Self::Usage, "wrong command line"),
        (
            Self::Data,
            "enrich --strict met a bad article, check found a fault, or dlq cannot do all",
        ),
        (
            Self::OffsetsLost,
            "the committed offsets are gone from the input topic",
        ),
        (
            Self::Unavailable,
            "the broker cannot be reached at the start, a topic is missing, or no admin address answers",
        ),
        (Self::Software, "a bug in this program"),
        (
            Self::InputOutput,
            "the duplicate index or a file cannot be read or written",
        ),
        (
            Self::DrainDeadline,
            "the drain deadline passed; unfinished work will be read again",
        ),
        (
            Self::Fenced,
            "fenced by another instance, or a fatal error of the Kafka client",
        ),
        (Self::Denied, "the broker denies authentication or a right"),
        (Self::Config, "the configuration is wrong"),
        (
            Self::Interrupted,
            "ended by a signal before it was done; run: by the second one",
        ),
    ];

    /// The table as it stands in `--help`.
    pub fn help() -> String {
        let rows = Self::TABLE
            .iter()
            .map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", *exit as u8));
        format!("Exit codes:\n{}", rows.collect::<String>())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<&WorkerError> for Exit {
    fn from(error: &WorkerError) -> Self {
        match error {
            WorkerError::Kafka(failure) => Self::from(failure),
            WorkerError::Index(_) => Self::InputOutput,
            WorkerError::DrainDeadline => Self::DrainDeadline,
            WorkerError::Thread(_) => Self::Software,
        }
    }
}

impl From<&KafkaFailure> for Exit {
    fn from(failure: &KafkaFailure) -> Self {
        match failure {
            KafkaFailure::Abort(_) => Self::Failure,
            KafkaFailure::Fatal(_) => Self::Fenced,
            KafkaFailure::Denied(_) => Self::Denied,
            KafkaFailure::Unavailable(_) => Self::Unavailable,
            KafkaFailure::OffsetsLost(_) => Self::OffsetsLost,
            KafkaFailure::Settings(_) => Self::Config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_trouble_has_its_own_code() {
        let text = || "x".to_owned();
        let codes = [
            (KafkaFailure::Fatal(text()), 76),
            (KafkaFailure::Denied(text()), 77),
            (KafkaFailure::Unavailable(text()), 69),
            (KafkaFailure::OffsetsLost(text()), 66),
            (KafkaFailure::Settings(text()), 78),
            (KafkaFailure::Abort(text()), 1),
        ];
        for (failure, code) in codes {
            assert_eq!(Exit::from(&WorkerError::Kafka(failure)) as u8, code);
        }
        assert_eq!(Exit::from(&WorkerError::DrainDeadline) as u8, 75);
    }

    #[test]
    fn the_table_names_each_code_once() {
        let mut codes: Vec<u8> = Exit::TABLE.iter().map(|(exit, _)| *exit as u8).collect();
        codes.dedup();
        assert_eq!(codes.len(), 13);
        assert!(codes.is_sorted());
    }
}
