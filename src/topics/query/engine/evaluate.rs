//! Whether a query holds for an article: first by which words are there, then, where that leaves it open, by where.

use super::Subject;
use super::article::ArticleIndex;
use crate::topics::query::leaf::ANY;
use crate::topics::query::program::Op;
use crate::topics::query::set::QuerySet;

/// What the presence of words says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    No,
    /// It hangs on where the words stand.
    Open,
    Yes,
}

/// One query at work on one article.
pub(super) struct Evaluation<'e, 's> {
    pub(super) set: &'e QuerySet,
    pub(super) subject: &'e Subject<'s>,
    pub(super) article: &'e mut ArticleIndex,
    /// Places that were looked at for this query.
    pub(super) steps: u64,
    pub(super) limit: u64,
}

impl Evaluation<'_, '_> {
    /// Whether the query has used up its steps. What it finds then does not count.
    pub(super) fn is_over(&self) -> bool {
        self.steps > self.limit
    }

    /// What the presence of words says of the step at a place, and where the next begins. Nesting is bounded by the
    /// parser.
    pub(super) fn quick(&self, at: usize) -> (Verdict, usize) {
        let step = self.set.programs.step(at);
        let of = |holds: bool| if holds { Verdict::Yes } else { Verdict::No };
        match step.op {
            Op::Word => (of(self.article.has(step.payload)), step.next),
            Op::Zoned => {
                let zones = self.set.programs.number(step.next) as u8;
                let slot = self.article.get(step.payload);
                (
                    of(slot.is_some_and(|slot| slot.zones & zones != 0)),
                    step.next + 1,
                )
            }
            Op::Phrase => {
                let terms = self
                    .set
                    .phrases
                    .get(step.payload)
                    .map_or(&[][..], |(_, terms)| terms);
                let all = terms
                    .iter()
                    .all(|&term| term == ANY || self.article.has(term));
                (if all { Verdict::Open } else { Verdict::No }, step.next)
            }
            Op::And => self.all(step.next, step.next + step.payload as usize),
            Op::Or => {
                let end = step.next + step.payload as usize;
                let mut verdict = Verdict::No;
                let mut next = step.next;
                while next < end {
                    let part;
                    (part, next) = self.quick(next);
                    match part {
                        Verdict::Yes => return (Verdict::Yes, end),
                        Verdict::Open => verdict = Verdict::Open,
                        Verdict::No => {}
                    }
                }
                (verdict, end)
            }
            Op::Not => {
                let (inner, next) = self.quick(step.next);
                let verdict = match inner {
                    Verdict::No => Verdict::Yes,
                    Verdict::Open => Verdict::Open,
                    Verdict::Yes => Verdict::No,
                };
                (verdict, next)
            }
            Op::Near => {
                let end = step.next + step.payload as usize;
                let parts = step.next + self.set.programs.number(step.next).max(1) as usize;
                let (verdict, _) = self.all(parts, end);
                (
                    if verdict == Verdict::No {
                        Verdict::No
                    } else {
                        Verdict::Open
                    },
                    end,
                )
            }
            Op::AtLeast => {
                let (verdict, next) = self.quick(step.next + 1);
                (
                    if verdict == Verdict::No {
                        Verdict::No
                    } else {
                        Verdict::Open
                    },
                    next,
                )
            }
        }
    }

    fn all(&self, mut next: usize, end: usize) -> (Verdict, usize) {
        let mut verdict = Verdict::Yes;
        while next < end {
            let part;
            (part, next) = self.quick(next);
            match part {
                Verdict::No => return (Verdict::No, end),
                Verdict::Open => verdict = Verdict::Open,
                Verdict::Yes => {}
            }
        }
        (verdict, end)
    }

    /// Whether the step at a place holds.
    pub(super) fn holds(&mut self, at: usize) -> bool {
        match self.quick(at).0 {
            Verdict::No => return false,
            Verdict::Yes => return true,
            Verdict::Open => {}
        }
        let step = self.set.programs.step(at);
        let end = step.next + step.payload as usize;
        match step.op {
            Op::Word | Op::Zoned | Op::Phrase => !self.spans(at, 1).is_empty(),
            Op::Near => self.near(at).first().is_some_and(|spans| !spans.is_empty()),
            Op::And => {
                let mut next = step.next;
                while next < end {
                    if self.is_over() || !self.holds(next) {
                        return false;
                    }
                    next = self.set.programs.skip(next);
                }
                true
            }
            Op::Or => {
                let mut next = step.next;
                while next < end {
                    if self.is_over() {
                        return false;
                    }
                    if self.holds(next) {
                        return true;
                    }
                    next = self.set.programs.skip(next);
                }
                false
            }
            Op::Not => !self.holds(step.next),
            Op::AtLeast => {
                let count = self.set.programs.number(step.next) as usize;
                self.spans(step.next + 1, usize::MAX).len() >= count
            }
        }
    }
}
