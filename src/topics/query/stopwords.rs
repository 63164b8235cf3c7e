//! Words that nearly every text of some language has.

use std::sync::LazyLock;

use hashbrown::HashSet;
use xxhash_rust::xxh3::Xxh3Builder;

static STOP_WORDS: LazyLock<HashSet<&str, Xxh3Builder>> = LazyLock::new(|| {
    include_str!("stopwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(_, words)| words.split_whitespace())
        .collect()
});

/// Whether nearly every text of some language has a folded word.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(word)
}
