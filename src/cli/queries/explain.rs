//! `queries explain`: one query on one article, part by part.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::ExplainArgs;
use super::show::{definitions, snippet};
use super::trial::subject;
use crate::cli::articles::given;
use crate::cli::enrich::{Trouble, index_trouble, pipeline, unreadable};
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, load, now_ms, print, say};
use crate::pipeline::{Outcome, Trace, Untraced};
use crate::topics::query::{Explained, Explanation, QuerySet};

/// Parts of a long list that do not hold are not all shown.
const MANY: usize = 8;

pub(super) fn main(args: &ExplainArgs) -> Exit {
    explain(args).unwrap_or_else(|trouble| trouble.exit())
}

fn explain(args: &ExplainArgs) -> Result<Exit, Trouble> {
    let mut config = load(&args.config).map_err(Trouble::Said)?.config;
    let options = config.topics.query_options();
    let mut files = args.queries.clone();
    if files.is_empty() {
        files.extend(config.topics.queries.take());
    }
    if files.is_empty() {
        say("no queries: name files with --queries, or set topics.queries\n");
        return Err(Trouble::Said(Exit::Usage));
    }
    config.topics.queries = None;
    config.topics.queries_topic = None;
    config.stages.topics = true;
    config.stages.dedup = false;
    let compiled = QuerySet::compile(definitions(&files)?, &options, None);
    let set = Arc::new(compiled.set);
    if !set.contains(&args.id) {
        let own = compiled
            .problems
            .iter()
            .filter(|problem| problem.id == args.id && problem.is_error());
        let reasons: String = own
            .map(|problem| format!("{}\n", problem.render()))
            .collect();
        say(&format!(
            "there is no usable query {}\n{reasons}",
            safe(&args.id)
        ));
        return Err(Trouble::Said(Exit::Data));
    }
    let mut pipeline = pipeline(config, None)?;
    let given = given(&args.article).map_err(|error| unreadable(&args.article, &error))?;
    let [message] = given.messages.as_slice() else {
        let (file, count) = (args.article.display().to_string(), given.messages.len());
        say(&format!(
            "{}: {count} articles, where one is explained\n",
            safe(&file)
        ));
        return Err(Trouble::Said(Exit::Data));
    };
    let trace = match pipeline.trace(message, now_ms()) {
        Ok(trace) => trace,
        Err(Untraced::Refused(Outcome::Rejected(rejection))) => {
            say(&format!("{rejection}\n"));
            return Err(Trouble::Said(Exit::Data));
        }
        Err(Untraced::Refused(_)) => return Err(Trouble::Said(Exit::Data)),
        Err(Untraced::Index(error)) => return Err(index_trouble(error)),
    };
    let Some(explained) = subject(&trace, |subject| set.explain(&args.id, subject)) else {
        return Err(Trouble::Said(Exit::Software));
    };
    let paint = Paint::new(std::io::stdout().is_terminal());
    Ok(print(&shown(&args.id, &explained, &trace, paint)))
}

fn shown(id: &str, explained: &Explained, trace: &Trace<'_>, paint: Paint) -> String {
    let verdict = if explained.matches {
        paint.green("matches")
    } else {
        paint.red("does not match")
    };
    let mut out = format!(
        "{} {verdict} {}\n",
        paint.bold(&safe(id)),
        safe(&trace.article.id)
    );
    let language = trace
        .language
        .as_ref()
        .map_or("und", |guess| guess.code.as_str());
    if !explained.language {
        out += &format!("  {} langs: the article is in {language}\n", paint.red("✗"));
    }
    let (score, least) = explained.score;
    if explained.tree.holds && score < least {
        out += &format!(
            "  {} score {score:.2} is under min_score {least:.2}\n",
            paint.red("✗")
        );
    }
    part(&mut out, &explained.tree, 1, trace, paint);
    out
}

/// Nesting is bounded by the parser.
fn part(
    out: &mut String,
    explanation: &Explanation,
    depth: usize,
    trace: &Trace<'_>,
    paint: Paint,
) {
    let mark = if explanation.holds {
        paint.green("✓")
    } else {
        paint.red("✗")
    };
    let indent = "  ".repeat(depth);
    let count = match explanation.count {
        Some(0) => " (not in the text)".to_owned(),
        Some(1) => String::new(),
        None => explanation
            .instead
            .as_ref()
            .map_or_else(String::new, |instead| format!(" ({})", safe(instead))),
        Some(count) => format!(" ({count} times)"),
    };
    *out += &format!(
        "{indent}{mark} {}{}\n",
        safe(&explanation.what),
        paint.dim(&count)
    );
    for place in explanation.evidence() {
        let around = snippet(&trace.document, &trace.article, &place, paint);
        *out += &format!("{indent}    {around}\n");
    }
    let mut missing = 0;
    for inner in &explanation.parts {
        let idle = !inner.holds && inner.parts.is_empty() && inner.count == Some(0);
        missing += usize::from(idle);
        if idle && missing > MANY {
            continue;
        }
        part(out, inner, depth + 1, trace, paint);
    }
    if missing > MANY {
        *out += &format!(
            "{indent}  {} {} more that are not in the text\n",
            paint.red("✗"),
            missing - MANY
        );
    }
}
