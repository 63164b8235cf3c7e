//! The word lists of all languages: those that come with the program and those of the user's folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::analyser::Analyser;
use super::lexicon::{Lexicon, Line, SHIPPED, parse};
use super::relatives::is_code;
use super::settings::{Problem, TopicError, TopicSettings};
use super::taxonomy::Taxonomy;

/// Problems reported at once.
const MAX_PROBLEMS: usize = 20;

/// Where the lines of a language come from.
#[derive(Debug, Default)]
struct Sources {
    shipped: Option<&'static str>,
    /// Path and contents of the user's file.
    own: Option<(String, String)>,
}

/// Reads and checks all lists, and makes something of each, in the order of the languages. One after the other: side by side
/// is hardly faster, and leaves ten megabytes of half-made lists in the allocator's pages.
pub(super) fn load<T>(
    settings: &TopicSettings,
    taxonomy: &Taxonomy,
    make: impl Fn(&str, Lexicon) -> T,
) -> Result<Vec<(String, T)>, TopicError> {
    let mut problems = Vec::new();
    let mut sources: BTreeMap<String, Sources> = BTreeMap::new();
    if settings.shipped_lexicons {
        for (language, source) in SHIPPED {
            sources.entry(language.to_owned()).or_default().shipped = Some(source);
        }
    }
    if let Some(folder) = settings.lexicons.as_deref() {
        for (language, file, source) in read_folder(folder, &mut problems)? {
            sources.entry(language).or_default().own = Some((file, source));
        }
    }
    let mut made = Vec::with_capacity(sources.len());
    for (language, sources) in sources {
        match read(&language, &sources, taxonomy) {
            Ok(lexicon) => {
                let lexicon = make(&language, lexicon);
                made.push((language, lexicon));
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        problems.truncate(MAX_PROBLEMS);
        return Err(TopicError::Lexicon { problems });
    }
    Ok(made)
}

/// The lists of one language, put together.
fn read(language: &str, sources: &Sources, taxonomy: &Taxonomy) -> Result<Lexicon, Vec<Problem>> {
    let shipped = sources
        .shipped
        .map_or(Ok(Vec::new()), |source| shipped(language, source, taxonomy));
    let own = sources
        .own
        .as_ref()
        .map_or(Ok(Vec::new()), |(file, source)| {
            parse(source, file, Analyser::of(language), taxonomy, true)
        });
    match (shipped, own) {
        (Ok(shipped), Ok(own)) => Ok(Lexicon::merge(language, shipped, own, taxonomy)),
        (shipped, own) => Err([shipped.err(), own.err()]
            .into_iter()
            .flatten()
            .flatten()
            .collect()),
    }
}

/// The lines of a shipped list.
pub(super) fn shipped(
    language: &str,
    source: &str,
    taxonomy: &Taxonomy,
) -> Result<Vec<Line>, Vec<Problem>> {
    let file = format!("{language}.tsv");
    parse(source, &file, Analyser::of(language), taxonomy, false)
}

/// Language, path and contents of every `.tsv` file in a folder, in the order of their names.
fn read_folder(
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(String, String, String)>, TopicError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TopicError::Read { path, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "tsv") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let file = path.display().to_string();
        let language = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        if !is_code(&language) {
            let message =
                "the name must be a language code of two or three small letters, such as en.tsv"
                    .to_owned();
            problems.push(Problem {
                file,
                line: 0,
                message,
            });
            continue;
        }
        let source = std::fs::read_to_string(&path).map_err(failed(&path))?;
        files.push((language, file, source));
    }
    Ok(files)
}
