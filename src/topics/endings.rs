//! Endings that are taken off words of languages where a full stemmer would do more harm than good.

use std::borrow::Cow;

use super::analyser::KEPT;

/// A language with its own short list of endings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// The plural: the "S-stemmer" of D. Harman, "How effective is suffixing?" (1991).
    English,
    /// Particles and possessives that are written together with the word.
    Indonesian,
    /// The plural in -ها with what may follow it, and the final -ی of adjectives and of the indefinite, on folded letters.
    Persian,
}

/// Tried in this order, one only.
const INDONESIAN: [&str; 6] = ["nya", "lah", "kah", "pun", "ku", "mu"];
const PERSIAN: [&str; 6] = ["هايي", "هايش", "هاي", "ها", "يي", "ي"];

impl Language {
    /// The folded word without its ending; at least [`KEPT`] letters stay.
    pub(super) fn stem(self, word: &str) -> Cow<'_, str> {
        match self {
            Self::English => singular(word),
            Self::Indonesian => Cow::Borrowed(without(word, &INDONESIAN)),
            Self::Persian => Cow::Borrowed(without(word, &PERSIAN)),
        }
    }
}

fn without<'a>(word: &'a str, endings: &[&str]) -> &'a str {
    endings
        .iter()
        .find_map(|ending| word.strip_suffix(ending))
        .filter(|rest| rest.chars().nth(KEPT - 1).is_some())
        .unwrap_or(word)
}

fn singular(word: &str) -> Cow<'_, str> {
    let long = |rest: &str| rest.chars().nth(KEPT - 1).is_some();
    let Some(rest) = word.strip_suffix('s').filter(|rest| long(rest)) else {
        return Cow::Borrowed(word);
    };
    if let Some(stem) = rest
        .strip_suffix("ie")
        .filter(|stem| long(stem) && !stem.ends_with(['a', 'e']))
    {
        return Cow::Owned(format!("{stem}y"));
    }
    // "buses", "boxes", "churches", "crashes": the e belongs to the ending.
    if let Some(stem) = rest.strip_suffix('e')
        && long(stem)
        && ["ss", "x", "ch", "sh", "zz", "us"]
            .iter()
            .any(|end| stem.ends_with(end))
        && !["ous", "aus"].iter().any(|end| stem.ends_with(end))
    {
        return Cow::Borrowed(stem);
    }
    if rest.ends_with(['u', 's', 'i']) {
        Cow::Borrowed(word)
    } else {
        Cow::Borrowed(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_meet_their_singular() {
        for (plural, singular) in [
            ("elections", "election"),
            ("ministries", "ministry"),
            ("taxes", "tax"),
            ("classes", "class"),
            ("viruses", "virus"),
            ("churches", "church"),
            ("houses", "house"),
            ("virus", "virus"),
            ("class", "class"),
            ("gas", "gas"),
            ("crisis", "crisis"),
            ("movies", "movy"),
            ("movie", "movie"),
            ("its", "its"),
        ] {
            assert_eq!(Language::English.stem(plural), singular, "{plural}");
        }
    }

    #[test]
    fn particles_and_persian_plurals_go() {
        assert_eq!(Language::Indonesian.stem("presidennya"), "presiden");
        assert_eq!(Language::Indonesian.stem("ilmu"), "ilmu");
        for word in ["انتخاباتي", "انتخابات"] {
            assert_eq!(Language::Persian.stem(word), "انتخابات");
        }
        for word in ["كشورها", "كشورهاي", "كشورهايي", "كشور"] {
            assert_eq!(Language::Persian.stem(word), "كشور");
        }
    }
}
