//! The label values that are fixed at compile time, and label sets.

use super::Value;

/// A set of one label.
pub(super) type OneLabel = [(&'static str, Value); 1];

/// The labels of a partition.
pub(super) type PartitionLabels = [(&'static str, Value); 2];

/// One label with a constant value.
pub(super) fn one(name: &'static str, value: &'static str) -> OneLabel {
    [(name, Value::Borrowed(value))]
}

/// `topic` and `partition`.
pub(super) fn partition(topic: &str, partition: i32) -> PartitionLabels {
    [
        ("topic", Value::Owned(topic.to_owned())),
        ("partition", Value::Owned(partition.to_string())),
    ]
}

/// Declares an enum whose values are label values, in the order of `ALL`.
macro_rules! label_values {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The label value.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

label_values! {
    /// What a produced record is.
    Produced {
        /// An enriched article.
        Output = "output",
        /// A message that could not be enriched.
        DeadLetter = "dead_letter",
        /// A tombstone that was passed through.
        Tombstone = "tombstone",
    }
}

label_values! {
    /// A part of the work whose time is measured.
    Step {
        /// Bytes to article.
        Parse = "parse",
        /// Article to document: cleaning, zones, tokens.
        Text = "text",
        /// A batch: known messages and repeated paragraphs.
        Recall = "recall",
        /// A batch: index look-ups in order, and verdicts.
        Dedup = "dedup",
        /// Language detection.
        Language = "language",
        /// Topic tagging.
        Topics = "topics",
        /// Matching of stored queries.
        Queries = "queries",
        /// Verdicts to output bytes.
        Assemble = "assemble",
        /// Having the lease of the shared dedup index.
        Lease = "lease",
        /// Making the dedup index durable.
        Flush = "flush",
        /// Handing records to the producer until all are acknowledged.
        Publish = "publish",
        /// Committing the transaction or the offsets.
        Commit = "commit",
    }
}

label_values! {
    /// How a load of stored queries ended.
    QueryReload {
        /// The new set is in use.
        Loaded = "loaded",
        /// The old set stays in use.
        Failed = "failed",
    }
}

label_values! {
    /// How a reload of the configuration ended.
    ConfigReload {
        /// Everything that has changed is in use.
        Loaded = "loaded",
        /// Nothing has changed.
        Unchanged = "unchanged",
        /// Some of it waits for a restart; the rest is in use.
        Refused = "refused",
        /// The old settings stay in use.
        Failed = "failed",
    }
}

label_values! {
    /// How a transaction ended.
    TransactionResult {
        /// Its output is visible and its offsets are stored.
        Committed = "committed",
        /// It was undone; its messages are read again.
        Aborted = "aborted",
    }
}

label_values! {
    /// A change in the partitions of this process.
    RebalanceEvent {
        /// Partitions were added.
        Assigned = "assigned",
        /// Partitions were handed over in order.
        Revoked = "revoked",
        /// Partitions were taken away because the group had given this member up.
        Lost = "lost",
    }
}
