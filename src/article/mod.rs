//! The way in and the way out: bytes of a raw article become a [`RawArticle`], and the enrichment goes back into the bytes.
//!
//! In order:
//!
//! 1. [`ArticleReader`] checks the payload (size, UTF-8, one JSON object, nesting) and takes the fields it knows from it,
//!    whatever the crawler called them: `fields.txt` is the ranked table of names.
//! 2. Bodies that are HTML become plain text, with an [`HtmlMap`] back into the published string.
//! 3. [`canonical_url`] and [`published_at`] bring URLs and dates into one form.
//! 4. [`splice`] writes the enrichment into the payload and leaves every other byte as it was.
//!
//! Nothing here knows Kafka, the clock or the disk. Foreign text is hostile here: no function panics, recurses on input,
//! or takes more than linear time, and what cannot be used is a [`Rejection`] with a stable code.

mod checks;
mod date;
mod fields;
mod html;
mod html_entities;
mod html_map;
mod html_tags;
mod identity;
mod lossy;
mod message;
mod raw;
mod read;
mod reject;
mod resolve;
mod settings;
mod splice;
mod texts;
mod url;
mod value;

#[cfg(test)]
mod tests;

pub use date::{Precision, published_at};
pub use html_map::HtmlMap;
pub use message::{Header, Message, Position};
pub use raw::{Field, IdSource, RawArticle, SplicePlan, TextField, Warning};
pub use read::ArticleReader;
pub use reject::{RejectCode, Rejection};
pub use settings::{InputLimits, ReaderError, ReaderSettings};
pub use splice::splice;
pub use url::{CanonicalUrl, canonical_url};
