//! Beginnings of words: which of a list a word begins with.

use super::packed::Packed;

/// What belongs to a beginning.
#[derive(Debug, Clone)]
struct Open {
    number: u32,
    /// The longest other beginning that this one begins with.
    shorter: Option<u32>,
}

/// A list of beginnings, each with a number.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenWords {
    /// Sorted.
    words: Packed<u8>,
    /// In the same order.
    opens: Vec<Open>,
    /// [`key`] of each, in the same order: comparing numbers is faster than comparing words.
    keys: Vec<u64>,
}

impl OpenWords {
    pub(super) fn new(mut list: Vec<(Vec<u8>, u32)>) -> Self {
        list.sort_unstable();
        let words: Packed<u8> = list.iter().map(|(word, _)| word.as_slice()).collect();
        let mut opens = Vec::with_capacity(list.len());
        let mut nested: Vec<u32> = Vec::new();
        for ((word, number), index) in list.iter().zip(0_u32..) {
            let begins = |&outer: &u32| word.starts_with(words.get(outer as usize));
            while nested.last().is_some_and(|outer| !begins(outer)) {
                nested.pop();
            }
            opens.push(Open {
                number: *number,
                shorter: nested.last().copied(),
            });
            nested.push(index);
        }
        let keys = list.iter().map(|(word, _)| key(word)).collect();
        Self { words, opens, keys }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.opens.is_empty()
    }

    /// Calls `found` with the number of every beginning that `word` has, the longest first.
    pub(super) fn find(&self, word: &[u8], mut found: impl FnMut(u32)) {
        let own = key(word);
        let mut next = self.keys.partition_point(|&key| key <= own);
        // The longest sorts last among those that do not come after the word, or is a shorter beginning of that one.
        // Only words that share the first eight bytes can still come after it.
        let mut open = loop {
            let Some(last) = next.checked_sub(1) else {
                return;
            };
            if self.words.get(last) <= word {
                break Some(last);
            }
            next = last;
        };
        while let Some((place, at)) = open.and_then(|place| Some((place, self.opens.get(place)?))) {
            if word.starts_with(self.words.get(place)) {
                found(at.number);
            }
            open = at.shorter.map(|shorter| shorter as usize);
        }
    }
}

/// The first eight bytes as a number that is ordered as the words are, as far as eight bytes tell.
fn key(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, own) in bytes.iter_mut().zip(word) {
        *byte = *own;
    }
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn finds_all_beginnings(list in prop::collection::btree_set("[ab]{1,4}|aaaaaaa[ab]{0,4}", 0..30), word in "[ab]{0,6}|aaaaaaa[ab]{0,6}") {
            let words: Vec<String> = list.into_iter().collect();
            let open = OpenWords::new(words.iter().zip(0..).map(|(word, number)| (word.clone().into_bytes(), number)).collect());
            let mut found = Vec::new();
            open.find(word.as_bytes(), |number| found.push(words[number as usize].clone()));
            let mut expected: Vec<String> = words.iter().filter(|own| word.starts_with(own.as_str())).cloned().collect();
            expected.sort_by_key(|own| std::cmp::Reverse(own.len()));
            prop_assert_eq!(found, expected);
        }
    }
}
