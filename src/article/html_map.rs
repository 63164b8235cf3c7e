//! From extracted plain text back to the published string it came from.

use std::ops::Range;

/// Maps byte ranges of extracted text to ranges of code points in the published string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HtmlMap {
    /// In order of `byte`; the first begins at 0.
    segments: Vec<Segment>,
    /// Bytes of the extracted text.
    bytes: u32,
    /// Code points of the published string up to the end of the last extracted character.
    end: u32,
}

/// A piece of extracted text that came from the published string in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// Where it begins in the extracted text.
    byte: u32,
    /// Where its source begins in the published string, in code points.
    point: u32,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Characters copied one by one, all of this many bytes.
    Copied(u8),
    /// Anything else (an entity, a run of white space, a tag that breaks the line), from this many code points.
    Made(u32),
}

impl HtmlMap {
    /// The code points of the published string from which these bytes of the extracted text came. Bytes within a
    /// character count as that character, bytes past the end as the end.
    pub fn span(&self, bytes: Range<usize>) -> Range<u32> {
        let start = self.source_of(bytes.start).start;
        if bytes.end <= bytes.start {
            return start..start;
        }
        start..self.source_of(bytes.end - 1).end
    }

    /// The source of the character that holds a byte.
    fn source_of(&self, byte: usize) -> Range<u32> {
        let byte = match u32::try_from(byte) {
            Ok(byte) if byte < self.bytes => byte,
            _ => return self.end..self.end,
        };
        let index = self
            .segments
            .partition_point(|segment| segment.byte <= byte);
        let Some(segment) = index
            .checked_sub(1)
            .and_then(|index| self.segments.get(index))
        else {
            return 0..0;
        };
        match segment.how {
            How::Made(points) => segment.point..segment.point + points,
            How::Copied(width) => {
                let point = segment.point + (byte - segment.byte) / u32::from(width.max(1));
                point..point + 1
            }
        }
    }

    /// Code points of the published string up to the end of the last extracted character.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// Notes that `characters` characters of `width` bytes each were copied from `point` on.
    pub(super) fn copied(&mut self, point: u32, characters: u32, width: u8) {
        let continues = self.end == point
            && self
                .segments
                .last()
                .is_some_and(|last| last.how == How::Copied(width));
        if !continues {
            self.segments.push(Segment {
                byte: self.bytes,
                point,
                how: How::Copied(width),
            });
        }
        self.bytes = self
            .bytes
            .saturating_add(characters.saturating_mul(u32::from(width)));
        self.end = point.saturating_add(characters);
    }

    /// Notes that `bytes` bytes were made from the `points` code points at `point`.
    pub(super) fn made(&mut self, point: u32, points: u32, bytes: usize) {
        self.segments.push(Segment {
            byte: self.bytes,
            point,
            how: How::Made(points),
        });
        self.bytes = self
            .bytes
            .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.end = point.saturating_add(points);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<b>né</b>&amp;x` gives `né&x`.
    fn map() -> HtmlMap {
        let mut map = HtmlMap::default();
        map.copied(3, 1, 1);
        map.copied(4, 1, 2);
        map.made(9, 5, 1);
        map.copied(14, 1, 1);
        map
    }

    #[test]
    fn bytes_lead_back_to_code_points() {
        let map = map();
        assert_eq!(map.span(0..5), 3..15);
        assert_eq!(map.span(0..1), 3..4);
        assert_eq!(map.span(1..3), 4..5);
        assert_eq!(map.span(3..4), 9..14);
        assert_eq!(map.span(4..5), 14..15);
        assert_eq!(map.span(3..5), 9..15);
    }

    #[test]
    fn odd_ranges_are_harmless() {
        let map = map();
        assert_eq!(map.span(2..2), 4..4);
        assert_eq!(
            map.span(2..3),
            4..5,
            "a byte within a character counts as the character"
        );
        assert_eq!(map.span(99..100), 15..15);
        assert_eq!(map.span(0..usize::MAX), 3..15);
        #[allow(clippy::reversed_empty_ranges)]
        let reversed = map.span(4..1);
        assert_eq!(reversed, 14..14);
        assert_eq!(HtmlMap::default().span(0..3), 0..0);
    }

    #[test]
    fn neighbouring_copies_share_a_segment() {
        let mut map = HtmlMap::default();
        for point in 0..1000 {
            map.copied(point, 1, 1);
        }
        assert_eq!(map.segments.len(), 1);
        assert_eq!(map.span(500..502), 500..502);
    }
}
