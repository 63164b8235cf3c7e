//! What facts add to the scores of the base model, and how words and letters make up for names.

use super::facts::Evidence;
use super::judge::greatest;
use super::languages::{Candidate, Languages};

/// A language of group "*" needs this share of the words, this many different ones, and a text this little like any that
/// the model knows ([`Scores::closeness`](super::judge::Scores::closeness)); what is more or less moves it by so many
/// logits.
const WORD_SHARE: f32 = 0.18;
const FEWEST_WORDS: u32 = 3;
const WORD_LOGITS: f32 = 20.0;
const FAMILIAR: f32 = 3.8;
const STRANGE_LOGITS: f32 = 8.0;
/// How much likelier, in logits, each common word of a language but the first makes it that a text is one, and how many
/// count.
const KNOWN_WORD: f32 = 1.2;
const MOST_KNOWN_WORDS: u32 = 3;
/// Where they need not help, in logits.
const TYPICAL_ENOUGH: f32 = 5.0;
/// The same for a language against others in a text of so few words, in logits.
const COMMON_WORD: f32 = 0.5;
const SHORT_WORDS: u32 = 15;
/// How much of its lead by facts lifts a language without a class, and by how much at most, in logits.
const LIFT: f32 = 0.35;
const MOST_LIFT: f32 = 4.0;
/// Most different letters of what is hardly a language.
const FEWEST_DIFFERENT: usize = 5;

/// [`Verdict::typical`](super::judge::Verdict::typical) of a text that has so many different common words of its language.
pub(super) fn with_words(typical: f32, different: u32) -> f32 {
    // One word may be chance: neighbours have the same.
    let more = different.saturating_sub(1).min(MOST_KNOWN_WORDS - 1);
    let words = KNOWN_WORD * more as f32;
    typical.max((typical + words).min(TYPICAL_ENOUGH))
}

/// Whether a text is of so few different letters that it is hardly a language: laughter, keys held down.
pub(super) fn has_few_letters(normal: &str) -> bool {
    let mut seen = ['\0'; FEWEST_DIFFERENT];
    let mut different = 0;
    for c in normal.chars().filter(|c| c.is_alphabetic()) {
        if !seen.iter().take(different).any(|own| *own == c) {
            let Some(place) = seen.get_mut(different) else {
                return false;
            };
            *place = c;
            different += 1;
        }
    }
    true
}

/// Adds the evidence: siblings lose what they have less than the best of them.
pub(super) fn weigh(languages: &Languages, evidence: &[Evidence], logits: &mut [f32]) {
    let mut best_of_group = vec![f32::MIN; languages.groups];
    let group_of = |candidate: &Candidate| candidate.group.map(usize::from);
    for (candidate, own) in languages.candidates.iter().zip(evidence) {
        if let Some(best) = group_of(candidate).and_then(|group| best_of_group.get_mut(group)) {
            *best = best.max(own.weight);
        }
    }
    for ((candidate, own), logit) in languages.candidates.iter().zip(evidence).zip(logits) {
        if let Some(best) = group_of(candidate).and_then(|group| best_of_group.get(group)) {
            *logit += own.weight - best;
        }
    }
}

/// A language without a class that is ahead of its siblings by facts is one that the model does not know: its siblings
/// stand too low among the others, and so does it.
pub(super) fn lift(languages: &Languages, logits: &mut [f32]) {
    let mut best_of_group = vec![f32::MIN; languages.groups];
    for (candidate, logit) in languages.candidates.iter().zip(&*logits) {
        let group = candidate.group.filter(|_| !candidate.classes.is_empty());
        if let Some(best) = group.and_then(|group| best_of_group.get_mut(usize::from(group))) {
            *best = best.max(*logit);
        }
    }
    for (candidate, logit) in languages.candidates.iter().zip(logits) {
        let group = candidate.group.filter(|_| candidate.classes.is_empty());
        let best = group.and_then(|group| best_of_group.get(usize::from(group)));
        if let Some(best) = best.filter(|best| **best > f32::MIN) {
            *logit += (LIFT * (*logit - best)).clamp(0.0, MOST_LIFT);
        }
    }
}

/// The common words of a language speak for it against all others, too, where there is little else.
pub(super) fn common_words(evidence: &[Evidence], words: u32, logits: &mut [f32]) {
    if words <= SHORT_WORDS {
        for (own, logit) in evidence.iter().zip(logits) {
            *logit += COMMON_WORD * own.different.min(MOST_KNOWN_WORDS) as f32;
        }
    }
}

/// Languages that the model lacks and that have no sibling in it: the more of the words are theirs, and the less the
/// text looks like any language that the model knows, the likelier they are.
pub(super) fn by_words(
    languages: &Languages,
    evidence: &[Evidence],
    words: u32,
    closeness: f32,
    logits: &mut [f32],
) {
    let Some(most) = greatest(logits)
        .and_then(|place| logits.get(place))
        .copied()
    else {
        return;
    };
    let strange = STRANGE_LOGITS * (FAMILIAR - closeness);
    for ((candidate, own), logit) in languages.candidates.iter().zip(evidence).zip(logits) {
        if candidate.by_words && own.different >= FEWEST_WORDS {
            let share = own.words as f32 / words.max(1) as f32;
            *logit = most + WORD_LOGITS * (share - WORD_SHARE) + strange + candidate.prior;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_letters_are_no_language() {
        for (text, few) in [
            (" hahaha hohoho ", true),
            ("", true),
            (" aloha oe makua ", false),
            (" 哈哈哈哈 ", true),
        ] {
            assert_eq!(has_few_letters(text), few, "{text}");
        }
    }

    #[test]
    fn one_word_says_nothing_and_many_no_more_than_enough() {
        assert_eq!(with_words(-3.0, 1), -3.0);
        assert!(with_words(-3.0, 2) > -3.0);
        assert_eq!(with_words(-3.0, 3), with_words(-3.0, 30));
        assert_eq!(with_words(4.9, 9), TYPICAL_ENOUGH);
        assert_eq!(with_words(f32::INFINITY, 9), f32::INFINITY);
    }

    proptest! {
        #[test]
        fn words_never_make_a_text_stranger(typical in -60.0_f32..60.0, different in 0_u32..99) {
            let more = with_words(typical, different);
            prop_assert!(more >= typical && more <= typical.max(TYPICAL_ENOUGH));
        }

        #[test]
        fn any_text_has_few_letters_or_not(text in ".{0,40}") {
            let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
            letters.sort_unstable();
            letters.dedup();
            prop_assert_eq!(has_few_letters(&text), letters.len() <= FEWEST_DIFFERENT);
        }
    }
}
