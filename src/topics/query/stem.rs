//! Stems, for `STEM(…)` only: by the Snowball rules of the article's language, Arabic by the light stemmer of the topic
//! lists. Words are stemmed in their folded form, in texts and queries alike.

use std::borrow::Cow;

use snowball_stemmers_rs::{Algorithm, Stemmer};

use crate::topics::arabic;

/// Languages with rules, by primary subtag. The place in the list is the number of the language.
const LANGUAGES: [(&str, Option<Algorithm>); 32] = [
    ("ar", None),
    ("ca", Some(Algorithm::Catalan)),
    ("cs", Some(Algorithm::Czech)),
    ("da", Some(Algorithm::Danish)),
    ("de", Some(Algorithm::German)),
    ("el", Some(Algorithm::Greek)),
    ("en", Some(Algorithm::English)),
    ("es", Some(Algorithm::Spanish)),
    ("et", Some(Algorithm::Estonian)),
    ("eu", Some(Algorithm::Basque)),
    ("fa", Some(Algorithm::Persian)),
    ("fi", Some(Algorithm::Finnish)),
    ("fr", Some(Algorithm::French)),
    ("ga", Some(Algorithm::Irish)),
    ("hi", Some(Algorithm::Hindi)),
    ("hu", Some(Algorithm::Hungarian)),
    ("hy", Some(Algorithm::Armenian)),
    ("id", Some(Algorithm::Indonesian)),
    ("it", Some(Algorithm::Italian)),
    ("lt", Some(Algorithm::Lithuanian)),
    ("ne", Some(Algorithm::Nepali)),
    ("nl", Some(Algorithm::Dutch)),
    ("no", Some(Algorithm::Norwegian)),
    ("pl", Some(Algorithm::Polish)),
    ("pt", Some(Algorithm::Portuguese)),
    ("ro", Some(Algorithm::Romanian)),
    ("ru", Some(Algorithm::Russian)),
    ("sr", Some(Algorithm::Serbian)),
    ("sv", Some(Algorithm::Swedish)),
    ("ta", Some(Algorithm::Tamil)),
    ("tr", Some(Algorithm::Turkish)),
    ("uk", Some(Algorithm::Ukrainian)),
];

/// Words longer than this are not stemmed: no language has them, and the rules are not made for them.
const MAX_BYTES: usize = 64;

/// A language whose words can be stemmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StemLanguage(u8);

impl StemLanguage {
    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0_u8..).take(LANGUAGES.len()).map(Self)
    }

    /// The language of an article, by its primary subtag; both forms of Norwegian share their rules.
    pub(super) fn of(primary: &str) -> Option<Self> {
        let primary = match primary {
            "nb" | "nn" => "no",
            "hr" | "bs" | "cnr" => "sr",
            other => other,
        };
        (0_u8..)
            .zip(LANGUAGES)
            .find(|(_, (code, _))| *code == primary)
            .map(|(number, _)| Self(number))
    }

    /// The number of the language, below 64.
    pub(super) fn number(self) -> u8 {
        self.0
    }

    /// The stem of a folded word.
    pub(super) fn stem(self, word: &str) -> Cow<'_, str> {
        if word.len() > MAX_BYTES {
            return Cow::Borrowed(word);
        }
        match LANGUAGES.get(usize::from(self.0)) {
            Some((_, Some(algorithm))) => Stemmer::create(*algorithm).stem(word),
            _ => Cow::Borrowed(arabic::stem(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stem(language: &str, word: &str) -> String {
        StemLanguage::of(language).unwrap().stem(word).into_owned()
    }

    #[test]
    fn forms_of_a_word_meet() {
        assert_eq!(stem("en", "strikes"), stem("en", "striking"));
        assert_eq!(stem("ar", "والحكومات"), stem("ar", "حكومه"));
        assert_eq!(stem("de", "wahlen"), stem("de", "wahl"));
        assert_eq!(stem("tr", "secimleri"), stem("tr", "secimler"));
        assert!(StemLanguage::of("zh").is_none());
        assert_eq!(StemLanguage::of("nb"), StemLanguage::of("no"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_word_can_be_stemmed(word in ".{0,24}|[a-z]{0,80}|[اويهتن]{0,20}|[а-я]{0,20}") {
            for form in crate::text::folded_words(&word) {
                for language in StemLanguage::all() {
                    language.stem(&form);
                }
            }
        }
    }
}
