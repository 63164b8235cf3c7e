//! The cleaned article: zones of text, and tokens that know where they stand in the published field.

use std::ops::Range;

/// Which part of the article a text field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Headline.
    Title,
    /// Teaser or description: read only where the article has no body.
    Summary,
    /// Main text field.
    Body,
}

/// What a block of text is. Only [`ZoneKind::is_content`] kinds are analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ZoneKind {
    /// The headline.
    Title,
    /// First paragraph of the story.
    Lead,
    /// The story.
    Main,
    /// A cloud or list of keywords.
    KeywordCloud,
    /// A "read also" block and the article inside it.
    ReadAlso,
    /// A list of other articles' headlines.
    HeadlineList,
    /// A share, follow or subscribe line.
    Share,
    /// An embedded social-media post.
    EmbeddedPost,
    /// Author, agency or source line.
    Byline,
    /// A picture caption or credit.
    Caption,
    /// Copyright, cookie or terms line.
    Legal,
    /// A paragraph seen in several different articles of the same source (see [`Document::set_aside`]).
    Repeated,
}

impl ZoneKind {
    /// Whether stages read this zone.
    pub fn is_content(self) -> bool {
        matches!(self, Self::Title | Self::Lead | Self::Main)
    }

    /// The stable spelling in the enrichment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Lead => "lead",
            Self::Main => "main",
            Self::KeywordCloud => "keyword_cloud",
            Self::ReadAlso => "read_also",
            Self::HeadlineList => "headline_list",
            Self::Share => "share",
            Self::EmbeddedPost => "embedded_post",
            Self::Byline => "byline",
            Self::Caption => "caption",
            Self::Legal => "legal",
            Self::Repeated => "repeated",
        }
    }
}

/// A run of text of one kind within one field: usually a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: ZoneKind,
    /// Bytes of [`DocumentField::text`].
    pub bytes: Range<usize>,
    /// Unicode code points of the published field.
    pub span: Range<u32>,
    /// Tokens of the block, as indices into [`Document::tokens`]. Empty for furniture.
    pub tokens: Range<u32>,
    /// Why it was set aside: the marker phrase or the structural rule. `None` for content.
    pub reason: Option<String>,
}

/// One field of the article in reading order.
#[derive(Debug, Clone)]
pub struct DocumentField {
    /// Which part of the article it is.
    pub role: Role,
    /// JSON Pointer of the published field.
    pub pointer: String,
    /// The plain text (HTML already taken out).
    pub text: String,
    /// Blocks in order, without overlap.
    pub blocks: Vec<Block>,
}

/// A word, or one character of a script that is written without spaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Token {
    /// Bytes of the folded form in [`Document::folded`]: start.
    pub folded_start: u32,
    /// Bytes of the folded form: end.
    pub folded_end: u32,
    /// Index of the field in [`Document::fields`].
    pub field: u16,
    /// Code points in the published field: start.
    pub start: u32,
    /// Code points in the published field: end.
    pub end: u32,
    /// Whether it is one character of a script without spaces.
    pub single: bool,
    /// Whether the published word begins with an upper-case letter that its place does not ask for: it is neither the
    /// first word of its block nor the first of a sentence. In running text of most cased scripts that is a name; in
    /// headlines of some languages every word has it. Always `false` in scripts without case.
    pub capital: bool,
}

/// The article as every stage reads it.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Title, then summary, then body; absent ones are left out.
    pub fields: Vec<DocumentField>,
    /// Tokens of the content blocks in reading order.
    pub tokens: Vec<Token>,
    /// Folded forms, one after the other.
    pub folded: String,
    /// Code points of all fields.
    pub characters: u32,
    /// Whether the text limit cut the document.
    pub truncated: bool,
}

impl Document {
    /// The folded form of a token.
    pub fn form(&self, token: &Token) -> &str {
        self.folded
            .get(token.folded_start as usize..token.folded_end as usize)
            .unwrap_or_default()
    }

    /// Content blocks with their field, in reading order.
    pub fn content(&self) -> impl Iterator<Item = (&DocumentField, &Block)> {
        self.fields.iter().flat_map(|field| {
            field
                .blocks
                .iter()
                .filter(|block| block.kind.is_content())
                .map(move |block| (field, block))
        })
    }
}
