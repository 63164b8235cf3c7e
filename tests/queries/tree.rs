//! Queries as the tests think of them, and how they are written.

/// Zones of the text, a bit each.
pub const TITLE: u8 = 1;
pub const LEAD: u8 = 2;
pub const MAIN: u8 = 4;
pub const ALL: u8 = 7;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance {
    Words(u32),
    Sentence,
    Paragraph,
}

#[derive(Debug, Clone)]
pub enum Tree {
    /// A word with `*` and `?`, a hashtag or an account name.
    Word(String),
    Phrase(Vec<String>, u32),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Near(Vec<Tree>, Vec<(bool, Distance)>),
    AtLeast(usize, Box<Tree>),
    Zoned(u8, Box<Tree>),
    Case(Box<Tree>),
    Raw(String),
    Stem(Box<Tree>),
    WholeWord(Box<Tree>),
    Meta(&'static str, String),
    /// Another query.
    Topic(String),
}

impl Tree {
    /// The query as its author would write it.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Phrase(words, slop) => {
                let tail = if *slop > 0 {
                    format!("~{slop}")
                } else {
                    String::new()
                };
                format!("\"{}\"{tail}", words.join(" "))
            }
            Self::And(parts) => join(parts, " AND "),
            Self::Or(parts) => join(parts, " OR "),
            Self::Not(inner) => format!("NOT {}", inner.grouped()),
            Self::Near(parts, ops) => {
                let mut text = parts[0].grouped();
                for (part, (ordered, distance)) in parts[1..].iter().zip(ops) {
                    let op = match (ordered, distance) {
                        (true, Distance::Words(n)) if n % 2 == 0 => format!("NEAR/{n}f"),
                        (true, Distance::Words(n)) => format!("ONEAR/{n}"),
                        (false, Distance::Words(n)) if n % 2 == 0 => format!("W/{n}"),
                        (false, Distance::Words(n)) => format!("NEAR/{n}"),
                        (true, Distance::Sentence) => "PRE/s".to_owned(),
                        (false, Distance::Sentence) => "/s".to_owned(),
                        (true, Distance::Paragraph) => "ONEAR/p".to_owned(),
                        (false, Distance::Paragraph) => "/p".to_owned(),
                    };
                    text += &format!(" {op} {}", part.grouped());
                }
                text
            }
            Self::AtLeast(count, inner) => format!("ATLEAST/{count}({})", inner.text()),
            Self::Zoned(zones, inner) => {
                let field = match *zones {
                    TITLE => "title",
                    LEAD => "lead",
                    _ => "body",
                };
                format!("{field}:({})", inner.text())
            }
            Self::Case(inner) => format!("CASE({})", inner.text()),
            Self::Raw(text) => format!("RAW(\"{text}\")"),
            Self::Stem(inner) => format!("STEM({})", inner.text()),
            Self::WholeWord(inner) => format!("WORD({})", inner.text()),
            Self::Meta(field, value) => format!("{field}:\"{value}\""),
            Self::Topic(id) => format!("topic:{id}"),
        }
    }

    fn grouped(&self) -> String {
        match self {
            Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Near(..) => {
                format!("({})", self.text())
            }
            _ => self.text(),
        }
    }
}

fn join(parts: &[Tree], between: &str) -> String {
    parts
        .iter()
        .map(Tree::grouped)
        .collect::<Vec<_>>()
        .join(between)
}
