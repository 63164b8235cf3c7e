//! `queries test`: queries against articles, and against what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::TestArgs;
use super::show::{definitions, snippet};
use crate::article::RejectCode;
use crate::cli::articles::Articles;
use crate::cli::enrich::{Trouble, index_trouble, pipeline, unreadable};
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, load, now_ms, print, say};
use crate::pipeline::{Outcome, Trace, Untraced};
use crate::topics::query::{Match, Metadata, QueryMatches, QuerySet, Subject};

/// What one query is expected to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    query: String,
    /// Articles it matches, by id.
    #[serde(default)]
    matches: BTreeSet<String>,
    /// Articles it does not match.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    not: BTreeSet<String>,
}

pub(super) fn main(args: &TestArgs) -> Exit {
    test(args).unwrap_or_else(|trouble| trouble.exit())
}

fn test(args: &TestArgs) -> Result<Exit, Trouble> {
    let expected = args.expect.as_deref().map(read_expected).transpose()?;
    let mut config = load(&args.config).map_err(Trouble::Said)?.config;
    let options = config.topics.query_options();
    // The articles go the way of production; the queries are those of the command line.
    config.topics.queries = None;
    config.topics.queries_topic = None;
    config.stages.topics = true;
    config.stages.dedup = false;
    let compiled = QuerySet::compile(definitions(&args.files)?, &options, None);
    for problem in compiled
        .problems
        .iter()
        .filter(|problem| problem.is_error())
    {
        say(&format!("{}\n", problem.render()));
    }
    let set = Arc::new(compiled.set);
    let mut pipeline = pipeline(config, None)?;
    let paint = Paint::new(std::io::stdout().is_terminal());
    let mut found: BTreeMap<String, BTreeSet<String>> = set
        .ids()
        .map(|id| (id.to_owned(), BTreeSet::new()))
        .collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut out = String::new();
    for file in &args.articles {
        let mut articles =
            Articles::open(file, |_| ()).map_err(|error| unreadable(file, &error))?;
        while let Some(message) = articles.next().map_err(|error| unreadable(file, &error))? {
            let trace = match pipeline.trace(&message, now_ms()) {
                Ok(trace) => trace,
                Err(Untraced::Index(error)) => return Err(index_trouble(error)),
                Err(Untraced::Refused(outcome)) => {
                    say(&format!(
                        "{}: {}\n",
                        safe(&message.position.to_string()),
                        refusal(&outcome)
                    ));
                    continue;
                }
            };
            let id = trace.article.id.clone();
            let matches = matches(&set, &trace);
            let wanted = |found: &Match<'_>| {
                args.only.is_empty() || args.only.iter().any(|id| id == found.id())
            };
            for one in matches.iter().filter(wanted) {
                found
                    .entry(one.id().to_owned())
                    .or_default()
                    .insert(id.clone());
                out += &if args.json {
                    described(&one, &trace)
                } else {
                    shown(&one, &trace, paint)
                };
            }
            for query in matches.over_budget() {
                say(&format!(
                    "{}: given up on {}: too many steps\n",
                    safe(query),
                    safe(&id)
                ));
            }
            seen.insert(id);
            // What was found is shown as it comes.
            if print(&std::mem::take(&mut out)) != Exit::Success {
                return Err(Trouble::Closed);
            }
        }
    }
    if let Some(file) = &args.write_expected {
        write_expected(file, found.clone())?;
    }
    let count: usize = found.values().map(BTreeSet::len).sum();
    say(&format!(
        "{} queries, {} articles, {count} matches\n",
        set.len(),
        seen.len()
    ));
    let wrong = expected.map_or(0, |expected| compare(&expected, &found, &seen));
    Ok(if wrong > 0 || compiled.disabled > 0 {
        Exit::Data
    } else {
        Exit::Success
    })
}

/// The queries that match a traced article.
pub(super) fn matches(set: &Arc<QuerySet>, trace: &Trace<'_>) -> QueryMatches {
    subject(trace, |subject| set.matches(subject))
}

/// What queries see of a traced article.
pub(super) fn subject<T>(trace: &Trace<'_>, work: impl FnOnce(&Subject<'_>) -> T) -> T {
    let topics: Vec<&str> = trace
        .topics
        .iter()
        .flat_map(|topics| topics.tags.iter().map(|tag| tag.id.as_str()))
        .collect();
    work(&Subject {
        document: &trace.document,
        language: trace
            .language
            .as_ref()
            .map_or("und", |guess| guess.code.as_str()),
        topics: &topics,
        metadata: Metadata::of(&trace.article),
    })
}

fn refusal(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rejected(rejection) => rejection.to_string(),
        _ => RejectCode::Empty.as_str().to_owned(),
    }
}

fn shown(found: &Match<'_>, trace: &Trace<'_>, paint: Paint) -> String {
    let mut out = format!(
        "{}  {}  score {:.2}\n",
        paint.bold(&safe(found.id())),
        safe(&trace.article.id),
        found.score()
    );
    for place in found.evidence() {
        let around = snippet(&trace.document, &trace.article, &place, paint);
        out += &format!("    {}  {around}\n", paint.cyan(&safe(place.term)));
    }
    out
}

fn described(found: &Match<'_>, trace: &Trace<'_>) -> String {
    let evidence: Vec<_> = found
        .evidence()
        .map(|place| {
            let field = trace
                .document
                .fields
                .get(place.field)
                .map(|field| field.pointer.as_str());
            json!({ "term": place.term, "field": field, "start": place.start, "end": place.end })
        })
        .collect();
    let line = json!({
        "query": found.id(),
        "article": trace.article.id,
        "score": found.score(),
        "evidence": evidence,
    });
    format!("{line}\n")
}

fn read_expected(file: &Path) -> Result<Vec<Expected>, Trouble> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    lines
        .map(|(line, number)| {
            serde_json::from_str(line).map_err(|error| {
                say(&format!("{}:{number}: {error}\n", file.display()));
                Trouble::Said(Exit::Data)
            })
        })
        .collect()
}

fn write_expected(file: &Path, found: BTreeMap<String, BTreeSet<String>>) -> Result<(), Trouble> {
    let lines = found.into_iter().map(|(query, matches)| {
        let expected = Expected {
            query,
            matches,
            not: BTreeSet::new(),
        };
        format!("{}\n", serde_json::to_string(&expected).unwrap_or_default())
    });
    std::fs::write(file, lines.collect::<String>()).map_err(|error| unreadable(file, &error))
}

/// Says every difference; returns how many there are. Articles that were not there are not spoken of.
fn compare(
    expected: &[Expected],
    found: &BTreeMap<String, BTreeSet<String>>,
    seen: &BTreeSet<String>,
) -> usize {
    let mut wrong = 0;
    let mut tell = |query: &str, article: &str, what: &str| {
        wrong += 1;
        say(&format!("{}: {what} {}\n", safe(query), safe(article)));
    };
    for one in expected {
        let Some(own) = found.get(&one.query) else {
            tell(&one.query, "", "there is no usable query of this id");
            continue;
        };
        for article in one.matches.iter().filter(|article| !own.contains(*article)) {
            let what = if seen.contains(article) {
                "does not match"
            } else {
                "expects a match, but there is no article"
            };
            tell(&one.query, article, what);
        }
        // A list of what must not match leaves the rest open; without one, the list of matches is the whole.
        let excluded = if one.not.is_empty() { own } else { &one.not };
        for article in excluded {
            let extra = own.contains(article) && !one.matches.contains(article);
            if extra {
                tell(&one.query, article, "matches");
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    #[test]
    fn differences_are_counted() {
        let found = BTreeMap::from([("q".to_owned(), set(&["1", "2"]))]);
        let seen = set(&["1", "2", "3"]);
        let expected = |matches: &[&str], not: &[&str]| Expected {
            query: "q".to_owned(),
            matches: set(matches),
            not: set(not),
        };
        let count = |expected: Expected| compare(&[expected], &found, &seen);
        assert_eq!(count(expected(&["1", "2"], &[])), 0);
        assert_eq!(count(expected(&["1"], &[])), 1, "2 is too many");
        assert_eq!(count(expected(&["1"], &["3"])), 0, "2 is left open");
        assert_eq!(count(expected(&["1", "3"], &["2"])), 2);
        let other = Expected {
            query: "x".to_owned(),
            ..Expected::default()
        };
        assert_eq!(compare(&[other], &found, &seen), 1);
    }
}
