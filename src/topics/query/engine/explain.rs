//! Why a query holds for an article or not: every part of it with its own verdict.

use std::sync::{Arc, PoisonError};

use super::evaluate::Evaluation;
use super::evidence::Hit;
use super::{MatchEvidence, Subject};
use crate::topics::query::plan::{EVERYWHERE, LEAD, TITLE};
use crate::topics::query::program::Op;
use crate::topics::query::set::{NONE, QuerySet};
use crate::topics::query::syntax::ast::Within;
use crate::topics::query::vocabulary::Space;

/// Places shown for each word and phrase.
const SHOWN: usize = 3;

/// What a query can ask for beside the text, and the name of the field.
const FIELDS: [(Space, &str); 9] = [
    (Space::Author, "author"),
    (Space::Url, "url"),
    (Space::Tag, "tag"),
    (Space::Source, "source"),
    (Space::Host, "source"),
    (Space::Lang, "lang"),
    (Space::Country, "country"),
    (Space::Topic, "topic"),
    (Space::Query, "topic"),
];

/// A part of a query and whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether it holds.
    pub holds: bool,
    /// What is asked: a word or phrase as written, or how the parts go together.
    pub what: String,
    /// How often it is in the text; `None` for what has no places.
    pub count: Option<usize>,
    /// What the article has instead, where the query asks for something beside its text.
    pub instead: Option<String>,
    /// Its parts.
    pub parts: Vec<Explanation>,
    /// First places in the text, as evidence has them: field, start and end.
    pub places: Vec<(usize, u32, u32)>,
}

/// Why a query matches or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Whether it matches.
    pub matches: bool,
    /// Whether it looks at articles in this language.
    pub language: bool,
    /// Score of the match, and the smallest it must have.
    pub score: (f32, f32),
    /// The query, part by part.
    pub tree: Explanation,
}

impl QuerySet {
    /// Explains a query; `None` where the set has none of this id.
    pub fn explain(self: &Arc<Self>, id: &str, subject: &Subject<'_>) -> Option<Explained> {
        let number = self.number(id)?;
        let head = *self.heads.get(number as usize)?;
        let matches = self.matches(subject);
        let mut scratch = self.take_scratch();
        scratch
            .article
            .read(subject, &self.vocabulary, &mut scratch.cache);
        for found in &matches.found {
            let reference = self
                .heads
                .get(found.query as usize)
                .map_or(NONE, |head| head.reference);
            if reference != NONE {
                scratch.article.mark(reference);
            }
        }
        let filter = self
            .filters
            .get(usize::from(head.filter))
            .map_or(&[][..], Vec::as_slice);
        let language = filter.is_empty() || filter.iter().any(|&term| scratch.article.has(term));
        let mut evaluation = Evaluation {
            set: self,
            subject,
            article: &mut scratch.article,
            steps: 0,
            limit: u64::MAX,
        };
        let tree = evaluation.explain(number, head.code as usize);
        let score =
            evaluation.evidence(number, head.code as usize, &mut Vec::new(), &mut Vec::new());
        let explained = Explained {
            matches: matches.found.iter().any(|found| found.query == number),
            language,
            score: (if tree.holds { score.score } else { 0.0 }, head.min_score),
            tree,
        };
        let mut pool = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        pool.push(scratch);
        Some(explained)
    }
}

impl Evaluation<'_, '_> {
    /// Nesting is bounded by the parser.
    fn explain(&mut self, query: u32, at: usize) -> Explanation {
        let step = self.set.programs.step(at);
        let holds = self.holds(at);
        match step.op {
            Op::Word | Op::Zoned | Op::Phrase => self.explain_leaf(query, at, holds),
            _ => {
                let what = self.connection(at);
                let mut parts: Vec<(u32, Explanation)> = Vec::new();
                for part in self.set.programs.parts(at) {
                    // Parts are checked in the order of their cost, but shown as they are written.
                    parts.push((self.first_written(query, part), self.explain(query, part)));
                }
                parts.sort_by_key(|(start, _)| *start);
                Explanation {
                    holds,
                    what,
                    count: None,
                    instead: None,
                    parts: parts.into_iter().map(|(_, part)| part).collect(),
                    places: Vec::new(),
                }
            }
        }
    }

    fn first_written(&self, query: u32, at: usize) -> u32 {
        let mut first = at;
        loop {
            let parts = self.set.programs.parts(first);
            match parts.first() {
                Some(&part) => first = part,
                None => break,
            }
        }
        self.set
            .leaf(query, first)
            .map_or(0, |(_, leaf)| leaf.start)
    }

    fn explain_leaf(&mut self, query: u32, at: usize, holds: bool) -> Explanation {
        let Some((number, leaf)) = self.set.leaf(query, at) else {
            return Explanation {
                holds,
                what: String::new(),
                count: None,
                instead: None,
                parts: Vec::new(),
                places: Vec::new(),
            };
        };
        let step = self.set.programs.step(at);
        let written = self.set.written(leaf);
        let term = match step.op {
            Op::Phrase => self
                .set
                .phrases
                .get(step.payload)
                .and_then(|(_, terms)| terms.first().copied()),
            _ => Some(step.payload),
        };
        let field = term.and_then(|term| {
            FIELDS
                .iter()
                .find(|(space, _)| self.set.vocabulary.is_of(term, *space))
        });
        if let Some(&(space, field)) = field {
            return Explanation {
                holds,
                what: format!("{field}:{written}"),
                count: None,
                instead: (!holds).then(|| match space {
                    Space::Lang => format!("the article is in {}", self.subject.language),
                    _ => "the article has another, or none".to_owned(),
                }),
                parts: Vec::new(),
                places: Vec::new(),
            };
        }
        let mut what = written.to_owned();
        let zones = match step.op {
            Op::Zoned => self.set.programs.number(step.next) as u8,
            Op::Phrase => self
                .set
                .phrases
                .get(step.payload)
                .map_or(EVERYWHERE, |(phrase, _)| phrase.zones),
            _ => EVERYWHERE,
        };
        match zones {
            EVERYWHERE => {}
            TITLE => what += " in the title",
            LEAD => what += " in the lead",
            _ => what += " in the body",
        }
        let spans = self.spans(at, usize::MAX);
        let places = spans.iter().take(SHOWN).filter_map(|span| {
            let hit = Hit::at(number, at, span.clone());
            let place = self.published(&hit)?;
            Some((usize::from(place.field), place.start, place.end))
        });
        Explanation {
            holds,
            what,
            places: places.collect(),
            count: (!spans.is_empty() || !holds).then_some(spans.len()),
            instead: None,
            parts: Vec::new(),
        }
    }

    /// How the parts of a step go together.
    fn connection(&self, at: usize) -> String {
        let step = self.set.programs.step(at);
        match step.op {
            Op::And => "all of".to_owned(),
            Op::Or => "one of".to_owned(),
            Op::Not => "none of".to_owned(),
            Op::AtLeast => format!("at least {} times", self.set.programs.number(step.next)),
            _ => {
                let (ops, _) = self.set.programs.near(step.next);
                let ops: Vec<String> = ops
                    .iter()
                    .map(|op| {
                        let within = match op.within {
                            Within::Words(words) => format!("at most {words} words between"),
                            Within::Sentence => "in one sentence".to_owned(),
                            Within::Paragraph => "in one paragraph".to_owned(),
                        };
                        if op.ordered {
                            format!("{within}, in this order")
                        } else {
                            within
                        }
                    })
                    .collect();
                format!("near each other ({})", ops.join("; "))
            }
        }
    }
}

impl Explanation {
    /// The places as evidence.
    pub fn evidence(&self) -> impl Iterator<Item = MatchEvidence<'_>> {
        self.places
            .iter()
            .map(|&(field, start, end)| MatchEvidence {
                term: &self.what,
                field,
                start,
                end,
            })
    }
}
