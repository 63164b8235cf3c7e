//! From what a query says to what is looked for: words become numbers, fields and functions become properties of words.

mod leaf;
mod metadata;
mod weakness;

use std::ops::Range;

use super::leaf::PhraseTable;
use super::syntax::Diagnostic;
use super::syntax::ast::{Call, Expr, Field, NearOp, Node};
use super::vocabulary::{TermId, Vocabulary};

/// Zones of a text, a bit each.
pub(super) const TITLE: u8 = 1;
pub(super) const LEAD: u8 = 2;
pub(super) const MAIN: u8 = 4;
/// All zones.
pub(super) const EVERYWHERE: u8 = TITLE | LEAD | MAIN;

/// Most words and phrases in one query.
pub const MAX_LEAVES: usize = 20_000;

/// What is looked for. Every leaf carries its number in the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    Word {
        term: TermId,
        zones: u8,
        leaf: u32,
        /// Nearly every text has it.
        stop: bool,
    },
    Phrase {
        phrase: u32,
        leaf: u32,
        /// Nearly every text has all of its words.
        stop: bool,
    },
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Not(Box<Plan>),
    Near(Vec<NearOp>, Vec<Plan>),
    AtLeast(u32, Box<Plan>),
}

/// A word or phrase as it stands in the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WrittenLeaf {
    pub(super) span: Range<usize>,
    pub(super) boost: f32,
}

/// A plan and what goes with it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) leaves: Vec<WrittenLeaf>,
    /// Ids of other queries that are asked for, and where.
    pub(super) references: Vec<(String, Range<usize>)>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Plans a query. `zones` are those in which words without a field are looked for.
///
/// # Errors
/// What cannot be matched, with its place.
pub(super) fn plan(
    root: &Node<'_>,
    zones: u8,
    whole_words: bool,
    vocabulary: &mut Vocabulary,
    phrases: &mut PhraseTable,
) -> Result<Planned, Diagnostic> {
    let mut planner = Planner {
        vocabulary,
        phrases,
        leaves: Vec::new(),
        references: Vec::new(),
        warnings: Vec::new(),
    };
    let scope = Scope {
        zones,
        field: None,
        case: false,
        raw: false,
        stem: false,
        word: whole_words,
        place: None,
        boost: 1.0,
    };
    let plan = planner.node(root, scope)?;
    let planned = Planned {
        leaves: planner.leaves,
        references: planner.references,
        warnings: planner.warnings,
        plan,
    };
    planned.checked(root)
}

/// What surrounds a part of a query.
#[derive(Debug, Clone, Copy)]
struct Scope {
    zones: u8,
    /// A field that is not text.
    field: Option<Field>,
    case: bool,
    raw: bool,
    stem: bool,
    word: bool,
    /// The operator that needs places in the text, if there is one around.
    place: Option<&'static str>,
    boost: f32,
}

struct Planner<'v> {
    vocabulary: &'v mut Vocabulary,
    phrases: &'v mut PhraseTable,
    leaves: Vec<WrittenLeaf>,
    references: Vec<(String, Range<usize>)>,
    warnings: Vec<Diagnostic>,
}

type Planning = Result<Plan, Diagnostic>;

impl Planner<'_> {
    /// Nesting is bounded by the parser.
    fn node(&mut self, node: &Node<'_>, scope: Scope) -> Planning {
        match &node.expr {
            Expr::Or(parts) => {
                let mut plans = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.node(part, scope)? {
                        Plan::Or(more) => plans.extend(more),
                        plan => plans.push(plan),
                    }
                }
                Ok(Plan::Or(plans))
            }
            Expr::And(parts) => {
                self.outside_places(node, "AND", scope)?;
                let mut plans = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.node(part, scope)? {
                        Plan::And(more) => plans.extend(more),
                        plan => plans.push(plan),
                    }
                }
                // What is cheap to check comes first; the order is otherwise kept.
                plans.sort_by_key(cost);
                Ok(Plan::And(plans))
            }
            Expr::Not(inner) => {
                self.outside_places(node, "NOT", scope)?;
                Ok(match self.node(inner, scope)? {
                    Plan::Not(positive) => *positive,
                    plan => Plan::Not(Box::new(plan)),
                })
            }
            Expr::Near(first, rest) => self.near(node, first, rest, scope),
            Expr::Word(text) => self.text(text, None, node, scope),
            Expr::Phrase(phrase) => self.text(phrase.text, Some(phrase), node, scope),
            Expr::Field(field, inner) => self.field(node, *field, inner, scope),
            Expr::Call(call, inner) => self.call(node, *call, inner, scope),
            Expr::Boost(factor, inner) => {
                let boost = scope.boost * factor;
                self.node(inner, Scope { boost, ..scope })
            }
        }
    }

    fn outside_places(&self, node: &Node<'_>, what: &str, scope: Scope) -> Result<(), Diagnostic> {
        match scope.place {
            None => Ok(()),
            Some(place) => Err(Diagnostic::error(
                node.span.clone(),
                format!("{what} inside {place} has no single meaning"),
            )
            .help(if place == "NEAR" {
                "write (a NEAR/5 c) AND (b NEAR/5 c)"
            } else {
                "write ATLEAST/2(a) AND ATLEAST/2(b)"
            })),
        }
    }

    fn near(
        &mut self,
        node: &Node<'_>,
        first: &Node<'_>,
        rest: &[(NearOp, Node<'_>)],
        scope: Scope,
    ) -> Planning {
        if let Some(field) = scope.field {
            return Err(no_places(node, field));
        }
        let scope = Scope {
            place: Some("NEAR"),
            ..scope
        };
        let mut plans = vec![self.node(first, scope)?];
        let mut ops = Vec::with_capacity(rest.len());
        for (op, part) in rest {
            ops.push(*op);
            plans.push(self.node(part, scope)?);
        }
        Ok(Plan::Near(ops, plans))
    }

    fn field(&mut self, node: &Node<'_>, field: Field, inner: &Node<'_>, scope: Scope) -> Planning {
        let zones = match field {
            Field::Title => TITLE,
            Field::Lead => LEAD,
            Field::Body => LEAD | MAIN,
            _ => {
                if scope.place.is_some() {
                    return Err(no_places(node, field));
                }
                if scope.case || scope.raw || scope.stem {
                    return Err(Diagnostic::error(
                        node.span.clone(),
                        format!(
                            "CASE, RAW and STEM are for title and text, not for {}:",
                            field.name()
                        ),
                    ));
                }
                let field = Some(field);
                return self.node(inner, Scope { field, ..scope });
            }
        };
        self.node(
            inner,
            Scope {
                zones,
                field: None,
                ..scope
            },
        )
    }

    fn call(&mut self, node: &Node<'_>, call: Call, inner: &Node<'_>, scope: Scope) -> Planning {
        if let Some(field) = scope.field {
            return Err(no_places(node, field));
        }
        match call {
            Call::Case => self.node(
                inner,
                Scope {
                    case: true,
                    ..scope
                },
            ),
            Call::Raw => self.node(inner, Scope { raw: true, ..scope }),
            Call::Stem => self.node(
                inner,
                Scope {
                    stem: true,
                    ..scope
                },
            ),
            Call::Word => self.node(
                inner,
                Scope {
                    word: true,
                    ..scope
                },
            ),
            Call::AtLeast(count) => {
                self.outside_places(node, "ATLEAST", scope)?;
                let place = Some("ATLEAST");
                let plan = self.node(inner, Scope { place, ..scope })?;
                Ok(match count {
                    1 => plan,
                    _ => Plan::AtLeast(count, Box::new(plan)),
                })
            }
        }
    }
}

/// Whether a character can stand in a hashtag.
pub(super) fn is_hashtag(c: char) -> bool {
    c.is_alphanumeric()
        || c == '_'
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200C}' | '\u{200D}')
}

fn no_places(node: &Node<'_>, field: Field) -> Diagnostic {
    Diagnostic::error(
        node.span.clone(),
        format!(
            "NEAR and functions are for title and text, not for {}:",
            field.name()
        ),
    )
    .help(format!("write the text part, AND {}:…", field.name()))
}

/// How much work a part is to check.
fn cost(plan: &Plan) -> u8 {
    match plan {
        Plan::Word { .. } => 0,
        Plan::Or(parts) | Plan::And(parts) => parts.iter().map(cost).max().unwrap_or(0) + 1,
        Plan::Not(inner) => cost(inner) + 1,
        Plan::Phrase { .. } => 2,
        Plan::Near(..) | Plan::AtLeast(..) => 3,
    }
}

/// A BCP 47 tag by its shape: two or three letters, then subtags.
pub(super) fn is_language(code: &str) -> bool {
    let mut subtags = code.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// An address without scheme and `www.`.
pub(super) fn strip_scheme(url: &str) -> &str {
    let rest = ["https://", "http://"]
        .into_iter()
        .find(|scheme| {
            url.get(..scheme.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        })
        .and_then(|scheme| url.get(scheme.len()..))
        .unwrap_or(url);
    match rest.get(..4) {
        Some(www) if www.eq_ignore_ascii_case("www.") => rest.get(4..).unwrap_or_default(),
        _ => rest,
    }
}
