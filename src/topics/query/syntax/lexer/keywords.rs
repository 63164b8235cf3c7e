//! Operators and functions in letters.

use super::{DEFAULT_NEAR, Kind, Lexer, MAX_AT_LEAST, MAX_NEAR};
use crate::topics::query::syntax::ast::{Call, NearOp, Within};
use crate::topics::query::syntax::dialect::Dialect;
use crate::topics::query::syntax::errors::Diagnostic;

impl<'q> Lexer<'q, '_> {
    pub(super) fn keyword(&mut self, text: &'q str, start: usize) -> Result<Kind<'q>, Diagnostic> {
        let before_parenthesis = matches!(self.peek(), Some('(' | '（'));
        if before_parenthesis && let Some(kind) = self.function(text, start)? {
            return Ok(kind);
        }
        if let Some(kind) = near(text, start, self.dialect)? {
            return Ok(kind);
        }
        let lenient = self.dialect.small_operators();
        let is = |keyword: &str| text == keyword || (lenient && text.eq_ignore_ascii_case(keyword));
        if is("AND") {
            return Ok(Kind::And);
        }
        if is("OR") {
            return Ok(Kind::Or);
        }
        if is("NOT") {
            return Ok(Kind::Not);
        }
        // Behind a colon it is a name.
        let named = self
            .source
            .get(..start)
            .is_some_and(|before| before.ends_with(':'));
        if !named && ["and", "or", "not", "And", "Or", "Not", "near", "onear"].contains(&text) {
            self.warnings.push(
                Diagnostic::warning(
                    start..self.at,
                    format!("`{text}` is read as a word; operators are written in capitals"),
                )
                .help(format!(
                    "write {} for the operator, \"{text}\" for the word",
                    text.to_ascii_uppercase()
                )),
            );
        }
        if let Some(rest) = text.strip_prefix('/')
            && rest.len() > 1
            && rest.ends_with('/')
        {
            return Err(
                Diagnostic::error(start..self.at, "regular expressions are not supported")
                    .help("use * and ? inside words"),
            );
        }
        Ok(Kind::Word(text))
    }

    fn function(&self, text: &str, start: usize) -> Result<Option<Kind<'q>>, Diagnostic> {
        let call = match text {
            "CASE" | "cs" | "CS" => Call::Case,
            "RAW" => Call::Raw,
            "STEM" => Call::Stem,
            "WORD" => Call::Word,
            _ => {
                let Some(count) = strip_prefix(text, "ATLEAST") else {
                    return Ok(None);
                };
                let count = count.strip_prefix('/').unwrap_or(count);
                return match count.parse::<u32>() {
                    Ok(count) if (1..=MAX_AT_LEAST).contains(&count) => {
                        Ok(Some(Kind::Call(Call::AtLeast(count))))
                    }
                    _ => Err(Diagnostic::error(
                        start..self.at,
                        format!("ATLEAST needs a count from 1 to {MAX_AT_LEAST}"),
                    )
                    .help("for example ATLEAST/3(oil OR gas)")),
                };
            }
        };
        Ok(Some(Kind::Call(call)))
    }
}

/// NEAR and its relatives: `NEAR`, `ONEAR`, `NEAR/n`, `NEAR/nf`, `ONEAR/n`, `W/n`, `PRE/n`, `/n`, each also with `s`
/// (sentence) or `p` (paragraph) for the number. With a slash, small letters count too.
fn near<'q>(text: &str, start: usize, dialect: Dialect) -> Result<Option<Kind<'q>>, Diagnostic> {
    let lenient = dialect.small_operators();
    let Some((head, tail)) = text.split_once('/') else {
        let is = |word: &str| text == word || (lenient && text.eq_ignore_ascii_case(word));
        let ordered = is("ONEAR");
        return Ok((ordered || is("NEAR")).then_some(Kind::Near(NearOp {
            ordered,
            within: Within::Words(DEFAULT_NEAR),
        })));
    };
    let named = ["NEAR", "ONEAR", "PRE"]
        .into_iter()
        .find(|name| head.eq_ignore_ascii_case(name));
    let name = match (named, head) {
        (Some(name), _) => name,
        (None, "W" | "w") => "W",
        (None, "") => "",
        _ => return Ok(None),
    };
    let ordered = matches!(name, "ONEAR" | "PRE");
    let op = |ordered, within| Ok(Some(Kind::Near(NearOp { ordered, within })));
    match tail {
        "s" | "S" => return op(ordered, Within::Sentence),
        "p" | "P" => return op(ordered, Within::Paragraph),
        _ => {}
    }
    let (digits, ordered) = match tail.strip_suffix(['f', 'F']) {
        Some(digits) if name == "NEAR" => (digits, true),
        _ => (tail, ordered),
    };
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    match digits.parse::<u32>() {
        Ok(words) if number && words <= MAX_NEAR => op(ordered, Within::Words(words)),
        _ if number => Err(Diagnostic::error(
            start..start + text.len(),
            format!("the distance is at most {MAX_NEAR} words"),
        )
        .help("for words anywhere in the article use AND, in a paragraph /p")),
        // `w/o`, `W/2-inch` and a lone slash are words.
        _ if named.is_none() => Ok(None),
        _ => Err(Diagnostic::error(
            start..start + text.len(),
            format!("`{name}/` needs a number of words, `s` or `p` behind it"),
        )
        .help(format!(
            "for example {name}/5, {name}/s (sentence) or {name}/p (paragraph)"
        ))),
    }
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))
        .flatten()
}
