//! Query files: one file, or a folder of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::definition::Sourced;

/// Endings of the files of a folder that are read.
const ENDINGS: [&str; 3] = ["jsonl", "ndjson", "json"];

/// Query files that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read topics.queries {}: {source}", path.display())]
pub struct FilesError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system says.
    pub source: std::io::Error,
}

/// How query files looked when they were last read: names, lengths and times of change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, u64, Option<SystemTime>)>);

/// The files, in the order of their names: the path itself, or what lies in it with a known ending.
fn files(path: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let failed = |source| FilesError {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let known = file
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
        // A name that begins with a point is one that is still being written.
        let hidden = file
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if known && !hidden && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Looks at the files without reading them.
///
/// # Errors
/// When one is not there or may not be looked at.
pub fn stamp(path: &Path) -> Result<Stamp, FilesError> {
    let stamp = files(path)?.into_iter().map(|file| {
        let known = std::fs::metadata(&file);
        known
            .map(|known| (file.clone(), known.len(), known.modified().ok()))
            .map_err(|source| FilesError { path: file, source })
    });
    Ok(Stamp(stamp.collect::<Result<_, _>>()?))
}

/// Reads all definitions. Lines that are no definition are among them, with what is wrong.
///
/// # Errors
/// When a file cannot be read.
pub fn read(path: &Path) -> Result<Vec<Sourced>, FilesError> {
    let mut all = Vec::new();
    for file in files(path)? {
        let text = std::fs::read(&file).map_err(|source| FilesError {
            path: file.clone(),
            source,
        })?;
        let name: Arc<str> = file.to_string_lossy().into();
        all.append(&mut Sourced::read_lines(&name, &text));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("b.jsonl", r#"{"id":"b","query":"oil"}"#);
        write("a.ndjson", r#"{"id":"a","query":"gas"}"#);
        write(".c.jsonl", "half");
        write("notes.txt", "no");
        let ids: Vec<String> = read(folder.path())
            .unwrap()
            .into_iter()
            .map(|one| one.definition.unwrap().id)
            .collect();
        assert_eq!(ids, ["a", "b"]);
        let before = stamp(folder.path()).unwrap();
        assert_eq!(stamp(folder.path()).unwrap(), before);
        write("b.jsonl", r#"{"id":"b","query":"oil OR gas"}"#);
        assert_ne!(stamp(folder.path()).unwrap(), before);
        let one = read(&folder.path().join("b.jsonl")).unwrap();
        assert_eq!(one.len(), 1);
        assert!(read(&folder.path().join("missing")).is_err());
    }
}
