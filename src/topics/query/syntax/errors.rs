//! What is wrong with a query, shown under the place where it is wrong.

use std::fmt;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The query cannot be used.
    Error,
    /// The query is used, but perhaps not as its author means it.
    Warning,
}

/// Something to say about a place in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Bytes of the query text.
    pub span: Range<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, message)
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Line and column in `source`, both from 1; columns count code points.
    pub fn place(&self, source: &str) -> (usize, usize) {
        let start = boundary(source, self.span.start);
        let before = source.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// The diagnostic with the line of the query it is about and a caret under the place, where there is a query. Ends in
    /// a line end.
    pub fn render(&self, source: &str) -> String {
        let (line, column) = self.place(source);
        let text = source.lines().nth(line - 1).unwrap_or_default();
        let (before, from) = window(text, column - 1);
        let start = boundary(source, self.span.start);
        let end = boundary(source, self.span.end.max(start));
        let marked = source.get(start..end).unwrap_or_default();
        let width = marked
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            .clamp(1, WINDOW);
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = format!("{kind} at {line}:{column}: {}\n", self.message);
        if !source.is_empty() {
            out += &format!("  | {before}\n");
            out += &format!("  | {}{}\n", " ".repeat(from), "^".repeat(width));
        }
        if let Some(help) = &self.help {
            out += &format!("  = {help}\n");
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// Code points of a line that are shown.
const WINDOW: usize = 76;

/// The part of a line around a column (from 0), without control characters, and where the column is in it.
fn window(line: &str, column: usize) -> (String, usize) {
    let skip = column.saturating_sub(WINDOW / 2);
    let shown: String = line
        .chars()
        .skip(skip)
        .take(WINDOW)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    (shown, column - skip)
}

/// The nearest character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let source = "النفط OR\n(oil AND gass";
        let at = source.find("gass").unwrap();
        let diagnostic = Diagnostic::error(at..at + 4, "no such word").help("write `gas`");
        assert_eq!(diagnostic.place(source), (2, 10));
        assert_eq!(
            diagnostic.render(source),
            "error at 2:10: no such word\n  | (oil AND gass\n  |          ^^^^\n  = write `gas`\n"
        );
    }

    #[test]
    fn nothing_has_no_caret() {
        let diagnostic = Diagnostic::error(0..0, "the query is empty").help("write a word");
        assert_eq!(
            diagnostic.render(""),
            "error at 1:1: the query is empty\n  = write a word\n"
        );
    }

    #[test]
    fn any_place_can_be_rendered() {
        for (start, end) in [(0, 0), (3, 1), (1, 2), (90, 99)] {
            let span = start..end;
            let text = Diagnostic::warning(span, "x").render("é\u{7}漢");
            assert!(text.contains('^') && !text.contains('\u{7}'), "{text}");
        }
    }
}
