//! What the form of one line says, without any phrase: posts, rows of buttons, menus, dates, keywords, names.

use std::collections::HashSet;

use super::document::ZoneKind;
use super::markers::{Marker, Markers, ends_sentence, is_number, is_sentence_end};
use super::page::{Line, Page, Word};

/// Shortest line that can be a keyword cloud by repetition, in words, and its highest share of different words.
const CLOUD_WORDS: usize = 25;
const CLOUD_VARIETY: f64 = 0.6;
/// One number in so many words makes a table, not a cloud.
const CLOUD_NUMBERS: usize = 10;
/// Longest signature of an embedded post in words.
const SIGNATURE_WORDS: usize = 25;
/// Longest embedded post in code points.
pub(super) const POST_CHARACTERS: usize = 600;
/// Longest caption that ends with its credit, and longest credit, in words.
const CAPTION_WORDS: usize = 30;
const CREDIT_WORDS: usize = 7;
/// Longest caption whose credit is an agency in brackets, as the last paragraph of a story may end too, in words.
const CREDITED_WORDS: usize = 16;
/// Words of the story that are compared with a list of keywords.
const STORY_WORDS: usize = 600;
/// Fewest items of a menu or keyword list, and longest item, in words.
const LIST_ITEMS: usize = 4;
const ITEM_WORDS: usize = 4;
/// Longest date line, author line and agency line, in words.
const DATE_WORDS: usize = 10;
const DATED_WORDS: usize = 16;
const AUTHOR_WORDS: usize = 7;
const AGENCY_WORDS: usize = 6;

/// A kind and the rule that gives it.
pub(super) type Shape = (ZoneKind, &'static str);

/// Forms that are furniture wherever they stand.
pub(super) fn strong(page: &Page<'_>, line: &Line, markers: &Markers) -> Option<Shape> {
    let (text, words) = (page.line_text(line), page.line_words(line));
    if line.weight <= SIGNATURE_WORDS && is_signature(text) {
        Some((ZoneKind::EmbeddedPost, "signature of a post"))
    } else if line.post_link && ends_with_post_link(text) && line.points.len() <= POST_CHARACTERS {
        Some((ZoneKind::EmbeddedPost, "ends with a link to a post"))
    } else if line.weight <= CLOUD_WORDS && text.starts_with('©') {
        Some((ZoneKind::Legal, "copyright sign"))
    } else if is_hashtags(text) {
        Some((ZoneKind::KeywordCloud, "hashtags"))
    } else if line.weight >= CLOUD_WORDS && is_cloud(page, line) {
        Some((ZoneKind::KeywordCloud, "repeated words without punctuation"))
    } else if networks(page, words, markers) >= 2 {
        Some((ZoneKind::Share, "names of social networks"))
    } else if line.weight <= CAPTION_WORDS && ends_with_credit(page, line, markers) {
        Some((ZoneKind::Caption, "ends with a picture credit"))
    } else {
        None
    }
}

/// Forms that are furniture before and after the story and beside other furniture, but may stand inside a story.
pub(super) fn weak(page: &Page<'_>, line: &Line, markers: &Markers) -> Option<Shape> {
    let (text, words) = (page.line_text(line), page.line_words(line));
    if words.is_empty() || ends_sentence(text) && !text.ends_with('.') {
        None
    } else if networks(page, words, markers) > 0 {
        Some((ZoneKind::Share, "name of a social network"))
    } else if line.weight <= DATE_WORDS && !ends_word(text) && is_date(page, words) {
        Some((ZoneKind::Byline, "date"))
    } else if line.weight <= DATED_WORDS && is_dated_byline(page, words, markers) {
        Some((ZoneKind::Byline, "date and byline"))
    } else if line.weight <= AGENCY_WORDS && is_agency(page, words, markers) {
        Some((ZoneKind::Byline, "name of an agency"))
    } else if text.ends_with('.') {
        None
    } else if line.weight <= AUTHOR_WORDS && is_author(page, words, markers) {
        Some((ZoneKind::Byline, "name of an author"))
    } else if is_items(
        page,
        line,
        &['|', '｜', '»', '›', '>', '/', '•', '·', '●', '▸'],
    ) {
        Some((ZoneKind::KeywordCloud, "menu"))
    } else if is_items(page, line, &[',', '،', '、', '，', ';', '؛', '#']) {
        repeats_story(page, line).then_some((ZoneKind::KeywordCloud, "list of keywords"))
    } else {
        None
    }
}

/// Whether most words of a list stand in the text before it too, as keywords do and the names of a team do not.
fn repeats_story(page: &Page<'_>, line: &Line) -> bool {
    let list: HashSet<&str> = page
        .line_words(line)
        .iter()
        .map(|word| page.form(word))
        .collect();
    let story = page.words.get(..line.words.start).unwrap_or_default();
    let same: HashSet<&str> = story
        .iter()
        .take(STORY_WORDS)
        .map(|word| page.form(word))
        .filter(|form| list.contains(form))
        .collect();
    same.len() * 2 >= list.len()
}

/// Whether a full stop follows a word, not a number or an abbreviation (`a.m.`, `น.`), with which dates may end.
fn ends_word(text: &str) -> bool {
    let last = text
        .strip_suffix('.')
        .and_then(|text| text.split_whitespace().next_back());
    last.is_some_and(|last| {
        !last.ends_with(char::is_numeric) && !last.contains('.') && last.chars().nth(1).is_some()
    })
}

/// `— Name (@account) date`, as networks sign embedded posts; the dash may be lost where a number follows.
pub(super) fn is_signature(text: &str) -> bool {
    text.split_once("(@").is_some_and(|(_, rest)| {
        text.starts_with(['—', '–', '-', '―'])
            || rest
                .split_once(')')
                .is_some_and(|(_, date)| date.contains(char::is_numeric) && !date.ends_with('.'))
    })
}

/// Whether the last word links to a post, as the text of a post ends.
fn ends_with_post_link(text: &str) -> bool {
    text.split_whitespace().next_back().is_some_and(|last| {
        ["t.co/", "pic.twitter.com/", "pic.x.com/"]
            .iter()
            .any(|host| last.trim_start_matches("https://").starts_with(host))
    })
}

/// Three or more hashtags and nothing else.
fn is_hashtags(text: &str) -> bool {
    text.starts_with('#')
        && text.split_whitespace().all(|word| word.starts_with('#'))
        && text.split_whitespace().nth(2).is_some()
}

/// A long line without punctuation whose words repeat.
fn is_cloud(page: &Page<'_>, line: &Line) -> bool {
    let pause = |c: char| {
        is_sentence_end(c)
            || matches!(
                c,
                ',' | '،' | '、' | '，' | ';' | '؛' | ':' | '"' | '«' | '“' | '('
            )
    };
    if page.line_text(line).contains(pause) {
        return false;
    }
    let words = page.line_words(line);
    let singles = words.iter().filter(|word| word.single).count();
    let different: HashSet<&str> = words.iter().map(|word| page.form(word)).collect();
    // Characters of scripts without spaces repeat in any text.
    let numbers = words.iter().filter(|word| is_number(page.form(word)));
    // Lists with many numbers are tables.
    let table = numbers.count() * CLOUD_NUMBERS > words.len();
    !table
        && singles * 4 < words.len()
        && (different.len() as f64) <= CLOUD_VARIETY * words.len() as f64
}

/// How many social networks a line names that holds nothing else but words of such rows and numbers.
fn networks(page: &Page<'_>, words: &[Word], markers: &Markers) -> usize {
    let mut names = 0;
    for word in words {
        let form = page.form(word);
        if markers.is_network(form) {
            names += 1;
        } else if !(markers.is_network_word(form) || is_number(form)) {
            return 0;
        }
    }
    names
}

/// `A ship leaves the port (Agency)`, `A ship leaves the port. Photo: Agency`.
fn ends_with_credit(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let (text, words) = (page.line_text(line), page.line_words(line));
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
                            || gap.contains(['|', '/', '–', '—', '(', '['])
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

/// A day and a year, or a numeric date, and few other words.
fn is_date(page: &Page<'_>, words: &[Word]) -> bool {
    let (mut year, mut small) = (false, 0);
    for number in words
        .iter()
        .map(|word| page.form(word))
        .filter(|form| is_number(form))
    {
        match number.len() {
            1 | 2 => small += 1,
            4 => year |= number.parse().is_ok_and(is_year),
            _ => return false,
        }
    }
    let numbers = small + usize::from(year);
    year && small >= 1 && words.len() <= numbers + 6
}

/// `2031-03-14 09:30 Source: Arden News`.
fn is_dated_byline(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    let number = words.first().is_some_and(|word| is_number(page.form(word)));
    number
        && (2..words.len().min(DATED_WORDS)).any(|start| {
            let (date, rest) = words.split_at(start);
            let byline = |marker: &Marker| marker.kind == ZoneKind::Byline;
            markers.opening(page, rest).any(byline) && is_date(page, date)
        })
}

/// Years as calendars of the news count them: Gregorian and Nepali, Persian and Islamic, Buddhist.
fn is_year(year: u16) -> bool {
    matches!(year, 1950..=2099 | 1370..=1460 | 2500..=2599)
}

/// Nothing but the names of agencies.
fn is_agency(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    words.iter().all(|word| markers.is_agency(page.form(word)))
}

/// `By Ines Calder`: a word for authorship, then names.
fn is_author(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    let Some((by, names)) = words.split_first() else {
        return false;
    };
    let cased = |word: &Word| {
        page.text
            .get(word.bytes.start as usize..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(|c| c.is_uppercase() || c.is_lowercase())
    };
    markers.is_by(page.form(by))
        && !names.is_empty()
        && names.iter().all(|word| {
            word.capital
                || !cased(word) && !is_number(page.form(word))
                || page.form(word).len() <= 3
        })
}

/// At least [`LIST_ITEMS`] short items between `separators`.
fn is_items(page: &Page<'_>, line: &Line, separators: &[char]) -> bool {
    let text = page.line_text(line);
    let mut items = 0;
    if text.contains([':', '：', '(', '"', '“', '«']) && !text.contains(" « ") {
        return false;
    }
    for item in text
        .split(separators)
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let numbers = item.chars().filter(|c| c.is_numeric()).count();
        let words = item.split_whitespace().count();
        if words > ITEM_WORDS
            || numbers * 2 > item.chars().count()
            || item.contains(is_sentence_end)
            || item.chars().count() > 40
        {
            return false;
        }
        items += 1;
    }
    items >= LIST_ITEMS
}
