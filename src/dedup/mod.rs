//! Dedup: has this article, or this text, been seen before?
//!
//! An [`Article`](crate::article::RawArticle) gets an [`Identity`] and the keys of its [`Paragraphs`]; the [`DedupIndex`]
//! recalls whether it knows the message and which paragraphs recur on the source; what is left becomes a
//! [`Fingerprint`], and the index judges it by what it remembers: [`DedupVerdict`].
//!
//! # The rules, in order
//! 1. **Replay.** The position (topic, partition, offset) is known with the same payload: the verdict it got then,
//!    unchanged. Known with another payload: the topic was created anew; the message is judged like any other,
//!    `position_reused` is set, and from now on the position means this message.
//! 2. **Same article.** An earlier article has the same declared id (on the same host), or else the same URL. The latest
//!    such version counts.
//!    - Its text is equal: `exact`, method `id` or `url`.
//!    - The text is that of another article in the same cluster (an older version again, or a copy that had the new
//!      version first): `exact`, method `content`.
//!    - Otherwise `update`, method `id` or `url`, even if another cluster has this text.
//! 3. **Same text.** An earlier article has the same text, long enough to identify a story: `exact`, method `content`,
//!    `of` the first article with that text.
//! 4. **Shared text.** Of the earlier articles that share shingles, the best is the same story (`near`) or shares a passage
//!    (`partial`): see [`near`] and [`NearSettings`]. The cluster of a `partial` is its own.
//! 5. **Unique** otherwise. The cluster is the article's id. Where a remembered cluster has that name already (feeds
//!    that number their items; short texts without URL), it is `id@topic/partition/offset`.
//!
//! In 2 to 4 the cluster is that of the earlier article, so all versions and copies share the cluster of the first,
//! even after the first itself is forgotten. Clusters never merge.
//!
//! "Text" is the folded words of the body without furniture, in order: case, width, punctuation and markup do not matter,
//! and neither does the headline where there is a body. Texts shorter than [`DedupSettings::min_tokens`] never make two
//! articles copies; they still tell whether a version differs.
//!
//! Articles are forgotten once they are older than [`DedupSettings::window`], counted from their arrival. A verdict
//! depends on the message and on what is remembered, never on the clock.

mod backend;
mod fields;
mod fingerprint;
mod headline;
mod index;
mod judge;
mod keys;
mod near;
mod passages;
mod reasons;
mod record;
mod recurrence;
mod sample;
mod settings;
mod shared;
mod sketch;
/// The storage of the index. Public for `benches/index.rs`, not for other crates.
#[doc(hidden)]
pub mod store;
mod verdict;
mod weights;
mod window;

pub use self::backend::Claim;
pub use self::fingerprint::{Fingerprint, Identity};
pub use self::headline::Headline;
pub use self::index::{Ahead, DedupIndex, Recall};
pub use self::judge::{Judgement, Neighbour};
pub use self::near::{Match, Relation};
pub use self::passages::Passage;
pub use self::reasons::{Against, Line};
pub use self::recurrence::{BELOW, Paragraphs, REPEATED, Repeated};
pub use self::sample::{Sample, WordBits};
pub use self::settings::{DedupSettings, NearSettings, OnDamage, Rebuild};
pub use self::shared::{Backend, Inspection, SharedSettings, SharedTls, inspect};
pub use self::sketch::{Shingle, Sketch};
pub use self::store::{Damage, Expired, IndexError, OpenReport, TornTail};
pub use self::verdict::{Coverage, DedupMethod, DedupStatus, DedupVerdict};
pub use self::window::{Window, WindowError};

#[cfg(test)]
mod tests;
