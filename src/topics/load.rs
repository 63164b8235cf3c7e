//! The word lists of all languages: those that come with the program and those of the user's folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::analyser::Analyser;
use super::lexicon::{Line, SHIPPED, parse};
use super::settings::{Problem, TopicError, TopicSettings};
use super::taxonomy::Taxonomy;

/// Problems reported at once.
const MAX_PROBLEMS: usize = 20;

/// Shipped and own lines by language.
pub(super) type Languages = BTreeMap<String, (Vec<Line>, Vec<Line>)>;

/// Reads and checks all lists.
pub(super) fn load(settings: &TopicSettings, taxonomy: &Taxonomy) -> Result<Languages, TopicError> {
    let mut problems = Vec::new();
    let mut lines = Languages::new();
    let shipped = if settings.shipped_lexicons {
        SHIPPED.as_slice()
    } else {
        &[]
    };
    for &(language, source) in shipped {
        match parse(
            source,
            &format!("{language}.tsv"),
            Analyser::of(language),
            taxonomy,
            false,
        ) {
            Ok(shipped) => lines.entry(language.to_owned()).or_default().0 = shipped,
            Err(found) => problems.extend(found),
        }
    }
    if let Some(folder) = settings.lexicons.as_deref() {
        for (language, file, source) in read_folder(folder, &mut problems)? {
            match parse(&source, &file, Analyser::of(&language), taxonomy, true) {
                Ok(own) => lines.entry(language).or_default().1 = own,
                Err(found) => problems.extend(found),
            }
        }
    }
    if !problems.is_empty() {
        problems.truncate(MAX_PROBLEMS);
        return Err(TopicError::Lexicon { problems });
    }
    Ok(lines)
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
        if !(2..=3).contains(&language.len())
            || !language.bytes().all(|byte| byte.is_ascii_lowercase())
        {
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
