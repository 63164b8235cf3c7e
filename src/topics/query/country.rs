//! Countries: from a code or an English name to the two-letter code.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::folded_words;

const TABLE: &str = include_str!("countries.tsv");

/// Top-level domains that are sold to the whole world and say nothing of a country.
const GENERIC: [&str; 24] = [
    "ac", "ag", "ai", "am", "cc", "cd", "cf", "co", "fm", "ga", "gg", "gq", "im", "io", "is", "la",
    "ly", "me", "ml", "nu", "so", "tk", "tv", "ws",
];

static COUNTRIES: LazyLock<Countries> = LazyLock::new(Countries::read);

struct Countries {
    /// By folded name or code.
    by_name: HashMap<String, &'static str>,
}

impl Countries {
    fn read() -> Self {
        let mut by_name = HashMap::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let Some(code) = columns.next() else { continue };
            by_name.insert(folded(code), code);
            for column in columns {
                for name in column.split(';') {
                    by_name.insert(folded(name), code);
                }
            }
        }
        Self { by_name }
    }
}

fn folded(name: &str) -> String {
    folded_words(name).join(" ")
}

/// The code of a country that is named by its code (two or three letters) or in English.
pub(super) fn find(name: &str) -> Option<&'static str> {
    COUNTRIES.by_name.get(&folded(name)).copied()
}

/// The country of a publication: as it is declared, else by the national domain of its host.
pub(super) fn of(declared: Option<&str>, host: Option<&str>) -> Option<&'static str> {
    declared.and_then(find).or_else(|| {
        let domain = host?.rsplit('.').next()?;
        match domain {
            "uk" => Some("GB"),
            _ if domain.len() != 2 || GENERIC.contains(&domain) => None,
            _ => find(domain),
        }
    })
}

/// The known name nearest to one that is not known.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = folded(name);
    let names = COUNTRIES.by_name.keys();
    let (distance, _, nearest) = names
        .map(|known| {
            (
                strsim::damerau_levenshtein(known, &name),
                known.as_str(),
                known,
            )
        })
        .min()?;
    (distance <= 2 && name.len() > 3)
        .then(|| COUNTRIES.by_name.get(nearest).copied())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_known() {
        for name in ["MA", "ma", "MAR", "Morocco", "morocco"] {
            assert_eq!(find(name), Some("MA"), "{name}");
        }
        assert_eq!(find("Côte d’Ivoire"), Some("CI"));
        assert_eq!(find("UK"), Some("GB"));
        assert_eq!(find("Atlantis"), None);
        assert_eq!(nearest("Marocco"), Some("MA"));
        assert_eq!(
            COUNTRIES
                .by_name
                .values()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            250
        );
    }

    #[test]
    fn the_domain_speaks_where_nothing_is_declared() {
        assert_eq!(of(Some("Morocco"), Some("lemonde.fr")), Some("MA"));
        assert_eq!(of(None, Some("lemonde.fr")), Some("FR"));
        assert_eq!(of(Some("?"), Some("bbc.co.uk")), Some("GB"));
        assert_eq!(of(None, Some("example.io")), None);
        assert_eq!(of(None, Some("example.com")), None);
    }
}
