//! How sure a verdict is: the probability of the model, brought to what is right that often.

use super::judge::Verdict;
use super::vote::ENOUGH_LETTERS;

/// Below this an answer is not told: the text is hardly a language, or could be any of a dozen.
pub(super) const DOUBTFUL: f32 = 0.03;
/// From here on an answer is reliable.
const RELIABLE: f32 = 0.7;
/// Fewest letters of a script that decides.
const FEWEST_LETTERS: u32 = 3;

/// The probability of the model is too modest: more so between languages that are no siblings. Fitted, by the likelihood of
/// what was right, to the Universal Declaration of Human Rights in 114 languages, whole paragraphs and cut to 60
/// characters, and to headlines of our own.
const MODESTY: f32 = 1.5;
const SIBLINGS: f32 = 1.2;
/// How much likelier, in logits, a text is of a language that the model knows than where `typical.tsv` was fitted, which
/// had as much else.
const MOSTLY_KNOWN: f32 = 1.5;
/// Text that looks less like a language than this is not called reliable: one in a thousand strings of random letters,
/// a quarter of the shortest headlines.
const TYPICAL: f32 = 1.3;
const MOST_OF_STRANGE: f32 = 0.65;

/// Confidence in a verdict, 0 to 1: of all answers at 0.9, nine in ten are right.
pub(super) fn confidence(verdict: &Verdict) -> f32 {
    let together = verdict.together.clamp(0.0, 1.0);
    let among = verdict.probability / together.max(f32::MIN_POSITIVE);
    let fitted = sharpen(together, MODESTY) * sharpen(among, SIBLINGS);
    let known = 1.0 / (1.0 + (-MOSTLY_KNOWN - verdict.typical).exp());
    let most = if verdict.typical < TYPICAL {
        MOST_OF_STRANGE
    } else {
        1.0
    };
    (fitted * known).clamp(0.0, most)
}

/// `p^a / (p^a + (1-p)^a)`: nearer to certainty for `a` above 1, to doubt below.
fn sharpen(p: f32, a: f32) -> f32 {
    let p = p.clamp(0.0, 1.0);
    let (for_it, against) = (p.powf(a), (1.0 - p).powf(a));
    for_it / (for_it + against).max(f32::MIN_POSITIVE)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(probability: f32, together: f32, typical: f32) -> Verdict {
        Verdict {
            probability,
            together,
            typical,
            ..Verdict::certain("hr")
        }
    }

    #[test]
    fn doubt_between_siblings_remains() {
        let strangers = confidence(&verdict(0.7, 0.7, f32::INFINITY));
        let siblings = confidence(&verdict(0.7, 1.0, f32::INFINITY));
        assert!(siblings < strangers, "{siblings} {strangers}");
        assert!((0.7..0.75).contains(&siblings), "{siblings}");
        assert_eq!(confidence(&Verdict::certain("el")), 1.0);
    }

    #[test]
    fn strange_text_is_never_reliable() {
        let strange = confidence(&verdict(1.0, 1.0, TYPICAL - 0.1));
        assert!(!reliable(strange, 100, false), "{strange}");
        assert!(reliable(
            confidence(&verdict(1.0, 1.0, TYPICAL)),
            100,
            false
        ));
    }

    #[test]
    fn sharpening_leaves_certainty_and_doubt() {
        for a in [0.5, 1.0, 1.5] {
            for (p, same) in [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)] {
                assert!((sharpen(p, a) - same).abs() < 1e-6, "{p} {a}");
            }
        }
    }
}
