//! How sure a verdict is: the probability of the model, brought to what is right that often.

use super::judge::Verdict;
use super::vote::ENOUGH_LETTERS;

/// Below this an answer is not told: the text is hardly a language, or could be any of a dozen.
pub(super) const DOUBTFUL: f32 = 0.03;
/// From here on an answer is reliable.
const RELIABLE: f32 = 0.7;
/// Fewest letters of a script that decides.
const FEWEST_LETTERS: u32 = 3;

/// The probability of the model is too modest: siblings and lengths aside, it was fitted to `p^a / (p^a + (1-p)^a)`.
const MODESTY: f32 = 1.5;
/// How much likelier, in logits, a text is of a language that the model knows than where `typical.tsv` was fitted, which
/// had as much else.
const MOSTLY_KNOWN: f32 = 1.5;
/// Text that looks less like a language than this is not called reliable: one in a thousand strings of random letters,
/// a quarter of the shortest headlines.
const TYPICAL: f32 = 1.3;
const MOST_OF_STRANGE: f32 = 0.65;

/// Confidence in a verdict, 0 to 1: of all answers at 0.9, nine in ten are right.
pub(super) fn confidence(verdict: &Verdict) -> f32 {
    let p = verdict.probability.clamp(0.0, 1.0);
    let (for_it, against) = (p.powf(MODESTY), (1.0 - p).powf(MODESTY));
    let fitted = for_it / (for_it + against).max(f32::MIN_POSITIVE);
    let known = 1.0 / (1.0 + (-MOSTLY_KNOWN - verdict.typical).exp());
    let most = if verdict.typical < TYPICAL {
        MOST_OF_STRANGE
    } else {
        1.0
    };
    (fitted * known).clamp(0.0, most)
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
