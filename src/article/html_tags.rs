//! Which HTML elements part text, and the tags between two runs of text.

/// Elements that stand as paragraphs of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];

/// Elements whose content is no text of the page.
const DROPPED: &[&str] = &[
    "head", "iframe", "noscript", "script", "style", "svg", "template", "title",
];

/// Inline elements by which HTML is recognised, beside blocks and dropped ones.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "mark",
    "picture", "q", "s", "small", "span", "strong", "sub", "sup", "td", "th", "time", "u", "video",
];

/// Longest name of an element that means anything here, in bytes.
const MAX_NAME: usize = 10;

/// What a tag does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Begins or ends a paragraph.
    Paragraph,
    /// Begins a new line.
    Line,
    /// Parts two words.
    Space,
    /// Opens or closes an element whose content is dropped.
    Dropped,
    /// Nothing.
    None,
}

/// A start or end tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'h> {
    /// Name as written; compare without regard to case.
    pub(super) name: &'h str,
    pub(super) is_end: bool,
    /// Whether it ends in `/>`, which means something for SVG alone.
    pub(super) closes_itself: bool,
}

impl Tag<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// `names` are sorted and in lower case.
    fn is_one_of(&self, names: &[&str]) -> bool {
        let mut lower = [0; MAX_NAME];
        let Some(lower) = lower.get_mut(..self.name.len()) else {
            return false;
        };
        lower.copy_from_slice(self.name.as_bytes());
        lower.make_ascii_lowercase();
        names
            .binary_search_by(|name| name.as_bytes().cmp(lower))
            .is_ok()
    }

    pub(super) fn effect(&self) -> Effect {
        if self.is_one_of(BLOCKS) {
            Effect::Paragraph
        } else if self.is("br") {
            Effect::Line
        } else if self.is_one_of(&["option", "td", "th"]) {
            Effect::Space
        } else if self.is_one_of(DROPPED) {
            Effect::Dropped
        } else {
            Effect::None
        }
    }

    /// Whether it is a tag of HTML, rather than a less-than sign in plain text.
    pub(super) fn is_known(&self) -> bool {
        self.is_one_of(BLOCKS) || self.is_one_of(INLINE) || self.is_one_of(DROPPED)
    }
}

/// The tags in a piece of markup that holds no text: tags, comments and declarations only.
pub(super) fn tags(markup: &str) -> Tags<'_> {
    Tags { rest: markup }
}

/// See [`tags`].
pub(super) struct Tags<'h> {
    rest: &'h str,
}

impl<'h> Iterator for Tags<'h> {
    type Item = Tag<'h>;

    fn next(&mut self) -> Option<Tag<'h>> {
        loop {
            let (_, after) = self.rest.split_once('<')?;
            if let Some(comment) = after.strip_prefix("!--") {
                // `<!-->` is a comment as well.
                let end = comment
                    .find("-->")
                    .map(|at| at + 3)
                    .or(comment.starts_with('>').then_some(1));
                self.rest = end.and_then(|end| comment.get(end..)).unwrap_or_default();
                continue;
            }
            match opening(after) {
                None => self.rest = after,
                Some((name, is_end)) => {
                    let attributes = after
                        .get(usize::from(is_end) + name.len()..)
                        .unwrap_or_default();
                    let end = tag_end(attributes);
                    self.rest = attributes.get(end..).unwrap_or_default();
                    let closes_itself =
                        attributes.get(..end).is_some_and(|tag| tag.ends_with("/>"));
                    return Some(Tag {
                        name,
                        is_end,
                        closes_itself,
                    });
                }
            }
        }
    }
}

/// The name of the tag that begins after a `<`, and whether it is an end tag.
pub(super) fn opening(after: &str) -> Option<(&str, bool)> {
    let name = after.strip_prefix('/').unwrap_or(after);
    let is_end = name.len() < after.len();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let end = name
        .find(|char: char| char.is_ascii_whitespace() || char == '/' || char == '>')
        .unwrap_or(name.len());
    Some((name.get(..end)?, is_end))
}

/// The position after the `>` that closes a tag, given what follows its name. Quoted values may hold a `>`.
fn tag_end(attributes: &str) -> usize {
    let (mut quote, mut after_equals) = (None, false);
    for (at, byte) in attributes.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') if after_equals => (quote, after_equals) = (Some(byte), false),
            (None, b'=') => after_equals = true,
            (None, _) if byte.is_ascii_whitespace() => {}
            (None, _) => after_equals = false,
        }
    }
    attributes.len()
}

/// Longest stretch of a tag that is looked at to tell it from a less-than sign, in bytes.
const MAX_LOOK: usize = 200;

/// Whether a text holds at least one tag of HTML or a comment. `x < y`, `a<b and c>d` and `<unknown>` do not count.
pub(super) fn has_tags(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let after = text.get(at + 1..).unwrap_or_default();
        let doctype = || {
            after
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case("!doctype"))
        };
        after.starts_with("!--") || doctype() || is_tag(after)
    })
}

/// Whether what follows a `<` is the rest of a tag of HTML.
fn is_tag(after: &str) -> bool {
    // Bounds the work on a text of many `<`; any known name ends well before.
    let end = after
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= MAX_NAME + 1)
        .last()
        .unwrap_or(0);
    let Some((name, is_end)) = after.get(..end).and_then(opening) else {
        return false;
    };
    let tag = Tag {
        name,
        is_end,
        closes_itself: false,
    };
    let rest = after
        .as_bytes()
        .get(name.len() + usize::from(is_end)..)
        .unwrap_or_default();
    let has_attribute = || {
        rest.iter()
            .take(MAX_LOOK)
            .take_while(|byte| **byte != b'>')
            .any(|byte| *byte == b'=')
    };
    match rest.first() {
        Some(b'>' | b'/') => tag.is_known(),
        // A one-letter name may be a variable.
        Some(byte) if byte.is_ascii_whitespace() => {
            tag.is_known() && (name.len() > 1 || is_end || has_attribute())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(markup: &str) -> Vec<String> {
        tags(markup)
            .map(|tag| format!("{}{}", if tag.is_end { "/" } else { "" }, tag.name))
            .collect()
    }

    #[test]
    fn tags_are_told_from_attributes_and_comments() {
        assert_eq!(
            names("<p class=\"a>b\"><DIV\n id='<i>'></p ><br/>"),
            ["p", "DIV", "/p", "br"]
        );
        assert_eq!(
            names("<!-- <p> --><b><!--><i><!DOCTYPE html><!-- <u>"),
            ["b", "i"]
        );
        assert_eq!(
            names("<a b'><c>"),
            ["a", "c"],
            "a quote within a name quotes nothing"
        );
        assert_eq!(names("<p a=\"never closed><b>"), ["p"]);
        assert!(tags("<svg width=1 />").next().unwrap().closes_itself);
    }

    #[test]
    fn element_names_can_be_found() {
        for names in [BLOCKS, DROPPED, INLINE] {
            assert!(names.is_sorted());
            assert!(
                names
                    .iter()
                    .all(|name| name.len() <= MAX_NAME && name.to_ascii_lowercase() == *name)
            );
        }
    }

    #[test]
    fn html_is_recognised_conservatively() {
        for html in [
            "<p>a",
            "a<br>b",
            "a<br/>b",
            "a</div>",
            "<A HREF=x>a</A>",
            "x<h2\n>",
            "<!-- ad --> a",
            "<!DOCTYPE html>",
            "<img src=x>",
        ] {
            assert!(has_tags(html), "{html}");
        }
        for plain in [
            "",
            "x < y",
            "x <y> z",
            "a<b",
            "if a<b and c>d",
            "<<<",
            "<",
            "</",
            "I <3 you",
            "<unknown>",
            "<plant>",
            "<é>",
        ] {
            assert!(!has_tags(plain), "{plain}");
        }
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn any_text_is_harmless(text in any::<String>(), markup in "[<>/!\"'= a-cp-]{0,40}") {
            has_tags(&text);
            tags(&text).for_each(drop);
            has_tags(&markup);
            tags(&markup).for_each(drop);
        }
    }
}
