//! From lexemes to the tree.

mod operand;

use std::ops::Range;

use super::ast::{Expr, Field, Node};
use super::dialect::Dialect;
use super::errors::Diagnostic;
use super::lexer::{Kind, Lexeme, lex};
use super::printer::print;

/// The longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 256 * 1024;
/// The deepest nesting of parentheses, fields, functions and NOT.
pub const MAX_DEPTH: usize = 48;

/// A query that could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'q> {
    /// The tree.
    pub root: Node<'q>,
    /// What its author may not have meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a query.
///
/// # Errors
/// The first mistake, with its place and, where one is known, a way to mend it.
pub fn parse(source: &str, dialect: Dialect) -> Result<Parsed<'_>, Diagnostic> {
    if source.len() > MAX_QUERY_BYTES {
        return Err(Diagnostic::error(
            0..0,
            format!(
                "the query has {} bytes, {MAX_QUERY_BYTES} are the most",
                source.len()
            ),
        )
        .help("divide it, and put the parts together with topic:"));
    }
    let mut warnings = Vec::new();
    let lexemes = lex(source, dialect, &mut warnings)?;
    let mut parser = Parser {
        source,
        dialect,
        lexemes,
        next: 0,
        depth: 0,
        mixed: None,
        warnings,
    };
    if parser.lexemes.is_empty() {
        return Err(Diagnostic::error(0..0, "the query is empty")
            .help("write a word; to switch a query off, write \"enabled\": false beside it"));
    }
    let root = parser.or()?;
    if let Some(rest) = parser.lexemes.get(parser.next) {
        return Err(match rest.kind {
            Kind::Close => Diagnostic::error(rest.span.clone(), "this parenthesis closes nothing")
                .help("delete it, or write `(` before"),
            _ => parser.unexpected(),
        });
    }
    let mut warnings = parser.warnings;
    if let Some(span) = parser.mixed {
        warnings.push(
            Diagnostic::warning(
                span,
                "AND and OR are mixed without parentheses; AND binds more strongly here, elsewhere it may not",
            )
            .help(format!("it is read as {}", shortened(&print(&root)))),
        );
    }
    Ok(Parsed { root, warnings })
}

struct Parser<'q> {
    source: &'q str,
    dialect: Dialect,
    lexemes: Vec<Lexeme<'q>>,
    next: usize,
    depth: usize,
    /// Where AND and OR stand side by side first.
    mixed: Option<Range<usize>>,
    warnings: Vec<Diagnostic>,
}

type Parse<'q> = Result<Node<'q>, Diagnostic>;

impl<'q> Parser<'q> {
    fn peek(&self) -> Option<Kind<'q>> {
        self.lexemes.get(self.next).map(|lexeme| lexeme.kind)
    }

    fn span(&self) -> Range<usize> {
        self.lexemes
            .get(self.next)
            .map_or(self.source.len()..self.source.len(), |lexeme| {
                lexeme.span.clone()
            })
    }

    /// Goes one level deeper, if there is one: the stack is not for the author of a query to exhaust.
    fn deeper(&mut self) -> Result<(), Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Diagnostic::error(
                self.span(),
                format!("nested more than {MAX_DEPTH} deep"),
            )
            .help("leave out parentheses that are not needed"));
        }
        Ok(())
    }

    fn or(&mut self) -> Parse<'q> {
        self.deeper()?;
        let first = self.next;
        let mut parts = vec![self.and()?];
        let mut bare_and = self.has_bare_and(first, &parts);
        while self.peek() == Some(Kind::Or) {
            self.next += 1;
            let from = self.next;
            parts.push(self.and()?);
            bare_and = bare_and.or_else(|| self.has_bare_and(from, &parts));
        }
        self.depth -= 1;
        if parts.len() > 1 && self.mixed.is_none() {
            self.mixed = bare_and;
        }
        Ok(join(parts, Expr::Or))
    }

    /// The span of the last part, where that is an AND without parentheses of its own.
    fn has_bare_and(&self, from: usize, parts: &[Node<'q>]) -> Option<Range<usize>> {
        let last = parts.last()?;
        let enclosed = self.lexemes.get(from)?.kind == Kind::Open
            && self.closing(from).is_some_and(|at| at + 1 == self.next);
        let mixed = matches!(last.expr, Expr::And(_)) && !enclosed;
        mixed.then(|| last.span.clone())
    }

    /// Where the parenthesis that opens at a lexeme closes.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, lexeme) in self.lexemes.iter().enumerate().take(self.next).skip(open) {
            match lexeme.kind {
                Kind::Open => depth += 1,
                Kind::Close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(index);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn and(&mut self) -> Parse<'q> {
        let mut parts = vec![self.not()?];
        loop {
            match self.peek() {
                Some(Kind::And) => {
                    self.next += 1;
                    parts.push(self.not()?);
                }
                None | Some(Kind::Or | Kind::Close | Kind::CaseClose) => break,
                Some(_) => {
                    self.check_alternatives(&parts)?;
                    parts.push(self.not()?);
                }
            }
        }
        Ok(join(parts, Expr::And))
    }

    /// In Talkwalker's style, filters of one kind side by side are alternatives, which they are not here.
    fn check_alternatives(&self, parts: &[Node<'q>]) -> Result<(), Diagnostic> {
        let (Some(Kind::Field(next)), Dialect::Talkwalker) = (self.peek(), self.dialect) else {
            return Ok(());
        };
        let same = |part: &&Node<'q>| matches!(&part.expr, Expr::Field(field, _) if *field == next && matches!(next, Field::Source | Field::Lang | Field::Country));
        match parts.iter().find(same) {
            None => Ok(()),
            Some(_) => Err(Diagnostic::error(
                self.span(),
                format!(
                    "several `{}:` side by side are alternatives in Talkwalker, but all of them would have to hold here",
                    next.name()
                ),
            )
            .help(format!("write {0}:(one OR other)", next.name()))),
        }
    }

    fn not(&mut self) -> Parse<'q> {
        let start = self.span().start;
        match self.peek() {
            Some(Kind::Not) => {
                if let Some(Lexeme {
                    kind: Kind::Near(_),
                    span,
                    ..
                }) = self.lexemes.get(self.next + 1)
                {
                    return Err(
                        Diagnostic::error(start..span.end, "NOT NEAR is not supported")
                            .help("write: a AND NOT (a NEAR/5 b)"),
                    );
                }
                self.next += 1;
                self.deeper()?;
                let inner = self.not()?;
                self.depth -= 1;
                let span = start..inner.span.end;
                Ok(Node {
                    span,
                    expr: Expr::Not(Box::new(inner)),
                })
            }
            Some(Kind::Plus) => {
                self.next += 1;
                self.near()
            }
            _ => self.near(),
        }
    }

    fn unexpected(&self) -> Diagnostic {
        let span = self.span();
        let text = self.source.get(span.clone()).unwrap_or_default();
        match self.peek() {
            None => {
                let last = self.lexemes.last().map_or(0..0, |last| last.span.clone());
                let text = self.source.get(last.clone()).unwrap_or_default();
                Diagnostic::error(last, format!("a word is expected behind `{text}`"))
                    .help("complete the query, or delete this")
            }
            Some(Kind::And | Kind::Or | Kind::Near(_) | Kind::Plus | Kind::Not) => {
                Diagnostic::error(span, format!("a word is expected before `{text}`")).help(
                    format!("delete it, or write \"{text}\" if the word itself is meant"),
                )
            }
            Some(Kind::Close) => Diagnostic::error(span, "a word is expected before `)`"),
            Some(Kind::Slop(_)) => Diagnostic::error(span, "`~` belongs behind a phrase"),
            Some(Kind::Boost(_)) => {
                Diagnostic::error(span, "`^` belongs behind a word, a phrase or a group")
            }
            Some(_) => Diagnostic::error(span, format!("`{text}` is not expected here")),
        }
    }
}

/// One node of several, or the only one.
fn join<'q>(mut parts: Vec<Node<'q>>, make: fn(Vec<Node<'q>>) -> Expr<'q>) -> Node<'q> {
    match (parts.len(), parts.first(), parts.last()) {
        (2.., Some(first), Some(last)) => Node {
            span: first.span.start..last.span.end,
            expr: make(parts),
        },
        _ => parts.pop().unwrap_or(Node {
            span: 0..0,
            expr: Expr::Word(""),
        }),
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}
