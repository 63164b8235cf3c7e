//! Finding the terms of a list in the words of a text.

use std::ops::Range;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::lexicon::Term;

/// What may follow the first word of a term.
#[derive(Debug, Clone)]
struct Tail {
    words: Vec<String>,
    /// Whether the last word of `words` is open.
    prefix: bool,
    term: u32,
}

/// All terms that begin with one word.
#[derive(Debug, Clone)]
struct Head {
    word: String,
    tails: Range<u32>,
}

/// A term of one word that is open at its end.
#[derive(Debug, Clone)]
struct Prefix {
    word: String,
    term: u32,
    /// The longest other prefix that this one begins with.
    shorter: Option<u32>,
}

/// Finds terms from left to right: at each word the longest term wins and the search goes on behind it. An exact word
/// wins over a prefix and a longer prefix over a shorter one. Time is linear in the number of words, for a given list.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    heads: HashTable<Head>,
    tails: Vec<Tail>,
    /// Sorted by word.
    prefixes: Vec<Prefix>,
    /// [`key`] of every prefix, in the same order: comparing numbers is faster than comparing words.
    keys: Vec<u64>,
}

impl Matcher {
    /// Compiles the terms; a match is reported by the place of its term.
    pub(super) fn new(terms: &[Term]) -> Self {
        let mut whole: Vec<(&str, Tail)> = Vec::new();
        let mut open: Vec<(&str, u32)> = Vec::new();
        for (term, number) in terms.iter().zip(0_u32..) {
            match term.form.words.split_first() {
                Some((first, [])) if term.form.prefix => open.push((first, number)),
                Some((first, rest)) => {
                    whole.push((
                        first,
                        Tail {
                            words: rest.to_vec(),
                            prefix: term.form.prefix,
                            term: number,
                        },
                    ));
                }
                None => {}
            }
        }
        // Most words first; among equals exact ones, then the longest beginning.
        whole.sort_by(|(a, left), (b, right)| {
            let size = |tail: &Tail| tail.words.iter().map(String::len).sum::<usize>();
            a.cmp(b)
                .then(right.words.len().cmp(&left.words.len()))
                .then(left.prefix.cmp(&right.prefix))
                .then(size(right).cmp(&size(left)))
                .then(left.term.cmp(&right.term))
        });
        let mut heads: HashTable<Head> = HashTable::new();
        let mut tails = Vec::with_capacity(whole.len());
        for group in whole.chunk_by(|(a, _), (b, _)| a == b) {
            let start = u32::try_from(tails.len()).unwrap_or(u32::MAX);
            tails.extend(group.iter().map(|(_, tail)| tail.clone()));
            let end = u32::try_from(tails.len()).unwrap_or(u32::MAX);
            if let Some((word, _)) = group.first() {
                let head = Head {
                    word: (*word).to_owned(),
                    tails: start..end,
                };
                heads.insert_unique(xxh3_64(word.as_bytes()), head, |head| {
                    xxh3_64(head.word.as_bytes())
                });
            }
        }
        let prefixes = compile_prefixes(open);
        let keys = prefixes.iter().map(|prefix| key(&prefix.word)).collect();
        Self {
            heads,
            tails,
            prefixes,
            keys,
        }
    }

    /// Calls `found` with the place of a term and the words it covers, in order and without overlap.
    pub(super) fn search(&self, words: &[&str], mut found: impl FnMut(u32, Range<usize>)) {
        let mut at = 0;
        while let Some((first, rest)) = words.get(at..).and_then(|words| words.split_first()) {
            match self.longest(first, rest) {
                Some((term, length)) => {
                    found(term, at..at + length);
                    at += length;
                }
                None => at += 1,
            }
        }
    }

    fn longest(&self, first: &str, rest: &[&str]) -> Option<(u32, usize)> {
        self.heads
            .find(xxh3_64(first.as_bytes()), |head| head.word == first)
            .and_then(|head| {
                self.tails
                    .get(head.tails.start as usize..head.tails.end as usize)
            })
            .into_iter()
            .flatten()
            .find(|tail| tail.fits(rest))
            .map(|tail| (tail.term, tail.words.len() + 1))
            .or_else(|| self.longest_prefix(first).map(|term| (term, 1)))
    }

    /// The longest prefix that begins a word: it sorts last among those that do not come after the word, or is one of
    /// the shorter beginnings of the prefix that does.
    fn longest_prefix(&self, word: &str) -> Option<u32> {
        let own = key(word);
        let mut next = self.keys.partition_point(|&key| key <= own);
        let mut prefix = self.prefixes.get(next.checked_sub(1)?)?;
        // Only prefixes that share the first eight bytes with the word can still come after it.
        while prefix.word.as_str() > word {
            next -= 1;
            prefix = self.prefixes.get(next.checked_sub(1)?)?;
        }
        while !word.starts_with(&prefix.word) {
            prefix = self.prefixes.get(prefix.shorter? as usize)?;
        }
        Some(prefix.term)
    }
}

impl Tail {
    fn fits(&self, rest: &[&str]) -> bool {
        let Some((last, before)) = self.words.split_last() else {
            return true;
        };
        let Some((next, found)) = rest
            .get(..self.words.len())
            .and_then(|rest| rest.split_last())
        else {
            return false;
        };
        let closes = if self.prefix {
            next.starts_with(last.as_str())
        } else {
            next == last
        };
        closes && before.iter().zip(found).all(|(own, other)| own == other)
    }
}

/// The first eight bytes as a number that is ordered as the words are, as far as eight bytes tell.
fn key(word: &str) -> u64 {
    let mut bytes = [0; 8];
    for (byte, own) in bytes.iter_mut().zip(word.bytes()) {
        *byte = own;
    }
    u64::from_be_bytes(bytes)
}

/// Sorts the prefixes and links each to the longest one it begins with.
fn compile_prefixes(mut open: Vec<(&str, u32)>) -> Vec<Prefix> {
    open.sort_unstable();
    let mut prefixes: Vec<Prefix> = Vec::with_capacity(open.len());
    let mut nested: Vec<u32> = Vec::new();
    for ((word, term), index) in open.into_iter().zip(0_u32..) {
        let begins = |&outer: &u32| {
            prefixes
                .get(outer as usize)
                .is_some_and(|outer| word.starts_with(&outer.word))
        };
        while nested.last().is_some_and(|outer| !begins(outer)) {
            nested.pop();
        }
        let shorter = nested.last().copied();
        nested.push(index);
        prefixes.push(Prefix {
            word: word.to_owned(),
            term,
            shorter,
        });
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::super::analyser::Analyser;
    use super::*;
    use proptest::prelude::*;

    fn terms(written: &[&str]) -> Vec<Term> {
        written
            .iter()
            .map(|written| Term {
                form: Analyser::Folded.term(written).unwrap(),
                written: (*written).to_owned(),
                topics: Vec::new(),
            })
            .collect()
    }

    fn search(written: &[&str], text: &str) -> Vec<(String, Range<usize>)> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut found = Vec::new();
        Matcher::new(&terms(written)).search(&words, |term, range| {
            found.push((written[term as usize].to_owned(), range))
        });
        found
    }

    #[test]
    fn the_longest_term_wins_and_is_not_read_twice() {
        let list = [
            "minister",
            "prime minister",
            "prime minister of state",
            "state",
        ];
        assert_eq!(
            search(&list, "the prime minister of france"),
            [("prime minister".to_owned(), 1..3)]
        );
        assert_eq!(
            search(&list, "prime minister of state"),
            [("prime minister of state".to_owned(), 0..4)]
        );
        assert_eq!(search(&list, "prime state"), [("state".to_owned(), 1..2)]);
    }

    #[test]
    fn prefixes_nest_and_give_way_to_words() {
        let list = ["dip*", "diplom*", "diploma", "diplomats*"];
        for (text, expected) in [
            ("diplomacy", "diplom*"),
            ("dipped", "dip*"),
            ("diploma", "diploma"),
            ("diplomatsx", "diplomats*"),
            ("diplon", "dip*"),
        ] {
            assert_eq!(search(&list, text), [(expected.to_owned(), 0..1)], "{text}");
        }
        assert!(search(&list, "di dio").is_empty());
        assert_eq!(
            search(&["nuclear weap*", "nuclear"], "nuclear weapons nuclear war"),
            [
                ("nuclear weap*".to_owned(), 0..2),
                ("nuclear".to_owned(), 2..3)
            ]
        );
    }

    /// The same result by trying every term at every word.
    fn brute(list: &[Term], words: &[&str]) -> Vec<(u32, Range<usize>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let best = list
                .iter()
                .zip(0_u32..)
                .filter(|(term, _)| {
                    words
                        .get(at..at + term.form.words.len())
                        .is_some_and(|words| term.form.is(words))
                })
                .max_by_key(|(term, _)| {
                    (
                        term.form.words.len(),
                        !term.form.prefix,
                        term.form.words.concat().len(),
                    )
                });
            let length = best.map_or(1, |(term, _)| term.form.words.len());
            if let Some((_, number)) = best {
                found.push((number, at..at + length));
            }
            at += length;
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_trying_everything(
            list in prop::collection::btree_set("([ab]{1,4}( [ab]{1,3}){0,2}|aaaaaaa[ab]{0,4})[*]?", 0..30),
            text in "(([abc]{1,6}|aaaaaaa[abc]{1,4}) ){0,40}",
        ) {
            let written: Vec<&str> = list.iter().map(String::as_str).collect();
            let list = terms(&written);
            let words: Vec<&str> = text.split_whitespace().collect();
            let mut found = Vec::new();
            Matcher::new(&list).search(&words, |term, range| found.push((term, range)));
            prop_assert_eq!(found, brute(&list, &words));
        }
    }
}
