//! A query in its standard spelling: reading that again gives the same query.

use std::fmt::Write as _;

use super::ast::{Call, Expr, NearOp, Node, Phrase, Within};

/// How strongly an expression holds together; what holds less than its surroundings is put in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Not,
    Near,
    Atom,
}

/// Writes a query in its standard spelling.
pub fn print(node: &Node<'_>) -> String {
    let mut out = String::new();
    write(&mut out, node, Strength::Or);
    out
}

fn strength(expr: &Expr<'_>) -> Strength {
    match expr {
        Expr::Or(_) => Strength::Or,
        Expr::And(_) => Strength::And,
        Expr::Not(_) => Strength::Not,
        Expr::Near(..) => Strength::Near,
        _ => Strength::Atom,
    }
}

/// Writes a node where `least` is needed. Nesting is bounded by the parser.
fn write(out: &mut String, node: &Node<'_>, least: Strength) {
    if strength(&node.expr) < least {
        out.push('(');
        write(out, node, Strength::Or);
        out.push(')');
        return;
    }
    match &node.expr {
        // AND would hold together without parentheses, but readers who know other products could take it otherwise.
        Expr::Or(parts) => join(out, parts, " OR ", Strength::Not),
        Expr::And(parts) => join(out, parts, " AND ", Strength::Not),
        Expr::Not(inner) => {
            out.push_str("NOT ");
            write(out, inner, Strength::Not);
        }
        Expr::Near(first, rest) => {
            write(out, first, Strength::Atom);
            for (op, part) in rest {
                out.push(' ');
                near(out, *op);
                out.push(' ');
                write(out, part, Strength::Atom);
            }
        }
        Expr::Word(text) => out.push_str(text),
        Expr::Phrase(text) => phrase(out, text),
        Expr::Field(field, inner) => {
            out.push_str(field.name());
            out.push(':');
            let bare = match &inner.expr {
                Expr::Boost(_, boosted) => is_closed(boosted),
                _ => is_closed(inner),
            };
            enclosed(out, inner, bare);
        }
        Expr::Call(call, inner) => {
            match call {
                Call::AtLeast(count) => write!(out, "ATLEAST/{count}").unwrap_or_default(),
                Call::Case => out.push_str("CASE"),
                Call::Raw => out.push_str("RAW"),
                Call::Stem => out.push_str("STEM"),
                Call::Word => out.push_str("WORD"),
            }
            enclosed(out, inner, false);
        }
        Expr::Boost(factor, inner) => {
            enclosed(out, inner, is_closed(inner));
            write!(out, "^{factor}").unwrap_or_default();
        }
    }
}

/// Whether it needs no parentheses behind a field or before a boost.
fn is_closed(node: &Node<'_>) -> bool {
    matches!(node.expr, Expr::Word(_) | Expr::Phrase(_) | Expr::Call(..))
}

fn enclosed(out: &mut String, node: &Node<'_>, bare: bool) {
    if !bare {
        out.push('(');
    }
    write(out, node, Strength::Or);
    if !bare {
        out.push(')');
    }
}

fn join(out: &mut String, parts: &[Node<'_>], between: &str, least: Strength) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        write(out, part, least);
    }
}

fn near(out: &mut String, op: NearOp) {
    out.push_str(if op.ordered { "ONEAR/" } else { "NEAR/" });
    match op.within {
        Within::Words(count) => write!(out, "{count}").unwrap_or_default(),
        Within::Sentence => out.push('s'),
        Within::Paragraph => out.push('p'),
    }
}

fn phrase(out: &mut String, phrase: &Phrase<'_>) {
    if phrase.open_start {
        out.push('*');
    }
    out.push('"');
    out.push_str(phrase.text);
    out.push('"');
    if phrase.open_end {
        out.push('*');
    }
    if phrase.slop > 0 {
        write!(out, "~{}", phrase.slop).unwrap_or_default();
    }
}
