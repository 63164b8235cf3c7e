//! Which lines of a page are the story, and which are furniture.
//!
//! The rules accuse little: a line is furniture only where a marker phrase or its form says so, and what is unsure
//! stays main text. In order:
//!
//! 1. *Lines on their own.* A marker phrase opens the line (see `markers.tsv`); the signature of an embedded post
//!    (`— Name (@account) date`); a line of hashtags; a long line without any punctuation whose words repeat.
//! 2. *Lines that belong to their neighbour.* The text above a post's signature; the keywords, headlines or the source
//!    under a marker that stands alone on its line.
//! 3. *The tail.* A "read also" marker begins a second article only where the story has visibly ended: a source line or
//!    a keyword cloud stands directly above it, and at least [`STORY_WORDS`] words of story before that. From there to
//!    the end nothing is main text. Without such an end the marker takes only the headlines under it and the story
//!    goes on, so that a link in the middle of a story never swallows the rest.
//! 4. *Closing lists.* Three or more bullet lines without full stops at the very end are headlines of other articles.
//!    Bullets with story after them stay.
//! 5. Where nothing would be left, everything is main text.

use std::collections::HashSet;

use super::document::ZoneKind;
use super::markers::{Found, Markers, ends_sentence, is_sentence_end};
use super::page::{Line, Page};

/// Words of story there must be before a tail can begin.
const STORY_WORDS: usize = 40;
/// Longest headline in code points.
const HEADLINE_CHARACTERS: usize = 180;
/// Longest keyword that stands on a line of its own, in words.
const KEYWORD_WORDS: usize = 5;
/// Shortest line that can be a keyword cloud by repetition, in words, and its highest share of different words.
const CLOUD_WORDS: usize = 25;
const CLOUD_VARIETY: f64 = 0.6;
/// Longest signature of an embedded post in words.
const SIGNATURE_WORDS: usize = 25;
/// Longest embedded post in code points.
const POST_CHARACTERS: usize = 600;
/// Fewest bullets that make a list.
const LIST_LINES: usize = 3;

/// What a line is, and why if it is furniture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    pub kind: ZoneKind,
    pub reason: Option<String>,
}

/// Classifies every line of a body.
pub(super) fn classify(page: &Page<'_>, markers: &Markers) -> Vec<Zone> {
    let mut zoning = Zoning {
        page,
        found: Vec::new(),
        zones: vec![None; page.lines.len()],
    };
    zoning.read_lines(markers);
    zoning.spread();
    zoning.tail();
    zoning.closing_list();
    zoning.finish()
}

/// The zones of a text that is not examined: a lead and main text.
pub(super) fn plain(page: &Page<'_>) -> Vec<Zone> {
    Zoning {
        page,
        found: Vec::new(),
        zones: vec![None; page.lines.len()],
    }
    .finish()
}

struct Zoning<'p, 't> {
    page: &'p Page<'t>,
    /// Marker phrases by line.
    found: Vec<Option<Found>>,
    /// Furniture by line.
    zones: Vec<Option<Zone>>,
}

impl Zoning<'_, '_> {
    fn line(&self, index: usize) -> Option<&Line> {
        self.page.lines.get(index)
    }

    fn kind(&self, index: usize) -> Option<ZoneKind> {
        self.zones.get(index)?.as_ref().map(|zone| zone.kind)
    }

    /// Sets a line aside unless it is already.
    fn set(&mut self, index: usize, kind: ZoneKind, reason: &str) {
        if let Some(zone @ None) = self.zones.get_mut(index) {
            *zone = Some(Zone {
                kind,
                reason: Some(reason.to_owned()),
            });
        }
    }

    /// Rule 1.
    fn read_lines(&mut self, markers: &Markers) {
        for index in 0..self.page.lines.len() {
            let found = self
                .line(index)
                .and_then(|line| markers.find(self.page, line));
            self.found.push(found);
            if let Some(found) = found {
                self.set(index, found.kind, &format!("marker: {}", found.phrase));
            } else if let Some((kind, reason)) = self.line(index).and_then(|line| self.form(line)) {
                self.set(index, kind, reason);
            }
        }
    }

    /// What the form of a line says.
    fn form(&self, line: &Line) -> Option<(ZoneKind, &'static str)> {
        let (text, words) = (self.page.line_text(line), line.words.len());
        if words <= SIGNATURE_WORDS && is_signature(text) {
            Some((ZoneKind::EmbeddedPost, "signature of a post"))
        } else if words <= CLOUD_WORDS && text.starts_with('©') {
            Some((ZoneKind::Legal, "copyright sign"))
        } else if is_hashtags(text) {
            Some((ZoneKind::KeywordCloud, "hashtags"))
        } else if words >= CLOUD_WORDS && self.is_cloud(line) {
            Some((ZoneKind::KeywordCloud, "repeated words without punctuation"))
        } else {
            None
        }
    }

    fn is_cloud(&self, line: &Line) -> bool {
        let pause = |c: char| {
            is_sentence_end(c)
                || matches!(
                    c,
                    ',' | '،' | '、' | '，' | ';' | '؛' | ':' | '"' | '«' | '“' | '('
                )
        };
        if self.page.line_text(line).contains(pause) {
            return false;
        }
        let words = self.page.line_words(line);
        let singles = words.iter().filter(|word| word.single).count();
        let different: HashSet<&str> = words.iter().map(|word| self.page.form(word)).collect();
        // Characters of scripts without spaces repeat in any text.
        singles * 4 < words.len() && (different.len() as f64) <= CLOUD_VARIETY * words.len() as f64
    }

    /// Rule 2.
    fn spread(&mut self) {
        for index in 0..self.page.lines.len() {
            if self.kind(index) == Some(ZoneKind::EmbeddedPost) {
                self.spread_post(index);
            }
            let Some(found) = self.found.get(index).copied().flatten() else {
                continue;
            };
            let reason = format!("after marker: {}", found.phrase);
            match found.kind {
                ZoneKind::KeywordCloud if found.whole => self.spread_keywords(index + 1, &reason),
                ZoneKind::HeadlineList => {
                    self.spread_headlines(index + 1, usize::MAX, found.kind, &reason)
                }
                ZoneKind::ReadAlso if found.whole => {
                    self.spread_headlines(index + 1, usize::MAX, found.kind, &reason)
                }
                ZoneKind::Byline if found.whole && self.words_at(index + 1) <= KEYWORD_WORDS => {
                    self.spread_headlines(index + 1, 1, found.kind, &reason);
                }
                _ => {}
            }
        }
    }

    fn words_at(&self, index: usize) -> usize {
        self.line(index).map_or(usize::MAX, |line| line.weight)
    }

    /// The line above a post's signature, and further lines with links to posts.
    fn spread_post(&mut self, signature: usize) {
        for (distance, index) in (0..signature).rev().enumerate() {
            let Some(line) = self.line(index) else { break };
            let near = distance == 0
                && is_signature(
                    self.line(signature)
                        .map_or("", |line| self.page.line_text(line)),
                );
            if self.zones.get(index).is_none_or(Option::is_some)
                || !(near || line.post_link)
                || line.points.len() > POST_CHARACTERS
            {
                break;
            }
            self.set(index, ZoneKind::EmbeddedPost, "text of a post");
        }
    }

    /// One line of keywords, or several with a few words each.
    fn spread_keywords(&mut self, from: usize, reason: &str) {
        for index in from..self.page.lines.len() {
            let Some(line) = self.line(index) else { break };
            let long = line.weight > KEYWORD_WORDS;
            if self.kind(index).is_some()
                || ends_sentence(self.page.line_text(line))
                || (long && index > from)
            {
                break;
            }
            self.set(index, ZoneKind::KeywordCloud, reason);
            if long {
                break;
            }
        }
    }

    /// Headlines under a marker: short lines that do not end like sentences.
    fn spread_headlines(&mut self, from: usize, most: usize, kind: ZoneKind, reason: &str) {
        for index in (from..self.page.lines.len()).take(most) {
            let headline = self.line(index).is_some_and(|line| {
                let text = self.page.line_text(line);
                line.points.len() <= HEADLINE_CHARACTERS
                    && (!ends_sentence(text) || is_bullet(text) && !text.ends_with('.'))
            });
            if !headline || self.kind(index).is_some() {
                break;
            }
            self.set(index, kind, reason);
        }
    }

    /// Rule 3.
    fn tail(&mut self) {
        let Some(start) = (0..self.page.lines.len()).find(|&index| self.begins_tail(index)) else {
            return;
        };
        let mut section = (ZoneKind::ReadAlso, String::new());
        for index in start..self.page.lines.len() {
            if let Some(found) = self.found.get(index).copied().flatten()
                && matches!(found.kind, ZoneKind::ReadAlso | ZoneKind::HeadlineList)
            {
                section = (found.kind, format!("after marker: {}", found.phrase));
            }
            self.set(index, section.0, &section.1);
        }
    }

    /// Whether the story ends above the "read also" marker at `index`.
    fn begins_tail(&self, index: usize) -> bool {
        let marked = self
            .found
            .get(index)
            .copied()
            .flatten()
            .is_some_and(|found| found.kind == ZoneKind::ReadAlso);
        if !marked {
            return false;
        }
        let ends_story =
            |kind: &ZoneKind| matches!(kind, ZoneKind::Byline | ZoneKind::KeywordCloud);
        let above = (0..index).rev().map_while(|above| self.kind(above));
        above.into_iter().any(|kind| ends_story(&kind)) && self.story_words(index) >= STORY_WORDS
    }

    fn story_words(&self, before: usize) -> usize {
        let lines = self.page.lines.iter().zip(&self.zones).take(before);
        lines
            .filter(|(_, zone)| zone.is_none())
            .map(|(line, _)| line.weight)
            .sum()
    }

    /// Rule 4.
    fn closing_list(&mut self) {
        let end = (0..self.page.lines.len())
            .rev()
            .find(|&index| self.kind(index).is_none())
            .map_or(0, |last| last + 1);
        let bullet = |index: &usize| {
            self.line(*index).is_some_and(|line| {
                let text = self.page.line_text(line);
                is_bullet(text) && !text.ends_with('.') && line.points.len() <= HEADLINE_CHARACTERS
            })
        };
        let count = (0..end).rev().take_while(bullet).count();
        let start = end - count;
        if count >= LIST_LINES && self.story_words(start) >= STORY_WORDS {
            (start..end).for_each(|index| self.set(index, ZoneKind::HeadlineList, "closing list"));
        }
    }

    /// Rule 5, and the lead.
    fn finish(mut self) -> Vec<Zone> {
        if self.story_words(self.zones.len()) == 0 {
            self.zones.iter_mut().for_each(|zone| *zone = None);
        }
        let mut next = ZoneKind::Lead;
        let lines = self.page.lines.iter().zip(self.zones);
        lines
            .map(|(line, zone)| {
                zone.unwrap_or_else(|| {
                    let kind = if line.words.is_empty() {
                        ZoneKind::Main
                    } else {
                        next
                    };
                    if kind == ZoneKind::Lead {
                        next = ZoneKind::Main;
                    }
                    Zone { kind, reason: None }
                })
            })
            .collect()
    }
}

/// `— Name (@account) date`, as networks sign embedded posts.
fn is_signature(text: &str) -> bool {
    text.starts_with(['—', '–', '-', '―']) && text.contains("(@")
}

/// Three or more hashtags and nothing else.
fn is_hashtags(text: &str) -> bool {
    text.starts_with('#')
        && text.split_whitespace().all(|word| word.starts_with('#'))
        && text.split_whitespace().nth(2).is_some()
}

/// Whether a line starts with a bullet.
fn is_bullet(text: &str) -> bool {
    const BULLETS: [char; 16] = [
        '•', '·', '●', '○', '▪', '■', '◦', '‣', '►', '▶', '◾', '*', '-', '–', '»', '›',
    ];
    text.strip_prefix(BULLETS).is_some_and(|rest| {
        rest.starts_with(char::is_whitespace) || text.starts_with(['•', '●', '▪', '■', '►'])
    })
}
