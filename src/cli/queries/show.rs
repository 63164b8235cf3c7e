//! Evidence for people: the words around a place, the place marked.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::article::RawArticle;
use crate::cli::enrich::{Trouble, unreadable};
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, say};
use crate::text::{Document, Role};
use crate::topics::query::{MatchEvidence, Sourced, read_files};

/// Code points shown before and behind a place.
const AROUND: usize = 30;

/// The published text around a place, the place marked: by colour, else by brackets.
pub fn snippet(
    document: &Document,
    article: &RawArticle<'_>,
    place: &MatchEvidence<'_>,
    paint: Paint,
) -> String {
    let Some(field) = document.fields.get(place.field) else {
        return String::new();
    };
    let published = match field.role {
        Role::Title => article.title.as_ref().map(|field| field.text.as_ref()),
        Role::Summary => article
            .summary
            .as_ref()
            .map(|text| text.field.text.as_ref()),
        Role::Body => article.body.as_ref().map(|text| text.field.text.as_ref()),
    };
    let text = published.unwrap_or(&field.text);
    let (start, end) = (place.start as usize, place.end as usize);
    let from = start.saturating_sub(AROUND);
    let part =
        |skip: usize, take: usize| safe(&text.chars().skip(skip).take(take).collect::<String>());
    let found = part(start, end.saturating_sub(start));
    let marked = match paint.bold(&found) {
        plain if plain == found => format!("[{found}]"),
        bold => bold,
    };
    format!(
        "{}{}{marked}{} {}",
        if from > 0 { "…" } else { "" },
        part(from, start - from),
        part(end, AROUND),
        paint.dim(&format!("({} {start}..{end})", field.pointer)),
    )
}

/// The definitions of files, folders and standard input.
pub(super) fn definitions(files: &[PathBuf]) -> Result<Vec<Sourced>, Trouble> {
    let mut all = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            let mut text = Vec::new();
            std::io::stdin()
                .read_to_end(&mut text)
                .map_err(|error| unreadable(file, &error))?;
            let name: Arc<str> = "-".into();
            all.append(&mut Sourced::read_lines(&name, &text));
            continue;
        }
        all.append(&mut read_files(file).map_err(|error| {
            say(&format!("{}: {}\n", error.path.display(), error.source));
            Trouble::Said(Exit::InputOutput)
        })?);
    }
    Ok(all)
}
