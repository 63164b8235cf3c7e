//! Growing stores that never move what they hold. A `Vec` that doubles copies everything at once, and a message would
//! wait for it.

/// Values in a chunk.
const CHUNK: usize = 1 << 14;
/// Bytes in a chunk of an [`Arena`].
const ARENA_CHUNK: usize = 1 << 20;

/// A list of small values.
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Chunks<T> {
    pub(super) fn push(&mut self, value: T) {
        let room = self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK);
        match room {
            Some(chunk) => chunk.push(value),
            // The first chunk grows as it needs, for the many lists that stay short.
            None => {
                let mut chunk = match self.chunks.len() {
                    0 => Vec::new(),
                    _ => Vec::with_capacity(CHUNK),
                };
                chunk.push(value);
                self.chunks.push(chunk);
            }
        }
        self.len += 1;
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes reserved.
    pub(super) fn memory_bytes(&self) -> usize {
        let values: usize = self.chunks.iter().map(Vec::capacity).sum();
        values * size_of::<T>()
    }
}

/// A list of byte strings, each in one piece.
#[derive(Default)]
pub(super) struct Arena {
    chunks: Vec<Vec<u8>>,
    places: Chunks<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    chunk: u32,
    start: u32,
    end: u32,
}

impl Arena {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let fits = self
            .chunks
            .last()
            .is_some_and(|chunk| chunk.len() + bytes.len() <= ARENA_CHUNK);
        if !fits {
            // As in `Chunks`, the first one starts small.
            let room = match self.chunks.len() {
                0 => bytes.len(),
                _ => bytes.len().max(ARENA_CHUNK),
            };
            self.chunks.push(Vec::with_capacity(room));
        }
        let number = self.chunks.len().saturating_sub(1);
        if let Some(chunk) = self.chunks.last_mut() {
            let start = chunk.len();
            chunk.extend_from_slice(bytes);
            // Records of four gigabytes or so many chunks do not fit the memory of a head.
            self.places.push(Place {
                chunk: number as u32,
                start: start as u32,
                end: chunk.len() as u32,
            });
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let place = self.places.get(index)?;
        self.chunks
            .get(place.chunk as usize)?
            .get(place.start as usize..place.end as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes reserved.
    pub(super) fn memory_bytes(&self) -> usize {
        let bytes: usize = self.chunks.iter().map(Vec::capacity).sum();
        bytes + self.places.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_byte_strings_keep_their_places() {
        let (mut chunks, mut arena) = (Chunks::default(), Arena::default());
        let text = |number: usize| vec![number as u8; number % 300];
        for number in 0..50_000 {
            chunks.push(number);
            arena.push(&text(number));
        }
        let long = vec![7; 3 * ARENA_CHUNK];
        arena.push(&long);
        arena.push(b"end");
        *chunks.get_mut(20_000).unwrap() = 1;
        assert_eq!((chunks.len(), arena.len()), (50_000, 50_002));
        assert_eq!(chunks.get(20_000), Some(&1));
        assert_eq!(chunks.get(50_000), None);
        assert_eq!(chunks.iter().filter(|value| **value != 1).count(), 49_998);
        for number in 0..50_000 {
            assert_eq!(arena.get(number), Some(&*text(number)));
        }
        assert_eq!(arena.get(50_000), Some(&*long));
        assert_eq!(arena.get(50_001), Some(&b"end"[..]));
        assert_eq!(arena.get(50_002), None);
    }
}
