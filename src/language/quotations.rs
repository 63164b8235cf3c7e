//! Reports in standard Chinese quote people in Cantonese: what stands outside the quotations says which of the two it is.

/// Signs that open and close quotations.
const OPENING: [char; 3] = ['「', '『', '“'];
const CLOSING: [char; 3] = ['」', '』', '”'];
/// Deepest quotation in a quotation.
const DEEPEST: u32 = 3;

/// What stands outside quotations, where that is most of the text; `None` where there are none, or they are most of it.
/// A quotation whose start or end is cut off goes to the start or the end of the text.
pub(super) fn without_quotations(text: &str) -> Option<String> {
    if !text.contains(OPENING) && !text.contains(CLOSING) {
        return None;
    }
    let mut outside = String::with_capacity(text.len());
    let (mut all, mut kept) = (0_usize, 0_usize);
    let mut depth = 0_u32;
    for c in text.chars() {
        if OPENING.contains(&c) {
            depth = (depth + 1).min(DEEPEST);
        } else if CLOSING.contains(&c) {
            if depth == 0 {
                outside.clear();
                kept = 0;
            }
            depth = depth.saturating_sub(1);
            if depth == 0 {
                outside.push(' ');
            }
        } else {
            let letter = usize::from(c.is_alphabetic());
            all += letter;
            if depth == 0 {
                outside.push(c);
                kept += letter;
            }
        }
    }
    (kept * 2 > all).then_some(outside)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_outside_remains() {
        for (text, outside) in [
            ("他說：「唔好咁」。記者離開。", Some("他說： 。記者離開。")),
            ("他說今天不去，「我『唔』想", Some("他說今天不去，")),
            ("想」。他說今天不去", Some(" 。他說今天不去")),
            ("他說：「唔好咁講，我唔識」", None),
            ("他說今天不去", None),
            ("」」「「", None),
            ("", None),
        ] {
            assert_eq!(without_quotations(text).as_deref(), outside, "{text}");
        }
    }

    proptest! {
        #[test]
        fn most_of_any_text_remains(text in "[「」『』“”他說 a]{0,40}") {
            if let Some(outside) = without_quotations(&text) {
                let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
                prop_assert!(letters(&outside) * 2 > letters(&text));
                prop_assert!(!outside.contains(OPENING) && !outside.contains(CLOSING));
            }
        }
    }
}
