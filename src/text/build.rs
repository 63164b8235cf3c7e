//! From the published fields to the document that every stage reads.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::cuts::cut_lines;
use super::document::{Block, Document, DocumentField, Role, Token};
use super::markers::{MarkerError, Markers};
use super::page::{Line, Page};
use super::zones::{Zone, classify, plain};
use crate::article::{Field, HtmlMap, RawArticle, TextField};

/// How articles are cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TextSettings {
    /// Whether furniture (keyword clouds, "read also" blocks, headline lists …) is told apart from the story. If not,
    /// all text is main text.
    pub zones: bool,
}

impl Default for TextSettings {
    fn default() -> Self {
        Self { zones: true }
    }
}

/// Why the text stage cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The marker phrases are not usable.
    #[error(transparent)]
    Markers(#[from] MarkerError),
}

/// Makes documents of articles. Built once; then it cannot fail.
#[derive(Debug)]
pub struct DocumentBuilder {
    markers: Markers,
    zones: bool,
}

impl DocumentBuilder {
    /// Reads the marker phrases.
    ///
    /// # Errors
    ///
    /// When the phrases that the program ships are damaged.
    pub fn new(settings: &TextSettings) -> Result<Self, TextError> {
        Ok(Self {
            markers: Markers::shipped()?,
            zones: settings.zones,
        })
    }

    /// Cleans and zones an article: title, then body, or summary where there is no body with a word in it.
    ///
    /// At most `text_chars` code points are read over all fields; [`Document::truncated`] says when there were more.
    /// Links, mail addresses and account names are part of the blocks but have no tokens; the words of hashtags do.
    pub fn build(&self, article: &RawArticle<'_>, text_chars: usize) -> Document {
        let mut document = Document::default();
        let mut budget = u32::try_from(text_chars).unwrap_or(u32::MAX);
        if let Some(title) = &article.title {
            let source = Source {
                role: Role::Title,
                field: title,
                text: &title.text,
                map: None,
            };
            self.add(&mut document, &source, &mut budget);
        }
        let body = article
            .body
            .as_ref()
            .map(|body| Source::of(Role::Body, body))
            .filter(Source::has_word);
        let text = body.or_else(|| {
            article
                .summary
                .as_ref()
                .map(|summary| Source::of(Role::Summary, summary))
        });
        if let Some(source) = text {
            self.add(&mut document, &source, &mut budget);
        }
        document
    }

    fn add(&self, document: &mut Document, source: &Source<'_>, budget: &mut u32) {
        let text = cut(source.text, *budget);
        document.truncated |= text.len() < source.text.len();
        let mut page = Page::read(text);
        let zones = match source.role {
            Role::Title => page.lines.iter().map(|_| Zone::title()).collect(),
            Role::Summary | Role::Body if self.zones => {
                // So far the document holds the title.
                let title = document.tokens.iter().map(|token| document.form(token));
                let title: Vec<&str> = title.collect();
                cut_lines(&mut page, &self.markers, &title);
                classify(&page, &self.markers, &title)
            }
            Role::Summary | Role::Body => plain(&page),
        };
        *budget -= page.characters.min(*budget);
        document.characters = document.characters.saturating_add(page.characters);
        document.tokens.reserve(page.words.len());
        let mut writer = Writer {
            map: source.map,
            field: document.fields.len(),
            document,
        };
        let blocks = page
            .lines
            .iter()
            .zip(zones)
            .map(|(line, zone)| writer.block(&page, line, zone))
            .collect();
        document.fields.push(DocumentField {
            role: source.role,
            pointer: source.field.pointer.clone(),
            text: text.to_owned(),
            blocks,
        });
    }
}

/// A field to read: the plain text and where it comes from.
struct Source<'a> {
    role: Role,
    field: &'a Field<'a>,
    text: &'a str,
    map: Option<&'a HtmlMap>,
}

impl<'a> Source<'a> {
    fn of(role: Role, text: &'a TextField<'a>) -> Self {
        match &text.extracted {
            Some((plain, map)) => Self {
                role,
                field: &text.field,
                text: plain,
                map: Some(map),
            },
            None => Self {
                role,
                field: &text.field,
                text: &text.field.text,
                map: None,
            },
        }
    }

    fn has_word(&self) -> bool {
        self.text.contains(char::is_alphanumeric)
    }
}

/// Writes blocks and tokens into the document.
struct Writer<'a> {
    map: Option<&'a HtmlMap>,
    field: usize,
    document: &'a mut Document,
}

impl Writer<'_> {
    fn block(&mut self, page: &Page<'_>, line: &Line, zone: Zone) -> Block {
        let first = self.count();
        if zone.kind.is_content() {
            self.tokens(page, line);
        }
        Block {
            kind: zone.kind,
            bytes: line.bytes.clone(),
            span: span(
                self.map,
                &(index(line.bytes.start)..index(line.bytes.end)),
                &line.points,
            ),
            tokens: first..self.count(),
            reason: zone.reason,
        }
    }

    fn tokens(&mut self, page: &Page<'_>, line: &Line) {
        let field = u16::try_from(self.field).unwrap_or(u16::MAX);
        let words = page.line_words(line);
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return;
        };
        // The forms of a line lie one after the other: they move together.
        let from = first.form.start;
        let shift = index(self.document.folded.len());
        let forms = from as usize..last.form.end as usize;
        self.document
            .folded
            .push_str(page.folded.get(forms).unwrap_or_default());
        let map = self.map;
        self.document.tokens.extend(words.iter().map(|word| {
            let span = span(map, &word.bytes, &word.points);
            Token {
                folded_start: word.form.start - from + shift,
                folded_end: word.form.end - from + shift,
                field,
                start: span.start,
                end: span.end,
                single: word.single,
                capital: word.capital,
            }
        }));
    }

    fn count(&self) -> u32 {
        index(self.document.tokens.len())
    }
}

/// Code points of the published field.
fn span(map: Option<&HtmlMap>, bytes: &Range<u32>, points: &Range<u32>) -> Range<u32> {
    map.map_or_else(
        || points.clone(),
        |map| map.span(bytes.start as usize..bytes.end as usize),
    )
}

/// Positions fit: a message is bounded to far less than 4 GiB.
pub(super) fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The first `limit` code points of `text`.
fn cut(text: &str, limit: u32) -> &str {
    let limit = limit as usize;
    if text.len() <= limit {
        return text;
    }
    let end = text
        .char_indices()
        .nth(limit)
        .map_or(text.len(), |(byte, _)| byte);
    text.get(..end).unwrap_or(text)
}
