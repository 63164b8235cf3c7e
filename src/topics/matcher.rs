//! Finding the terms of a list in the words of a text.

use std::ops::Range;

use hashbrown::HashMap;

use super::analyser::{Analyser, Pattern};
use super::lexicon::Term;
use super::vocabulary::{Symbols, Vocabulary};

/// No term ends here.
const NONE: u32 = u32::MAX;

/// A beginning of terms. Its continuations are a range of [`Matcher::edges`].
#[derive(Debug, Clone)]
struct Node {
    /// The term that ends here, or [`NONE`].
    term: u32,
    edges: Range<u32>,
}

/// Finds terms from left to right: at each word the best term (most words; see [`super::analyser::TermForm::rank`])
/// wins and the search goes on behind it. Time is linear in the number of words, for a given list.
///
/// The terms are a trie over the symbols of a [`Vocabulary`].
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    vocabulary: Vocabulary,
    nodes: Vec<Node>,
    /// Symbol and node, sorted by symbol within each node.
    edges: Vec<(u32, u32)>,
    /// Rank of each term among those found at one place.
    ranks: Vec<u32>,
}

impl Matcher {
    /// Compiles the terms; a match is reported by the place of its term.
    pub(super) fn new(analyser: Analyser, terms: &[Term]) -> Self {
        let mut numbers: HashMap<&Pattern, u32> = HashMap::new();
        for word in terms.iter().flat_map(|term| &term.form.words) {
            let next = count(numbers.len());
            numbers.entry(word).or_insert(next);
        }
        let mut matcher = Self {
            vocabulary: Vocabulary::new(analyser, &numbers),
            nodes: Vec::new(),
            edges: Vec::new(),
            ranks: terms.iter().map(|term| term.form.rank()).collect(),
        };
        matcher.build(terms, &numbers);
        matcher.nodes.shrink_to_fit();
        matcher.edges.shrink_to_fit();
        matcher
    }

    /// Lays the trie out, one node after the other.
    fn build(&mut self, terms: &[Term], numbers: &HashMap<&Pattern, u32>) {
        let mut next: HashMap<(u32, u32), u32> = HashMap::new();
        let mut ends = vec![NONE];
        for (term, place) in terms.iter().zip(0_u32..) {
            let mut at = 0;
            for &symbol in term.form.words.iter().filter_map(|word| numbers.get(word)) {
                let fresh = count(ends.len());
                at = *next.entry((at, symbol)).or_insert(fresh);
                if at == fresh {
                    ends.push(NONE);
                }
            }
            if let Some(end) = ends.get_mut(at as usize).filter(|end| **end == NONE) {
                *end = place;
            }
        }
        let mut all: Vec<((u32, u32), u32)> = next.into_iter().collect();
        all.sort_unstable();
        let mut rest = all.as_slice();
        for (term, node) in ends.into_iter().zip(0_u32..) {
            let own = rest.partition_point(|((from, _), _)| *from == node);
            let start = count(self.edges.len());
            let (mine, others) = rest.split_at_checked(own).unwrap_or((rest, &[]));
            self.edges
                .extend(mine.iter().map(|&((_, symbol), to)| (symbol, to)));
            rest = others;
            self.nodes.push(Node {
                term,
                edges: start..count(self.edges.len()),
            });
        }
    }

    /// Number of terms.
    pub(super) fn terms(&self) -> usize {
        self.ranks.len()
    }

    /// Calls `found` with the place of a term and the words it covers, in order and without overlap.
    pub(super) fn search<'w>(
        &self,
        words: impl Iterator<Item = &'w str>,
        space: &mut Symbols,
        mut found: impl FnMut(u32, Range<usize>),
    ) {
        self.vocabulary.read(words, space);
        let mut at = 0;
        while at < space.len() {
            let mut best = None;
            if !space.of(at).is_empty() {
                self.walk(0, at, space, &mut best);
            }
            match best {
                Some((term, end)) => {
                    found(term, at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
    }

    /// Follows all terms that go on with the word at `at`. As deep as a term has words, at most.
    fn walk(&self, node: u32, at: usize, space: &Symbols, best: &mut Option<(u32, usize)>) {
        let Some(edges) = self.nodes.get(node as usize).map(|node| node.edges.clone()) else {
            return;
        };
        let edges = self
            .edges
            .get(edges.start as usize..edges.end as usize)
            .unwrap_or_default();
        for symbol in space.of(at) {
            let Some(&(_, next)) = edges
                .binary_search_by_key(symbol, |&(symbol, _)| symbol)
                .ok()
                .and_then(|place| edges.get(place))
            else {
                continue;
            };
            let Some(node) = self.nodes.get(next as usize) else {
                continue;
            };
            if node.term != NONE && self.beats(node.term, *best) {
                *best = Some((node.term, at + 1));
            }
            if !node.edges.is_empty() && at + 1 < space.len() {
                self.walk(next, at + 1, space, best);
            }
        }
    }

    fn beats(&self, term: u32, best: Option<(u32, usize)>) -> bool {
        let rank = |term: u32| self.ranks.get(term as usize).copied().unwrap_or_default();
        best.is_none_or(|(other, _)| (rank(term), other) > (rank(other), term))
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(analyser: Analyser, written: &[&str]) -> Vec<Term> {
        written
            .iter()
            .map(|written| Term {
                form: analyser.term(written).unwrap(),
                written: (*written).to_owned(),
                topics: Vec::new(),
            })
            .collect()
    }

    fn search(language: &str, written: &[&str], text: &str) -> Vec<(String, Range<usize>)> {
        let analyser = Analyser::of(language);
        let mut found = Vec::new();
        Matcher::new(analyser, &terms(analyser, written)).search(
            text.split_whitespace(),
            &mut Symbols::default(),
            |term, range| found.push((written[term as usize].to_owned(), range)),
        );
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
            search("xx", &list, "the prime minister of france"),
            [("prime minister".to_owned(), 1..3)]
        );
        assert_eq!(
            search("xx", &list, "prime minister of state"),
            [("prime minister of state".to_owned(), 0..4)]
        );
        assert_eq!(
            search("xx", &list, "prime state"),
            [("state".to_owned(), 1..2)]
        );
    }

    #[test]
    fn long_terms_are_told_apart_to_their_end() {
        let words: Vec<String> = (0..32).map(|number| format!("w{number}")).collect();
        let whole = words.join(" ");
        let part = words[..31].join(" ");
        let list = [part.as_str(), whole.as_str(), "w30 w31"];
        assert_eq!(search("xx", &list, &whole), [(whole.clone(), 0..32)]);
        assert_eq!(
            search("xx", &list, &format!("{part} w9")),
            [(part.clone(), 0..31)]
        );
    }

    #[test]
    fn prefixes_nest_and_give_way_to_words() {
        let list = ["dip*", "diplom*", "diploma", "diplomats*", "prim* min*"];
        for (text, expected) in [
            ("diplomacy", "diplom*"),
            ("dipped", "dip*"),
            ("diploma", "diploma"),
            ("diplomatsx", "diplomats*"),
            ("diplon", "dip*"),
        ] {
            assert_eq!(
                search("xx", &list, text),
                [(expected.to_owned(), 0..1)],
                "{text}"
            );
        }
        assert!(search("xx", &list, "di dio").is_empty());
        assert_eq!(
            search("xx", &list, "primes minister"),
            [("prim* min*".to_owned(), 0..2)]
        );
    }

    #[test]
    fn exact_forms_win_over_stems_and_stems_over_open_words() {
        let list = ["partito", "=partita", "part*", "*partito"];
        for (text, expected) in [
            ("partiti", "partito"),
            ("partita", "=partita"),
            ("partigiano", "part*"),
        ] {
            assert_eq!(
                search("it", &list, text),
                [(expected.to_owned(), 0..1)],
                "{text}"
            );
        }
        assert_eq!(
            search("de", &["*wahl", "wahl"], "landtagswahlen wahlen"),
            [("*wahl".to_owned(), 0..1), ("wahl".to_owned(), 1..2)]
        );
    }

    /// The same result by trying every term at every word.
    fn brute(analyser: Analyser, list: &[Term], words: &[&str]) -> Vec<(u32, Range<usize>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let best = list
                .iter()
                .zip(0_u32..)
                .filter(|(term, _)| {
                    words
                        .get(at..at + term.form.words.len())
                        .is_some_and(|words| term.form.is(analyser, words))
                })
                .max_by_key(|(term, place)| (term.form.rank(), std::cmp::Reverse(*place)));
            let length = best.map_or(1, |(term, _)| term.form.words.len());
            if let Some((_, number)) = best {
                found.push((number, at..at + length));
            }
            at += length;
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_trying_everything(
            list in prop::collection::btree_set("([ab]{3,4}[*]?|=?[ab]{1,4}(s|ies|es)?|[*][ab]{4,5})( ([ab]{3}[*]|=?[ab]{1,3}s?)){0,2}", 0..30),
            text in "(([abc]{1,6}(s|ies|es)?|aaaaaaa[abc]{1,4}) ){0,40}",
            language in prop::sample::select(vec!["xx", "en", "es", "ar"]),
        ) {
            let analyser = Analyser::of(language);
            let written: Vec<&str> = list.iter().map(String::as_str).collect();
            let mut list = terms(analyser, &written);
            list.sort_by(|a, b| a.form.cmp(&b.form));
            list.dedup_by(|a, b| a.form == b.form);
            let words: Vec<&str> = text.split_whitespace().collect();
            let mut found = Vec::new();
            Matcher::new(analyser, &list).search(words.iter().copied(), &mut Symbols::default(), |term, range| found.push((term, range)));
            prop_assert_eq!(found, brute(analyser, &list, &words));
        }
    }
}
