//! The rules: from what is remembered to a verdict. `crate::dedup` has them in words.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::near::{self, Match, Relation, Shared, Subject};
use super::record::Record;
use super::store::{Base, Posting};
use super::verdict::{Coverage, DedupMethod, DedupStatus, DedupVerdict};
use super::{DedupSettings, Fingerprint, keys};
use crate::article::Position;
use keys::Kind;

/// Earlier articles that are looked at for one shingle, the newest first.
pub(super) const PER_SHINGLE: usize = 64;
/// Most earlier articles that are compared for a verdict.
pub(super) const NEIGHBOURS: usize = 24;
/// Share of a story that an article carries of it at least, where it carries several.
const CARRIED: f32 = 0.2;
/// Share of the second of two stories that an article carries of it at least.
const ITEM: f32 = 0.3;
/// Share of an article that is most of it.
const MOST: f32 = 0.5;
/// Share of the words of a headline from which on it is like another.
const LIKE_IT: f32 = 0.35;
/// Share of an article beside which there is no other story worth the name.
const NEARLY_ALL: f32 = 0.7;
/// Of copies in one cluster, the earliest is named that is at most this much less alike than the best.
const AS_ALIKE: f32 = 0.05;

/// An earlier article in the order of likeness, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Its identifier.
    pub id: String,
    /// Its cluster.
    pub cluster: String,
    /// The comparison.
    pub found: Match,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: DedupVerdict,
    /// The most similar earlier articles, best first.
    pub neighbours: Vec<Neighbour>,
    /// Indices of the shingles that the article shares with the first neighbour.
    pub shared: Vec<u32>,
    /// Level of the comparison with the first neighbour.
    pub(super) level: u8,
    /// Shingles under which later articles should find this one: those that do not recur on its source already.
    pub(super) fresh: Vec<bool>,
}

impl Judgement {
    /// The verdict that a message got before.
    pub(super) fn known(verdict: DedupVerdict) -> Self {
        Self {
            verdict,
            neighbours: Vec::new(),
            shared: Vec::new(),
            level: 0,
            fresh: Vec::new(),
        }
    }
}

/// What is remembered, and the rules by which it is compared.
pub(super) struct Judge<'a> {
    pub base: &'a dyn Base,
    pub settings: &'a DedupSettings,
}

/// The record that stands for a key.
struct Found<'a> {
    record: Record<'a>,
    id: Cow<'a, str>,
    cluster: Cow<'a, str>,
}

impl<'a> Judge<'a> {
    /// The latest or the earliest article for a key that really has it.
    fn find(&self, key: u64, latest: bool, has: impl Fn(Record<'a>) -> bool) -> Option<Record<'a>> {
        let mut found = None;
        let mut visit =
            |posting: Posting| match self.record(posting.article).filter(|record| has(*record)) {
                Some(record) => {
                    found = Some(record);
                    ControlFlow::Break(())
                }
                None => ControlFlow::Continue(()),
            };
        let _ = if latest {
            self.base.newest(key, &mut visit)
        } else {
            self.base.oldest(key, &mut visit)
        };
        found
    }

    /// The latest record of a message.
    pub(super) fn at_position(&self, position: u64) -> Option<Record<'a>> {
        self.find(position, true, |record| record.position() == position)
    }

    fn named(&self, record: Option<Record<'a>>) -> Option<Found<'a>> {
        let record = record?;
        let (id, cluster) = record.names()?;
        Some(Found {
            record,
            id,
            cluster,
        })
    }

    /// Judges a message that was not seen before. `found` are the earlier articles that share its shingles, as index
    /// of the shingle and posting.
    pub(super) fn judge(
        &self,
        position: &Position,
        print: &Fingerprint,
        found: &[(u32, Posting)],
    ) -> Judgement {
        let (neighbours, shared, fresh) = self.neighbours(print, found);
        let best = neighbours.first();
        let earlier = best.and_then(|best| self.earlier(best.found.article));
        let level = earlier.map_or(0, |earlier| earlier.level.max(print.sketch.level));
        let verdict = self
            .same_article_or_text(print)
            .map(|verdict| with_coverage(verdict, &neighbours))
            .or_else(|| self.near(position, print, &neighbours))
            .unwrap_or_else(|| self.unique(position, print));
        Judgement {
            verdict,
            neighbours,
            shared,
            level,
            fresh,
        }
    }

    /// A verdict that was given before, with what the index must know of the article.
    pub(super) fn restored(
        &self,
        print: &Fingerprint,
        found: &[(u32, Posting)],
        verdict: DedupVerdict,
    ) -> Judgement {
        let known = |article| self.earlier(article);
        let fresh = near::fresh(&subject(print), &shared(found), known);
        Judgement {
            fresh,
            ..Judgement::known(verdict)
        }
    }

    /// Compares by identity and by equal text; `None` when there is no relation.
    fn same_article_or_text(&self, print: &Fingerprint) -> Option<DedupVerdict> {
        let text = keys::short(print.text_key);
        let same_text = print.content_key.and_then(|_| {
            self.named(self.find(keys::key(Kind::Content, text), false, |record| {
                record.identifies() && record.text_key() == text
            }))
        });
        let by_id = print.identity.id_key.and_then(|hash| {
            let key = keys::key(Kind::Id, keys::short(hash));
            let record = self.find(key, true, |record| record.id_key() == keys::half(hash));
            Some((self.named(record)?, DedupMethod::Id))
        });
        let earlier = by_id.or_else(|| {
            let hash = print.identity.url_key?;
            let key = keys::key(Kind::Url, keys::short(hash));
            let record = self.find(key, true, |record| record.url_key() == keys::half(hash));
            Some((self.named(record)?, DedupMethod::Url))
        });
        let Some((earlier, method)) = earlier else {
            return same_text.map(|found| copy(&found, DedupMethod::Content));
        };
        if earlier.record.text_key() == text {
            return Some(copy(&earlier, method));
        }
        match same_text {
            // An older version again, or the new version of a page whose copy had it first.
            Some(found) if found.cluster == earlier.cluster => {
                Some(copy(&found, DedupMethod::Content))
            }
            _ => Some(DedupVerdict {
                status: DedupStatus::Update,
                cluster: earlier.cluster.into_owned(),
                of: Some(earlier.id.into_owned()),
                method: Some(method),
                similarity: None,
                coverage: None,
                position_reused: false,
            }),
        }
    }

    /// What is known of an article for a comparison.
    fn earlier(&self, article: u64) -> Option<near::Earlier> {
        self.record(article)?.earlier()
    }

    fn record(&self, article: u64) -> Option<Record<'a>> {
        self.base.record(article).map(Record::new)
    }

    /// The earlier articles that share text, best first; the shingles shared with the best; which shingles to remember.
    fn neighbours(
        &self,
        print: &Fingerprint,
        found: &[(u32, Posting)],
    ) -> (Vec<Neighbour>, Vec<u32>, Vec<bool>) {
        let shared = shared(found);
        let known = |article| self.earlier(article);
        let compared = near::compare(&subject(print), &shared, &self.settings.near, known);
        let best = compared.matches.first().map(|found| found.article);
        let common = shared
            .iter()
            .filter(|each| Some(each.article) == best)
            .map(|each| each.shingle)
            .collect();
        let neighbours = compared
            .matches
            .into_iter()
            .take(NEIGHBOURS)
            .filter_map(|found| {
                let (id, cluster) = self.record(found.article)?.names()?;
                Some(Neighbour {
                    id: id.into_owned(),
                    cluster: cluster.into_owned(),
                    found,
                })
            })
            .collect();
        (neighbours, common, compared.fresh)
    }

    fn near(
        &self,
        position: &Position,
        print: &Fingerprint,
        neighbours: &[Neighbour],
    ) -> Option<DedupVerdict> {
        let best = neighbours.first()?;
        match best.found.relation {
            Relation::None => None,
            _ if best.found.relation == Relation::Partial || rounds_up(neighbours, best) => {
                Some(DedupVerdict {
                    status: DedupStatus::Partial,
                    of: Some(best.id.clone()),
                    ..shared_text(self.new_cluster(position, print), &best.found)
                })
            }
            _ => {
                let chosen = named_original(neighbours, best);
                Some(DedupVerdict {
                    of: Some(chosen.id.clone()),
                    ..shared_text(chosen.cluster.clone(), &chosen.found)
                })
            }
        }
    }

    /// The first of its story. Its cluster gets its id, with the position where another cluster has that name.
    fn unique(&self, position: &Position, print: &Fingerprint) -> DedupVerdict {
        DedupVerdict {
            status: DedupStatus::Unique,
            cluster: self.new_cluster(position, print),
            of: None,
            method: None,
            similarity: None,
            coverage: None,
            position_reused: false,
        }
    }

    /// A name for a cluster that no other has.
    fn new_cluster(&self, position: &Position, print: &Fingerprint) -> String {
        let id = &print.identity.id;
        let taken = self.find(keys::cluster(id), false, |record| {
            record.names().is_some_and(|(_, cluster)| cluster == *id)
        });
        if taken.is_some() {
            format!("{id}@{position}")
        } else {
            id.clone()
        }
    }
}

fn subject(print: &Fingerprint) -> Subject<'_> {
    Subject {
        source: print.identity.source,
        story: print.story,
        embedded: &print.embedded,
        sketch: &print.sketch,
        headline: &print.headline,
        words: &print.words,
        figures: &print.figures,
        names: &print.names,
    }
}

/// The postings of the shingles, in the order of the shingles.
fn shared(found: &[(u32, Posting)]) -> Vec<Shared> {
    let mut shared: Vec<Shared> = found
        .iter()
        .map(|(shingle, posting)| Shared {
            shingle: *shingle,
            article: posting.article,
            mark: posting.mark,
        })
        .collect();
    shared.sort_unstable_by_key(|each| (each.shingle, each.article));
    shared
}

/// The earliest of the copies in the best one's cluster that is about as much alike.
fn named_original<'a>(neighbours: &'a [Neighbour], best: &'a Neighbour) -> &'a Neighbour {
    let least = best.found.similarity() - AS_ALIKE;
    neighbours
        .iter()
        .filter(|each| {
            each.cluster == best.cluster
                && each.found.relation == Relation::Near
                && each.found.similarity() >= least
        })
        .min_by_key(|each| each.found.article)
        .unwrap_or(best)
}

/// Whether the article carries several stories, none of which is most of it: a round-up or a live blog.
fn rounds_up(neighbours: &[Neighbour], best: &Neighbour) -> bool {
    let found = &best.found;
    let part = |found: &Match| found.of >= CARRIED && found.this < MOST;
    // Of two items one is the larger. A page with another story appended has the headline of the first, or one like it.
    let other_headline = found.title.is_none_or(|share| share < LIKE_IT);
    let one_of_two = found.of >= CARRIED && found.this < NEARLY_ALL && other_headline;
    let rest = |found: &Match| found.of >= ITEM && found.beside >= CARRIED;
    let parts = !found.same_opening && !found.headlines_agree() && part(found);
    let mut others = neighbours
        .iter()
        .filter(|each| each.cluster != best.cluster);
    others.any(|each| parts && part(&each.found) || one_of_two && rest(&each.found))
}

/// A verdict on shared text.
fn shared_text(cluster: String, found: &Match) -> DedupVerdict {
    DedupVerdict {
        status: DedupStatus::Near,
        cluster,
        of: None,
        method: Some(DedupMethod::Shingles),
        similarity: Some(thousandth(found.similarity())),
        coverage: Some(coverage(found)),
        position_reused: false,
    }
}

/// How much of a later version is in the earlier one, where that shares text.
fn with_coverage(mut verdict: DedupVerdict, neighbours: &[Neighbour]) -> DedupVerdict {
    if verdict.status == DedupStatus::Update
        && let Some(earlier) = neighbours
            .iter()
            .filter(|each| Some(&each.id) == verdict.of.as_ref())
            .max_by_key(|each| each.found.article)
    {
        verdict.similarity = Some(thousandth(earlier.found.similarity()));
        verdict.coverage = Some(coverage(&earlier.found));
    }
    verdict
}

fn coverage(found: &Match) -> Coverage {
    Coverage {
        this: thousandth(found.plain.this),
        of: thousandth(found.plain.of),
    }
}

/// Rounded as it is stored, so that a replay says the same.
fn thousandth(value: f32) -> f32 {
    (value.clamp(0.0, 1.0) * 1000.0).round() / 1000.0
}

fn copy(of: &Found<'_>, method: DedupMethod) -> DedupVerdict {
    DedupVerdict {
        status: DedupStatus::Exact,
        cluster: of.cluster.clone().into_owned(),
        of: Some(of.id.clone().into_owned()),
        method: Some(method),
        similarity: Some(1.0),
        coverage: None,
        position_reused: false,
    }
}
