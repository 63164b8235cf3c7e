//! Language codes: what a publisher declares becomes a BCP 47 code. The codes and names are data (`codes.tsv`).

use std::collections::HashMap;

use super::LanguageError;

const DATA: &str = include_str!("codes.tsv");

/// Longest declaration that is looked at, in bytes.
const LONGEST: usize = 64;

/// Codes, names and groups of siblings.
#[derive(Debug)]
pub(super) struct Codes {
    /// BCP 47 primary code by any code or lower-case name.
    primary: HashMap<String, &'static str>,
    groups: HashMap<&'static str, &'static str>,
}

impl Codes {
    pub(super) fn shipped() -> Result<Self, LanguageError> {
        let mut codes = Self {
            primary: HashMap::new(),
            groups: HashMap::new(),
        };
        for (index, row) in DATA
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.starts_with('#'))
        {
            let columns: Vec<&'static str> = row.split('\t').collect();
            let [code, others, names, group] = columns[..] else {
                return Err(LanguageError::Data {
                    file: "codes.tsv",
                    line: index + 1,
                });
            };
            for key in [code]
                .into_iter()
                .chain(others.split(','))
                .chain(names.split(','))
                .filter(|key| !key.is_empty())
            {
                codes.primary.insert(key.to_lowercase(), code);
            }
            if !group.is_empty() {
                codes.groups.insert(code, group);
            }
        }
        Ok(codes)
    }

    /// The group of languages that are hard to tell apart, where the code is in one.
    pub(super) fn group(&self, code: &str) -> Option<&'static str> {
        self.groups.get(primary_subtag(code)).copied()
    }

    /// Whether two codes name the same language or siblings of one group.
    pub(super) fn agree(&self, one: &str, other: &str) -> bool {
        primary_subtag(one) == primary_subtag(other)
            || self
                .group(one)
                .is_some_and(|group| self.group(other) == Some(group))
    }

    /// A declaration (`en`, `eng`, `fr_FR`, `zh-hans-cn`, `English`, `Chinese (Simplified)`) as BCP 47: language, script
    /// and region, where they are given. `None` when it names no known language.
    pub(super) fn normalise(&self, declared: &str) -> Option<String> {
        let first = declared.split([',', ';']).next()?.trim();
        if first.is_empty() || first.len() > LONGEST {
            return None;
        }
        let lower = first.to_lowercase();
        if let Some(code) = self.primary.get(lower.as_str()) {
            return Some((*code).to_owned());
        }
        if let Some((name, variant)) = lower.split_once('(') {
            let code = *self.primary.get(name.trim())?;
            let script = [
                ("simplified", "-Hans"),
                ("traditional", "-Hant"),
                ("latin", "-Latn"),
                ("cyrillic", "-Cyrl"),
            ];
            let script = script
                .iter()
                .find(|(word, _)| variant.contains(word))
                .map_or("", |(_, script)| script);
            return Some(format!("{code}{script}"));
        }
        // POSIX locales add the encoding and a modifier: sr_RS.UTF-8@latin.
        let mut subtags = lower.split(['.', '@']).next()?.split(['-', '_']);
        let mut code = (*self.primary.get(subtags.next()?)?).to_owned();
        for subtag in subtags.take(2) {
            match script_or_region(subtag) {
                Some(part) => code = format!("{code}-{part}"),
                None => break,
            }
        }
        Some(code)
    }
}

pub(super) fn primary_subtag(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

fn script_or_region(subtag: &str) -> Option<String> {
    let letters = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    let digits = subtag.bytes().all(|byte| byte.is_ascii_digit());
    match subtag.len() {
        2 if letters => Some(subtag.to_uppercase()),
        3 if digits => Some(subtag.to_owned()),
        4 if letters => {
            let (first, rest) = subtag.split_at(1);
            Some(format!("{}{rest}", first.to_uppercase()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn codes() -> Codes {
        Codes::shipped().expect("shipped codes")
    }

    #[test]
    fn declarations_become_bcp_47() {
        let cases = [
            ("en", "en"),
            ("ENG", "en"),
            ("English", "en"),
            ("fr_FR", "fr-FR"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("Chinese (Simplified)", "zh-Hans"),
            ("sr_RS.UTF-8@latin", "sr-RS"),
            ("arabic", "ar"),
            ("العربية", "ar"),
            ("per", "fa"),
            ("iw", "he"),
            ("es-419", "es-419"),
            ("en-US,en;q=0.8", "en-US"),
            ("norsk", "no"),
        ];
        for (declared, expected) in cases {
            assert_eq!(
                codes().normalise(declared).as_deref(),
                Some(expected),
                "{declared}"
            );
        }
        for unknown in [
            "",
            " ",
            "xx",
            "klingon",
            "123",
            "e",
            "english text of the day which is far too long to be any language name",
        ] {
            assert_eq!(codes().normalise(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn siblings_agree() {
        assert!(
            codes().agree("nb", "no")
                && codes().agree("sr-Latn", "hr")
                && codes().agree("zh-Hans", "zh-TW")
        );
        assert!(!codes().agree("en", "de") && !codes().agree("nb", "da"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn a_normalised_code_stays(declared in "[a-zA-Z]{1,3}([-_.@(][a-zA-Z0-9]{0,5}){0,3}|.{0,12}") {
            let codes = codes();
            if let Some(code) = codes.normalise(&declared) {
                prop_assert_eq!(codes.normalise(&code), Some(code.clone()));
                prop_assert!(code.is_ascii());
            }
        }
    }
}
