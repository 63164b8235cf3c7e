//! Repeated paragraphs: what several different articles of one source carry is the site's, not the story's.
//!
//! Every paragraph of a body is looked up among the earlier articles of the same source. Versions and copies of one
//! story repeat their paragraphs too, so articles with the same headline or the same lead count once.

use std::ops::Range;

use crate::text::{Block, Document, Role, ZoneKind};

use super::keys::{self, Kind};

/// Longest paragraph that can be furniture, in words.
const LONGEST: usize = 90;
/// Most paragraphs of a body that are looked up.
const LOOKED_UP: usize = 64;
/// Most paragraphs that an article is remembered by.
const REMEMBERED: usize = 8;
/// Stories that must carry a paragraph already, so that it is furniture wherever it stands.
const SEVERAL: u32 = 2;
/// Words of story before the tail of a page can begin.
const STORY_WORDS: usize = 40;
/// Words of a repeated paragraph that ends a story by itself; a shorter one may be a line within the story.
const ENDING_WORDS: usize = 12;

/// Most embedded headlines that are noted.
const EMBEDDED: usize = 8;
/// Longest headline, and the shortest paragraph that can stand under one, in words.
const HEADLINE_WORDS: usize = 25;
const HEADED_WORDS: usize = 12;
/// Shortest paragraph that can be a lead, in words.
const LEAD_WORDS: usize = 6;
/// Words of story before a line can head another one.
const OPENING_WORDS: usize = 6;

/// The reason that is published for a paragraph that recurs.
pub const REPEATED: &str = "in other articles of the source";
/// The reason for what stands below one.
pub const BELOW: &str = "below what other articles of the source have";

/// A paragraph of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paragraph {
    /// Index of its block.
    pub block: u16,
    /// Its length in words.
    pub words: u16,
    /// Key of the paragraph on this source; `None` where it is not looked up.
    pub key: Option<u64>,
}

/// The paragraphs of an article, and what tells its story from others of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraphs {
    /// Index of the body in [`Document::fields`].
    field: usize,
    /// Content paragraphs in order.
    pub list: Vec<Paragraph>,
    /// Two articles of which one of these is the same tell one story: headline and lead; 0 where absent.
    pub story: [u32; 2],
    /// Lines in the text that head a paragraph, as [`headline`] keys: the headlines of stories that the page embeds.
    pub embedded: Vec<u16>,
}

/// What is set aside: blocks of the body, in order, as ranges with the reason for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeated {
    /// Single paragraphs that recur, as runs of blocks.
    pub runs: Vec<Range<u16>>,
    /// From here on everything is below a paragraph that recurs.
    pub below: Option<u16>,
}

impl Paragraphs {
    /// The paragraphs of a document. Without a source nothing is looked up.
    pub fn of(document: &Document, source: Option<u32>) -> Self {
        let mut found = Self {
            story: [title(document), 0],
            ..Self::default()
        };
        let Some((at, field)) = document
            .fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.role == Role::Body)
        else {
            return found;
        };
        found.field = at;
        let mut before = 0;
        let mut heading: Option<u16> = None;
        for (block, index) in field.blocks.iter().zip(0_u16..) {
            if !block.kind.is_content() || block.tokens.is_empty() {
                // A headline among furniture, with the story under it left in the text.
                let announced = matches!(block.kind, ZoneKind::ReadAlso | ZoneKind::HeadlineList);
                heading = announced.then_some(index);
                continue;
            }
            let words = weight(document, block);
            let leads = found.story[1] == 0 && words >= LEAD_WORDS;
            let looked_up = words <= LONGEST && found.list.len() < LOOKED_UP;
            let key = (looked_up || leads).then(|| document.block_key(at, usize::from(index)));
            if leads {
                found.story[1] = key.map_or(0, |key| (key >> 32) as u32);
            }
            if let Some(line) = heading.take()
                && words >= HEADED_WORDS
                && found.embedded.len() < EMBEDDED
            {
                let line = headline((document.block_key(at, usize::from(line)) >> 32) as u32);
                if line != headline(found.story[0]) {
                    found.embedded.push(line);
                }
            }
            let text = field.text.get(block.bytes.clone()).unwrap_or_default();
            if (2..=HEADLINE_WORDS).contains(&words)
                && before >= OPENING_WORDS
                && !ends_sentence(text)
            {
                heading = Some(index);
            }
            before += words;
            found.list.push(Paragraph {
                block: index,
                words: u16::try_from(words).unwrap_or(u16::MAX),
                key: key.filter(|_| looked_up).zip(source).map(|(key, source)| {
                    keys::key(Kind::Paragraph, key ^ (u64::from(source) << 17))
                }),
            });
        }
        found
    }

    /// Which paragraphs to set aside. `seen` says for each of [`Self::list`] how many stories of the source had it.
    pub fn repeated(&self, seen: &[u32]) -> Repeated {
        let repeats = |at: usize, least: u32| seen.get(at).is_some_and(|seen| *seen >= least);
        let words = |range: Range<usize>| -> usize {
            let list = self.list.get(range).unwrap_or_default();
            list.iter().map(|each| usize::from(each.words)).sum()
        };
        let own = |end: usize| -> usize {
            (0..end)
                .filter(|at| !repeats(*at, SEVERAL))
                .map(|at| words(at..at + 1))
                .sum()
        };
        let count = self.list.len();
        let mut repeated = Repeated::default();
        for at in (0..count).filter(|at| repeats(*at, SEVERAL)) {
            if repeated.below.is_none()
                && own(at) >= STORY_WORDS
                && self.ends_story(at, seen, own(at))
            {
                repeated.below = self.list.get(at).map(|each| each.block);
            }
            repeated.add(self.list.get(at));
        }
        if repeated.below.is_none() {
            // A page before this one ended in the same lines under another story.
            let start = (0..count).rev().take_while(|at| repeats(*at, 1)).last();
            if let Some(start) = start.filter(|start| {
                own(*start) >= STORY_WORDS && words(*start..count) <= words(0..*start)
            }) {
                (start..count).for_each(|at| repeated.add(self.list.get(at)));
            }
        }
        repeated
    }

    /// Whether a paragraph that recurs ends the story, or only stands in it.
    fn ends_story(&self, at: usize, seen: &[u32], before: usize) -> bool {
        let long = self
            .list
            .get(at)
            .is_some_and(|each| usize::from(each.words) >= ENDING_WORDS);
        let next = seen
            .iter()
            .skip(at + 1)
            .take(3)
            .any(|seen| *seen >= SEVERAL);
        let after: usize = self
            .list
            .iter()
            .skip(at + 1)
            .map(|each| usize::from(each.words))
            .sum();
        long || next || after <= before
    }

    /// The keys under which later articles of the source find these paragraphs; well-known ones need no more.
    pub fn keys(&self, seen: &[u32]) -> Vec<u64> {
        let fresh = self
            .list
            .iter()
            .zip(seen.iter().copied().chain(std::iter::repeat(0)))
            .filter(|(_, seen)| *seen <= SEVERAL)
            .filter_map(|(each, _)| each.key);
        let mut keys: Vec<u64> = fresh.collect();
        // Furniture stands at the ends of a page.
        if keys.len() > REMEMBERED {
            keys.drain(2..keys.len() - (REMEMBERED - 2));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Repeated {
    /// Whether nothing is set aside.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.below.is_none()
    }

    fn add(&mut self, paragraph: Option<&Paragraph>) {
        if let Some(paragraph) = paragraph {
            self.add_block(paragraph.block);
        }
    }

    /// Adds the block after all others.
    pub fn add_block(&mut self, block: u16) {
        match self.runs.last_mut() {
            Some(run) if run.end == block => run.end = block.saturating_add(1),
            _ => self.runs.push(block..block.saturating_add(1)),
        }
    }

    /// Sets the paragraphs aside in their document.
    pub fn apply(&self, document: &mut Document) {
        let Some(field) = document
            .fields
            .iter()
            .position(|field| field.role == Role::Body)
        else {
            return;
        };
        let blocks: Vec<usize> = self
            .runs
            .iter()
            .flat_map(|run| usize::from(run.start)..usize::from(run.end))
            .collect();
        document.set_aside(field, &blocks, ZoneKind::Repeated, REPEATED);
        if let Some(below) = self.below {
            let end = document
                .fields
                .get(field)
                .map_or(0, |field| field.blocks.len());
            let rest: Vec<usize> = (usize::from(below)..end).collect();
            document.set_aside(field, &rest, ZoneKind::Repeated, BELOW);
        }
    }
}

/// Length in words; two characters of a script without spaces count as one.
fn weight(document: &Document, block: &Block) -> usize {
    let range = block.tokens.start as usize..block.tokens.end as usize;
    let tokens = document.tokens.get(range).unwrap_or_default();
    let halves: usize = tokens
        .iter()
        .map(|token| if token.single { 1 } else { 2 })
        .sum();
    halves.div_ceil(2)
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '»', '’', ')', ' '])
        .ends_with(['.', '。', '।', '۔', '…', ':', '：', ';', '።', ','])
}

/// The short key of a headline, from its key in [`Paragraphs::story`].
pub fn headline(story: u32) -> u16 {
    (story >> 16) as u16
}

/// A hash of the headline; 0 where there is none.
fn title(document: &Document) -> u32 {
    let at = document
        .fields
        .iter()
        .position(|field| field.role == Role::Title);
    let field = at.and_then(|at| Some((at, document.fields.get(at)?)));
    let key = field.map_or(0, |(at, field)| {
        (0..field.blocks.len()).fold(0_u64, |key, block| {
            // One line, as nearly always, has the key of the same line in a text.
            key.rotate_left(7) ^ document.block_key(at, block)
        })
    });
    (key >> 32) as u32
}
