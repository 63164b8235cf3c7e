//! An outline of a YAML document: dotted paths and their values. It reads what `asyncapi.yaml` uses (mappings, lists,
//! quoted, plain and folded values) and refuses the rest, so that the file stays simple.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub struct Outline {
    /// Every path in the order of the document; no value where a mapping or a list follows.
    entries: Vec<(String, Option<String>)>,
}

impl Outline {
    /// Reads a document. Panics, with the line, on what is not plain.
    pub fn parse(text: &str) -> Self {
        let mut outline = Self::default();
        // Depth of indentation and path of every mapping around the line.
        let mut open: Vec<(usize, String)> = Vec::new();
        let mut folded: Option<usize> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let content = line.trim_start_matches(' ');
            let depth = line.len() - content.len();
            assert!(!line.contains('\t'), "line {number}: a tab");
            assert_eq!(line.trim_end(), line, "line {number}: spaces at its end");
            if folded.is_some_and(|above| depth > above) || content.is_empty() {
                continue;
            }
            folded = None;
            if content.starts_with('#') {
                continue;
            }
            assert!(depth.is_multiple_of(2), "line {number}: indentation");
            open.retain(|(above, _)| *above < depth);
            let parent = open.last().map_or("", |(_, path)| path);
            if let Some(item) = content.strip_prefix("- ") {
                outline
                    .entries
                    .push((format!("{parent}[]"), Some(plain(item))));
                continue;
            }
            let (key, value) = content
                .split_once(':')
                .unwrap_or_else(|| panic!("line {number}: {content}"));
            let path = if parent.is_empty() {
                key.to_owned()
            } else {
                format!("{parent}.{key}")
            };
            assert!(!outline.has(&path), "line {number}: {path} again");
            let value = value.trim();
            if let Some(items) = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
                outline.entries.push((path.clone(), None));
                let items = items.split(',');
                let items = items.map(|item| (format!("{path}[]"), Some(plain(item))));
                outline.entries.extend(items);
            } else if value == ">-" {
                folded = Some(depth);
                outline.entries.push((path, Some(String::new())));
            } else {
                let value = (!value.is_empty()).then(|| plain(value));
                outline.entries.push((path.clone(), value));
                open.push((depth, path));
            }
        }
        outline
    }

    pub fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|(known, _)| known == path)
    }

    pub fn value(&self, path: &str) -> Option<&str> {
        self.values()
            .find(|(known, _)| *known == path)
            .map(|(_, value)| value)
    }

    /// Every path with a value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .filter_map(|(path, value)| Some((path.as_str(), value.as_deref()?)))
    }

    /// The items of a list.
    pub fn list(&self, path: &str) -> BTreeSet<String> {
        let item = format!("{path}[]");
        self.values()
            .filter(|(known, _)| *known == item)
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    /// Names of the members of a mapping. Names may have dots: they end before the members of their own mapping.
    pub fn children(&self, path: &str) -> BTreeSet<String> {
        let start = format!("{path}.");
        let below = self.entries.iter().map(|(known, _)| known);
        let below: Vec<&str> = below
            .filter_map(|known| known.strip_prefix(&start))
            .collect();
        let member = |name: &&&str| {
            !name.ends_with("[]")
                && !below.iter().any(|other| {
                    let rest = name.strip_prefix(*other);
                    rest.is_some_and(|rest| rest.starts_with('.'))
                })
        };
        below
            .iter()
            .filter(member)
            .map(|name| (*name).to_owned())
            .collect()
    }
}

fn plain(value: &str) -> String {
    let value = value.trim();
    let unquoted = ['\'', '"']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    if unquoted.is_none() {
        // Outside quotes these would not be the text that they look like.
        let odd = [": ", " #", "&", "*", "!", "|", "%", "@", "`", "{"];
        let bad = odd
            .iter()
            .any(|odd| value.starts_with(odd) || odd.len() == 2 && value.contains(odd));
        assert!(!bad, "quote {value}");
    }
    unquoted.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_lists_and_folded_text_are_read() {
        let outline = Outline::parse(
            "a: 1\nb:\n  x.y:\n    type: 'null'\n  text: >-\n    one: two\n    three\n  l: [p, q]\nc:\n  - r\n  - s\n",
        );
        assert_eq!(outline.value("b.x.y.type"), Some("null"));
        assert_eq!(
            outline.children("b"),
            BTreeSet::from(["x.y", "text", "l"].map(str::to_owned))
        );
        assert_eq!(
            outline.list("b.l"),
            BTreeSet::from(["p", "q"].map(str::to_owned))
        );
        assert_eq!(
            outline.list("c"),
            BTreeSet::from(["r", "s"].map(str::to_owned))
        );
    }
}
