//! Customers' own topics: boolean queries, tens of thousands of them matched against every article.
//!
//! * [`syntax`]: the language, from text to a tree and back.
//! * `words`, `stem`: how the words of queries and texts are compared.
//! * `plan`, `program`: what a query looks for, in numbers; `vocabulary`: the words behind the numbers.
//! * [`QuerySet`]: all queries, compiled; `references`: queries that refer to queries.
//! * `files`, [`QueryLoader`]: where queries come from, and what happens when they change.
//! * `engine`: which of them hold for an article, and the words they rest on.

mod country;
mod definition;
mod engine;
mod files;
mod leaf;
mod plan;
mod program;
mod references;
mod reload;
mod set;
mod stem;
mod stopwords;
pub mod syntax;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

pub use definition::{Definition, Sourced, Zone};
pub use engine::explain::{Explained, Explanation};
pub use engine::{Match, MatchEvidence, Metadata, QueryMatches, Subject};
pub use files::{FilesError, Stamp, read as read_files, stamp as stamp_files};
pub use reload::{QueryHandle, QueryLoader};
pub use set::{Compiled, QueryOptions, QueryProblem, QuerySet};
