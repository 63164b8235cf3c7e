//! The language of a text in one script.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use whatlang::{Detector, Lang};

use super::LanguageError;
use super::chinese::Chinese;
use super::codes::Codes;
use super::scripts::{Decision, ScriptId, Scripts};
use super::telling::Telling;

/// Languages of the model that no news is written in; they would only take short headlines away from others.
const NO_NEWS: [Lang; 2] = [Lang::Epo, Lang::Lat];

/// Languages that are most often mixed into articles in another one: a second look at an article compares only these
/// with the first answer, which takes a quarter of the time.
const OFTEN_MIXED_IN: [Lang; 8] = [
    Lang::Eng,
    Lang::Fra,
    Lang::Deu,
    Lang::Spa,
    Lang::Por,
    Lang::Ita,
    Lang::Tur,
    Lang::Ind,
];

/// A verdict on one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// BCP 47 code.
    pub code: &'static str,
    /// 0 to 1.
    pub confidence: f32,
    /// What the model said, where it was asked.
    model: Option<Lang>,
}

impl Verdict {
    /// The same code with another confidence.
    pub(super) fn with(self, confidence: f32) -> Self {
        Self { confidence, ..self }
    }

    /// A verdict that comes from no model.
    pub(super) fn given(code: &'static str, confidence: f32) -> Self {
        Self {
            code,
            confidence,
            model: None,
        }
    }
}

/// The model and the tables beside it.
pub(super) struct Judge {
    model: Detector,
    /// By language: the model for a second look where that was the first answer. Languages in Latin script only.
    second_look: HashMap<&'static str, Detector>,
    chinese: Chinese,
    telling: Telling,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}

impl Judge {
    pub(super) fn shipped() -> Result<Self, LanguageError> {
        Ok(Self {
            model: Detector::with_denylist(NO_NEWS.to_vec()),
            second_look: whatlang::Script::Latin
                .langs()
                .iter()
                .map(|&lang| (lang.code(), second_look(lang)))
                .collect(),
            chinese: Chinese::shipped(),
            telling: Telling::shipped()?,
        })
    }

    /// Judges a text most of whose letters are of one script; `None` where the model has no answer. `first` is the
    /// verdict on another part of the same article: then only what is likely beside it is considered.
    pub(super) fn judge(
        &self,
        text: &str,
        script: ScriptId,
        first: Option<Verdict>,
        scripts: &Scripts,
        codes: &Codes,
    ) -> Option<Verdict> {
        let script = scripts.get(script)?;
        let verdict = |code, confidence| Some(Verdict::given(code, confidence));
        match (script.decision, script.code) {
            (Decision::Alone, _) => verdict(script.language, 1.0),
            (Decision::Default, _) => match self.telling.decide(script.code, text) {
                Some((code, confidence)) => verdict(code, confidence.max(0.5)),
                None => verdict(script.language, 0.5),
            },
            (Decision::Model, "Hani") => {
                let (code, confidence) = self.chinese.judge(text);
                verdict(code, confidence)
            }
            (Decision::Model, code) => {
                let second = first.and_then(|first| self.second_look.get(first.model?.code()));
                self.ask_model(second.unwrap_or(&self.model), text, code, codes)
            }
        }
    }

    fn ask_model(
        &self,
        model: &Detector,
        text: &str,
        script: &'static str,
        codes: &Codes,
    ) -> Option<Verdict> {
        let composed: String;
        let text = if text.contains(|c| ('\u{300}'..='\u{36F}').contains(&c)) {
            composed = text.nfc().collect();
            &composed
        } else {
            text
        };
        let info = model.detect(text)?;
        let code = codes.primary(info.lang().code())?;
        let model = Some(info.lang());
        let confidence = (info.confidence() as f32).clamp(0.0, 1.0);
        match self.telling.instead(script, code, text) {
            Some(other) => Some(Verdict {
                code: other,
                confidence: confidence.max(0.6),
                model,
            }),
            None => Some(Verdict {
                code,
                confidence,
                model,
            }),
        }
    }
}

fn second_look(first: Lang) -> Detector {
    let mut languages = OFTEN_MIXED_IN.to_vec();
    if !languages.contains(&first) {
        languages.push(first);
    }
    Detector::with_allowlist(languages)
}
