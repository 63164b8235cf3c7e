//! What queries are matched against.

use crate::article::{HtmlMap, RawArticle};
use crate::text::{Document, Role};

/// What of an article stands beside its text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Metadata<'a> {
    /// Address.
    pub url: Option<&'a str>,
    /// Host of the publication, lower case without `www.`.
    pub host: Option<&'a str>,
    /// Name of the publication.
    pub source_name: Option<&'a str>,
    /// Country of the publication, as declared.
    pub country: Option<&'a str>,
    /// Authors.
    pub authors: &'a [String],
    /// The publisher's tags.
    pub tags: &'a [String],
    body: Option<&'a HtmlMap>,
    summary: Option<&'a HtmlMap>,
}

impl<'a> Metadata<'a> {
    /// That of an article.
    pub fn of(article: &'a RawArticle<'_>) -> Self {
        Self {
            url: article.url.as_ref().map(|field| field.text.as_ref()),
            host: article.source.as_deref(),
            source_name: article.source_name.as_deref(),
            country: article.country.as_deref(),
            authors: &article.authors,
            tags: &article.tags,
            body: article
                .body
                .as_ref()
                .and_then(|text| Some(&text.extracted.as_ref()?.1)),
            summary: article
                .summary
                .as_ref()
                .and_then(|text| Some(&text.extracted.as_ref()?.1)),
        }
    }

    pub(super) fn map(&self, role: Role) -> Option<&'a HtmlMap> {
        match role {
            Role::Title => None,
            Role::Summary => self.summary,
            Role::Body => self.body,
        }
    }
}

/// What queries are matched against.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The text; only its content blocks are read.
    pub document: &'a Document,
    /// Language as BCP 47, `und` where it is not known.
    pub language: &'a str,
    /// Topics of the taxonomy that the article has: `medtop:…`.
    pub topics: &'a [&'a str],
    /// The rest.
    pub metadata: Metadata<'a>,
}
