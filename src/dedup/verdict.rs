//! What dedup says of an article.

/// Whether and how an article is a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DedupStatus {
    /// First of its story in the window.
    Unique,
    /// The same text as an earlier article.
    Exact,
    /// Most of one story is in the other.
    Near,
    /// Quotes or contains another story; linked, not accused.
    Partial,
    /// A later version of the article with the same id or canonical URL.
    Update,
}

impl DedupStatus {
    /// Whether it is a copy. A later version is news, and so is a story that quotes another.
    pub fn is_duplicate(self) -> bool {
        matches!(self, Self::Exact | Self::Near)
    }

    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unique,
        Self::Exact,
        Self::Near,
        Self::Partial,
        Self::Update,
    ];

    /// The stable spelling in the enrichment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Partial => "partial",
            Self::Update => "update",
        }
    }
}

/// What showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DedupMethod {
    /// Same identifier.
    Id,
    /// Same canonical URL.
    Url,
    /// Same normalised content.
    Content,
    /// Shared shingles (near-duplicates).
    Shingles,
}

impl DedupMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Id, Self::Url, Self::Content, Self::Shingles];

    /// The stable spelling in the enrichment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Url => "url",
            Self::Content => "content",
            Self::Shingles => "shingles",
        }
    }
}

/// How much of each of two stories is in the other, 0 to 1, as a sample of its word sequences shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Share of this article's story that the earlier one covers.
    pub this: f32,
    /// Share of the earlier article's story that this one covers.
    pub of: f32,
}

/// The verdict on one article.
#[derive(Debug, Clone, PartialEq)]
pub struct DedupVerdict {
    /// Whether and how it is a copy.
    pub status: DedupStatus,
    /// Identifier of the cluster: that of its first article.
    pub cluster: String,
    /// Identifier of the earlier article; `None` when unique.
    pub of: Option<String>,
    /// What showed it; `None` when unique.
    pub method: Option<DedupMethod>,
    /// How alike they are, 0 to 1 in thousandths, by the larger of the two shares in common, where text that recurs on one
    /// source weighs less; `None` when unique, and for an update without shared text.
    pub similarity: Option<f32>,
    /// How much of each story is in the other, in thousandths; `None` where `similarity` is, or by equality alone.
    pub coverage: Option<Coverage>,
    /// Whether the position was known with another content (the topic was created anew).
    pub position_reused: bool,
}
