//! Names of authors.

use crate::text::markers::{Markers, ends_sentence, is_number};
use crate::text::page::{Line, Page, Word};

/// Longest author line in words.
const AUTHOR_WORDS: usize = 7;
/// Longest line of authors with their office or place, and the longest names in it, in words.
const OFFICE_WORDS: usize = 12;
const NAMES: usize = 7;
/// Words of a name that stands alone, in scripts with and without capitals, and characters in scripts without spaces.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=4;
const UNCASED_WORDS: std::ops::RangeInclusive<usize> = 2..=3;
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=5;
/// Most persons on a line.
const PERSONS: usize = 3;
/// Longest word of a name in bytes.
const LONG_NAME: usize = 40;

/// `By Ines Calder`, `By Ines Calder, Brell correspondent`: a word for authorship, names, and what the author is.
pub(super) fn is_author(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    if line.weight > OFFICE_WORDS {
        return false;
    }
    let words = page.line_words(line);
    let Some((by, names)) = words.split_first() else {
        return false;
    };
    if !markers.is_by(page.form(by)) || names.is_empty() {
        return false;
    }
    let parts = |(before, next): (&Word, &Word)| {
        let gap = page.between(before.bytes.end..next.bytes.start);
        gap.contains([',', '(', '،', '、', '|', '–', '—', '/', '•', '·'])
    };
    let end = names.iter().zip(names.iter().skip(1)).position(parts);
    let end = end.map_or(names.len(), |last| last + 1);
    let limit = if end == names.len() {
        AUTHOR_WORDS - 1
    } else {
        NAMES
    };
    let names = names.get(..end).unwrap_or_default();
    let named = |names: &[Word]| {
        names.iter().all(|word| is_part(page, word))
            && names
                .iter()
                .any(|word| !page.first_letter(word).is_some_and(char::is_lowercase))
    };
    page.weigh_words(names) <= limit && named(names)
        || line.weight <= AUTHOR_WORDS && named(words.get(1..).unwrap_or_default())
}

/// A capitalised word, a word of a script without capitals, or a short word (`and`, `de`).
fn is_part(page: &Page<'_>, word: &Word) -> bool {
    let form = page.form(word);
    match page.first_letter(word) {
        Some(c) if c.is_uppercase() => true,
        Some(c) if c.is_lowercase() => form.len() <= 3,
        _ => !is_number(form),
    }
}

/// Whether a line may hold the names of one, two or three persons and nothing else.
pub(in crate::text) fn is_names(page: &Page<'_>, line: &Line) -> bool {
    let text = page.line_text(line);
    if ends_sentence(text) || line.weight > *NAME_WORDS.end() * PERSONS {
        return false;
    }
    let words = page.line_words(line);
    let mut names = words.chunk_by(|word, next| {
        let gap = page.between(word.bytes.end..next.bytes.start);
        !gap.starts_with([',', '،', '、'])
    });
    text.chars().all(is_name_character)
        && !text.ends_with([',', '،', '、'])
        && (1..=PERSONS).contains(&names.clone().count())
        && names.all(|name| is_name(page, name))
}

fn is_name_character(c: char) -> bool {
    c.is_alphabetic()
        || matches!(
            c,
            ' ' | '-' | '\'' | '’' | '.' | ',' | '،' | '、' | '\u{200C}'
        )
        || is_mark(c)
}

/// Whether words may be the name of a person.
fn is_name(page: &Page<'_>, words: &[Word]) -> bool {
    if words.iter().any(|word| word.single) {
        return NAME_CHARACTERS.contains(&words.len())
            && words.iter().all(|word| {
                page.first_letter(word)
                    .is_some_and(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'))
            });
    }
    let cased = |word: &Word| {
        page.first_letter(word)
            .is_some_and(|c| c.is_uppercase() || c.is_lowercase())
    };
    let short = words.iter().all(|word| word.bytes.len() <= LONG_NAME);
    // Hyphens, apostrophes and points inside a name make words too, but not names of their own.
    let spaced = words
        .iter()
        .zip(words.iter().skip(1))
        .filter(|(word, next)| page.between(word.bytes.end..next.bytes.start).contains(' '));
    let count = spaced.count() + 1;
    short
        && if words.iter().any(cased) {
            NAME_WORDS.contains(&count)
                && words.iter().all(|word| {
                    let capital = page.first_letter(word).is_some_and(char::is_uppercase);
                    capital && !is_shouted(page, word)
                })
        } else {
            UNCASED_WORDS.contains(&count)
        }
}

/// Combining marks of Indic and other scripts, which are no letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{D7F}')
}

/// A word of capitals, as abbreviations and headings have them.
fn is_shouted(page: &Page<'_>, word: &Word) -> bool {
    let bytes = word.bytes.start as usize..word.bytes.end as usize;
    let text = page.text.get(bytes).unwrap_or_default();
    text.chars().nth(1).is_some() && !text.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, judge: impl Fn(&Page<'_>, &Line) -> bool) -> bool {
        let page = Page::read(text);
        judge(&page, &page.lines[0])
    }

    #[test]
    fn authors_may_have_an_office_or_a_place() {
        let markers = Markers::shipped().expect("shipped phrases");
        let author = |text: &str| check(text, |page, line| is_author(page, line, &markers));
        for text in [
            "By Ines Calder",
            "By Ines Calder, Brell correspondent",
            "By Ines Calder and Tom Vale, Ostrel",
            "Par Camille Ferrand (Valbrune, correspondance)",
            "Por Lucía Arden, de la redacción — Valdoria",
        ] {
            assert!(author(text), "{text}");
        }
        for text in [
            "By sea, the trip takes six hours",
            "By Monday the road, said police, was open",
            "By Ines Calder, who has lived beside the harbour of Brell for more than forty years",
        ] {
            assert!(!author(text), "{text}");
        }
    }

    #[test]
    fn names_stand_alone() {
        for text in [
            "Ines Calder",
            "Jean-Luc O’Brien",
            "Ines Calder, Tom Vale",
            "M. J. Vale",
            "Анна Лесная",
            "رانيا الحداد",
            "佐山真理",
            "अनिता वर्मा",
        ] {
            assert!(check(text, is_names), "{text}");
        }
        for text in [
            "Ines",
            "What happened next",
            "BREAKING NEWS",
            "Brell 2031",
            "Ines Calder:",
            "Brell, Arden",
            "Ines Calder,",
            "Ines Calder.",
            "新しい船が来た",
            "قال الوزير في مؤتمر",
        ] {
            assert!(!check(text, is_names), "{text}");
        }
    }
}
