//! Texts that do not tell their language for sure, and what their publisher declares.

use super::codes::primary_subtag;
use super::detect::Tables;
use super::scripts::ScriptId;
use super::{Candidate, LanguageGuess, UNKNOWN};

impl LanguageGuess {
    /// No language.
    pub(super) fn unknown(
        declared: Option<String>,
        script: Option<&str>,
        candidates: Vec<Candidate>,
    ) -> Self {
        Self {
            code: UNKNOWN.to_owned(),
            script: script.map(str::to_owned),
            confidence: 0.0,
            reliable: false,
            group: None,
            shares: Vec::new(),
            declared,
            agrees: None,
            plausible: false,
            candidates,
        }
    }

    /// The language whose words the text is compared with: its own, but where that is not reliable, as in a headline of
    /// names, the one that the publisher declares, if it is written in the same script.
    pub fn of_words(&self) -> &str {
        let declared = self.declared.as_deref();
        let declared = declared.filter(|_| !self.reliable && self.plausible);
        declared.unwrap_or(&self.code)
    }
}

impl Tables {
    /// Whether a declared language is written in the script that most of the text is in.
    pub(super) fn is_plausible(
        &self,
        declared: Option<&str>,
        largest: Option<(ScriptId, u32)>,
    ) -> bool {
        let Some((declared, (script, _))) = declared.zip(largest) else {
            return false;
        };
        let same = |code: &str| primary_subtag(code) == primary_subtag(declared);
        match self.languages.get(usize::from(script)) {
            Some(Some(languages)) => {
                let mut candidates = languages.candidates.iter();
                candidates.any(|candidate| same(candidate.code))
            }
            _ => {
                let alone = self.scripts.get(script);
                alone.is_some_and(|script| same(script.language))
            }
        }
    }
}
