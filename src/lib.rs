//! One Kafka stage for news streams: raw article in, **dedup → language → topics**, enriched article out.
//!
//! The way of an article, and the rooms it passes:
//!
//! 1. [`kafka::source`] reads messages: position, key, headers, bytes.
//! 2. [`worker`] makes batches of them; one batch is one transaction, and the next batch is analysed
//!    while the last one commits.
//! 3. [`pipeline`] is the list of stages, a straight line: [`article`] (bytes → `RawArticle`, or a refusal),
//!    [`text`] (→ `Document`: zones and tokens), [`dedup`] (→ `DedupVerdict`), [`language`] (→ `LanguageGuess`),
//!    [`topics`] (→ `TopicTags`), and [`enrichment`] (→ output bytes).
//! 4. [`kafka::sink`] turns outcomes into records and commits them with the offsets they came from.
//!
//! Only `kafka`, `worker`, `admin` and `cli` know of Kafka or of an async runtime; everything else is synchronous
//! and pure, with the clock passed in.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

/// Batches are large and short-lived, which glibc's allocator answers by giving memory back to the system and fetching
/// it again: a third of the time of a bare pass-through (see `benches/README.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod admin;
pub mod article;
pub mod cli;
pub mod config;
pub mod dedup;
pub mod enrichment;
pub mod health;
pub mod kafka;
pub mod language;
pub mod live;
pub mod metrics;
pub mod pipeline;
pub mod telemetry;
pub mod text;
pub mod topics;
pub mod worker;
