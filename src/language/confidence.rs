//! How sure a verdict is: the probability of the model, brought to what is right that often.

use super::judge::Verdict;
use super::vote::ENOUGH_LETTERS;

/// Below this an answer is not told: it is more likely wrong than right.
pub(super) const DOUBTFUL: f32 = 0.2;
/// From here on an answer is reliable.
const RELIABLE: f32 = 0.7;
/// Fewest letters of a script that decides.
const FEWEST_LETTERS: u32 = 3;

/// The probability of the model is too modest: siblings and lengths aside, it was fitted to `p^a / (p^a + (1-p)^a)`.
const MODESTY: f32 = 1.5;
/// Closeness (nats above the least probability) at which a text is as likely of a language that the model does not know
/// as of one that it knows, and how sharp the change is.
const STRANGE: f32 = 3.2;
const SHARPNESS: f32 = 5.0;
/// What is left of the confidence in a language that a strange text is taken for: headlines full of names are strange.
const LEAST_KNOWN: f32 = 0.3;

/// Confidence in a verdict, 0 to 1: of all answers at 0.9, nine in ten are right.
pub(super) fn confidence(verdict: &Verdict) -> f32 {
    let p = verdict.probability.clamp(0.0, 1.0);
    let (for_it, against) = (p.powf(MODESTY), (1.0 - p).powf(MODESTY));
    let fitted = for_it / (for_it + against).max(f32::MIN_POSITIVE);
    let known = 1.0 / (1.0 + (SHARPNESS * (STRANGE - verdict.closeness)).exp());
    (fitted * (LEAST_KNOWN + (1.0 - LEAST_KNOWN) * known)).clamp(0.0, 1.0)
}

/// Whether an answer can be relied on. `letters` are those of the main text; `decides` says that their script is of
/// one language.
pub(super) fn reliable(confidence: f32, letters: u32, decides: bool) -> bool {
    let enough = if decides {
        FEWEST_LETTERS
    } else {
        ENOUGH_LETTERS
    };
    confidence >= RELIABLE && letters >= enough
}
