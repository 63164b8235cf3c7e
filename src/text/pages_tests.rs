//! Pages of `zones.txt` and `scraped.txt`, line by line.

use super::ZoneKind;
use super::page_tests::build;

const PAGES: &str = include_str!("../../tests/fixtures/pages/zones.txt");
const SCRAPED: &str = include_str!("../../tests/fixtures/pages/scraped.txt");

struct Page {
    name: &'static str,
    lines: Vec<(&'static str, &'static str)>,
}

fn pages() -> Vec<Page> {
    read(PAGES)
}

fn read(text: &'static str) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("# ") && line.contains(char::is_whitespace));
    for line in lines.skip_while(|line| !line.starts_with("=== ")) {
        if let Some(name) = line.strip_prefix("=== ") {
            let lines = Vec::new();
            pages.push(Page { name, lines });
        } else {
            let page = pages.last_mut().expect("a page begins with its name");
            page.lines.push(line.split_once('\t').expect("kind, text"));
        }
    }
    pages
}

/// Lines whose blocks are not all of the kind that is expected.
fn differences(page: &Page) -> Vec<String> {
    let one_line = page.name.ends_with("(one line)");
    let separator = if one_line { " " } else { "\n" };
    let texts: Vec<&str> = page.lines.iter().map(|&(_, text)| text).collect();
    let document = build(None, Some(&texts.join(separator)), None);
    let (mut at, mut differences) = (0, Vec::new());
    for &(kind, text) in &page.lines {
        let (start, end) = (at, at + text.len());
        at = end + separator.len();
        let found: Vec<&str> = document.fields[0]
            .blocks
            .iter()
            .filter(|block| block.bytes.start < end && block.bytes.end > start)
            .map(|block| match block.kind {
                ZoneKind::Lead | ZoneKind::Main => "story",
                kind => kind.as_str(),
            })
            .collect();
        if found.is_empty() || found.iter().any(|&found| found != kind) {
            differences.push(format!("LINE {}: {kind} is {found:?}: {text}", page.name));
        }
    }
    differences
}

#[test]
fn every_line_of_the_pages_has_its_kind() {
    let differences: Vec<String> = pages().iter().flat_map(differences).collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn the_pages_are_in_many_languages() {
    let languages: std::collections::BTreeSet<_> = pages()
        .iter()
        .filter_map(|page| page.name.split(' ').next())
        .collect();
    assert!(languages.len() >= 20, "{languages:?}");
}

/// A story without its furniture, on lines of its own or on one line, is content to the last word.
#[test]
fn stories_alone_are_all_content() {
    for page in pages() {
        let story =
            |(kind, text): &(&'static str, &'static str)| (*kind == "story").then_some(*text);
        let lines: Vec<&str> = page.lines.iter().filter_map(story).collect();
        for separator in ["\n", "\n\n", " "] {
            let document = build(None, Some(&lines.join(separator)), None);
            let mut blocks = document.fields[0].blocks.iter();
            let aside = blocks.find(|block| !block.kind.is_content());
            assert!(aside.is_none(), "{}: {aside:?}", page.name);
        }
    }
}

/// What stands above and below the story of one of the English pages.
pub(super) fn furniture(index: usize) -> (String, String) {
    let furnished = |page: &Page| {
        page.name.starts_with("en ")
            && !page.name.contains("(one line)")
            && page.lines.last().is_some_and(|(kind, _)| *kind != "story")
    };
    let pages: Vec<Page> = pages().into_iter().filter(furnished).collect();
    let lines = &pages[index % pages.len()].lines;
    let story = |(kind, _): &(&str, &str)| *kind == "story";
    let first = lines.iter().position(story).unwrap_or(0);
    let last = lines.iter().rposition(story).map_or(0, |last| last + 1);
    let text = |lines: &[(&str, &str)]| lines.iter().map(|(_, text)| format!("{text}\n")).collect();
    (text(&lines[..first]), text(&lines[last..]))
}

/// Stories keep every word between the furniture of other pages.
#[test]
fn stories_stay_whole_between_furniture() {
    let mut lost = Vec::new();
    for page in pages() {
        let story =
            |(kind, text): &(&'static str, &'static str)| (*kind == "story").then_some(*text);
        let lines: Vec<&str> = page.lines.iter().filter_map(story).collect();
        for index in 0..6 {
            let (head, tail) = furniture(index);
            let text = format!("{head}{}\n{tail}", lines.join("\n"));
            let document = build(None, Some(&text), None);
            let (start, end) = (head.len(), text.len() - tail.len());
            for block in &document.fields[0].blocks {
                let inside = block.bytes.start >= start && block.bytes.end <= end;
                if inside && !block.kind.is_content() {
                    lost.push(format!(
                        "{} {index}: {:?} {:?} {}",
                        page.name,
                        block.kind,
                        block.reason,
                        &text[block.bytes.clone()]
                    ));
                }
            }
        }
    }
    assert!(lost.is_empty(), "\n{}", lost.join("\n"));
}

/// Story and furniture of some pages: all lines, and those that were taken for the other.
#[derive(Debug, Default)]
struct Counts {
    story: usize,
    lost: usize,
    furniture: usize,
    kept: usize,
}

/// Pages as scrapers give them: no story is lost but for a line here and there, and most of the furniture is found, also on
/// the pages that nobody looked at when the phrases were written.
#[test]
fn most_furniture_of_scraped_pages_is_found_and_no_story_lost() {
    let (seen, unseen) = SCRAPED
        .split_once("# --- mark")
        .expect("a mark between seen and unseen pages");
    for (name, text, lost, kept) in [("seen", seen, 1, 0.17), ("unseen", unseen, 3, 0.28)] {
        let mut counts = Counts::default();
        for page in read(text) {
            count(&page, &mut counts);
        }
        println!("{name} pages: {counts:?}");
        assert!(counts.story > 300 && counts.furniture > 800, "{counts:?}");
        assert!(counts.lost <= lost, "{name}: {counts:?}");
        assert!(
            counts.kept as f64 <= kept * counts.furniture as f64,
            "{name}: {counts:?}"
        );
    }
}

/// Counts the lines of a page, each by what most of its bytes are.
fn count(page: &Page, counts: &mut Counts) {
    let separator = if page.name.ends_with("(one line)") {
        " "
    } else {
        "\n"
    };
    let texts: Vec<&str> = page.lines.iter().map(|&(_, text)| text).collect();
    let document = build(None, Some(&texts.join(separator)), None);
    let mut at = 0;
    for &(kind, text) in &page.lines {
        let (start, end) = (at, at + text.len());
        at = end + separator.len();
        let blocks = document.fields[0].blocks.iter();
        let aside: usize = blocks
            .filter(|block| !block.kind.is_content())
            .map(|block| {
                block
                    .bytes
                    .end
                    .min(end)
                    .saturating_sub(block.bytes.start.max(start))
            })
            .sum();
        let is_aside = aside * 2 >= text.len();
        if kind == "story" {
            counts.story += 1;
            counts.lost += usize::from(is_aside);
        } else {
            counts.furniture += 1;
            counts.kept += usize::from(!is_aside);
        }
    }
}
