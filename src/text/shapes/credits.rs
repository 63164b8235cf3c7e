//! Captions that end with their picture credit.

use crate::text::document::ZoneKind;
use crate::text::markers::{Markers, is_sentence_end};
use crate::text::page::{Line, Page, Word};

/// Longest caption that ends with its credit, and longest credit, in words.
const CAPTION_WORDS: usize = 30;
const CREDIT_WORDS: usize = 7;
/// Longest caption whose credit is an agency in brackets, as the last paragraph of a story may end too, in words.
const CREDITED_WORDS: usize = 16;
/// Words of a photographer's name, and most characters where it is written without spaces, with the agency.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=4;
const PHOTOGRAPHER: usize = 12;

/// `A ship leaves the port (Agency)`, `A ship leaves the port. Photo: Agency`.
pub(super) fn ends_with_credit(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let (text, words) = (page.line_text(line), page.line_words(line));
    if line.weight > CAPTION_WORDS {
        return false;
    }
    if ends_with_photographer(page, line, markers) || ends_with_owner(page, line, markers) {
        return true;
    }
    if let Some(open) = text
        .rfind(['(', '[', '（'])
        .filter(|_| text.ends_with([')', ']', '）']))
    {
        let before = text.get(..open).unwrap_or_default();
        let open = line.bytes.start + open;
        let inside = words.partition_point(|word| (word.bytes.start as usize) < open);
        let credit = words.get(inside..).unwrap_or_default();
        return inside > 0
            && (1..=CREDIT_WORDS).contains(&credit.len())
            && !is_paragraph(before)
            && (names_after_caption(page, credit, markers)
                || words.len() <= CREDITED_WORDS
                    && !before.contains(is_sentence_end)
                    && credit.iter().all(|word| {
                        word.capital || word.single || markers.is_agency(page.form(word))
                    })
                    && credit.iter().any(|word| markers.is_agency(page.form(word))));
    }
    let Some(colon) = text.rfind([':', '：']) else {
        return false;
    };
    let colon = line.bytes.start + colon;
    let after = words.partition_point(|word| (word.bytes.start as usize) < colon);
    let credit = words.len() - after;
    (1..=CREDIT_WORDS).contains(&credit)
        && (1..=3).any(|length| {
            let start = after.saturating_sub(length);
            let stands = start > 0
                && words
                    .get(start - 1)
                    .zip(words.get(start))
                    .is_some_and(|(last, first)| {
                        let gap = page.between(last.bytes.end..first.bytes.start);
                        gap.contains(is_sentence_end)
                            || gap.contains(['|', '/', '–', '—', '(', '[', '-'])
                            || first.capital && names_agency(page, words.get(after..), markers)
                    });
            stands && opens_caption(page, words.get(start..after).unwrap_or_default(), markers)
        })
}

/// Whether a text has more than one sentence, as captions seldom have.
fn is_paragraph(text: &str) -> bool {
    let inner = text.trim_end().trim_end_matches(is_sentence_end);
    let mut pieces = inner.split(char::is_whitespace);
    pieces.next_back();
    pieces.any(|word| word.chars().count() > 4 && word.ends_with(is_sentence_end))
}

/// Whether words are a phrase for a caption and a name; the phrase alone links to pictures.
fn names_after_caption(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    markers
        .opening(page, words)
        .any(|marker| marker.kind == ZoneKind::Caption && marker.words() < words.len())
}

fn opens_caption(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    markers
        .opening(page, words)
        .any(|marker| marker.kind == ZoneKind::Caption)
}

/// Whether words are names and one of them that of an agency.
fn names_agency(page: &Page<'_>, words: Option<&[Word]>, markers: &Markers) -> bool {
    let words = words.unwrap_or_default();
    let agency = |word: &Word| markers.is_agency(page.form(word));
    words.iter().any(agency) && words.iter().all(|word| word.capital || agency(word))
}

/// `The ferry at the quay. Photo Tom Arden`, `The ferry at the quay Photo: Tom Arden`: a label and a name, which may
/// also end a headline of the story.
pub(super) fn names_credit(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let words = page.line_words(line);
    if line.weight > CAPTION_WORDS || page.line_text(line).ends_with(is_sentence_end) {
        return false;
    }
    if ends_with_capitals(page, words) {
        return true;
    }
    (2..=CREDIT_WORDS.min(words.len().saturating_sub(2))).any(|length| {
        let (caption, credit) = words.split_at(words.len() - length);
        let Some((last, label)) = caption.last().zip(credit.first()) else {
            return false;
        };
        let gap = page.between(last.bytes.end..label.bytes.start);
        (label.capital || gap.contains(is_sentence_end))
            && markers.opening(page, credit).any(|marker| {
                let names = credit.get(marker.words()..).unwrap_or_default();
                marker.kind == ZoneKind::Caption
                    && NAME_WORDS.contains(&names.len())
                    && names.iter().all(|word| word.capital)
                    && (gap.contains(is_sentence_end) || has_colon(page, credit, marker.words()))
            })
    })
}

/// `The ferry at the quay, on Monday. TOM ARDEN`: a name in capitals behind a full stop.
fn ends_with_capitals(page: &Page<'_>, words: &[Word]) -> bool {
    let shouted = |word: &&Word| {
        let text = page.between(word.bytes.clone());
        text.chars().nth(2).is_some() && text.chars().all(char::is_uppercase)
    };
    let name = words.iter().rev().take_while(shouted).count();
    let first = words.len() - name;
    let caption = first.checked_sub(1).and_then(|last| words.get(last));
    NAME_WORDS.contains(&name)
        && caption.zip(words.get(first)).is_some_and(|(last, next)| {
            page.between(last.bytes.end..next.bytes.start)
                .contains(is_sentence_end)
        })
}

/// Whether a colon follows the first `label` words.
fn has_colon(page: &Page<'_>, words: &[Word], label: usize) -> bool {
    let pair = label
        .checked_sub(1)
        .and_then(|last| words.get(last).zip(words.get(label)));
    pair.is_some_and(|(last, next)| {
        let gap = page.between(last.bytes.end..next.bytes.start);
        gap.contains([':', '：'])
    })
}

/// `Boats in the harbour. © Arden News`: a copyright sign and the names of its owner.
fn ends_with_owner(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let text = page.line_text(line);
    let Some(sign) = text.rfind('©').filter(|&sign| sign > 0) else {
        return false;
    };
    let words = page.line_words(line);
    let sign = line.bytes.start + sign;
    let start = words.partition_point(|word| (word.bytes.start as usize) < sign);
    let owner = words.get(start..).unwrap_or_default();
    let name = |word: &Word| {
        word.capital
            || markers.is_agency(page.form(word))
            || !page.first_letter(word).is_some_and(char::is_lowercase)
    };
    start > 0
        && (1..=CREDIT_WORDS).contains(&owner.len())
        && !text.ends_with(['.', '。'])
        && owner.iter().all(name)
}

/// `学生在读书。新闻社记者 赵明 摄`, `港の船＝佐山真理撮影`: a name without syllable letters and the word for taking a picture.
fn ends_with_photographer(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let words = page.line_words(line);
    let text = page.line_text(line);
    if !words.last().is_some_and(|word| word.single) || text.ends_with(is_sentence_end) {
        return false;
    }
    let Some(credit) = markers.closes_picture(page, words) else {
        return false;
    };
    let rest = words.len() - credit;
    let name = words
        .iter()
        .take(rest)
        .rev()
        .take(PHOTOGRAPHER)
        .take_while(|word| {
            let end = word.bytes.end as usize;
            let next = page.text.get(end..).and_then(|text| text.chars().next());
            let place = page.text.get(word.bytes.start as usize..end);
            let han = |text: &str| text.chars().all(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'));
            place.is_some_and(han) && next.is_some_and(|c| c == ' ' || c.is_alphanumeric())
        });
    let name = name.count();
    let before = rest.checked_sub(name + 1).and_then(|last| words.get(last));
    let first = words.get(rest - name);
    let apart = before
        .zip(first)
        .is_some_and(|(last, first)| last.bytes.end < first.bytes.start);
    (2..PHOTOGRAPHER).contains(&name) && apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, judge: fn(&Page<'_>, &Line, &Markers) -> bool) -> bool {
        let page = Page::read(text);
        let markers = Markers::shipped().expect("shipped phrases");
        judge(&page, &page.lines[0], &markers)
    }

    #[test]
    fn credits_end_captions() {
        for text in [
            "Der Parkplatz am alten Markt in Ostheim Foto: Enno Vale / dpa",
            "La plage de Valbrune au petit matin - Photo : Paul Ferrand / AFP",
            "Boats in the harbour of Brell. © Arden News",
            "رجال الإطفاء أمام السوق القديم. © وكالة الميناء",
            "学生们在稻田边的书屋里读书。新华社记者 赵明 摄",
            "港に並ぶ船＝北海道、佐山真理撮影",
        ] {
            assert!(check(text, ends_with_credit), "{text}");
        }
        for text in [
            "Boer Klaas Veld met zijn koe. Foto Jelle Arden",
            "The ferry at the quay of Brell Photo: Tom Arden",
            "Un helicóptero sobre la ladera de Valdoria, este lunes. TOMÁS ARDEN",
        ] {
            assert!(check(text, names_credit), "{text}");
        }
    }

    #[test]
    fn stories_end_otherwise() {
        for text in [
            "He showed them a photo: that was all he said.",
            "Sie zeigte der Polizei ein Foto: ein leeres Boot",
            "Brell keeps the name © and pays for it every year",
            "新しい船を港で撮影",
            "他在临江市摄",
            "The ferry at the quay of Brell photo: nobody came",
        ] {
            assert!(!check(text, ends_with_credit), "{text}");
            assert!(!check(text, names_credit), "{text}");
        }
    }
}
