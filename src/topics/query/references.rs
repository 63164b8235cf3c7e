//! Queries that refer to other queries by `topic:`: unknown ones and cycles are refused, the rest is put in order.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::set::QuerySet;
use super::syntax::Diagnostic;
use super::vocabulary::Space;

/// Where a query refers to others.
type References = [Vec<(String, Range<usize>)>];

/// The longest chain of references.
const MAX_LEVEL: u16 = 64;
/// Circles that are shown with their way; of more it is only said that they are there.
const SHOWN: usize = 20;

/// Queries whose references lead nowhere or in a circle, by number.
pub(super) fn check(set: &QuerySet, references: &References) -> Vec<(u32, Diagnostic)> {
    let mut bad: BTreeMap<u32, Diagnostic> = BTreeMap::new();
    for (own, number) in references.iter().zip(0_u32..) {
        if let Some((id, span)) = own.iter().find(|(id, _)| !set.contains(id)) {
            bad.insert(number, unknown(set, id, span));
        }
    }
    behind(set, references, &mut bad);
    let levels = in_order(set, references);
    let mut shown = 0;
    let mut circles: BTreeMap<u32, Diagnostic> = BTreeMap::new();
    for (own, number) in references.iter().zip(0_u32..) {
        let ordered = levels.get(number as usize).is_some_and(Option::is_some);
        if ordered || bad.contains_key(&number) {
            continue;
        }
        let span = own.first().map_or(0..0, |(_, span)| span.clone());
        let way = (shown < SHOWN)
            .then(|| circle(set, references, &levels, number))
            .flatten();
        shown += 1;
        let message = match way {
            Some(way) => format!("the query refers to itself: {way}"),
            None => "its references lead in a circle".to_owned(),
        };
        let error = Diagnostic::error(span, message);
        circles.insert(number, error.help("take one of these references out"));
    }
    for (level, number) in levels.iter().zip(0_u32..) {
        if level.is_some_and(|level| level > MAX_LEVEL) {
            let error = Diagnostic::error(
                0..0,
                format!("its references lead through more than {MAX_LEVEL} queries"),
            );
            circles.insert(number, error);
        }
    }
    bad.extend(circles);
    behind(set, references, &mut bad);
    bad.into_iter().collect()
}

fn unknown(set: &QuerySet, id: &str, span: &Range<usize>) -> Diagnostic {
    let error = Diagnostic::error(span.clone(), format!("there is no usable query `{id}`"));
    let close = |known: &&str| {
        known.len().abs_diff(id.len()) <= 2 && known.as_bytes().first() == id.as_bytes().first()
    };
    let nearest = set
        .ids()
        .filter(close)
        .map(|known| (strsim::damerau_levenshtein(known, id), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    match nearest {
        Some((_, known)) => error.help(format!("did you mean topic:{known}?")),
        None => error.help(
            "it is missing, switched off or has an error; topics of the taxonomy are written topic:medtop:15000000",
        ),
    }
}

/// Adds the queries that refer to bad ones, however long the way.
fn behind(set: &QuerySet, references: &References, bad: &mut BTreeMap<u32, Diagnostic>) {
    let referring = referring(set, references);
    let mut next: Vec<u32> = bad.keys().copied().collect();
    while let Some(number) = next.pop() {
        let Some(id) = set.about.get(number as usize).map(|about| &about.id) else {
            continue;
        };
        for &other in referring.get(&number).into_iter().flatten() {
            if bad.contains_key(&other) {
                continue;
            }
            let own = references.get(other as usize).into_iter().flatten();
            let span = own
                .clone()
                .find(|(name, _)| **name == **id)
                .map_or(0..0, |(_, span)| span.clone());
            let message = format!("it refers to `{id}`, which cannot be used");
            bad.insert(
                other,
                Diagnostic::error(span, message).help("correct that query first"),
            );
            next.push(other);
        }
    }
}

/// By number of a query: those that refer to it, once for each time they do.
fn referring(set: &QuerySet, references: &References) -> HashMap<u32, Vec<u32>> {
    let mut referring: HashMap<u32, Vec<u32>> = HashMap::new();
    for (own, number) in references.iter().zip(0_u32..) {
        for target in targets(set, own) {
            referring.entry(target).or_default().push(number);
        }
    }
    referring
}

/// Numbers of the queries that a query refers to.
fn targets(set: &QuerySet, own: &[(String, Range<usize>)]) -> Vec<u32> {
    own.iter().filter_map(|(id, _)| set.number(id)).collect()
}

/// The way from a query back to itself, where there is one.
fn circle(
    set: &QuerySet,
    references: &References,
    levels: &[Option<u16>],
    from: u32,
) -> Option<String> {
    let mut came_from: HashMap<u32, u32> = HashMap::new();
    let mut next = vec![from];
    while let Some(number) = next.pop() {
        for target in targets(set, references.get(number as usize)?) {
            if levels.get(target as usize).is_some_and(Option::is_some) {
                continue;
            }
            if target == from {
                let mut way = vec![from];
                let mut at = number;
                while at != from {
                    way.push(at);
                    at = *came_from.get(&at)?;
                }
                way.push(from);
                way.reverse();
                let ids: Vec<&str> = way
                    .iter()
                    .filter_map(|&number| Some(set.about.get(number as usize)?.id.as_ref()))
                    .collect();
                return Some(ids.join(" → "));
            }
            if let Entry::Vacant(place) = came_from.entry(target) {
                place.insert(number);
                next.push(target);
            }
        }
    }
    None
}

/// The level of every query: 0 without references, else one more than the highest of what it refers to; `None` in and
/// behind circles.
fn in_order(set: &QuerySet, references: &References) -> Vec<Option<u16>> {
    let mut levels: Vec<Option<u16>> = vec![None; references.len()];
    let mut waiting: Vec<usize> = references
        .iter()
        .map(|own| targets(set, own).len())
        .collect();
    let referring = referring(set, references);
    let mut ready: Vec<u32> = waiting
        .iter()
        .zip(0_u32..)
        .filter(|(count, _)| **count == 0)
        .map(|(_, number)| number)
        .collect();
    while let Some(number) = ready.pop() {
        let own = references
            .get(number as usize)
            .map_or(&[][..], Vec::as_slice);
        let level = targets(set, own)
            .into_iter()
            .filter_map(|target| levels.get(target as usize).copied().flatten())
            .max()
            .map_or(0, |level| level.saturating_add(1));
        if let Some(place) = levels.get_mut(number as usize) {
            *place = Some(level);
        }
        for &other in referring.get(&number).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(other as usize) {
                *count -= 1;
                if *count == 0 {
                    ready.push(other);
                }
            }
        }
    }
    levels
}

/// Gives every query its level and the term others refer to it by. Returns the number of levels.
pub(super) fn levels(set: &mut QuerySet, references: &References) -> u16 {
    let levels = in_order(set, references);
    let mut highest = 0;
    for (number, level) in levels.into_iter().enumerate() {
        let Some(id) = set.about.get(number).map(|about| about.id.clone()) else {
            continue;
        };
        let reference = set.vocabulary.find(Space::Query, &id);
        if let Some(head) = set.heads.get_mut(number) {
            head.level = level.unwrap_or_default();
            highest = highest.max(head.level);
            head.reference = reference.unwrap_or(super::set::NONE);
        }
    }
    highest + 1
}
