//! A set of queries, ready to be matched. It never changes; a reload makes another one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use xxhash_rust::xxh3::Xxh3;

use super::definition::{Definition, Sourced, Zone};
use super::engine::Scratch;
use super::leaf::PhraseTable;
use super::plan::{EVERYWHERE, LEAD, MAIN, TITLE, plan};
use super::program::{Cover, MAX_PAYLOAD, Programs};
use super::references;
use super::syntax::{Diagnostic, Severity, parse};
use super::vocabulary::{Space, TermId, Vocabulary};

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

    /// Chooses the terms that make a query a candidate, by how frequent they are.
    fn anchor(&mut self, before: Option<&Self>) {
        let frequencies = self.frequencies(before);
        let frequency = |term: TermId| frequencies.get(term as usize).copied().unwrap_or(1.0);
        let phrases = &self.phrases;
        let cover = Cover {
            programs: &self.programs,
            phrase_terms: |phrase| phrases.get(phrase).map_or(&[][..], |(_, terms)| terms),
            frequency: &frequency,
        };
        let mut pairs: Vec<(TermId, u32)> = Vec::new();
        let mut terms = Vec::new();
        for (head, number) in self.heads.iter().zip(0_u32..) {
            terms.clear();
            cover.collect(head.code as usize, &mut terms);
            terms.sort_unstable();
            terms.dedup();
            pairs.extend(terms.iter().map(|&term| (term, number)));
        }
        let count = self.vocabulary.len();
        let mut starts = vec![0_u32; count + 1];
        for (term, _) in &pairs {
            if let Some(next) = starts.get_mut(*term as usize + 1) {
                *next += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut queries = vec![0_u32; pairs.len()];
        let mut next = starts.clone();
        for (term, number) in pairs {
            if let Some(place) = next.get_mut(term as usize) {
                if let Some(query) = queries.get_mut(*place as usize) {
                    *query = number;
                }
                *place += 1;
            }
        }
        self.anchor_starts = starts;
        self.anchor_queries = queries;
    }

    /// The share of articles each term is expected in: a guess by its length, corrected by what was seen.
    fn frequencies(&self, before: Option<&Self>) -> Vec<f32> {
        // So many articles weigh as much as the guess.
        const GUESS: f32 = 20.0;
        let sampled = before.map_or(0.0, |set| set.sampled.load(Ordering::Relaxed) as f32);
        (0..self.vocabulary.len() as TermId)
            .map(|term| {
                let seen = before.filter(|_| sampled > 0.0).and_then(|before| {
                    let known = before.vocabulary.same(&self.vocabulary, term)?;
                    Some(before.seen.get(known as usize)?.load(Ordering::Relaxed) as f32)
                });
                let guess = self.vocabulary.guess(term);
                seen.map_or(guess, |seen| (seen + guess * GUESS) / (sampled + GUESS))
            })
            .collect()
    }
}

struct Compiler {
    set: QuerySet,
    filters: HashMap<Vec<TermId>, u16>,
    /// By number of a query: what it refers to, and where.
    references: Vec<Vec<(String, Range<usize>)>>,
    /// By number of a query: which definition it is.
    sources: Vec<usize>,
}

impl Compiler {
    fn new(options: &QueryOptions) -> Self {
        Self {
            set: QuerySet {
                options: options.clone(),
                vocabulary: Vocabulary::default(),
                programs: Programs::default(),
                phrases: PhraseTable::default(),
                heads: Vec::new(),
                about: Vec::new(),
                leaves: Vec::new(),
                boosts: HashMap::new(),
                texts: String::new(),
                filters: vec![Vec::new()],
                anchor_starts: Vec::new(),
                anchor_queries: Vec::new(),
                levels: 1,
                generation: String::new(),
                seen: Vec::new(),
                sampled: AtomicU32::new(0),
                scratch: Mutex::default(),
            },
            filters: HashMap::new(),
            references: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Compiles the definitions that are left. Adds to `said` what is to be said of them, and drops those with errors.
    fn all(
        mut self,
        left: &mut Vec<(usize, Sourced)>,
        said: &mut Vec<(usize, QueryProblem)>,
    ) -> Self {
        let mut errors: HashSet<usize> = HashSet::new();
        for (index, (order, source)) in left.iter().enumerate() {
            let Ok(definition) = &source.definition else {
                continue;
            };
            match self.add(definition) {
                Ok((warnings, added)) => {
                    said.extend(
                        warnings
                            .into_iter()
                            .map(|warning| (*order, problem(source, warning))),
                    );
                    if added {
                        self.sources.push(index);
                    }
                }
                Err(error) => {
                    errors.insert(*order);
                    said.push((*order, problem(source, error)));
                }
            }
        }
        let bad = references::check(&self.set, &self.references);
        for (number, diagnostic) in &bad {
            let source = self
                .sources
                .get(*number as usize)
                .and_then(|&index| left.get(index));
            if let Some((order, source)) = source {
                errors.insert(*order);
                said.push((*order, problem(source, diagnostic.clone())));
            }
        }
        left.retain(|(order, _)| !errors.contains(order));
        if bad.is_empty() {
            return self;
        }
        // Without the bad ones the rest is known to be good, and has been spoken of.
        let options = self.set.options.clone();
        Self::new(&options).all(left, &mut Vec::new())
    }

    fn finish(self, left: &[(usize, Sourced)], before: Option<&QuerySet>) -> QuerySet {
        let Self {
            mut set,
            references,
            ..
        } = self;
        set.levels = references::levels(&mut set, &references);
        set.generation = generation(left, &set);
        set.vocabulary.finish();
        set.programs.shrink();
        set.heads.shrink_to_fit();
        set.about.shrink_to_fit();
        set.leaves.shrink_to_fit();
        set.texts.shrink_to_fit();
        set.seen = (0..set.vocabulary.len())
            .map(|_| AtomicU32::new(0))
            .collect();
        set.anchor(before);
        set
    }

    /// Adds a query. Returns its warnings, and whether it is switched on.
    fn add(&mut self, definition: &Definition) -> Result<(Vec<Diagnostic>, bool), Diagnostic> {
        let parsed = parse(&definition.query, definition.syntax)?;
        let set = &mut self.set;
        let planned = plan(
            &parsed.root,
            zones(&definition.zones),
            definition.whole_words,
            &mut set.vocabulary,
            &mut set.phrases,
        )?;
        let mut warnings = parsed.warnings;
        warnings.extend(planned.warnings);
        if !definition.enabled {
            return Ok((warnings, false));
        }
        let code = set.programs.end();
        let text = set.texts.len();
        if set.vocabulary.len() >= MAX_PAYLOAD as usize
            || code + definition.query.len() * 4 >= MAX_PAYLOAD as usize
            || text + definition.query.len() >= NONE as usize
        {
            return Err(Diagnostic::error(0..0, "there are too many queries"));
        }
        let mut places = Vec::with_capacity(planned.leaves.len());
        set.programs.push(&planned.plan, &mut places);
        let first = set.leaves.len() as u32;
        for (at, leaf) in places {
            let Some(written) = planned.leaves.get(leaf as usize) else {
                continue;
            };
            if (written.boost - 1.0).abs() > f32::EPSILON {
                set.boosts.insert(set.leaves.len() as u32, written.boost);
            }
            set.leaves.push(Leaf {
                at,
                start: (text + written.span.start) as u32,
                length: written.span.len() as u32,
            });
        }
        set.texts.push_str(&definition.query);
        let filter = self.filter(&definition.langs);
        let set = &mut self.set;
        set.heads.push(Head {
            code: code as u32,
            leaves: first,
            filter,
            level: 0,
            reference: NONE,
            min_score: definition.min_score,
        });
        let label = if definition.label.is_empty() {
            &definition.id
        } else {
            &definition.label
        };
        set.about.push(About {
            id: definition.id.as_str().into(),
            label: label.as_str().into(),
            tags: (!definition.tags.is_empty()).then(|| Box::new(definition.tags.clone())),
        });
        self.references.push(planned.references);
        Ok((warnings, true))
    }

    fn filter(&mut self, langs: &[String]) -> u16 {
        if langs.is_empty() {
            return 0;
        }
        let mut terms: Vec<TermId> = langs
            .iter()
            .map(|code| {
                let code = code.replace('_', "-").to_ascii_lowercase();
                self.set.vocabulary.intern(Space::Lang, &code)
            })
            .collect();
        terms.sort_unstable();
        terms.dedup();
        if let Some(&filter) = self.filters.get(&terms) {
            return filter;
        }
        // Far more combinations than there are languages in use; the rest would look at all articles.
        let filter = u16::try_from(self.set.filters.len()).unwrap_or(0);
        if filter > 0 {
            self.set.filters.push(terms.clone());
            self.filters.insert(terms, filter);
        }
        filter
    }
}

/// Definitions by id, without those that cannot be read and those that another one replaces.
fn in_order(
    definitions: Vec<Sourced>,
    said: &mut Vec<(usize, QueryProblem)>,
) -> Vec<(usize, Sourced)> {
    let mut by_id: BTreeMap<String, (usize, Sourced)> = BTreeMap::new();
    for (order, source) in definitions.into_iter().enumerate() {
        let wrong = match &source.definition {
            Err((_, problem)) => Some(problem.clone()),
            Ok(definition) => definition.problem(),
        };
        if let Some(message) = wrong {
            said.push((order, problem(&source, Diagnostic::error(0..0, message))));
            continue;
        }
        let Ok(definition) = &source.definition else {
            continue;
        };
        let id = definition.id.clone();
        if let Some((earlier, replaced)) = by_id.insert(id, (order, source)) {
            let message = "another query of the same id comes later and replaces this one";
            let diagnostic =
                Diagnostic::error(0..0, message).help("give each query an id of its own");
            said.push((earlier, problem(&replaced, diagnostic)));
        }
    }
    by_id.into_values().collect()
}

fn zones(zones: &[Zone]) -> u8 {
    if zones.is_empty() {
        return EVERYWHERE;
    }
    zones.iter().fold(0, |bits, zone| {
        bits | match zone {
            Zone::Title => TITLE,
            Zone::Lead => LEAD,
            Zone::Body => LEAD | MAIN,
        }
    })
}

fn problem(source: &Sourced, diagnostic: Diagnostic) -> QueryProblem {
    let (id, query) = match &source.definition {
        Ok(definition) => (definition.id.clone(), definition.query.clone()),
        Err((id, _)) => (id.clone(), String::new()),
    };
    QueryProblem {
        id,
        file: source.file.to_string(),
        line: source.line,
        query,
        diagnostic,
    }
}

/// Hash of what decides the matches.
fn generation(kept: &[(usize, Sourced)], set: &QuerySet) -> String {
    let mut hash = Xxh3::new();
    for (_, source) in kept {
        let Ok(definition) = &source.definition else {
            continue;
        };
        if set.contains(&definition.id) {
            hash.update(&serde_json::to_vec(definition).unwrap_or_default());
            hash.update(b"\n");
        }
    }
    format!("{:016x}", hash.digest())
}
