//! How words are compared: the same treatment for the words of the lists and the words of the text.

use crate::text::tokenize;

use super::arabic;

/// What is done to a folded word before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Analyser {
    /// The folded word as it is.
    Folded,
    /// Arabic light stemming.
    ArabicStem,
}

impl Analyser {
    /// The treatment for a language, given by its primary subtag.
    pub(super) fn of(language: &str) -> Self {
        match language {
            "ar" => Self::ArabicStem,
            _ => Self::Folded,
        }
    }

    /// The form under which a folded word is compared.
    pub(super) fn form(self, folded: &str) -> &str {
        match self {
            Self::Folded => folded,
            Self::ArabicStem => arabic::stem(folded),
        }
    }

    /// A term of a list in the form in which it is compared; `None` where it holds no letter or digit.
    pub(super) fn term(self, written: &str) -> Option<TermForm> {
        let (text, prefix) = match written.strip_suffix('*') {
            Some(text) => (text, true),
            None => (written, false),
        };
        let mut words: Vec<String> = Vec::new();
        tokenize(text, |folded, _, _, _| words.push(folded.to_owned()));
        let last = words.len().checked_sub(1)?;
        for (index, word) in words.iter_mut().enumerate() {
            // The open end of a prefix is not a word, so it has no ending to take off.
            if !(prefix && index == last) {
                *word = self.form(word).to_owned();
            }
        }
        Some(TermForm { words, prefix })
    }
}

/// A term as it is compared with the text: one or more words, the last of which may be open at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TermForm {
    /// Never empty.
    pub(super) words: Vec<String>,
    /// Whether the last word stands for all words that begin so.
    pub(super) prefix: bool,
}

impl TermForm {
    /// Whether the words of a text, analysed in the same way, are this term.
    #[cfg(test)]
    pub(super) fn is(&self, words: &[&str]) -> bool {
        let last = self.words.len() - 1;
        words.len() == self.words.len()
            && self
                .words
                .iter()
                .zip(words)
                .enumerate()
                .all(|(index, (own, other))| {
                    if self.prefix && index == last {
                        other.starts_with(own.as_str())
                    } else {
                        own == other
                    }
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_folded_and_stemmed() {
        let form = Analyser::of("en").term("Coup d'État").unwrap();
        assert_eq!(form.words, ["coup", "d", "etat"]);
        assert!(!form.prefix);
        let form = Analyser::of("ar").term("الأمم المتحدة").unwrap();
        assert_eq!(form.words, ["امم", "متحد"]);
        let form = Analyser::of("en").term("diplomat*").unwrap();
        assert!(form.prefix && form.is(&["diplomatic"]) && !form.is(&["diploma"]));
    }

    #[test]
    fn no_letters_no_term() {
        assert_eq!(Analyser::Folded.term("— *"), None);
        assert_eq!(Analyser::ArabicStem.term(""), None);
    }
}
