//! A query as it was written, before anything is looked up or folded.

use std::ops::Range;

/// A part of a query and where it stands in the text.
#[derive(Debug, Clone)]
pub struct Node<'q> {
    /// Bytes of the query text.
    pub span: Range<usize>,
    /// What stands there.
    pub expr: Expr<'q>,
}

/// Nodes are equal when they say the same, wherever they stand.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

/// What a part of a query says. Words and phrases are slices of the query text with their escapes.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<'q> {
    /// At least one part holds.
    Or(Vec<Node<'q>>),
    /// All parts hold.
    And(Vec<Node<'q>>),
    /// The part does not hold.
    Not(Box<Node<'q>>),
    /// Parts that stand near each other; each is held to the one before it.
    Near(Box<Node<'q>>, Vec<(NearOp, Node<'q>)>),
    /// A word, perhaps with wildcards, a hashtag or an account name.
    Word(&'q str),
    /// Words in a row.
    Phrase(Phrase<'q>),
    /// The part is looked for in one field.
    Field(Field, Box<Node<'q>>),
    /// A function around a part.
    Call(Call, Box<Node<'q>>),
    /// The part counts more or less in the score.
    Boost(f32, Box<Node<'q>>),
}

/// A quoted phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase<'q> {
    /// What stands between the quotation marks.
    pub text: &'q str,
    /// How many moves of a word by one place are allowed, as in Lucene; 0: the words stand in a row.
    pub slop: u32,
    /// Whether a `*` stands before the opening mark: the first word is open at its front.
    pub open_start: bool,
    /// Whether a `*` stands after the closing mark: the last word is open at its end.
    pub open_end: bool,
}

/// How near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NearOp {
    /// Whether the left part must come first.
    pub ordered: bool,
    /// The distance.
    pub within: Within,
}

/// A distance between two places of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Within {
    /// So many words at most stand between.
    Words(u32),
    /// Both stand in one sentence.
    Sentence,
    /// Both stand in one paragraph.
    Paragraph,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `ATLEAST/n`: at least so many places.
    AtLeast(u32),
    /// `CASE`: capital and small letters as written.
    Case,
    /// `RAW`: the text as published, punctuation included.
    Raw,
    /// `STEM`: all forms of the words, by the rules of the article's language.
    Stem,
    /// `WORD`: in scripts without spaces, only where a word begins and ends.
    Word,
}

/// A field of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Headline.
    Title,
    /// Lead and main text.
    Body,
    /// First paragraph of the story.
    Lead,
    /// Detected language.
    Lang,
    /// Host or name of the publication.
    Source,
    /// Country of the publication.
    Country,
    /// Authors.
    Author,
    /// Address of the article.
    Url,
    /// The publisher's own tags.
    Tag,
    /// A topic of the taxonomy, or another query.
    Topic,
}

impl Field {
    /// All fields, as they are listed to users.
    pub const ALL: [Self; 10] = [
        Self::Title,
        Self::Body,
        Self::Lead,
        Self::Lang,
        Self::Source,
        Self::Country,
        Self::Author,
        Self::Url,
        Self::Tag,
        Self::Topic,
    ];

    /// The name in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Lead => "lead",
            Self::Lang => "lang",
            Self::Source => "source",
            Self::Country => "country",
            Self::Author => "author",
            Self::Url => "url",
            Self::Tag => "tag",
            Self::Topic => "topic",
        }
    }

    /// Whether it is text of the article, in which words have neighbours.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Title | Self::Body | Self::Lead)
    }
}
