//! Pages of `zones.txt`, `scraped.txt` and `whole.txt`, line by line.

use std::ops::Range;

use super::page_tests::build;
use super::{Document, ZoneKind};

const PAGES: &str = include_str!("../../tests/fixtures/pages/zones.txt");
const SCRAPED: &str = include_str!("../../tests/fixtures/pages/scraped.txt");
const WHOLE: &str = include_str!("../../tests/fixtures/pages/whole.txt");

struct Page {
    name: &'static str,
    /// The headline that is known beside the page.
    title: Option<&'static str>,
    lines: Vec<(&'static str, &'static str)>,
}

impl Page {
    /// The document, and where the lines are in it.
    fn build(&self) -> (Document, Vec<Range<usize>>) {
        let one_line = self.name.ends_with("(one line)");
        let separator = if one_line { " " } else { "\n" };
        let texts: Vec<&str> = self.lines.iter().map(|&(_, text)| text).collect();
        let mut at = 0;
        let places = texts.iter().map(|text| {
            let start = at;
            at += text.len() + separator.len();
            start..start + text.len()
        });
        let places = places.collect();
        (
            build(self.title, Some(&texts.join(separator)), None),
            places,
        )
    }
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
            pages.push(Page {
                name,
                title: None,
                lines: Vec::new(),
            });
        } else {
            let page = pages.last_mut().expect("a page begins with its name");
            match line.split_once('\t').expect("kind, text") {
                ("title", title) => page.title = Some(title),
                line => page.lines.push(line),
            }
        }
    }
    pages
}

/// Lines whose blocks are not all of the kind that is expected.
fn differences(page: &Page) -> Vec<String> {
    let (document, places) = page.build();
    let mut differences = Vec::new();
    for (&(kind, text), place) in page.lines.iter().zip(places) {
        let found: Vec<&str> = document.fields[0]
            .blocks
            .iter()
            .filter(|block| block.bytes.start < place.end && block.bytes.end > place.start)
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
    check_counts(SCRAPED, 300, [(1, 0.15), (3, 0.22)]);
}

/// Whole pages, the headline known and unknown: of their many lines of menus, teasers and comments few are left, and of the story
/// little is lost.
#[test]
fn the_story_of_a_whole_page_is_found() {
    check_counts(WHOLE, 100, [(11, 0.07), (3, 0.05)]);
}

/// Least story lines there must be, most that may be lost, and the largest share of furniture kept, above and below the mark.
fn check_counts(pages: &'static str, story: usize, bounds: [(usize, f64); 2]) {
    let (seen, unseen) = pages
        .split_once("# --- mark")
        .expect("a mark between seen and unseen pages");
    for ((name, text), (lost, kept)) in [("seen", seen), ("unseen", unseen)].into_iter().zip(bounds)
    {
        let mut counts = Counts::default();
        for page in read(text) {
            count(&page, &mut counts);
        }
        println!("{name} pages: {counts:?}");
        assert!(counts.story > story && counts.furniture > 800, "{counts:?}");
        assert!(counts.lost <= lost, "{name}: {counts:?}");
        assert!(
            counts.kept as f64 <= kept * counts.furniture as f64,
            "{name}: {counts:?}"
        );
    }
}

/// Counts the lines of a page, each by what most of its bytes are.
fn count(page: &Page, counts: &mut Counts) {
    let (document, places) = page.build();
    let body = document.fields.last().expect("a body");
    for (&(kind, text), place) in page.lines.iter().zip(places) {
        let aside = body.blocks.iter().filter(|block| !block.kind.is_content());
        let aside: usize = aside
            .map(|block| {
                let end = block.bytes.end.min(place.end);
                end.saturating_sub(block.bytes.start.max(place.start))
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
