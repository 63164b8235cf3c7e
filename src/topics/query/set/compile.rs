//! From definitions to a set.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use xxhash_rust::xxh3::Xxh3;

use super::{About, Head, Leaf, NONE, QueryOptions, QueryProblem, QuerySet};
use crate::topics::query::definition::{Definition, Sourced, Zone};
use crate::topics::query::leaf::PhraseTable;
use crate::topics::query::plan::{EVERYWHERE, LEAD, MAIN, TITLE, plan};
use crate::topics::query::program::{MAX_PAYLOAD, Programs};
use crate::topics::query::references;
use crate::topics::query::syntax::{Diagnostic, parse};
use crate::topics::query::vocabulary::{Space, TermId, Vocabulary};

pub(super) struct Compiler {
    set: QuerySet,
    filters: HashMap<Vec<TermId>, u16>,
    /// By number of a query: what it refers to, and where.
    references: Vec<Vec<(String, Range<usize>)>>,
    /// By number of a query: which definition it is.
    sources: Vec<usize>,
}

impl Compiler {
    pub(super) fn new(options: &QueryOptions) -> Self {
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
    pub(super) fn all(
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

    pub(super) fn finish(self, left: &[(usize, Sourced)], before: Option<&QuerySet>) -> QuerySet {
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
pub(super) fn in_order(
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
            let mut diagnostic = Diagnostic::error(0..0, message);
            if source.definition.is_err() {
                diagnostic = diagnostic
                    .help(r#"each line is one object: {"id": "energy", "query": "oil OR gas"}"#);
            }
            said.push((order, problem(&source, diagnostic)));
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
