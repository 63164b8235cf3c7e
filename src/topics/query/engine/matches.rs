//! Which queries hold for an article, and the words they rest on.

use std::ops::Range;
use std::sync::Arc;

use crate::topics::query::set::{About, QuerySet};

/// Where a word or phrase of a query stands in the published article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) leaf: u32,
    /// Index of the field in the document.
    pub(super) field: u16,
    /// Code points.
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Debug)]
pub(super) struct Scored {
    pub(super) score: f32,
    pub(super) places: Range<u32>,
}

/// A query that matched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) query: u32,
    pub(super) score: f32,
    pub(super) places: Range<u32>,
}

/// The queries of a set that hold for one article, by id.
#[derive(Debug, Clone)]
pub struct QueryMatches {
    pub(super) set: Arc<QuerySet>,
    pub(super) found: Vec<Found>,
    pub(super) places: Vec<Place>,
    pub(super) over: Vec<u32>,
    /// Queries that were looked at.
    pub candidates: usize,
}

/// One match.
#[derive(Debug, Clone, Copy)]
pub struct Match<'m> {
    matches: &'m QueryMatches,
    found: &'m Found,
}

/// A word or phrase that a match rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchEvidence<'m> {
    /// As it is written in the query.
    pub term: &'m str,
    /// Index of the field in the document.
    pub field: usize,
    /// Unicode code points in the published field: start.
    pub start: u32,
    /// End.
    pub end: u32,
}

impl QueryMatches {
    /// The matches, by id.
    pub fn iter(&self) -> impl Iterator<Item = Match<'_>> {
        self.found.iter().map(|found| Match {
            matches: self,
            found,
        })
    }

    /// How many queries match.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Ids of queries that were given up because they took too many steps: it is not known whether they match.
    pub fn over_budget(&self) -> impl Iterator<Item = &str> {
        self.over
            .iter()
            .filter_map(|&query| Some(self.set.about.get(query as usize)?.id.as_ref()))
    }

    /// The set that was matched.
    pub fn set(&self) -> &Arc<QuerySet> {
        &self.set
    }
}

impl<'m> Match<'m> {
    /// Id of the query.
    pub fn id(&self) -> &'m str {
        self.about().map_or("", |about| &about.id)
    }

    /// Label of the query.
    pub fn label(&self) -> &'m str {
        self.about().map_or("", |about| &about.label)
    }

    /// What is handed through.
    pub fn tags(&self) -> Option<&'m std::collections::BTreeMap<String, String>> {
        self.about()?.tags.as_deref()
    }

    /// Sum over the words and phrases that are there of boost × (1 + ln count), times the title boost where the first
    /// place is in the headline, divided by 1 + ln(words / 100) where there are more than 100.
    pub fn score(&self) -> f32 {
        self.found.score
    }

    /// First places of the words and phrases it rests on, in reading order.
    pub fn evidence(&self) -> impl Iterator<Item = MatchEvidence<'m>> + use<'m> {
        let set = &self.matches.set;
        let range = self.found.places.start as usize..self.found.places.end as usize;
        let places = self.matches.places.get(range).unwrap_or_default();
        places.iter().filter_map(|place| {
            Some(MatchEvidence {
                term: set.written(*set.leaves.get(place.leaf as usize)?),
                field: usize::from(place.field),
                start: place.start,
                end: place.end,
            })
        })
    }

    fn about(&self) -> Option<&'m About> {
        self.matches.set.about.get(self.found.query as usize)
    }
}
