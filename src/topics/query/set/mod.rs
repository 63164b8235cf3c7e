//! A set of queries, ready to be matched. It never changes; a reload makes another one.

mod anchors;
mod compile;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::definition::Sourced;
use super::engine::Scratch;
use super::leaf::PhraseTable;
use super::program::Programs;
use super::syntax::{Diagnostic, Severity};
use super::vocabulary::{TermId, Vocabulary};
use compile::{Compiler, in_order};

/// How a set is matched.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryOptions {
    /// Most places shown as evidence for one match.
    pub max_evidence: usize,
    /// By how much a word counts more in the score when it is in the headline.
    pub title_boost: f32,
    /// Steps of work (places in the text that are looked at) one query may take on one article.
    pub query_steps: u64,
    /// The same for all queries together.
    pub article_steps: u64,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            max_evidence: 10,
            title_boost: 2.0,
            query_steps: 2_000_000,
            article_steps: 20_000_000,
        }
    }
}

/// Something to say about a query of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryProblem {
    /// Id of the query; empty where the line has none.
    pub id: String,
    /// File, or `topic NAME`.
    pub file: String,
    /// Line from 1; 0: no lines.
    pub line: usize,
    /// The text of the query, which the places refer to.
    pub query: String,
    /// What it is. A query with an error is not in the set.
    pub diagnostic: Diagnostic,
}

impl QueryProblem {
    /// Whether the query cannot be used.
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }

    /// File, line and id in one line, then the place in the query under it.
    pub fn render(&self) -> String {
        let line = match self.line {
            0 => String::new(),
            line => format!(":{line}"),
        };
        let id = if self.id.is_empty() {
            "(no id)"
        } else {
            &self.id
        };
        format!(
            "{}{line}: query {id}\n{}",
            self.file,
            self.diagnostic.render(&self.query)
        )
    }
}

/// What is needed of a query while it is matched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Its program.
    pub(super) code: u32,
    /// Its leaves: from here up to those of the next.
    pub(super) leaves: u32,
    /// Which articles it looks at, by language.
    pub(super) filter: u16,
    /// How many queries its references lead through.
    pub(super) level: u16,
    /// The term under which others refer to it, or [`NONE`].
    pub(super) reference: TermId,
    pub(super) min_score: f32,
}

pub(super) const NONE: u32 = u32::MAX;

/// A word or phrase of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    /// Its place in the program.
    pub(super) at: u32,
    /// Where it is written, in the text of all queries.
    pub(super) start: u32,
    pub(super) length: u32,
}

/// What is needed of a query when it has matched.
#[derive(Debug)]
pub(super) struct About {
    pub(super) id: Box<str>,
    pub(super) label: Box<str>,
    #[expect(
        clippy::box_collection,
        reason = "nearly all queries have no tags, and there are many queries"
    )]
    pub(super) tags: Option<Box<BTreeMap<String, String>>>,
}

/// A set of queries.
#[derive(Debug)]
pub struct QuerySet {
    pub(super) options: QueryOptions,
    pub(super) vocabulary: Vocabulary,
    pub(super) programs: Programs,
    pub(super) phrases: PhraseTable,
    /// In the order of their ids.
    pub(super) heads: Vec<Head>,
    pub(super) about: Vec<About>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) boosts: HashMap<u32, f32>,
    /// The text of all queries.
    pub(super) texts: String,
    /// Languages by filter; the first lets everything through.
    pub(super) filters: Vec<Vec<TermId>>,
    /// By term: where its queries begin.
    anchor_starts: Vec<u32>,
    anchor_queries: Vec<u32>,
    pub(super) levels: u16,
    generation: String,
    /// In how many of the sampled articles a term was.
    pub(super) seen: Vec<AtomicU32>,
    pub(super) sampled: AtomicU32,
    #[expect(
        clippy::vec_box,
        reason = "they are taken out and put back, and are large"
    )]
    pub(super) scratch: Mutex<Vec<Box<Scratch>>>,
}

/// A set and what is to be said of its queries.
#[derive(Debug)]
pub struct Compiled {
    /// The queries that can be used.
    pub set: QuerySet,
    /// Errors and warnings, in the order of the definitions.
    pub problems: Vec<QueryProblem>,
    /// Queries that were left out because of an error.
    pub disabled: usize,
}

impl QuerySet {
    /// Compiles definitions. A bad one disables itself only. Where two have the same id, the last one counts.
    /// `before` is the set that is replaced: what it learned of how frequent words are is used again.
    pub fn compile(
        definitions: Vec<Sourced>,
        options: &QueryOptions,
        before: Option<&Self>,
    ) -> Compiled {
        let mut said = Vec::new();
        let mut left = in_order(definitions, &mut said);
        let compiler = Compiler::new(options).all(&mut left, &mut said);
        let set = compiler.finish(&left, before);
        said.sort_by_key(|(order, _)| *order);
        let errors: HashSet<usize> = said
            .iter()
            .filter(|(_, problem)| problem.is_error())
            .map(|(order, _)| *order)
            .collect();
        Compiled {
            set,
            disabled: errors.len(),
            problems: said.into_iter().map(|(_, problem)| problem).collect(),
        }
    }

    /// A set without queries.
    pub fn empty(options: &QueryOptions) -> Self {
        Self::compile(Vec::new(), options, None).set
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// A short hash of all definitions in the set: it changes exactly when one of them does.
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// The queries that have a term among those of which one must be in an article.
    #[inline]
    pub(super) fn anchored(&self, term: TermId) -> &[u32] {
        let start = self.anchor_starts.get(term as usize).copied();
        let end = self.anchor_starts.get(term as usize + 1).copied();
        match (start, end) {
            (Some(start), Some(end)) => self
                .anchor_queries
                .get(start as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    /// The number of the query with an id.
    pub(super) fn number(&self, id: &str) -> Option<u32> {
        let found = self
            .about
            .binary_search_by(|about| about.id.as_ref().cmp(id));
        found.ok().map(|number| number as u32)
    }

    /// Whether the set has a query of this id.
    pub fn contains(&self, id: &str) -> bool {
        self.number(id).is_some()
    }

    /// Articles that were matched since the set was compiled, as far as they are counted.
    pub fn sampled(&self) -> u32 {
        self.sampled.load(Ordering::Relaxed)
    }

    /// The ids of all queries, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.about.iter().map(|about| about.id.as_ref())
    }

    /// Bytes in memory, about, without what is needed while matching.
    pub fn memory_bytes(&self) -> usize {
        let text: usize = self
            .about
            .iter()
            .map(|about| about.id.len() + about.label.len())
            .sum();
        self.vocabulary.bytes()
            + self.programs.bytes()
            + self.phrases.bytes()
            + self.heads.capacity() * size_of::<Head>()
            + self.about.capacity() * size_of::<About>()
            + self.leaves.capacity() * size_of::<Leaf>()
            + self.texts.capacity()
            + (self.anchor_starts.capacity() + self.anchor_queries.capacity()) * 4
            + self.seen.capacity() * 4
            + text
    }

    /// The leaf at a place of a query's program, with its number.
    pub(super) fn leaf(&self, query: u32, at: usize) -> Option<(u32, Leaf)> {
        let start = self.heads.get(query as usize)?.leaves as usize;
        let end = self
            .heads
            .get(query as usize + 1)
            .map_or(self.leaves.len(), |head| head.leaves as usize);
        let own = self.leaves.get(start..end)?;
        let found = own
            .binary_search_by_key(&(at as u32), |leaf| leaf.at)
            .ok()?;
        Some(((start + found) as u32, *own.get(found)?))
    }

    /// How a leaf is written in its query.
    pub(super) fn written(&self, leaf: Leaf) -> &str {
        let start = leaf.start as usize;
        self.texts
            .get(start..start + leaf.length as usize)
            .unwrap_or_default()
    }
}
