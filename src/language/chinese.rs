//! Simplified, traditional and Cantonese: told apart by characters that only one of them has (`chinese.txt`).

use std::collections::HashMap;

const DATA: &str = include_str!("chinese.txt");

/// Share of the characters that must be Cantonese ones.
const CANTONESE_SHARE: f32 = 0.015;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Simplified,
    Traditional,
    Cantonese,
}

/// The telling characters.
#[derive(Debug)]
pub(super) struct Chinese {
    forms: HashMap<char, Form>,
}

impl Chinese {
    pub(super) fn shipped() -> Self {
        let mut forms = HashMap::new();
        for line in DATA.lines().filter(|line| !line.starts_with('#')) {
            if let Some(characters) = line.strip_prefix("yue ") {
                forms.extend(characters.chars().map(|c| (c, Form::Cantonese)));
                continue;
            }
            for pair in line.split_whitespace() {
                let mut pair = pair.chars();
                if let (Some(simplified), Some(traditional)) = (pair.next(), pair.next()) {
                    forms.insert(simplified, Form::Simplified);
                    forms.insert(traditional, Form::Traditional);
                }
            }
        }
        Self { forms }
    }

    /// The code of Chinese text and its confidence. Without any telling character the answer is plain `zh`.
    pub(super) fn judge(&self, text: &str) -> (&'static str, f32) {
        let (mut simplified, mut traditional, mut cantonese, mut characters) =
            (0_u32, 0_u32, 0_u32, 0_u32);
        for c in text.chars().filter(|c| !c.is_ascii()) {
            characters += 1;
            match self.forms.get(&c) {
                Some(Form::Simplified) => simplified += 1,
                Some(Form::Traditional) => traditional += 1,
                Some(Form::Cantonese) => cantonese += 1,
                None => {}
            }
        }
        if cantonese >= 2 && cantonese as f32 >= CANTONESE_SHARE * characters as f32 {
            return ("yue", 0.9);
        }
        match simplified.cmp(&traditional) {
            std::cmp::Ordering::Greater => ("zh-Hans", 1.0),
            std::cmp::Ordering::Less => ("zh-Hant", 1.0),
            std::cmp::Ordering::Equal => ("zh", 0.9),
        }
    }
}
