//! Cleaning: from the published fields to zones of text and tokens that know where they stand.
//!
//! [`DocumentBuilder`] takes the title and the body of an article (or its summary where there is no body), cuts them into
//! lines, tells the story from the furniture of the page, and gives every word of the story its folded form and its
//! place in the published field. Dedup, language and topics read only the result, a [`Document`].
//!
//! * `fold`, `tokens`: what becomes of a character; words in one pass.
//! * `links`, `page`: web addresses; a field as lines and words.
//! * `markers`: phrases that announce furniture (`markers.tsv`).
//! * `cuts`: long lines cut at the furniture inside them.
//! * `shapes`, `zones`: what the form of a line says; which line is what, and why.
//! * `build`: the document.
//! * `aside`: what is set aside afterwards, when other articles of the source are known.

mod aside;
mod build;
mod cuts;
pub mod document;
mod fold;
mod links;
mod markers;
mod page;
mod shapes;
pub mod tokens;
mod zones;

#[cfg(test)]
mod apart_tests;
#[cfg(test)]
mod eval_tests;
#[cfg(test)]
pub(crate) mod page_tests;
#[cfg(test)]
mod pages_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod whole_tests;

pub use build::{DocumentBuilder, TextError, TextSettings};
pub use document::{Block, Document, DocumentField, Role, Token, ZoneKind};
pub use markers::MarkerError;
pub use tokens::{folded_words, tokenize};

pub(crate) use fold::is_single;
pub(crate) use links::link_ranges;
