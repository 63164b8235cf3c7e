//! `queries check` and `queries import`.

use std::io::{IsTerminal as _, Read as _};

use serde_json::json;

use super::show::definitions;
use super::{CheckArgs, ImportArgs};
use crate::cli::screen::Paint;
use crate::cli::{Exit, print, say};
use crate::topics::query::syntax::{parse, print as standard};
use crate::topics::query::{Definition, QueryOptions, QueryProblem, QuerySet, Sourced};

pub(super) fn check(args: &CheckArgs) -> Exit {
    let definitions = match definitions(&args.files) {
        Ok(definitions) => definitions,
        Err(trouble) => return trouble.exit(),
    };
    let compiled = QuerySet::compile(definitions, &QueryOptions::default(), None);
    let paint = Paint::new(std::io::stdout().is_terminal());
    let mut out = String::new();
    for problem in &compiled.problems {
        out += &if args.json {
            format!("{}\n", described(problem))
        } else {
            shown(problem, paint)
        };
    }
    let warnings = compiled
        .problems
        .iter()
        .filter(|problem| !problem.is_error())
        .count();
    if !args.json {
        out += &format!(
            "{} queries, {} with errors, {warnings} warnings, generation {}\n",
            compiled.set.len(),
            compiled.disabled,
            compiled.set.generation()
        );
    }
    match print(&out) {
        Exit::Success if compiled.disabled > 0 || (args.strict && warnings > 0) => Exit::Data,
        exit => exit,
    }
}

/// For people, the kind in colour; foreign text was made harmless line by line.
fn shown(problem: &QueryProblem, paint: Paint) -> String {
    let text: Vec<String> = problem
        .render()
        .lines()
        .map(|line| {
            let line = crate::cli::screen::safe(line);
            match line.split_once(" at ") {
                Some(("error", rest)) => format!("{} at {rest}", paint.red("error")),
                Some(("warning", rest)) => format!("{} at {rest}", paint.yellow("warning")),
                _ => line,
            }
        })
        .collect();
    format!("{}\n\n", text.join("\n"))
}

fn described(problem: &QueryProblem) -> serde_json::Value {
    let (line, column) = problem.diagnostic.place(&problem.query);
    json!({
        "query": problem.id,
        "file": problem.file,
        "file_line": problem.line,
        "severity": if problem.is_error() { "error" } else { "warning" },
        "line": line,
        "column": column,
        "message": problem.diagnostic.message,
        "help": problem.diagnostic.help,
    })
}

pub(super) fn import(args: &ImportArgs) -> Exit {
    let mut bytes = Vec::new();
    let read = if args.file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(&args.file).map(|text| bytes = text)
    };
    if let Err(error) = read {
        say(&format!("{}: {error}\n", args.file.display()));
        return Exit::InputOutput;
    }
    let Ok(text) = String::from_utf8(bytes) else {
        say(&format!("{}: not UTF-8\n", args.file.display()));
        return Exit::Data;
    };
    let query = text.trim_start_matches('\u{feff}').trim();
    let parsed = match parse(query, args.from) {
        Ok(parsed) => parsed,
        Err(error) => {
            say(&error.render(query));
            return Exit::Data;
        }
    };
    let standard = standard(&parsed.root);
    let id = args.id.as_deref().unwrap_or("import");
    let definition = Definition::new(id, &standard);
    for warning in &parsed.warnings {
        say(&warning.render(query));
    }
    let source = Sourced::of(definition.clone());
    let compiled = QuerySet::compile(vec![source], &QueryOptions::default(), None);
    for problem in &compiled.problems {
        // Mixing of AND and OR was spoken of above.
        if problem.is_error() || parsed.warnings.is_empty() {
            say(&problem.diagnostic.render(&problem.query));
        }
    }
    if compiled.disabled > 0 {
        return Exit::Data;
    }
    match &args.id {
        Some(_) => print(&format!(
            "{}\n",
            serde_json::to_string(&definition).unwrap_or_default()
        )),
        None => print(&format!("{standard}\n")),
    }
}
