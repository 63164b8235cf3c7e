//! Character references (`&amp;`, `&#8217;`) in HTML and in escaped plain text.

/// Longest character reference in bytes, `&` and `;` included, rounded up.
const MAX_REFERENCE: usize = 40;

/// References by which escaped plain text is recognised. Numeric ones (`&#8217;`) count too.
const WELL_KNOWN: [&str; 18] = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "ndash", "mdash", "lsquo", "rsquo", "ldquo",
    "rdquo", "hellip", "laquo", "raquo", "eacute", "euro", "copy",
];

/// What may be character references: each `&` with the letters and digits after it, and where it stands.
pub(super) fn references(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('&').map(|(at, _)| {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let name = rest
            .iter()
            .skip(1)
            .take(MAX_REFERENCE)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#');
        let length = 1 + name.count();
        let length = length + usize::from(rest.get(length) == Some(&b';'));
        (at, text.get(at..at + length).unwrap_or_default())
    })
}

/// What a character reference stands for, and how many of its bytes are the reference: `&ampere` is `&` and then `ere`.
pub(super) fn decode(reference: &str, strict: bool) -> Option<(String, usize)> {
    if reference.len() < 3 || (strict && !reference.ends_with(';')) {
        return None;
    }
    let decoded = htmlize::unescape(reference);
    if decoded == reference {
        return None;
    }
    // A whole reference stands for one or two characters; a legacy one without semicolon has the rest of the word behind it.
    let rest = match reference.ends_with(';') && decoded.chars().nth(2).is_none() {
        true => 0,
        false => reference
            .bytes()
            .rev()
            .zip(decoded.bytes().rev())
            .take_while(|(a, b)| a == b)
            .count(),
    };
    if strict && rest > 0 {
        return None;
    }
    let text = decoded.get(..decoded.len().checked_sub(rest)?)?.to_owned();
    (!text.is_empty()).then(|| (text, reference.len() - rest))
}

/// Whether a reference is one that shows its text to be escaped.
pub(super) fn is_well_known(reference: &str) -> bool {
    let Some(name) = reference
        .strip_prefix('&')
        .and_then(|rest| rest.strip_suffix(';'))
    else {
        return false;
    };
    WELL_KNOWN.contains(&name) || (name.starts_with('#') && decode(reference, true).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, strict: bool) -> Vec<(String, usize)> {
        references(text)
            .filter_map(|(_, reference)| decode(reference, strict))
            .collect()
    }

    #[test]
    fn references_are_decoded_with_their_length() {
        let pair = |text: &str, length| (text.to_owned(), length);
        assert_eq!(
            all("&amp;&#65;&#x42;&semi;", false),
            [pair("&", 5), pair("A", 5), pair("B", 6), pair(";", 6)]
        );
        assert_eq!(
            all("&copy2026 &ampere;", false),
            [pair("©", 5), pair("&", 4)]
        );
        assert_eq!(all("&copy2026 &ampere;", true), []);
        assert_eq!(all("& && &; &# &#; &nosuch; &é;", false), []);
    }

    #[test]
    fn only_well_known_references_show_escaped_text() {
        for known in ["&amp;", "&nbsp;", "&#8217;", "&#x2019;"] {
            assert!(is_well_known(known), "{known}");
        }
        for unknown in ["&amp", "&T;", "&it;", "&#;", "&;", "amp;"] {
            assert!(!is_well_known(unknown), "{unknown}");
        }
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn any_text_is_harmless(text in any::<String>(), likely in "[&#;a-zA-Z0-9é]{0,60}") {
            for text in [text, likely] {
                for (at, reference) in references(&text) {
                    prop_assert!(text[at..].starts_with(reference));
                    if let Some((decoded, length)) = decode(reference, false) {
                        prop_assert!(!decoded.is_empty() && (3..=reference.len()).contains(&length));
                    }
                }
            }
        }
    }
}
