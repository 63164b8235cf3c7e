//! Segments: what is remembered in sealed form, each an immutable file.
//!
//! ```text
//! header     a page: magic, format, shape, sum of the checksums, checksum of the page
//! offsets    where the records end, in bytes from the first: a 32-bit number for each article and a 0 before them
//! records    one after another
//! directory  2^bits + 1 numbers of 32 bits: where the postings of each bucket begin
//! tags       of each posting the first byte of its key after the bucket
//! entries    of each posting the rest of its key (1 to 3 bytes), article counted from the first (3 bytes), mark (1)
//! checksums  XXH3-64 of each 64 KiB of each section
//! ```
//! Sections begin at pages, and what fills the last page counts as part of the section. Postings are sorted by key, then
//! article. A bucket is the first bits of the key, as many as give 8 to 16 postings a bucket, so looking up an absent
//! key reads a place in the directory and some neighbouring tags. Both together are 1.25 to 1.5 bytes a posting: the
//! part that is worth its place in memory. One posting takes 6.25 to 8.5 bytes.

mod bucket;
mod find;
mod layout;
mod read;
mod stream;
mod write;

pub(super) use self::bucket::{Packed, pack, unpack};
pub(super) use self::find::LOOKED_UP_TOGETHER;
pub(super) use self::layout::{MAX_ARTICLES, MAX_POSTINGS, MAX_RECORD_BYTES, Shape};
pub(super) use self::read::Segment;
pub(super) use self::stream::Stream;
pub(super) use self::write::Writer;
