//! Queries that would match nearly every article: they are refused, or warned of.

use super::{Plan, Planned};
use crate::topics::query::syntax::Diagnostic;
use crate::topics::query::syntax::ast::Node;

impl Planned {
    /// Refuses what would match nearly every article.
    pub(super) fn checked(mut self, root: &Node<'_>) -> Result<Self, Diagnostic> {
        if !is_positive(&self.plan) {
            return Err(Diagnostic::error(
                root.span.clone(),
                "the query matches articles for what they do not say",
            )
            .help("put a word that must be there beside NOT, in every alternative of OR"));
        }
        match weakness(&self.plan) {
            Weakness::None if is_slow(&self.plan) => self.warnings.push(
                Diagnostic::warning(
                    root.span.clone(),
                    "the query is found by stop words or single letters only, so that it is slow to look for",
                )
                .help("put a rarer word beside it with AND, if one is always there"),
            ),
            Weakness::None => {}
            Weakness::Partly => self.warnings.push(
                Diagnostic::warning(
                    root.span.clone(),
                    "one alternative consists of stop words only and matches nearly every article of a language",
                )
                .help("take it out, or put a name in quotation marks: \"The Who\""),
            ),
            Weakness::Whole => {
                return Err(Diagnostic::error(
                    root.span.clone(),
                    "stop words or single letters alone match nearly every article of a language",
                )
                .help("add a word that tells articles apart, or put a name in quotation marks: \"The Who\"; with signs, RAW(C++)"));
            }
        }
        Ok(self)
    }
}

/// Whether some word must be there for the plan to hold.
fn is_positive(plan: &Plan) -> bool {
    match plan {
        Plan::Word { .. } | Plan::Phrase { .. } | Plan::Near(..) => true,
        Plan::And(parts) => parts.iter().any(is_positive),
        Plan::Or(parts) => parts.iter().all(is_positive),
        Plan::Not(_) => false,
        Plan::AtLeast(_, inner) => is_positive(inner),
    }
}

/// Whether nearly every article must be looked at.
fn is_slow(plan: &Plan) -> bool {
    match plan {
        Plan::Word { stop, .. } | Plan::Phrase { stop, .. } => *stop,
        Plan::Or(parts) => parts.iter().any(is_slow),
        Plan::And(parts) | Plan::Near(_, parts) => {
            parts.iter().filter(|part| is_positive(part)).all(is_slow)
        }
        Plan::Not(_) => false,
        Plan::AtLeast(_, inner) => is_slow(inner),
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Weakness {
    None,
    Partly,
    Whole,
}

fn weakness(plan: &Plan) -> Weakness {
    match plan {
        Plan::Word { stop: true, .. } => Weakness::Whole,
        Plan::Or(parts) => {
            let found: Vec<_> = parts.iter().map(weakness).collect();
            if found.iter().all(|weakness| *weakness == Weakness::Whole) {
                Weakness::Whole
            } else if found.iter().any(|weakness| *weakness != Weakness::None) {
                Weakness::Partly
            } else {
                Weakness::None
            }
        }
        Plan::And(parts) => parts
            .iter()
            .filter(|part| is_positive(part))
            .map(weakness)
            .min()
            .unwrap_or(Weakness::None),
        Plan::AtLeast(_, inner) => weakness(inner),
        _ => Weakness::None,
    }
}
