//! The languages of each script (`languages.tsv`): what the base model calls them, how rare they are, their siblings.

use super::LanguageError;
use super::base::Model;
use super::facts::Facts;
use super::shares::Shares;

const DATA: &str = include_str!("languages.tsv");
const TYPICAL: &str = include_str!("typical.tsv");

/// Group of the languages that must show themselves by their words against any answer.
const ANY: &str = "*";
const NO_GROUP: &str = "-";

/// A language that a text of the script can be in.
#[derive(Debug)]
pub(super) struct Candidate {
    /// BCP 47 code; `zxx` for text that is no language.
    pub code: &'static str,
    /// Classes of the base model; none where it does not know the language.
    pub classes: Vec<usize>,
    /// How much rarer than others, in logits.
    pub prior: f32,
    /// What the class lacks against its siblings, in logits for 100 bytes of text.
    pub bias: f32,
    /// Siblings, as a number; `None` without.
    pub group: Option<u16>,
    /// Whether it must show itself by its words against any answer.
    pub by_words: bool,
}

/// What tells text from random letters (`typical.tsv`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Typical {
    /// Logits for a nat of closeness.
    pub nat: f32,
    /// Logits for a byte of the mean length of n-grams.
    pub byte: f32,
    /// Logit where both are 0.
    pub zero: f32,
}

/// One script with its model, its languages and its facts.
#[derive(Debug)]
pub(super) struct Languages {
    pub model: Option<Model>,
    /// `None` where the script says enough.
    pub typical: Option<Typical>,
    pub candidates: Vec<Candidate>,
    /// Number of groups.
    pub groups: usize,
    pub facts: Option<Facts>,
    pub shares: Shares,
}

impl Languages {
    /// The languages of a script. `models` are the models of all scripts; the own one is taken out.
    ///
    /// # Errors
    ///
    /// When a table is damaged or names a class that the model does not have.
    pub(super) fn shipped(script: &str, models: &mut Vec<Model>) -> Result<Self, LanguageError> {
        let model = models
            .iter()
            .position(|model| model.script == script)
            .map(|place| models.swap_remove(place));
        let mut groups: Vec<&str> = Vec::new();
        let mut candidates = Vec::new();
        for (index, row) in DATA
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.starts_with('#'))
        {
            if row.split('\t').next() == Some(script) {
                let candidate =
                    candidate(row, model.as_ref(), &mut groups).ok_or(LanguageError::Data {
                        file: "languages.tsv",
                        line: index + 1,
                    })?;
                candidates.push(candidate);
            }
        }
        let codes: Vec<&'static str> = candidates
            .iter()
            .map(|candidate: &Candidate| candidate.code)
            .collect();
        let facts = Facts::shipped(script, &codes)?;
        let shares = Shares::shipped(script, &codes)?;
        Ok(Self {
            model,
            typical: typical(script)?,
            groups: groups.len(),
            candidates,
            facts,
            shares,
        })
    }
}

fn typical(script: &str) -> Result<Option<Typical>, LanguageError> {
    let mut rows = TYPICAL.lines().enumerate();
    let Some((index, row)) = rows.find(|(_, row)| row.split('\t').next() == Some(script)) else {
        return Ok(None);
    };
    let numbers = row.split('\t').skip(1).map(str::parse);
    match numbers.collect::<Result<Vec<f32>, _>>().as_deref() {
        Ok(&[nat, byte, zero]) => Ok(Some(Typical { nat, byte, zero })),
        _ => Err(LanguageError::Data {
            file: "typical.tsv",
            line: index + 1,
        }),
    }
}

fn candidate(
    row: &'static str,
    model: Option<&Model>,
    groups: &mut Vec<&'static str>,
) -> Option<Candidate> {
    let columns: Vec<&'static str> = row.split('\t').collect();
    let [_, code, class, prior, bias, group] = columns[..] else {
        return None;
    };
    let classes = match (class, model) {
        ("-", _) => Vec::new(),
        (_, None) => return None,
        (class, Some(model)) => model
            .classes()
            .enumerate()
            .filter(|(_, name)| *name == class)
            .map(|(place, _)| place)
            .collect(),
    };
    if class != "-" && classes.is_empty() {
        return None;
    }
    let number = match group {
        ANY | NO_GROUP => None,
        group => Some(match groups.iter().position(|own| *own == group) {
            Some(number) => number,
            None => {
                groups.push(group);
                groups.len() - 1
            }
        }),
    };
    Some(Candidate {
        code,
        classes,
        prior: prior.parse().ok()?,
        bias: bias.parse().ok()?,
        group: number.and_then(|number| u16::try_from(number).ok()),
        by_words: group == ANY,
    })
}
