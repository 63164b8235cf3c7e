//! `config show`: the effective configuration as TOML that loads again, with the origin of what is not a default.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::keys::{dotted, key_tree};
use super::load::{Loaded, Origin};
use super::secret::{REDACTED, is_secret_property};

/// The effective configuration as TOML. Values that were set have a comment that says where; secrets are comments
/// that do not show them.
pub fn show(loaded: &Loaded) -> String {
    let mut text = "# Effective configuration. Values without a comment are defaults.\n".to_owned();
    match Table::try_from(&loaded.config) {
        Ok(table) => write_table(&mut text, loaded, &table, &mut Vec::new()),
        Err(error) => push_line(
            &mut text,
            &format!(
                "# cannot be shown as TOML: {}",
                error.to_string().escape_debug()
            ),
        ),
    }
    text
}

/// Values first, then tables, as TOML wants it. The recursion is as deep as the key tree.
fn write_table(text: &mut String, loaded: &Loaded, table: &Table, path: &mut Vec<String>) {
    if !path.is_empty() && (table.is_empty() || table.values().any(|value| !value.is_table())) {
        push_line(text, &format!("\n[{}]", dotted(path)));
    }
    for (name, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        path.push(name.clone());
        let hidden = is_hidden(path, name);
        // A secret that came from a file is named by its `_file` key alone.
        if !(hidden && table.contains_key(&format!("{name}_file"))) {
            let line = match (hidden, origin_comment(loaded, path)) {
                (true, origin) => format!(
                    "# {} = \"{REDACTED}\"  # not shown{}",
                    dotted(&[name]),
                    after_comma(&origin)
                ),
                (false, Some(origin)) => {
                    format!("{} = {}  # {origin}", dotted(&[name]), literal(value))
                }
                (false, None) => format!("{} = {}", dotted(&[name]), literal(value)),
            };
            push_line(text, &line);
        }
        path.pop();
    }
    for (name, value) in table {
        if let Value::Table(below) = value {
            path.push(name.clone());
            write_table(text, loaded, below, path);
            path.pop();
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn is_hidden(path: &[String], name: &str) -> bool {
    let in_properties = path.iter().any(|segment| segment.ends_with("properties"));
    if in_properties {
        is_secret_property(name)
    } else {
        key_tree().at(path).is_some_and(|node| node.secret)
    }
}

fn origin_comment(loaded: &Loaded, path: &[String]) -> Option<String> {
    match loaded.origins.get(&dotted(path))? {
        Origin::Default => None,
        Origin::File { line } => Some(format!("file, line {line}")),
        Origin::Env(name) => Some(name.escape_debug().to_string()),
        Origin::Set => Some("--set".to_owned()),
    }
}

fn after_comma(origin: &Option<String>) -> String {
    origin
        .as_ref()
        .map(|origin| format!(", {origin}"))
        .unwrap_or_default()
}

/// A TOML value on one line.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => string_literal(text),
        Value::Float(number) => float_literal(*number),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn string_literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // Control characters, and line separators that editors may take for a line end.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Settings of 32 bits are widened on their way here: 0.2 would be shown as 0.20000000298023224.
fn float_literal(number: f64) -> String {
    let narrow = number as f32;
    if f64::from(narrow) == number {
        format!("{narrow:?}")
    } else {
        format!("{number:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Config;
    use super::super::sources::Sources;
    use super::*;

    fn load(file: &str, env: &[(&str, &str)], sets: &[&str]) -> Loaded {
        let sources = Sources {
            file: Some(("stage.toml".into(), file.to_owned())),
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            host: Some("pod-7".to_owned()),
            ..Sources::default()
        };
        Config::load(&sources).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn what_is_shown_loads_again() {
        let loaded = load(
            "threads = 3\ndelivery = \"at_least_once\"\n[input]\ntopic = \"a\"\naliases.title = [\"k\\u0007o\\\"p\", '\\']\n\
             [kafka.properties]\nsocket.timeout.ms = 100\nlog_level = \"7\"\n[dead_letter]\nmax_ratio = 0.1\n",
            &[("NEWSSTAGE__KAFKA__GROUP", "news # \u{2028} stage")],
            &["batch.bytes=512kB", "output.max_record_bytes=1000000"],
        );
        let shown = show(&loaded);
        let again = load(&shown, &[], &[]);
        assert_eq!(again.config, loaded.config, "{shown}");
        for line in [
            "threads = 3  # file, line 1",
            "group = \"news # \\u2028 stage\"  # NEWSSTAGE__KAFKA__GROUP",
            "bytes = \"500KiB\"  # --set",
            "\"socket.timeout.ms\" = \"100\"  # file, line 7",
            "linger = \"100ms\"",
            "max_ratio = 0.1  # file, line 10",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
    }

    #[test]
    fn the_defaults_show_no_origin() {
        let shown = show(&load("", &[], &[]));
        assert!(!shown.contains("  #"), "{shown}");
        assert_eq!(load(&shown, &[], &[]).config, load("", &[], &[]).config);
    }

    #[test]
    fn secrets_are_comments() {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("key");
        std::fs::write(&token, "canary-file\n").expect("writes");
        let file = format!(
            "[kafka.security]\nprotocol = \"sasl_ssl\"\n[kafka.security.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\n\
             password = \"canary-text\"\n[kafka.security.tls]\nkey_password_file = {:?}\n\
             [kafka.properties]\n\"ssl.key.pem\" = \"canary-property\"\n",
            token.display().to_string()
        );
        let loaded = load(&file, &[], &[]);
        let key = loaded
            .config
            .kafka
            .security
            .tls
            .key_password
            .as_ref()
            .expect("read");
        assert_eq!(key.expose(), "canary-file");
        let shown = show(&loaded);
        assert!(!shown.contains("canary"), "{shown}");
        assert!(
            shown.contains("# password = \"***\"  # not shown, file, line 6"),
            "{shown}"
        );
        assert!(
            shown.contains("# \"ssl.key.pem\" = \"***\"  # not shown"),
            "{shown}"
        );
        assert!(!shown.contains("key_password ="), "{shown}");
    }

    #[test]
    fn narrow_numbers_are_shown_as_written() {
        assert_eq!(float_literal(f64::from(0.2_f32)), "0.2");
        assert_eq!(float_literal(0.1), "0.1");
        assert_eq!(float_literal(1.0), "1.0");
    }
}
