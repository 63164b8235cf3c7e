//! The sources as the operating system has them: the one place here that reads the environment.

use std::path::Path;

use super::errors::{ConfigErrors, Place, Problem};
use super::sources::{ENV_PREFIX, PROGRAM, Sources};

/// Largest configuration file, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

impl Sources {
    /// Reads the file, the environment of this process and its host name.
    ///
    /// # Errors
    /// When the file cannot be read or is no text, and for every setting in the environment that is no text.
    pub fn from_system(file: Option<&Path>, sets: Vec<String>) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let file = file.and_then(|path| match read_file(path) {
            Ok(text) => Some((path.to_owned(), text)),
            Err(problem) => {
                problems.push(problem);
                None
            }
        });
        let (mut env, mut misnamed) = (Vec::new(), Vec::new());
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if !name.starts_with(ENV_PREFIX) {
                misnamed.extend(name.starts_with(PROGRAM).then_some(name));
                continue;
            }
            match value.into_string() {
                Ok(value) => env.push((name, value)),
                Err(_) => {
                    problems.push(Problem::new("", "the value is not UTF-8").at(Place::Env(name)))
                }
            }
        }
        ConfigErrors::unless_empty(
            problems,
            Self {
                file,
                env,
                misnamed,
                sets,
                host: host_name(),
            },
        )
    }
}

fn read_file(path: &Path) -> Result<String, Problem> {
    let name = path.display().to_string();
    let problem = |message: String| Problem::new("", format!("{name}: {message}"));
    let length = std::fs::metadata(path).map(|file| file.len()).unwrap_or(0);
    if length > LARGEST_FILE {
        return Err(problem(format!("larger than {LARGEST_FILE} bytes")));
    }
    let bytes =
        std::fs::read(path).map_err(|error| problem(format!("cannot read the file: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        problem(format!("line {line} is not UTF-8"))
    })
}

/// The host name: in a container the name of the pod, which `HOSTNAME` repeats.
fn host_name() -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    kernel
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing.toml");
        let error = Sources::from_system(Some(&missing), Vec::new())
            .expect_err("missing")
            .to_string();
        assert!(
            error.contains("missing.toml: cannot read the file"),
            "{error}"
        );

        let binary = folder.path().join("binary.toml");
        std::fs::write(&binary, b"a = 1\nb = \xff\n").expect("writes");
        let error = Sources::from_system(Some(&binary), Vec::new())
            .expect_err("binary")
            .to_string();
        assert!(
            error.contains("binary.toml: line 2 is not UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn the_host_has_a_name() {
        let sources = Sources::from_system(None, vec!["threads=2".to_owned()]).expect("reads");
        assert!(sources.host.is_some_and(|host| !host.is_empty()));
        assert_eq!(sources.sets, ["threads=2"]);
    }
}
