//! Light stemming of Arabic, for lexicon words only.
//!
//! After Light10 of L. Larkey, L. Ballesteros and M. Connell, "Light Stemming for Arabic Information Retrieval" (2007):
//! the conjunction, then one article with its preposition, then the endings in a fixed order. Unlike Light10, they are
//! only taken off where three letters remain, and endings only where four do (there: two), because shorter stems make
//! unrelated words meet: most roots have three letters.
//!
//! Names of people and companies should not be stemmed: "Tunisian" and "Tunisia" would be one word.

/// Articles, with the prepositions written together with them. Longer ones first.
const ARTICLES: [&str; 5] = ["بال", "كال", "فال", "ال", "لل"];
/// Endings, tried once each in this order.
const ENDINGS: [&str; 10] = ["ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي"];
const AND: &str = "و";
/// Letters that must remain when something is taken off the front.
const LEFT: usize = 3;
/// Letters that must remain when an ending is taken off.
const LEFT_OF_ENDING: usize = 4;

/// The stem of a folded word: always a part of it, never empty unless the word is. Other scripts come back unchanged.
pub(super) fn stem(word: &str) -> &str {
    let mut rest = keep(word.strip_prefix(AND), LEFT).unwrap_or(word);
    for article in ARTICLES {
        if let Some(stripped) = rest.strip_prefix(article) {
            rest = keep(Some(stripped), LEFT).unwrap_or(rest);
            break;
        }
    }
    for ending in ENDINGS {
        rest = keep(rest.strip_suffix(ending), LEFT_OF_ENDING).unwrap_or(rest);
    }
    rest
}

/// The stripped form where enough letters remain.
fn keep(stripped: Option<&str>, left: usize) -> Option<&str> {
    stripped.filter(|stripped| stripped.chars().nth(left - 1).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn articles_conjunctions_and_endings_go() {
        for word in [
            "حكومه",
            "الحكومه",
            "والحكومه",
            "للحكومه",
            "حكومي",
            "حكوميه",
            "حكومات",
            "حكومتها",
        ] {
            assert!(stem(word).starts_with("حكوم"), "{word}");
        }
        assert_eq!(stem("والانتخابات"), "انتخاب");
        assert_eq!(stem("بالانتخابات"), "انتخاب");
        assert_eq!(stem("العسكريه"), stem("عسكري"));
        assert_eq!(stem("لاعبين"), stem("اللاعبون"));
    }

    #[test]
    fn short_words_stay() {
        for word in [
            "فنان", "سنه", "ولد", "ال", "و", "", "نفي", "الحج", "الان", "حزبي",
        ] {
            assert_eq!(stem(word), word);
        }
        assert_eq!(stem("والحزبيه"), "حزبي");
    }

    #[test]
    fn other_scripts_stay() {
        assert_eq!(stem("election"), "election");
        assert_eq!(stem("東"), "東");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_stem_is_a_part_of_its_word(word in "[والبكفلهتنيةا]{0,12}|.{0,12}") {
            let stem = stem(&word);
            prop_assert!(word.contains(stem));
            prop_assert_eq!(stem.is_empty(), word.is_empty());
        }
    }
}
