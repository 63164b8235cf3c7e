//! An article as the feed sends it: the parts that `tap` looks at.

use serde::Deserialize;

/// What came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Article {
    /// When it was committed, in milliseconds since 1970.
    pub at: i64,
    /// Of how many stories one is shown.
    pub one_in: u64,
    pub id: String,
    pub title: Option<Block>,
    pub source: Option<String>,
    pub source_name: Option<String>,
    pub blocks: Vec<Block>,
    pub enrichment: Option<Enrichment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Block {
    pub kind: String,
    pub text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Enrichment {
    pub dedup: Option<Dedup>,
    pub language: Option<Language>,
    pub topics: Vec<Topic>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dedup {
    pub status: String,
    pub of: Option<String>,
    pub method: Option<String>,
    pub coverage: Option<Coverage>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Coverage {
    pub this: f32,
    pub of: f32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Language {
    pub code: String,
    pub confidence: f32,
    pub reliable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Topic {
    pub id: String,
    pub label: String,
    pub evidence: Vec<Evidence>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Evidence {
    pub term: String,
}

impl Article {
    /// The blocks of the story, without furniture.
    pub fn story(&self) -> impl Iterator<Item = &str> {
        let content = ["lead", "main", "title"];
        let blocks = self.blocks.iter();
        blocks
            .filter(move |block| content.contains(&block.kind.as_str()))
            .map(|block| block.text.as_str())
    }

    /// The headline, or the beginning of the text.
    pub fn headline(&self) -> &str {
        let title = self.title.as_ref().map(|title| title.text.as_str());
        title
            .or_else(|| self.story().next())
            .or_else(|| self.blocks.first().map(|block| block.text.as_str()))
            .unwrap_or_default()
    }

    pub fn dedup(&self) -> Option<&Dedup> {
        self.enrichment.as_ref()?.dedup.as_ref()
    }

    pub fn language(&self) -> Option<&Language> {
        self.enrichment.as_ref()?.language.as_ref()
    }

    pub fn topics(&self) -> &[Topic] {
        self.enrichment
            .as_ref()
            .map_or(&[], |enrichment| enrichment.topics.as_slice())
    }
}
