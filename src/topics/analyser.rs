//! How words are compared: the same treatment for the words of the lists and the words of the text.

use std::borrow::Cow;

use snowball_stemmers_rs::{Algorithm, Stemmer};

use crate::text::tokenize;

use super::{arabic, endings};

/// Letters that a stem has at least; shorter words are not stemmed.
pub(super) const KEPT: usize = 3;

/// What is done to a folded word before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Analyser {
    /// The folded word as it is.
    Folded,
    /// Arabic light stemming.
    Arabic,
    /// A few endings taken off: [`endings`].
    Endings(endings::Language),
    /// A stemmer of the Snowball project (M. Porter, <https://snowballstem.org>), on the folded word.
    Snowball(Algorithm),
}

impl Analyser {
    /// The treatment for a language, given by its primary subtag.
    ///
    /// Languages with rich endings get the Snowball stemmer. English does not: it would make "organ" of "organization"
    /// and "author" of "authority", for the little that English inflects. Turkish does not either: its stemmer
    /// wants the letters that folding takes away; Turkish lists use prefixes.
    pub(super) fn of(language: &str) -> Self {
        match language {
            "ar" => Self::Arabic,
            "en" => Self::Endings(endings::Language::English),
            "fa" => Self::Endings(endings::Language::Persian),
            "id" | "ms" => Self::Endings(endings::Language::Indonesian),
            _ => snowball(language).map_or(Self::Folded, Self::Snowball),
        }
    }

    /// Whether plain words are stemmed at all.
    pub(super) fn stems(self) -> bool {
        self != Self::Folded
    }

    /// The form under which a folded word is compared.
    pub(super) fn form(self, folded: &str) -> Cow<'_, str> {
        match self {
            Self::Folded => Cow::Borrowed(folded),
            Self::Arabic => Cow::Borrowed(arabic::stem(folded)),
            Self::Endings(language) => language.stem(folded),
            Self::Snowball(algorithm) => stem(algorithm, folded),
        }
    }

    /// A term of a list in the form in which it is compared.
    pub(super) fn term(self, written: &str) -> Result<TermForm, String> {
        let mut words: Vec<Pattern> = Vec::new();
        for part in written.split_whitespace() {
            self.part(part, &mut words)
                .map_err(|message| format!("{written:?}: {message}"))?;
        }
        if words.is_empty() {
            return Err(format!("the term {written:?} holds no letter or digit"));
        }
        Ok(TermForm { words })
    }

    /// Adds the words of a part between two spaces, with its signs.
    fn part(self, part: &str, words: &mut Vec<Pattern>) -> Result<(), String> {
        let (exact, text) = strip(part, |part| part.strip_prefix('='));
        let (suffix, text) = strip(text, |text| text.strip_prefix('*'));
        let (prefix, text) = strip(text, |text| text.strip_suffix('*'));
        let mut folded: Vec<String> = Vec::new();
        tokenize(text, |form, _, _, _| folded.push(form.to_owned()));
        if folded.is_empty() && (exact || suffix || prefix) {
            return Err("a sign without a word".to_owned());
        }
        if exact && (suffix || prefix) || suffix && (prefix || folded.len() > 1) {
            return Err("only one of = and * can stand at a word".to_owned());
        }
        let last = folded.len().saturating_sub(1);
        for (index, word) in folded.into_iter().enumerate() {
            let letters = word.chars().count();
            words.push(if prefix && index == last {
                if letters < MIN_PREFIX {
                    return Err(format!(
                        "at least {MIN_PREFIX} letters must stand before a *"
                    ));
                }
                Pattern::Prefix(word)
            } else if suffix {
                if letters < MIN_SUFFIX {
                    return Err(format!(
                        "at least {MIN_SUFFIX} letters must stand after a *"
                    ));
                }
                Pattern::Suffix(self.form(&word).into_owned())
            } else if exact || !self.stems() {
                Pattern::Exact(word)
            } else {
                Pattern::Stem(self.form(&word).into_owned())
            });
        }
        Ok(())
    }
}

/// Letters before a `*`. Shorter beginnings stand for too many words.
const MIN_PREFIX: usize = 3;
/// Letters after a `*`.
const MIN_SUFFIX: usize = 4;

fn strip<'a>(text: &'a str, with: impl Fn(&'a str) -> Option<&'a str>) -> (bool, &'a str) {
    with(text).map_or((false, text), |rest| (true, rest))
}

fn snowball(language: &str) -> Option<Algorithm> {
    Some(match language {
        "ca" => Algorithm::Catalan,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "es" => Algorithm::Spanish,
        "fr" => Algorithm::French,
        "hi" => Algorithm::Hindi,
        "it" => Algorithm::Italian,
        "nb" | "nn" | "no" => Algorithm::Norwegian,
        "nl" => Algorithm::Dutch,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        _ => return None,
    })
}

/// The stem of a word with more than [`KEPT`] letters, unless it has fewer than those.
fn stem(algorithm: Algorithm, word: &str) -> Cow<'_, str> {
    if word.chars().nth(KEPT).is_none() {
        return Cow::Borrowed(word);
    }
    let stem = Stemmer::create(algorithm).stem(word);
    if stem.chars().nth(KEPT - 1).is_some() {
        stem
    } else {
        Cow::Borrowed(word)
    }
}

/// A word of a term, and how it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pattern {
    /// The folded word.
    Exact(String),
    /// The stem of the folded word.
    Stem(String),
    /// The beginning of the folded word.
    Prefix(String),
    /// The end of the stem, with something before it or not.
    Suffix(String),
}

impl Pattern {
    /// The letters that are compared.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Stem(text) | Self::Prefix(text) | Self::Suffix(text) => text,
        }
    }

    /// Whether a folded word is meant. Stated simply; the matcher does the same faster.
    pub(super) fn is(&self, analyser: Analyser, folded: &str) -> bool {
        match self {
            Self::Exact(text) => text == folded,
            Self::Stem(text) => *text == analyser.form(folded),
            Self::Prefix(text) => folded.starts_with(text.as_str()),
            Self::Suffix(text) => analyser.form(folded).ends_with(text.as_str()),
        }
    }
}

/// A term as it is compared with the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TermForm {
    /// Never empty.
    pub(super) words: Vec<Pattern>,
}

impl TermForm {
    /// Whether the folded words of a text are this term.
    pub(super) fn is(&self, analyser: Analyser, folded: &[&str]) -> bool {
        folded.len() == self.words.len()
            && self
                .words
                .iter()
                .zip(folded)
                .all(|(own, other)| own.is(analyser, other))
    }

    /// Which of two terms at the same place is meant, the higher one: the one with more words, then with more exact
    /// words, then with more stems, then with more letters.
    pub(super) fn rank(&self) -> u32 {
        let count = |wanted: fn(&Pattern) -> bool| {
            self.words
                .iter()
                .filter(|word| wanted(word))
                .count()
                .min(63) as u32
        };
        let letters: usize = self.words.iter().map(|word| word.text().len()).sum();
        count(|_| true) << 26
            | count(|word| matches!(word, Pattern::Exact(_))) << 20
            | count(|word| matches!(word, Pattern::Stem(_))) << 14
            | letters.min(0x3FFF) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(language: &str, written: &str) -> Vec<Pattern> {
        Analyser::of(language).term(written).unwrap().words
    }

    #[test]
    fn terms_are_folded_and_stemmed() {
        let exact = |word: &str| Pattern::Exact(word.to_owned());
        let stem = |word: &str| Pattern::Stem(word.to_owned());
        assert_eq!(
            term("en", "Coup d'État"),
            [stem("coup"), stem("d"), stem("etat")]
        );
        assert_eq!(term("ar", "الأمم المتحدة"), [stem("امم"), stem("متحد")]);
        assert_eq!(term("tr", "İşsizlik"), [exact("issizlik")]);
        assert_eq!(term("ru", "выборы"), term("ru", "выборов"));
        assert_eq!(term("es", "elección"), term("es", "elecciones"));
        assert_eq!(term("zh", "国会"), [exact("国"), exact("会")]);
    }

    #[test]
    fn signs_say_how_a_word_is_compared() {
        assert_eq!(
            term("it", "=Partita"),
            [Pattern::Exact("partita".to_owned())]
        );
        assert_eq!(
            term("tr", "Merkez* Banka*"),
            [
                Pattern::Prefix("merkez".to_owned()),
                Pattern::Prefix("banka".to_owned())
            ]
        );
        let wahl = Analyser::of("de").term("*Wahlen").unwrap();
        for (word, expected) in [
            ("landtagswahl", true),
            ("wahlen", true),
            ("wahlkampf", false),
        ] {
            assert_eq!(wahl.is(Analyser::of("de"), &[word]), expected, "{word}");
        }
        for wrong in [
            "*", "= x", "=vote*", "*vote*", "*x y", "vo*", "— *", "", "…",
        ] {
            assert!(Analyser::of("en").term(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_stem_is_too_short(word in "[a-zа-яक-ह]{1,14}|[a-z]{1,6}(ies|es|s|ungen|ements|azioni)|.{0,12}") {
            for language in ["ar", "de", "en", "es", "fa", "fr", "hi", "id", "it", "pt", "ru", "tr", "nl", "ro"] {
                let stem = Analyser::of(language).form(&word);
                prop_assert!(stem.chars().count() >= word.chars().count().min(KEPT), "{language}: {word} {stem}");
            }
        }
    }
}
