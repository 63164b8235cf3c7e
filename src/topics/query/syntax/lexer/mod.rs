//! From characters to operators, names, words and phrases.

mod keywords;

use std::ops::Range;

use super::ast::{Call, Field, NearOp};
use super::dialect::Dialect;
use super::errors::Diagnostic;
use super::names::{self, Name};

/// The widest distance of NEAR, in words between.
pub const MAX_NEAR: u32 = 100;
/// The distance of NEAR and ONEAR without a number, as Meltwater has it.
const DEFAULT_NEAR: u32 = 4;
/// The highest count of ATLEAST.
const MAX_AT_LEAST: u32 = 1000;
/// The highest boost.
const MAX_BOOST: f32 = 1000.0;

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind<'q> {
    Open,
    Close,
    And,
    Or,
    Not,
    Plus,
    Near(NearOp),
    Field(Field),
    Call(Call),
    Word(&'q str),
    Phrase {
        text: &'q str,
        open_start: bool,
        open_end: bool,
    },
    Slop(Option<u32>),
    Boost(f32),
    /// `{` and `}` around a case-sensitive part, as Brandwatch has it.
    CaseOpen,
    CaseClose,
}

/// A piece of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme<'q> {
    pub(super) kind: Kind<'q>,
    pub(super) span: Range<usize>,
    /// Whether no white space stands before it.
    pub(super) glued: bool,
}

/// Cuts a query into lexemes.
pub(super) fn lex<'q>(
    source: &'q str,
    dialect: Dialect,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Lexeme<'q>>, Diagnostic> {
    let mut lexer = Lexer {
        source,
        at: 0,
        dialect,
        lexemes: Vec::new(),
        warnings,
    };
    lexer.run()?;
    Ok(lexer.lexemes)
}

struct Lexer<'q, 'w> {
    source: &'q str,
    at: usize,
    dialect: Dialect,
    lexemes: Vec<Lexeme<'q>>,
    warnings: &'w mut Vec<Diagnostic>,
}

impl<'q> Lexer<'q, '_> {
    fn run(&mut self) -> Result<(), Diagnostic> {
        loop {
            let before = self.at;
            self.skip_blank()?;
            let Some(c) = self.peek() else {
                return Ok(());
            };
            let glued = self.at == before && !self.lexemes.is_empty();
            let start = self.at;
            let kind = match c {
                '(' | '（' => self.single(c, Kind::Open),
                ')' | '）' => self.single(c, Kind::Close),
                '{' if self.dialect == Dialect::Brandwatch => self.single(c, Kind::CaseOpen),
                '}' if self.dialect == Dialect::Brandwatch => self.single(c, Kind::CaseClose),
                '[' | '{' => {
                    return Err(
                        Diagnostic::error(start..start + 1, "ranges are not supported")
                            .help("put \\ before the bracket where it is part of a word"),
                    );
                }
                '^' => self.boost()?,
                '~' => self.slop()?,
                '!' => self.single(c, Kind::Not),
                '-' | '+' if self.second().is_some_and(begins_operand) => {
                    self.single(c, if c == '-' { Kind::Not } else { Kind::Plus })
                }
                '&' if self.rest().starts_with("&&") => self.pair(Kind::And),
                '|' if self.rest().starts_with("||") => self.pair(Kind::Or),
                '*' if self.second().is_some_and(is_quote) => {
                    self.at += 1;
                    self.phrase(true)?
                }
                _ if is_quote(c) => self.phrase(false)?,
                _ => self.word()?,
            };
            self.lexemes.push(Lexeme {
                kind,
                span: start..self.at,
                glued,
            });
        }
    }

    fn rest(&self) -> &'q str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn single(&mut self, c: char, kind: Kind<'q>) -> Kind<'q> {
        self.at += c.len_utf8();
        kind
    }

    fn pair(&mut self, kind: Kind<'q>) -> Kind<'q> {
        self.at += 2;
        kind
    }

    /// White space, the invisible marks that come with pasted text, and Brandwatch's comments.
    fn skip_blank(&mut self) -> Result<(), Diagnostic> {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c));
            self.at += rest.len() - blank.len();
            if self.dialect != Dialect::Brandwatch || !blank.starts_with("<<<") {
                return Ok(());
            }
            match blank.find(">>>") {
                Some(end) => self.at += end + 3,
                None => {
                    return Err(
                        Diagnostic::error(self.at..self.at + 3, "this comment has no end")
                            .help("write `>>>` behind it"),
                    );
                }
            }
        }
    }

    fn boost(&mut self) -> Result<Kind<'q>, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let rest = self.rest();
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        self.at += digits;
        rest.get(..digits)
            .and_then(|digits| digits.parse::<f32>().ok())
            .filter(|factor| *factor > 0.0 && *factor <= MAX_BOOST)
            .map(Kind::Boost)
            .ok_or_else(|| {
                Diagnostic::error(
                    start..self.at,
                    "`^` needs a number over 0 and up to 1000 behind it",
                )
                .help("for example `title:oil^2`; put \\ before a ^ that is part of a word")
            })
    }

    fn slop(&mut self) -> Result<Kind<'q>, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let rest = self.rest();
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += digits;
        match rest.get(..digits) {
            None | Some("") => Ok(Kind::Slop(None)),
            Some(digits) => match digits.parse::<u32>() {
                Ok(slop) if slop <= MAX_NEAR => Ok(Kind::Slop(Some(slop))),
                _ => Err(Diagnostic::error(
                    start..self.at,
                    format!("the distance is at most {MAX_NEAR}"),
                )
                .help("for words anywhere in the article use AND, in a paragraph /p")),
            },
        }
    }

    fn phrase(&mut self, open_start: bool) -> Result<Kind<'q>, Diagnostic> {
        let opening = self.at;
        self.at += self.peek().map_or(0, char::len_utf8);
        let start = self.at;
        while let Some(c) = self.peek() {
            if is_quote(c) {
                let text = self.source.get(start..self.at).unwrap_or_default();
                self.at += c.len_utf8();
                let open_end = self.peek() == Some('*');
                self.at += usize::from(open_end);
                return Ok(Kind::Phrase {
                    text,
                    open_start,
                    open_end,
                });
            }
            self.at += c.len_utf8();
            if c == '\\' {
                self.at += self.peek().map_or(0, char::len_utf8);
            }
        }
        Err(
            Diagnostic::error(opening..opening + 1, "this quotation mark is not closed")
                .help("write `\"` at the end of the phrase"),
        )
    }

    /// A word, an operator in letters, a field name with its colon, or a function before its parenthesis.
    fn word(&mut self) -> Result<Kind<'q>, Diagnostic> {
        let start = self.at;
        let value = matches!(
            self.lexemes.last(),
            Some(Lexeme {
                kind: Kind::Field(_),
                ..
            })
        );
        // Behind this nothing is escaped.
        let mut plain = start;
        while let Some(c) = self.peek() {
            match c {
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some(escaped) => {
                            self.at += escaped.len_utf8();
                            plain = self.at;
                        }
                        None => {
                            return Err(Diagnostic::error(
                                self.at - 1..self.at,
                                "`\\` needs a character behind it",
                            )
                            .help("write `\\\\` for the backslash itself"));
                        }
                    }
                }
                '(' | ')' | '（' | '）' | '^' | '~' => break,
                '{' | '}' if self.dialect == Dialect::Brandwatch => break,
                ':' if !value => {
                    if let Some(kind) = self.name(start)? {
                        return Ok(kind);
                    }
                    self.at += 1;
                }
                _ if c.is_whitespace() || is_quote(c) => break,
                _ => self.at += c.len_utf8(),
            }
        }
        let end = self
            .source
            .get(plain..self.at)
            .unwrap_or_default()
            .trim_end_matches(is_invisible)
            .len()
            + plain;
        self.keyword(self.source.get(start..end).unwrap_or_default(), start)
    }

    /// What stands before a colon, if it is a name.
    fn name(&mut self, start: usize) -> Result<Option<Kind<'q>>, Diagnostic> {
        let name = self.source.get(start..self.at).unwrap_or_default();
        if !name
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-')
            || name.len() < 2
            || name.eq_ignore_ascii_case("medtop")
        {
            return Ok(None);
        }
        let span = start..self.at + 1;
        let kind = match names::find(name, self.dialect) {
            Ok(Name::Field(field)) => Kind::Field(field),
            Ok(Name::Call(call)) => Kind::Call(call),
            Err(_) if self.rest().starts_with("://") => {
                return Err(
                    Diagnostic::error(span, "an address must be put in quotation marks")
                        .help(format!("for example url:\"{name}://example.com/news\"")),
                );
            }
            Err((message, help)) => return Err(Diagnostic::error(span, message).help(help)),
        };
        self.at += 1;
        Ok(Some(kind))
    }
}

/// Whether `-` and `+` before this are operators; elsewhere they are words.
fn begins_operand(c: char) -> bool {
    !(c.is_whitespace() || matches!(c, ')' | '）' | '}' | '^' | '~'))
}

/// Marks that open or close a phrase: straight, curly, low, full width, and guillemets.
pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂' | '〝' | '〞'
    )
}

/// Marks that cannot be seen and come along when a query is pasted; joiners inside words are not among them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'
        | '\u{2066}'..='\u{2069}' | '\u{61C}' | '\u{FEFF}')
}
