//! Lists and texts of a record, as bytes.
//!
//! A list is its length in one byte and then its items. A text is its length in two bytes and then UTF-8; with the highest
//! bit of the length set, its last 16 bytes stand for 32 hexadecimal digits, in which most ids end.

use std::borrow::Cow;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// In the length of a text: it ends in hexadecimal digits.
const HEX: u16 = 1 << 15;
/// The digits, two to a byte.
const DIGITS: usize = 32;

/// Appends a list, of which 255 items are kept.
pub(super) fn put_list<T, const N: usize>(
    out: &mut Vec<u8>,
    list: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) {
    let list = list.get(..usize::from(u8::MAX)).unwrap_or(list);
    out.push(list.len() as u8);
    list.iter()
        .for_each(|item| out.extend_from_slice(&bytes(item)));
}

/// Appends a text, of which 32,767 bytes are kept.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    if let Some((start, digits)) = packed(text.as_bytes()) {
        let length = (start.len() + digits.len()) as u16 | HEX;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(start);
        out.extend_from_slice(&digits);
        return;
    }
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX) & !HEX;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(
        text.as_bytes()
            .get(..usize::from(length))
            .unwrap_or_default(),
    );
}

/// What comes before the digits at the end of a text, and the digits as bytes: most ids end in a hash.
fn packed(text: &[u8]) -> Option<(&[u8], [u8; DIGITS / 2])> {
    if text.len() > usize::from(HEX - 1) {
        return None;
    }
    let (start, digits) = text.split_last_chunk::<DIGITS>()?;
    let mut bytes = [0; DIGITS / 2];
    for (byte, digit) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = digit.map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        });
        *byte = high? << 4 | low?;
    }
    Some((start, bytes))
}

/// Reads from the front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn list<T, const N: usize>(
        &mut self,
        item: impl Fn([u8; N]) -> T,
    ) -> Option<Vec<T>> {
        let length = usize::from(self.array::<1>()?[0]);
        let (items, rest) = self.0.split_at_checked(length * N)?;
        self.0 = rest;
        let (items, _) = items.as_chunks::<N>();
        Some(items.iter().map(|bytes| item(*bytes)).collect())
    }

    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        let length = self.u16()?;
        let (text, rest) = self.0.split_at_checked(usize::from(length & !HEX))?;
        self.0 = rest;
        let (start, digits) = match length & HEX {
            0 => (text, None),
            _ => text
                .split_last_chunk()
                .map(|(start, digits)| (start, Some(digits)))?,
        };
        let start = std::str::from_utf8(start).ok()?;
        Some(Text { start, digits })
    }
}

/// A text in place: most records are read for something else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Text<'a> {
    start: &'a str,
    digits: Option<&'a [u8; DIGITS / 2]>,
}

impl<'a> Text<'a> {
    /// A hash of the text.
    pub(super) fn key(self) -> u64 {
        let digits = self.digits.map_or(&[][..], |digits| digits);
        xxh3_64_with_seed(self.start.as_bytes(), xxh3_64(digits))
    }

    pub(super) fn unpack(self) -> Cow<'a, str> {
        let Some(digits) = self.digits else {
            return Cow::Borrowed(self.start);
        };
        let mut text = self.start.to_owned();
        let digits = digits.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        text.extend(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)));
        Cow::Owned(text)
    }
}
