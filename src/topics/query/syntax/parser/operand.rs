//! What operators stand between: words, phrases, fields, functions and groups.

use super::{Parse, Parser};
use crate::topics::query::syntax::ast::{Call, Expr, NearOp, Node, Phrase};
use crate::topics::query::syntax::errors::Diagnostic;
use crate::topics::query::syntax::lexer::Kind;

impl<'q> Parser<'q> {
    pub(super) fn near(&mut self) -> Parse<'q> {
        let first = self.prim()?;
        let mut rest: Vec<(NearOp, Node<'q>)> = Vec::new();
        while let Some(Kind::Near(op)) = self.peek() {
            self.next += 1;
            if self.peek() == Some(Kind::Not) {
                return Err(
                    Diagnostic::error(self.span(), "NOT cannot stand behind NEAR")
                        .help("write: a AND NOT (a NEAR/5 b)"),
                );
            }
            rest.push((op, self.prim()?));
        }
        let Some((_, last)) = rest.last() else {
            return Ok(first);
        };
        let span = first.span.start..last.span.end;
        Ok(Node {
            span,
            expr: Expr::Near(Box::new(first), rest),
        })
    }

    fn prim(&mut self) -> Parse<'q> {
        let start = self.span().start;
        let node = match self.peek() {
            Some(Kind::Field(field)) => {
                self.next += 1;
                self.deeper()?;
                let inner = self.prim()?;
                self.depth -= 1;
                return Ok(Node {
                    span: start..inner.span.end,
                    expr: Expr::Field(field, Box::new(inner)),
                });
            }
            Some(Kind::Call(call)) => {
                self.next += 1;
                // A parenthesis counts by itself.
                let bare = self.peek() != Some(Kind::Open);
                if bare {
                    self.deeper()?;
                }
                let inner = self.atom()?;
                self.depth -= usize::from(bare);
                Node {
                    span: start..inner.span.end,
                    expr: Expr::Call(call, Box::new(inner)),
                }
            }
            _ => self.atom()?,
        };
        match self.peek() {
            Some(Kind::Boost(factor)) => {
                let end = self.span().end;
                self.next += 1;
                Ok(Node {
                    span: start..end,
                    expr: Expr::Boost(factor, Box::new(node)),
                })
            }
            Some(Kind::Slop(_)) => {
                Err(Diagnostic::error(self.span(), "`~` belongs behind a phrase").help(
                    "for words near each other write (a OR b) NEAR/5 (c OR d); for spellings write them out with OR",
                ))
            }
            _ => Ok(node),
        }
    }

    fn atom(&mut self) -> Parse<'q> {
        let span = self.span();
        match self.peek() {
            Some(Kind::Open) => self.enclosed(Kind::Close, "write `)` where the group ends"),
            Some(Kind::CaseOpen) => {
                let inner = self.enclosed(Kind::CaseClose, "write `}` where the part ends")?;
                let span = span.start..inner.span.end;
                Ok(Node {
                    span,
                    expr: Expr::Call(Call::Case, Box::new(inner)),
                })
            }
            Some(Kind::Word(text)) => {
                self.next += 1;
                Ok(Node {
                    span,
                    expr: Expr::Word(text),
                })
            }
            Some(Kind::Phrase {
                text,
                open_start,
                open_end,
            }) => {
                self.next += 1;
                let mut end = span.end;
                let slop = match self.lexemes.get(self.next) {
                    Some(lexeme) => match (lexeme.kind, lexeme.glued) {
                        (Kind::Slop(Some(slop)), true) => {
                            end = lexeme.span.end;
                            self.next += 1;
                            slop
                        }
                        _ => 0,
                    },
                    None => 0,
                };
                Ok(Node {
                    span: span.start..end,
                    expr: Expr::Phrase(Phrase {
                        text,
                        slop,
                        open_start,
                        open_end,
                    }),
                })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn enclosed(&mut self, closing: Kind<'q>, help: &str) -> Parse<'q> {
        let open = self.span();
        self.next += 1;
        if self.peek() == Some(closing) {
            return Err(Diagnostic::error(
                open.start..self.span().end,
                "there is nothing between the parentheses",
            ));
        }
        let inner = self.or()?;
        match self.peek() {
            Some(kind) if kind == closing => {
                let end = self.span().end;
                self.next += 1;
                // A single word keeps its own span: it is shown as evidence.
                let span = match inner.expr {
                    Expr::Word(_) | Expr::Phrase(_) => inner.span,
                    _ => open.start..end,
                };
                Ok(Node {
                    span,
                    expr: inner.expr,
                })
            }
            None => Err(Diagnostic::error(open, "this parenthesis is not closed").help(help)),
            Some(_) => Err(self.unexpected()),
        }
    }
}
