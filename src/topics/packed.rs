//! Many short texts in few blocks of memory: a list has thousands of terms, and a block for each would cost as much as
//! the terms and keep the memory of the start in pieces.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Items of various lengths, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Packed<T> {
    items: Vec<T>,
    ends: Vec<u32>,
}

impl<T: Copy> Packed<T> {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, items: &[T]) {
        self.items.extend_from_slice(items);
        self.ends
            .push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    /// The items at a place; none where there is no such place.
    pub(super) fn get(&self, place: usize) -> &[T] {
        let start = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.items
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    fn shrink(&mut self) {
        self.items.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl<'a, T: Copy + 'a> FromIterator<&'a [T]> for Packed<T> {
    fn from_iter<I: IntoIterator<Item = &'a [T]>>(items: I) -> Self {
        let mut packed = Self::default();
        items.into_iter().for_each(|items| packed.push(items));
        packed.shrink();
        packed
    }
}

impl<T> Default for Packed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            ends: Vec::new(),
        }
    }
}

/// Words and their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbered {
    words: Packed<u8>,
    numbers: Vec<u32>,
    /// Places in the words.
    table: HashTable<u32>,
}

impl Numbered {
    pub(super) fn new<'a>(list: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let mut own = Self::default();
        for (word, number) in list {
            let place = u32::try_from(own.numbers.len()).unwrap_or(u32::MAX);
            own.words.push(word.as_bytes());
            own.numbers.push(number);
            let words = &own.words;
            own.table
                .insert_unique(xxh3_64(word.as_bytes()), place, |&place| {
                    xxh3_64(words.get(place as usize))
                });
        }
        own.words.shrink();
        own.numbers.shrink_to_fit();
        own
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of a word whose hash by XXH3 is known.
    pub(super) fn find(&self, word: &str, hash: u64) -> Option<u32> {
        let place = self.table.find(hash, |&place| {
            self.words.get(place as usize) == word.as_bytes()
        })?;
        self.numbers.get(*place as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_goes_in_comes_out(words in prop::collection::btree_set(".{0,8}", 0..40), other in ".{0,3}") {
            let words: Vec<String> = words.into_iter().collect();
            let packed: Packed<u8> = words.iter().map(|word| word.as_bytes()).collect();
            prop_assert_eq!(packed.len(), words.len());
            prop_assert!(packed.get(words.len()).is_empty());
            let numbered = Numbered::new(words.iter().zip(5..).map(|(word, number)| (word.as_str(), number)));
            for (word, place) in words.iter().zip(0..) {
                prop_assert_eq!(packed.get(place as usize), word.as_bytes());
                prop_assert_eq!(numbered.find(word, xxh3_64(word.as_bytes())), Some(place + 5));
            }
            prop_assert_eq!(numbered.find(&other, xxh3_64(other.as_bytes())).is_some(), words.contains(&other));
            prop_assert_eq!(numbered.is_empty(), words.is_empty());
        }
    }
}
