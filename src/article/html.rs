//! Plain text from HTML bodies.
//!
//! The HTML tokenizer of `lol_html` says where text stands, as browsers would see it; the markup between two runs of text
//! says how they are parted. Its tree of open elements is not used: real pages leave thousands of `<p>` open, and hostile
//! ones millions. Work and memory are linear in the input.

use std::ops::Range;

use lol_html::html_content::{TextChunk, TextType};
use lol_html::{DocumentContentHandlers, HtmlRewriter, MemorySettings, Settings};

use super::HtmlMap;
use super::html_entities::{decode, is_well_known, references};
use super::html_tags::{Effect, Tag, has_tags, tags};

/// What the tokenizer may take beside an unfinished tag or comment at the end of the input, which it holds back.
const TOKENIZER_BYTES: usize = 64 * 1024;

/// Plain text of a string that is HTML or holds character references, with a map back into the string; `None` where the string
/// is plain text already. `declared` says that the publisher calls it HTML. The text ends soon after `max_chars` characters.
///
/// Should the tokenizer give up, the string counts as plain text.
pub(super) fn extract(source: &str, declared: bool, max_chars: usize) -> Option<(String, HtmlMap)> {
    if !has_either(source.as_bytes(), b'<', b'&') {
        return None;
    }
    let mut extractor = Extractor::new(source, max_chars);
    if has_tags(source) || (declared && source.contains('<')) {
        tokenize(source, &mut extractor)?;
    } else if references(source).any(|reference| is_well_known(reference.1)) {
        extractor.preformatted = 1;
        extractor.strict_references = true;
        extractor.text(0..source.len());
    } else {
        return None;
    }
    Some((extractor.output, extractor.map))
}

/// Whether one of two bytes occurs. Vectorised: most bodies have neither.
fn has_either(text: &[u8], a: u8, b: u8) -> bool {
    // Bytes rather than booleans, and no early exit within a chunk: else the compiler goes byte by byte.
    let found = |chunk: &[u8]| {
        chunk.iter().fold(0, |found, &byte| {
            found | u8::from(byte == a) | u8::from(byte == b)
        })
    };
    text.chunks(256).any(|chunk| found(chunk) != 0)
}

/// Runs the tokenizer and hands every run of text to the extractor. `None` if the tokenizer gives up.
fn tokenize(source: &str, extractor: &mut Extractor<'_>) -> Option<()> {
    let mut run = Run {
        extractor,
        range: 0..0,
        is_text: false,
    };
    let on_text =
        |chunk: &mut TextChunk<'_>| run.chunk(chunk.source_location().bytes(), chunk.text_type());
    let memory = MemorySettings::new()
        .with_preallocated_parsing_buffer_size(0)
        .with_max_allowed_memory_usage(source.len().saturating_add(TOKENIZER_BYTES));
    let handlers = DocumentContentHandlers::default().text(on_text);
    let settings = Settings::new()
        .with_strict(false)
        .with_memory_settings(memory)
        .append_document_content_handler(handlers);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let result = rewriter
        .write(source.as_bytes())
        .and_then(|()| rewriter.end());
    run.flush();
    match result {
        Err(_) if !run.extractor.is_full() => None,
        _ => Some(()),
    }
}

/// The run of text being collected: the tokenizer hands out long runs in pieces, which may end within a character reference.
struct Run<'e, 's> {
    extractor: &'e mut Extractor<'s>,
    range: Range<usize>,
    is_text: bool,
}

impl Run<'_, '_> {
    fn chunk(&mut self, bytes: Range<usize>, kind: TextType) -> lol_html::HandlerResult {
        let is_text = !matches!(kind, TextType::ScriptData | TextType::RawText);
        if bytes.start == self.range.end && is_text == self.is_text {
            self.range.end = bytes.end;
            return Ok(());
        }
        self.flush();
        (self.range, self.is_text) = (bytes, is_text);
        match self.extractor.is_full() {
            true => Err("enough text".into()),
            false => Ok(()),
        }
    }

    fn flush(&mut self) {
        let range = std::mem::take(&mut self.range);
        if !range.is_empty() {
            self.extractor.markup_until(range.start);
            if self.is_text {
                self.extractor.text(range);
            } else {
                self.extractor.read = range.end;
            }
        }
    }
}

/// What parts the next character from the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Paragraph,
}

/// Collects the text and its map.
struct Extractor<'s> {
    source: &'s str,
    output: String,
    map: HtmlMap,
    max_chars: usize,
    /// Characters in `output`.
    chars: usize,
    /// Bytes of the source that are dealt with.
    read: usize,
    /// A place in the source as bytes and as code points; it only moves forward.
    cursor: (usize, u32),
    gap: Gap,
    /// Open `<pre>` elements.
    preformatted: usize,
    /// Whether character references need their semicolon, as in plain text.
    strict_references: bool,
    /// The element being dropped, and how many of its name are open.
    dropped: Option<(&'s str, usize)>,
}

impl<'s> Extractor<'s> {
    fn new(source: &'s str, max_chars: usize) -> Self {
        Self {
            source,
            output: String::with_capacity(source.len().min(max_chars)),
            map: HtmlMap::default(),
            max_chars,
            chars: 0,
            read: 0,
            cursor: (0, 0),
            gap: Gap::None,
            preformatted: 0,
            strict_references: false,
            dropped: None,
        }
    }

    /// Whether there is more text than will be analysed.
    fn is_full(&self) -> bool {
        self.chars > self.max_chars
    }

    /// The place of a byte of the source in code points.
    fn point(&mut self, byte: usize) -> u32 {
        let passed = self.source.get(self.cursor.0..byte).unwrap_or_default();
        self.cursor = (
            self.cursor.0.max(byte),
            self.cursor.1 + passed.chars().count() as u32,
        );
        self.cursor.1
    }

    /// Deals with the markup up to a byte of the source.
    fn markup_until(&mut self, end: usize) {
        let markup = self.source.get(self.read..end).unwrap_or_default();
        self.read = end;
        for tag in tags(markup) {
            self.tag(tag);
        }
    }

    fn tag(&mut self, tag: Tag<'s>) {
        if let Some((name, open)) = self.dropped {
            let open = match (tag.is(name), tag.is_end) {
                (true, true) => open.saturating_sub(1),
                (true, false) => open + usize::from(!tag.closes_itself),
                // The end tag of a head may be left out.
                (false, _) => {
                    open * usize::from(!(name.eq_ignore_ascii_case("head") && tag.is("body")))
                }
            };
            self.dropped = (open > 0).then_some((name, open));
            return;
        }
        match tag.effect() {
            Effect::Paragraph => self.gap = Gap::Paragraph,
            // Two line breaks are how many pages write a paragraph.
            Effect::Line if !tag.is_end => {
                self.gap = if self.gap >= Gap::Line {
                    Gap::Paragraph
                } else {
                    Gap::Line
                }
            }
            Effect::Space => self.gap = self.gap.max(Gap::Space),
            Effect::Dropped if tag.is_end || (tag.closes_itself && tag.is("svg")) => {}
            Effect::Dropped => self.dropped = Some((tag.name, 1)),
            Effect::Line | Effect::None => {}
        }
        if tag.is("pre") {
            self.preformatted = match tag.is_end {
                true => self.preformatted.saturating_sub(1),
                false => self.preformatted + 1,
            };
        }
    }

    /// Takes a run of text.
    fn text(&mut self, range: Range<usize>) {
        self.read = range.end;
        let source = self.source;
        let Some(text) = source.get(range.clone()) else {
            return;
        };
        if self.dropped.is_some() {
            return;
        }
        let mut done = 0;
        for (at, reference) in references(text) {
            if at < done {
                continue;
            }
            let Some((decoded, length)) = decode(reference, self.strict_references) else {
                continue;
            };
            self.plain(text.get(done..at).unwrap_or_default(), range.start + done);
            self.decoded(&decoded, range.start + at, length);
            done = at + length;
            if self.is_full() {
                return;
            }
        }
        self.plain(text.get(done..).unwrap_or_default(), range.start + done);
    }

    /// Text without character references.
    fn plain(&mut self, text: &str, mut at: usize) {
        for piece in text.split_inclusive(is_space) {
            let word = if self.preformatted > 0 {
                piece
            } else {
                piece.trim_end_matches(is_space)
            };
            if !word.is_empty() {
                self.copy(word, at);
            }
            if word.len() < piece.len() {
                self.gap = self.gap.max(Gap::Space);
            }
            at += piece.len();
            if self.is_full() {
                return;
            }
        }
    }

    /// Copies a word that stands at a byte of the source.
    fn copy(&mut self, word: &str, at: usize) {
        let point = self.point(at);
        self.part(point);
        self.output.push_str(word);
        if word.is_ascii() {
            self.map.copied(point, word.len() as u32, 1);
            self.chars += word.len();
            return;
        }
        for (point, char) in (point..).zip(word.chars()) {
            self.map.copied(point, 1, char.len_utf8() as u8);
            self.chars += 1;
        }
    }

    /// Puts in what a character reference of `length` bytes at a byte of the source stands for.
    fn decoded(&mut self, text: &str, at: usize, length: usize) {
        if text.chars().all(is_space) && self.preformatted == 0 {
            self.gap = self.gap.max(Gap::Space);
            return;
        }
        let point = self.point(at);
        self.part(point);
        let points = self.point(at + length).saturating_sub(point);
        self.map.made(point, points, text.len());
        self.output.push_str(text);
        self.chars += text.chars().count();
    }

    /// Parts the next character, which stands at `point`, from the last one.
    fn part(&mut self, point: u32) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        let separator = match gap {
            _ if self.output.is_empty() => return,
            Gap::None => return,
            Gap::Space => " ",
            Gap::Line => "\n",
            Gap::Paragraph => "\n\n",
        };
        let from = self.map.end();
        match (gap, point.saturating_sub(from)) {
            (Gap::Space, 1) => self.map.copied(from, 1, 1),
            (_, points) => self.map.made(from, points, separator.len()),
        }
        self.output.push_str(separator);
        self.chars += separator.len();
    }
}

/// White space as HTML collapses it; a no-break space is not among it.
fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
