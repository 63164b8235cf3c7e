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
    text.chunks(256).any(|chunk| {
        chunk
            .iter()
            .fold(false, |found, &byte| found | (byte == a) | (byte == b))
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(html: &str) -> String {
        let (text, map) =
            extract(html, false, 10_000).unwrap_or_else(|| panic!("not HTML: {html}"));
        check(html, &text, &map);
        text
    }

    /// Every character leads to a place in the published string, in order, and copied ones to themselves.
    fn check(source: &str, text: &str, map: &HtmlMap) {
        let points: Vec<char> = source.chars().collect();
        let mut last = 0..0;
        for (at, char) in text.char_indices() {
            let span = map.span(at..at + char.len_utf8());
            assert!(
                span.start <= span.end && span.end as usize <= points.len(),
                "{span:?} in {source}"
            );
            assert!(
                span.start >= last.start && span.end >= last.end,
                "{span:?} after {last:?} in {source}"
            );
            let published = &points[span.start as usize..span.end as usize];
            if !char.is_whitespace() && published.first() != Some(&'&') {
                assert_eq!(
                    published,
                    [char],
                    "at byte {at} of {text:?} from {source:?}"
                );
            }
            last = span;
        }
    }

    #[test]
    fn blocks_become_paragraphs_and_white_space_collapses() {
        assert_eq!(
            text("<h1>Zinsen</h1><p>Die  Bank\n hebt <b>den</b> Zins.</p>\n <p>Neu.</p>"),
            "Zinsen\n\nDie Bank hebt den Zins.\n\nNeu."
        );
        assert_eq!(
            text("eins<br>zwei<br/><br />drei</br>vier"),
            "eins\nzwei\n\ndreivier"
        );
        assert_eq!(
            text("<div><div> a </div></div>b<ul><li>c<li>d</ul>e"),
            "a\n\nb\n\nc\n\nd\n\ne"
        );
        assert_eq!(text("<tr><td>a</td><td>b</td></tr><tr><td>c"), "a b\n\nc");
        assert_eq!(text("a <span> b</span>\t<em>c</em>d"), "a b cd");
        assert_eq!(text("<pre>a\n  b</pre>  c   d"), "a\n  b\n\nc d");
        assert_eq!(text("<p>\u{a0}a\u{a0}\u{a0}b"), "\u{a0}a\u{a0}\u{a0}b");
    }

    #[test]
    fn what_is_no_text_of_the_page_is_dropped() {
        let html = "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body><!-- <p>no</p> -->\
            <script>if (a<b) {'<p>'}</script><p>ja</p><noscript><p>no</p></noscript><template><p>no</p></template>\
            <svg><text>no</text><svg/></svg><iframe src=x>no</iframe><p>auch</p></body></html>";
        assert_eq!(text(html), "ja\n\nauch");
        assert_eq!(
            text("<head><title>T</title><body><p>a"),
            "a",
            "the end tag of a head may be left out"
        );
        assert_eq!(text("<svg width=1 /><p>a"), "a");
        assert_eq!(text("<header>a</header><script>b"), "a");
    }

    #[test]
    fn character_references_are_decoded_with_their_place() {
        let html = "<p>AT&amp;T &lt;b&gt; caf&eacute; &#8217;&#x2019; &ampere; &nosuch; &";
        assert_eq!(
            text(html),
            "AT&T <b> café \u{2019}\u{2019} &ere; &nosuch; &"
        );
        assert_eq!(text("<p>a&#32;&#10;b&nbsp;c"), "a b\u{a0}c");
        let (text, map) = extract("<p>é&amp;ü</p>", false, 100).unwrap();
        assert_eq!(text, "é&ü");
        assert_eq!(
            (map.span(0..2), map.span(2..3), map.span(3..5)),
            (3..4, 4..9, 9..10)
        );
        assert_eq!(map.span(0..5), 3..10);
    }

    #[test]
    fn arabic_and_chinese_keep_their_places() {
        assert_eq!(
            text("<p>رفع  البنك</p><p>الفائدة</p>"),
            "رفع البنك\n\nالفائدة"
        );
        assert_eq!(text("<div>央行<b>加息</b></div>"), "央行加息");
        let (text, map) = extract("<p>رفع <b>البنك</b> 😀</p>", false, 100).unwrap();
        assert_eq!(text, "رفع البنك 😀");
        let bank = text.find("البنك").unwrap();
        assert_eq!(map.span(bank..bank + "البنك".len()), 10..15);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for plain in [
            "",
            "Zins",
            "x < y & z > w",
            "R&D",
            "AT&T;",
            "?a=1&copy=2",
            "line\n\nline",
            "&nosuch;",
        ] {
            assert_eq!(extract(plain, false, 100), None, "{plain}");
        }
        assert_eq!(
            extract("x < y", true, 100).unwrap().0,
            "x < y",
            "the publisher calls it HTML"
        );
        assert_eq!(extract("plain", true, 100), None);
    }

    #[test]
    fn escaped_plain_text_is_decoded_and_keeps_its_white_space() {
        let source = "AT&amp;T  a\n\n b &copy2 &ouml;x < y";
        assert_eq!(text(source), "AT&T  a\n\n b &copy2 öx < y");
        assert_eq!(text("It&#8217;s"), "It\u{2019}s");
    }

    #[test]
    fn extraction_stops_soon_after_the_limit() {
        let html = format!("<p>{}", "word &amp; <i>word</i> ".repeat(10_000));
        let (text, map) = extract(&html, false, 100).unwrap();
        assert!((101..200).contains(&text.chars().count()), "{}", text.len());
        check(&html, &text, &map);
        let (text, _) = extract(&format!("<p>{}", "a ".repeat(10_000)), false, 100).unwrap();
        assert!((101..200).contains(&text.len()));
    }

    #[test]
    fn hostile_html_is_harmless() {
        assert_eq!(text(&format!("{}a", "<p><b>".repeat(500_000))), "a");
        assert_eq!(
            text(&format!(
                "{}a",
                "<p>".repeat(500_000) + &"</b>".repeat(500_000)
            )),
            "a"
        );
        assert_eq!(
            text(&format!("<p>a<i x=\"{}\">b", "y".repeat(4_000_000))),
            "ab"
        );
        assert_eq!(text(&format!("<p>a{}", "<svg>".repeat(300_000))), "a");
        assert_eq!(text(&format!("<p>a{}", "<!--".repeat(300_000))), "a");
        assert!(text(&format!("<p>a{}", "&".repeat(9_000))).ends_with("&&"));
        let unfinished = format!("<p>a<i x=\"{}", "y".repeat(4_000_000));
        assert_eq!(extract(&unfinished, false, 100).unwrap().0, "a");
    }

    /// Markup, references and texts of several scripts in any order.
    fn soup() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "<p>",
            "</p>",
            "<br>",
            "<b",
            ">",
            "<div class='a>'>",
            "</div>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<svg>",
            "</svg>",
            "<pre>",
            "</pre>",
            "<textarea>",
            "<![CDATA[",
            "]]>",
            "<head>",
            "<body>",
            "&amp;",
            "&",
            "&#x41;",
            "&nbsp",
            ";",
            " ",
            "\n",
            "né",
            "رفع",
            "央行",
            "😀",
            "word",
            "<",
            "\"",
            "'",
            "=",
            "/",
            "\u{a0}",
            "<plaintext>",
            "<td>",
            "<title>",
            "\0",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(crate::article::testing::deterministic())]

        #[test]
        fn the_map_is_exact_on_any_markup(html in soup(), declared in any::<bool>(), max_chars in 1_usize..60) {
            if let Some((text, map)) = extract(&html, declared, max_chars) {
                check(&html, &text, &map);
            }
        }

        #[test]
        fn any_text_is_harmless(html in any::<String>(), from in 0_usize..99, to in 0_usize..99) {
            if let Some((text, map)) = extract(&format!("<p>{html}"), true, 1000) {
                check(&format!("<p>{html}"), &text, &map);
                map.span(from..to);
            }
        }
    }
}
