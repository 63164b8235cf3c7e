//! Text for people: foreign text made harmless, columns that line up, colours only on a terminal.

use std::fmt::Write as _;

/// Foreign text for a terminal: control and format characters, with which a text could move the cursor, change colours
/// or turn the direction of a line, become visible escapes; line breaks become spaces.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if is_hostile(c) => write!(out, "\\u{{{:x}}}", u32::from(c)).unwrap_or_default(),
            c => out.push(c),
        }
    }
    out
}

/// Zero-width joiners belong to the spelling of Persian and of Indic scripts and stay.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON for a terminal: what [`safe`] makes visible becomes JSON's own escapes, so that the value stays the same.
pub fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if !is_hostile(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").unwrap_or_default();
        }
    }
    out
}

/// At most `width` columns of it, with an ellipsis where something is left out.
pub fn fit(text: &str, width: usize) -> String {
    let text = safe(text);
    if columns(&text) <= width {
        return text;
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = column(c);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.push('…');
    out
}

/// The text and the spaces that fill it up to `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let fill = width.saturating_sub(columns(&text));
    format!("{text}{}", " ".repeat(fill))
}

/// Columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// Columns of a character on common terminals: two for East Asian wide ones, none for combining marks.
fn column(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f
        | 0x0483..=0x0489
        | 0x0591..=0x05bd
        | 0x064b..=0x065f
        | 0x0670
        | 0x200c
        | 0x200d => 0,
        0x0900..=0x0902 | 0x093c | 0x0941..=0x0948 | 0x094d => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => {
            2
        }
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colours when `terminal` says so and `NO_COLOR` is not set.
    pub fn new(terminal: bool) -> Self {
        Self {
            on: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Less important.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Good.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Worth a look.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Bad.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Found.
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        assert_eq!(safe("a\x1b[31mb\nc\u{202e}d"), "a\\u{1b}[31mb c\\u{202e}d");
        assert_eq!(safe("می\u{200c}خواهم"), "می\u{200c}خواهم");
        assert!(!safe("\u{9b}31m").contains('\u{9b}'));
    }

    #[test]
    fn json_stays_what_it_is() {
        let text = "a\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}\u{61c}\"\\ \u{2028}می\u{200c}خواهم";
        let json = serde_json::to_string(text).unwrap();
        let safe = safe_json(&json);
        assert!(!safe.chars().any(is_hostile), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        /// Nothing that drives a terminal comes through, whatever the text; and JSON keeps its value.
        #[test]
        fn no_control_reaches_the_terminal(text in any::<String>(), mixed in "[\\PC\\x00-\\x1f\\x7f-\\u{9f}\u{61c}\u{200e}-\u{202e}\u{2066}-\u{2069}\u{e0020}-\u{e007f}]{0,40}", width in 0_usize..60) {
            for text in [text, mixed] {
                let shown = safe(&text);
                prop_assert!(!shown.chars().any(is_hostile), "{:?}", shown);
                prop_assert!(!fit(&text, width).chars().any(is_hostile));
                prop_assert!(!padded(&text, width).chars().any(is_hostile));
                let json = safe_json(&serde_json::to_string(&text).unwrap());
                prop_assert!(!json.chars().any(is_hostile), "{:?}", json);
                prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }

        #[test]
        fn nothing_is_wider_than_asked(text in any::<String>(), width in 1_usize..60) {
            prop_assert!(columns(&fit(&text, width)) <= width);
            prop_assert_eq!(columns(&padded(&text, width)), width);
        }
    }

    #[test]
    fn columns_line_up_in_every_script() {
        assert_eq!(padded("ab", 4), "ab  ");
        assert_eq!(padded("北京", 5), "北京 ");
        assert_eq!(fit("北京新闻", 5), "北京…");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(padded("é\u{301}", 2), "é\u{301} ");
    }
}
