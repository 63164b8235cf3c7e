//! Whose spelling a query follows.

use serde::{Deserialize, Serialize};

/// The style a query is written in. Styles share the grammar; each differs where its product reads the same text
/// otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// This program's own: Lucene classic syntax with NEAR and the rest.
    #[default]
    Lucene,
    /// Meltwater: operators in small letters too.
    Meltwater,
    /// Brandwatch: `{…}` for capitals, `<<<…>>>` for comments, `site:`, `language:`.
    Brandwatch,
    /// Talkwalker: `site:` and `lang:` repeated side by side are alternatives.
    Talkwalker,
}

impl Dialect {
    /// All styles, as they are listed to users.
    pub const ALL: [Self; 4] = [
        Self::Lucene,
        Self::Meltwater,
        Self::Brandwatch,
        Self::Talkwalker,
    ];

    /// The name in query files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lucene => "lucene",
            Self::Meltwater => "meltwater",
            Self::Brandwatch => "brandwatch",
            Self::Talkwalker => "talkwalker",
        }
    }

    /// Whether `and`, `or`, `not`, `near` are operators in small letters too.
    pub(super) fn small_operators(self) -> bool {
        self == Self::Meltwater
    }
}
