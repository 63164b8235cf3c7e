//! The language of a text in one script.

use unicode_normalization::UnicodeNormalization;
use whatlang::{Detector, Lang};

use super::LanguageError;
use super::chinese::Chinese;
use super::codes::Codes;
use super::scripts::{Decision, ScriptId, Scripts};
use super::telling::Telling;

/// Languages of the model that no news is written in; they would only take short headlines away from others.
const NO_NEWS: [Lang; 2] = [Lang::Epo, Lang::Lat];

/// A verdict on one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// BCP 47 code.
    pub code: &'static str,
    /// 0 to 1.
    pub confidence: f32,
}

/// The model and the tables beside it.
pub(super) struct Judge {
    model: Detector,
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
            chinese: Chinese::shipped(),
            telling: Telling::shipped()?,
        })
    }

    /// Judges a text most of whose letters are of one script; `None` where the model has no answer.
    pub(super) fn judge(
        &self,
        text: &str,
        script: ScriptId,
        scripts: &Scripts,
        codes: &Codes,
    ) -> Option<Verdict> {
        let script = scripts.get(script)?;
        let verdict = |code, confidence| Some(Verdict { code, confidence });
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
            (Decision::Model, code) => self.ask_model(text, code, codes),
        }
    }

    fn ask_model(&self, text: &str, script: &'static str, codes: &Codes) -> Option<Verdict> {
        let composed: String;
        let text = if text.contains(|c| ('\u{300}'..='\u{36F}').contains(&c)) {
            composed = text.nfc().collect();
            &composed
        } else {
            text
        };
        let info = self.model.detect(text)?;
        let code = codes.primary(info.lang().code())?;
        let confidence = (info.confidence() as f32).clamp(0.0, 1.0);
        match self.telling.instead(script, code, text) {
            Some(other) => Some(Verdict {
                code: other,
                confidence: confidence.max(0.6),
            }),
            None => Some(Verdict { code, confidence }),
        }
    }
}
