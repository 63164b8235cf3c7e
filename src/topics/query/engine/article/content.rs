//! Words and account names of the document.

use std::ops::Range;

use super::{Account, ArticleIndex, GAP, Stretch};
use crate::text::{Block, Document, DocumentField, ZoneKind};
use crate::topics::query::engine::cache::{Cache, Class};
use crate::topics::query::engine::punctuation::{ends_sentence, is_closing, is_line_end};
use crate::topics::query::plan::{LEAD, MAIN, TITLE};
use crate::topics::query::vocabulary::{Space, Vocabulary};

impl ArticleIndex {
    pub(super) fn read_text(
        &mut self,
        document: &Document,
        vocabulary: &Vocabulary,
        class: Class,
        cache: &mut Cache,
    ) {
        for (field, number) in document.fields.iter().zip(0_u16..) {
            let shift = u32::from(number) * GAP;
            let mut before: Option<(usize, &Block)> = None;
            for (index, block) in field.blocks.iter().enumerate() {
                let zone = match block.kind {
                    ZoneKind::Title => TITLE,
                    ZoneKind::Lead => LEAD,
                    ZoneKind::Main => MAIN,
                    _ => continue,
                };
                let tokens = document
                    .tokens
                    .get(block.tokens.start as usize..block.tokens.end as usize)
                    .unwrap_or_default();
                let places = block.tokens.start + shift..block.tokens.end + shift;
                let goes_on = before.is_some_and(|(last, earlier)| {
                    last + 1 == index && is_continued(field, earlier, block)
                });
                self.open_stretch(
                    places.clone(),
                    block.tokens.start,
                    zone,
                    number,
                    index,
                    goes_on,
                );
                before = Some((index, block));
                for (token, place) in tokens.iter().zip(places) {
                    let terms = cache.look_up(vocabulary, class, document.form(token));
                    for &term in cache.terms(terms) {
                        self.hit(term, place, zone);
                    }
                }
            }
        }
    }

    fn open_stretch(
        &mut self,
        places: Range<u32>,
        token: u32,
        zone: u8,
        field: u16,
        block: usize,
        goes_on: bool,
    ) {
        let mut paragraph_start = places.start;
        if goes_on && let Some(last) = self.stretches.last() {
            paragraph_start = last.paragraph_start;
            for earlier in self.stretches.iter_mut().rev() {
                if earlier.paragraph_start != paragraph_start || earlier.field != field {
                    break;
                }
                earlier.paragraph_end = places.end;
            }
        }
        self.stretches.push(Stretch {
            paragraph_end: places.end,
            paragraph_start,
            places,
            token,
            zone,
            field,
            block: block as u32,
        });
    }

    pub(super) fn read_accounts(&mut self, document: &Document, vocabulary: &Vocabulary) {
        for index in 0..self.stretches.len() {
            let Some(stretch) = self.stretches.get(index).cloned() else {
                continue;
            };
            let Some(field) = document.fields.get(usize::from(stretch.field)) else {
                continue;
            };
            let Some(block) = field.blocks.get(stretch.block as usize) else {
                continue;
            };
            let line = field.text.get(block.bytes.clone()).unwrap_or_default();
            if !line.contains('@') {
                continue;
            }
            for link in crate::text::link_ranges(line) {
                let Some(name) = line
                    .get(link.clone())
                    .and_then(|link| link.strip_prefix('@'))
                else {
                    continue;
                };
                let name = name.trim_end_matches(['.', '-']).to_ascii_lowercase();
                let bytes =
                    block.bytes.start + link.start..block.bytes.start + link.start + 1 + name.len();
                let place = self.text.place_behind(document, &stretch, bytes.end);
                let mut found = std::mem::take(&mut self.found);
                found.clear();
                vocabulary.find_all(Space::Account, &name, &mut found);
                found.sort_unstable();
                found.dedup();
                for &term in &found {
                    self.hit(term, place, stretch.zone);
                    self.accounts.push(Account {
                        place,
                        field: stretch.field,
                        bytes: bytes.clone(),
                        zone: stretch.zone,
                        term,
                    });
                }
                self.found = found;
            }
        }
    }
}

/// Whether a line goes on in the next: one line end between them, and no full stop before it. An empty line begins a
/// paragraph, and so does a line behind one that ends in a full stop.
fn is_continued(field: &DocumentField, earlier: &Block, later: &Block) -> bool {
    let between = field
        .text
        .get(earlier.bytes.end..later.bytes.start)
        .unwrap_or_default();
    let ends = between
        .replace("\r\n", "\n")
        .matches(|c: char| !c.is_whitespace() || is_line_end(c))
        .count();
    let line = field.text.get(earlier.bytes.clone()).unwrap_or_default();
    let last = line
        .trim_end_matches(|c: char| c.is_whitespace() || is_closing(c))
        .chars()
        .next_back();
    ends == 1 && !last.is_some_and(ends_sentence)
}
