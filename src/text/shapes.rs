//! What the form of one line says, without any phrase: posts, rows of buttons, menus, dates, keywords, names.

mod credits;
mod dates;
mod names;
mod posts;

use hashbrown::HashSet;

use super::document::ZoneKind;
use super::markers::{Markers, ends_sentence, is_number, is_sentence_end};
use super::page::{Line, Page, Word};

pub(super) use dates::is_time_line;
pub(super) use names::is_names;
pub(super) use posts::{is_dashed, is_like_post, is_signature};

/// Shortest line that can be a keyword cloud by repetition, in words, and its highest share of different words.
const CLOUD_WORDS: usize = 25;
const CLOUD_VARIETY: f64 = 0.6;
/// One number in so many words makes a table, not a cloud.
const CLOUD_NUMBERS: usize = 10;
/// Longest signature of an embedded post in words.
const SIGNATURE_WORDS: usize = 25;
/// Longest embedded post in code points.
pub(super) const POST_CHARACTERS: usize = 600;
/// Longest agency line, in words.
const AGENCY_WORDS: usize = 6;
/// Words of the story that are compared with a list of keywords.
const STORY_WORDS: usize = 600;
/// Fewest items of a menu or keyword list, and longest item, in words.
const LIST_ITEMS: usize = 4;
const ITEM_WORDS: usize = 4;
/// Fewest and most words of a menu without separators, all but a quarter of them names of sections.
const MENU_WORDS: std::ops::RangeInclusive<usize> = 4..=40;
const MENU_SECTIONS: usize = 3;

/// Why a time of day is set aside.
pub(super) const TIME: &str = "time of day";

/// A kind and the rule that gives it.
pub(super) type Shape = (ZoneKind, &'static str);

/// Forms that are furniture wherever they stand.
pub(super) fn strong(page: &Page<'_>, line: &Line, markers: &Markers) -> Option<Shape> {
    let (text, words) = (page.line_text(line), page.line_words(line));
    if line.weight <= SIGNATURE_WORDS && is_signature(text) {
        Some((ZoneKind::EmbeddedPost, "signature of a post"))
    } else if line.post_link
        && posts::ends_with_post_link(text)
        && line.points.len() <= POST_CHARACTERS
    {
        Some((ZoneKind::EmbeddedPost, "ends with a link to a post"))
    } else if line.weight <= CLOUD_WORDS && text.starts_with(['©', 'ⓒ']) {
        Some((ZoneKind::Legal, "copyright sign"))
    } else if is_hashtags(text) {
        Some((ZoneKind::KeywordCloud, "hashtags"))
    } else if line.weight >= CLOUD_WORDS && is_cloud(page, line) {
        Some((ZoneKind::KeywordCloud, "repeated words without punctuation"))
    } else if networks(page, words, markers) >= 2 {
        Some((ZoneKind::Share, "names of social networks"))
    } else if credits::ends_with_credit(page, line, markers) {
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
    } else if dates::is_date_line(page, line, markers) {
        Some((ZoneKind::Byline, "date"))
    } else if dates::is_time_line(page, line) {
        Some((ZoneKind::Byline, TIME))
    } else if dates::is_dated_byline(page, words, markers) {
        Some((ZoneKind::Byline, "date and byline"))
    } else if line.weight <= AGENCY_WORDS && is_agency(page, words, markers) {
        Some((ZoneKind::Byline, "name of an agency"))
    } else if text.ends_with('.') {
        None
    } else if names::is_author(page, line, markers) {
        Some((ZoneKind::Byline, "name of an author"))
    } else if is_menu(page, words, markers) {
        Some((ZoneKind::KeywordCloud, "menu"))
    } else if credits::names_credit(page, line, markers) {
        Some((ZoneKind::Caption, "ends with a picture credit"))
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

/// A run of words most of which are names of sections: `Home World Politics Sport`.
pub(super) fn is_menu(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    // Most lines are told from menus by their first words.
    let opens = |at: usize| {
        let words = words.get(at..).unwrap_or_default();
        markers.sections().opens(page, words).is_some()
    };
    MENU_WORDS.contains(&words.len()) && (opens(0) || opens(1)) && is_sections(page, words, markers)
}

/// Whether at least three of four words, and at least three, are names of sections.
pub(super) fn is_sections(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    let sections = markers.sections().cover(page, words);
    sections >= MENU_SECTIONS && sections * 4 >= words.len() * 3
}

/// Nothing but the names of agencies.
fn is_agency(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    words.iter().all(|word| markers.is_agency(page.form(word)))
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
