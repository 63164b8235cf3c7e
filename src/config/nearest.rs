//! What was probably meant: the valid key or name that is nearest to an unknown one.

use super::keys::key_tree;

/// The known path nearest to an unknown one: a sibling with a similar name, the same name elsewhere, or a similar path.
pub(super) fn nearest_key(unknown: &[String]) -> Option<Vec<String>> {
    const LEAST: f64 = 0.75;
    let (last, parent) = unknown.split_last()?;
    let last = last.to_lowercase().replace('-', "_");
    let whole = flat(unknown);
    let mut best: Option<(f64, Vec<String>)> = None;
    for path in key_tree().paths() {
        let Some((name, above)) = path.split_last() else {
            continue;
        };
        let score = if above == parent {
            0.05 + similarity(&last, name)
        } else if *name == last {
            // Among equal names the one that shares more of its path.
            0.85 + 0.1 * similarity(&flat(parent), &flat(above))
        } else {
            similarity(&whole, &flat(&path))
        };
        if score > LEAST && best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, path));
        }
    }
    best.map(|(_, path)| path)
}

/// The name nearest to `name`, if one is near.
pub(crate) fn nearest_name<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const LEAST: f64 = 0.6;
    let name = name.to_lowercase();
    names
        .map(|candidate| (similarity(&name, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score > LEAST)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn similarity(a: &str, b: &str) -> f64 {
    // The distance is quadratic and foreign keys may be long.
    const LONGEST: usize = 200;
    if a.len() > LONGEST || b.len() > LONGEST {
        return 0.0;
    }
    strsim::normalized_damerau_levenshtein(a, b)
}

fn flat<S: AsRef<str>>(path: &[S]) -> String {
    let parts: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    parts.join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    fn nearest(text: &str) -> Option<String> {
        nearest_key(&path(text)).map(|p| p.join("."))
    }

    #[test]
    fn finds_the_nearest_key() {
        for (wrong, right) in [
            ("kafka.gruop", "kafka.group"),
            ("kafak", "kafka"),
            ("kafka.compresion", "kafka.compression"),
            ("brokers", "kafka.brokers"),
            ("kafka.sasl.mechanism", "kafka.security.sasl.mechanism"),
            ("kafka_brokers", "kafka.brokers"),
            ("dead-letter", "dead_letter"),
            ("batch.message", "batch.messages"),
            ("output.duplicate_topic", "output.duplicates_topic"),
        ] {
            assert_eq!(nearest(wrong).as_deref(), Some(right), "{wrong}");
        }
        assert_eq!(nearest("zzzz"), None);
        assert_eq!(nearest(&"x".repeat(100_000)), None);
    }
}
