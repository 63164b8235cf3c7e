//! The result: topics with the words they rest on.

use serde::Serialize;

/// Where a topic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicKind {
    /// A topic of the shipped taxonomy.
    Taxonomy,
    /// A topic the user defined by a query.
    Query,
}

/// A term in the text that speaks for a topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The term as it stands in the word list.
    pub term: String,
    /// JSON Pointer of the published field.
    pub field: String,
    /// Unicode code points in that field: start of the first place where the term is.
    pub start: u32,
    /// Unicode code points in that field: end.
    pub end: u32,
    /// Weight of the term for this topic in the word list, over 0 and up to 5.
    pub weight: f32,
    /// How often the term stands in the article, from 1.
    pub count: u32,
}

/// Why a topic that scored is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// The score is below the one that a setting asks for: `topics.threshold`, `topics.narrow_threshold` or
    /// `topics.min_score`.
    Score(&'static str),
    /// The broad topic of this label is not given itself.
    Broad(String),
    /// Others fill `topics.max_topics`.
    Full,
}

/// A topic of the article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicTag {
    /// For example `medtop:11000000`.
    pub id: String,
    /// English label.
    pub label: String,
    /// Where the topic comes from.
    pub kind: TopicKind,
    /// Sum over the distinct terms of weight × (1 + ln count), times the boost where the term is in the headline,
    /// divided by 1 + ln(words / 100) where there are more than 100 words. Over 0; comparable within a language.
    pub score: f32,
    /// The score that this topic needs in this article to become a tag.
    pub needed: f32,
    /// 0 to 1: how often a topic with such a score and share is right, as measured on labelled articles of the
    /// language (`taxonomy/calibration.tsv`).
    pub confidence: f32,
    /// First places of the terms it rests on, the weightiest term first; never empty.
    pub evidence: Vec<Evidence>,
    /// How many terms it rests on, those beyond [`super::TopicSettings::max_evidence`] too.
    #[serde(skip)]
    pub terms: usize,
    /// Why it is not given; `None` for a tag.
    #[serde(skip)]
    pub missed: Option<Missed>,
}

/// A topic that the publisher gave the article, by [`super::TopicSettings::categories`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublisherTopic {
    /// For example `medtop:15000000`.
    pub id: String,
    /// English label.
    pub label: String,
    /// The publisher's category as written.
    pub category: String,
}

/// What the tagger says of an article.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TopicTags {
    /// Highest score first, then by id. A narrow topic comes after its broad one.
    pub tags: Vec<TopicTag>,
    /// The highest topics that scored but stayed under a threshold; not part of the result.
    pub near_misses: Vec<TopicTag>,
    /// What the publisher says, apart from what was found; empty without [`super::TopicSettings::categories`].
    pub publisher: Vec<PublisherTopic>,
    /// Language of the word list that was used; `None` where there is none for the article.
    pub lexicon: Option<String>,
    /// Whether that list is a close relative's, because the language has none: see [`super::TopicSettings::related_lexicons`].
    pub related: bool,
}
