//! Plans of all queries in one flat list of numbers, so that looking at a query is one stretch of memory.
//!
//! The upper four bits of a number say what it is, the rest is a term, a phrase or the length of what follows:
//!
//! ```text
//! WORD term            ZONED term, zones          PHRASE phrase
//! AND length, parts    OR length, parts           NOT length, part
//! NEAR length, count, (count - 1) operators, parts
//! AT_LEAST length, count, part
//! ```

use super::plan::{EVERYWHERE, Plan};
use super::syntax::ast::{NearOp, Within};
use super::vocabulary::TermId;

const SHIFT: u32 = 28;
/// The largest term, phrase and length.
pub(super) const MAX_PAYLOAD: u32 = (1 << SHIFT) - 1;

/// What a number of the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Word,
    Zoned,
    Phrase,
    And,
    Or,
    Not,
    Near,
    AtLeast,
}

const OPS: [Op; 8] = [
    Op::Word,
    Op::Zoned,
    Op::Phrase,
    Op::And,
    Op::Or,
    Op::Not,
    Op::Near,
    Op::AtLeast,
];

/// The programs of a set of queries.
#[derive(Debug, Default)]
pub(super) struct Programs {
    code: Vec<u32>,
}

/// A step of a program, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) op: Op,
    /// Term, phrase, or length of what follows.
    pub(super) payload: u32,
    /// Where the next number stands.
    pub(super) next: usize,
}

impl Programs {
    /// The step at a place. Behind the end there are words that no text has.
    #[inline]
    pub(super) fn step(&self, at: usize) -> Step {
        let number = self.code.get(at).copied().unwrap_or(MAX_PAYLOAD);
        let op = OPS
            .get((number >> SHIFT) as usize)
            .copied()
            .unwrap_or(Op::Word);
        Step {
            op,
            payload: number & MAX_PAYLOAD,
            next: at + 1,
        }
    }

    /// The number at a place: zones, a count or an operator.
    #[inline]
    pub(super) fn number(&self, at: usize) -> u32 {
        self.code.get(at).copied().unwrap_or_default()
    }

    /// Where the next free place is.
    pub(super) fn end(&self) -> usize {
        self.code.len()
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.code.capacity() * size_of::<u32>()
    }

    pub(super) fn shrink(&mut self) {
        self.code.shrink_to_fit();
    }

    /// Appends a plan. Adds to `leaves` the place and the number of every leaf, in order.
    pub(super) fn push(&mut self, plan: &Plan, leaves: &mut Vec<(u32, u32)>) {
        match plan {
            Plan::Word {
                term, zones, leaf, ..
            } => {
                leaves.push((self.code.len() as u32, *leaf));
                if *zones == EVERYWHERE {
                    self.put(Op::Word, *term);
                } else {
                    self.put(Op::Zoned, *term);
                    self.code.push(u32::from(*zones));
                }
            }
            Plan::Phrase { phrase, leaf, .. } => {
                leaves.push((self.code.len() as u32, *leaf));
                self.put(Op::Phrase, *phrase);
            }
            Plan::And(parts) => self.group(Op::And, &[], parts, leaves),
            Plan::Or(parts) => self.group(Op::Or, &[], parts, leaves),
            Plan::Not(inner) => self.group(Op::Not, &[], std::slice::from_ref(inner), leaves),
            Plan::Near(ops, parts) => {
                let mut head = vec![parts.len() as u32];
                head.extend(ops.iter().map(|op| encode(*op)));
                self.group(Op::Near, &head, parts, leaves);
            }
            Plan::AtLeast(count, inner) => {
                self.group(Op::AtLeast, &[*count], std::slice::from_ref(inner), leaves);
            }
        }
    }

    fn put(&mut self, op: Op, payload: u32) {
        self.code
            .push((op as u32) << SHIFT | payload.min(MAX_PAYLOAD));
    }

    fn group(&mut self, op: Op, head: &[u32], parts: &[Plan], leaves: &mut Vec<(u32, u32)>) {
        let at = self.code.len();
        self.put(op, 0);
        self.code.extend_from_slice(head);
        for part in parts {
            self.push(part, leaves);
        }
        let length = (self.code.len() - at - 1) as u32;
        if let Some(first) = self.code.get_mut(at) {
            *first |= length.min(MAX_PAYLOAD);
        }
    }

    /// The operators of a NEAR whose count stands at a place, and where its parts begin.
    pub(super) fn near(&self, at: usize) -> (Vec<NearOp>, usize) {
        let count = self.number(at) as usize;
        let ops = (1..count).map(|index| decode(self.number(at + index)));
        (ops.collect(), at + count.max(1))
    }

    /// Where the step at a place ends, with all that belongs to it.
    pub(super) fn skip(&self, at: usize) -> usize {
        let step = self.step(at);
        match step.op {
            Op::Word | Op::Phrase => step.next,
            Op::Zoned => step.next + 1,
            _ => step.next + step.payload as usize,
        }
    }

    /// The parts of AND, OR, NOT and AT_LEAST, or the places of NEAR's parts.
    pub(super) fn parts(&self, at: usize) -> Vec<usize> {
        let step = self.step(at);
        let mut next = match step.op {
            Op::And | Op::Or | Op::Not => step.next,
            Op::AtLeast => step.next + 1,
            Op::Near => self.near(step.next).1,
            Op::Word | Op::Zoned | Op::Phrase => return Vec::new(),
        };
        let end = step.next + step.payload as usize;
        let mut parts = Vec::new();
        while next < end {
            parts.push(next);
            next = self.skip(next);
        }
        parts
    }
}

const SENTENCE: u32 = 1 << 16;
const PARAGRAPH: u32 = 1 << 17;
const ORDERED: u32 = 1 << 18;

fn encode(op: NearOp) -> u32 {
    let within = match op.within {
        Within::Words(words) => words.min(SENTENCE - 1),
        Within::Sentence => SENTENCE,
        Within::Paragraph => PARAGRAPH,
    };
    within | if op.ordered { ORDERED } else { 0 }
}

fn decode(number: u32) -> NearOp {
    let within = match number {
        _ if number & SENTENCE != 0 => Within::Sentence,
        _ if number & PARAGRAPH != 0 => Within::Paragraph,
        _ => Within::Words(number & (SENTENCE - 1)),
    };
    NearOp {
        ordered: number & ORDERED != 0,
        within,
    }
}

/// The cheapest set of terms of which one must be in an article for a step to hold; `None` where there is none.
pub(super) struct Cover<'p, F> {
    pub(super) programs: &'p Programs,
    pub(super) phrase_terms: F,
    /// Share of articles that have a term.
    pub(super) frequency: &'p dyn Fn(TermId) -> f32,
}

impl<'p, F: Fn(u32) -> &'p [TermId]> Cover<'p, F> {
    /// How often the cheapest cover of a step is met; infinite where there is none.
    pub(super) fn cost(&self, at: usize) -> f32 {
        let step = self.programs.step(at);
        let parts = || {
            self.programs
                .parts(at)
                .into_iter()
                .map(|part| self.cost(part))
        };
        match step.op {
            Op::Word | Op::Zoned => (self.frequency)(step.payload),
            Op::Phrase => self
                .rarest(step.payload)
                .map_or(f32::INFINITY, |(cost, _)| cost),
            Op::Or => parts().sum(),
            Op::And | Op::Near => parts().fold(f32::INFINITY, f32::min),
            Op::Not => f32::INFINITY,
            Op::AtLeast => parts().next().unwrap_or(f32::INFINITY),
        }
    }

    fn rarest(&self, phrase: u32) -> Option<(f32, TermId)> {
        (self.phrase_terms)(phrase)
            .iter()
            .filter(|&&term| term != super::leaf::ANY)
            .map(|&term| ((self.frequency)(term), term))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    /// Adds the terms of the cheapest cover.
    pub(super) fn collect(&self, at: usize, into: &mut Vec<TermId>) {
        let step = self.programs.step(at);
        match step.op {
            Op::Word | Op::Zoned => into.push(step.payload),
            Op::Phrase => into.extend(self.rarest(step.payload).map(|(_, term)| term)),
            Op::Or => {
                for part in self.programs.parts(at) {
                    self.collect(part, into);
                }
            }
            Op::And | Op::Near => {
                let parts = self.programs.parts(at).into_iter();
                let best = parts
                    .map(|part| (self.cost(part), part))
                    .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                if let Some((_, part)) = best.filter(|(cost, _)| cost.is_finite()) {
                    self.collect(part, into);
                }
            }
            Op::Not => {}
            Op::AtLeast => {
                if let Some(&part) = self.programs.parts(at).first() {
                    self.collect(part, into);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(term: u32, leaf: u32) -> Plan {
        Plan::Word {
            term,
            zones: EVERYWHERE,
            leaf,
            stop: false,
        }
    }

    #[test]
    fn programs_can_be_walked() {
        let op = NearOp {
            ordered: true,
            within: Within::Words(7),
        };
        let sentence = NearOp {
            ordered: false,
            within: Within::Sentence,
        };
        let plan = Plan::And(vec![
            Plan::Or(vec![
                word(1, 0),
                Plan::Word {
                    term: 2,
                    zones: 1,
                    leaf: 1,
                    stop: false,
                },
            ]),
            Plan::Near(
                vec![op, sentence],
                vec![
                    word(3, 2),
                    Plan::Phrase {
                        phrase: 9,
                        leaf: 3,
                        stop: false,
                    },
                    word(4, 4),
                ],
            ),
            Plan::Not(Box::new(Plan::AtLeast(2, Box::new(word(5, 5))))),
        ]);
        let mut programs = Programs::default();
        let mut leaves = Vec::new();
        programs.push(&plan, &mut leaves);
        assert_eq!(programs.skip(0), programs.end());
        let parts = programs.parts(0);
        assert_eq!(parts.len(), 3);
        assert_eq!(programs.near(parts[1] + 1).0, [op, sentence]);
        assert_eq!(programs.parts(parts[1]).len(), 3);
        let not = programs.parts(parts[2]);
        assert_eq!(programs.step(not[0]).op, Op::AtLeast);
        assert_eq!(programs.number(not[0] + 1), 2);
        assert_eq!(
            leaves.iter().map(|(_, leaf)| *leaf).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5]
        );
        let frequency = |term: TermId| match term {
            1 | 2 => 0.5,
            3 => 0.2,
            _ => 0.3,
        };
        let cover = Cover {
            programs: &programs,
            phrase_terms: |_| &[7, ANY_TERM][..],
            frequency: &frequency,
        };
        let mut terms = Vec::new();
        cover.collect(0, &mut terms);
        assert_eq!(terms, [3]);
    }

    const ANY_TERM: TermId = super::super::leaf::ANY;
}
