//! What becomes furniture after the document is built, because other articles of the same source have it too.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::build::index;
use super::document::{Block, Document, Role, Token, ZoneKind};
use super::page::Page;

impl Document {
    /// Turns content blocks of a field into furniture of `kind`, and marks the first paragraph that is left as the lead.
    ///
    /// Their words leave [`Document::tokens`] and [`Document::folded`]; the other blocks keep theirs, and every index and
    /// range is put right. Indices that name no content block are passed over, also those that do not exist. Nothing
    /// happens where `kind` is content. The caller decides whether enough is left to judge the article by.
    ///
    /// Time is linear in the words of the document.
    pub fn set_aside(&mut self, field: usize, blocks: &[usize], kind: ZoneKind, reason: &str) {
        let Some(target) = self.fields.get_mut(field).filter(|_| !kind.is_content()) else {
            return;
        };
        let mut changed = false;
        for &block in blocks {
            let block = target.blocks.get_mut(block);
            if let Some(block) = block.filter(|block| block.kind.is_content()) {
                block.kind = kind;
                block.reason = Some(reason.to_owned());
                changed = true;
            }
        }
        if changed {
            if target.role != Role::Title {
                mark_lead(&mut target.blocks);
            }
            self.drop_words_of_furniture();
        }
    }

    /// A hash of the folded words of a block, 0 where it has none.
    ///
    /// The key of a paragraph is the same in every article, and the same for content and furniture. It is XXH3 over the
    /// folded forms, seeded with where the words end, so that `2 11` and `21 1` differ; not cryptographic.
    pub fn block_key(&self, field: usize, block: usize) -> u64 {
        let Some((field, block)) = self
            .fields
            .get(field)
            .and_then(|field| Some((field, field.blocks.get(block)?)))
        else {
            return 0;
        };
        if block.kind.is_content() {
            let tokens = self.tokens_of(block);
            let start = tokens.first().map_or(0, |token| token.folded_start);
            let end = tokens.last().map_or(0, |token| token.folded_end);
            let ends = tokens.iter().map(|token| token.folded_end - start);
            return key(&self.folded, start as usize..end as usize, ends);
        }
        let page = Page::read(field.text.get(block.bytes.clone()).unwrap_or_default());
        let ends = page.words.iter().map(|word| word.form.end);
        key(&page.folded, 0..page.folded.len(), ends)
    }

    fn tokens_of(&self, block: &Block) -> &[Token] {
        let range = block.tokens.start as usize..block.tokens.end as usize;
        self.tokens.get(range).unwrap_or_default()
    }

    /// Moves the words of content blocks together, over the place of those that are furniture now.
    fn drop_words_of_furniture(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        let folded = std::mem::take(&mut self.folded);
        let mut kept = Vec::with_capacity(tokens.len());
        let mut forms = String::with_capacity(folded.len());
        for block in self.fields.iter_mut().flat_map(|field| &mut field.blocks) {
            let range = block.tokens.start as usize..block.tokens.end as usize;
            let first = index(kept.len());
            if block.kind.is_content() {
                let words = tokens.get(range).unwrap_or_default();
                for word in words {
                    let form = word.folded_start as usize..word.folded_end as usize;
                    let folded_start = index(forms.len());
                    forms.push_str(folded.get(form).unwrap_or_default());
                    kept.push(Token {
                        folded_start,
                        folded_end: index(forms.len()),
                        ..*word
                    });
                }
            }
            block.tokens = first..index(kept.len());
        }
        self.tokens = kept;
        self.folded = forms;
    }
}

/// The first content block with words is the lead, the others are main text.
fn mark_lead(blocks: &mut [Block]) {
    let mut next = ZoneKind::Lead;
    for block in blocks.iter_mut().filter(|block| block.kind.is_content()) {
        block.kind = ZoneKind::Main;
        if !block.tokens.is_empty() {
            block.kind = std::mem::replace(&mut next, ZoneKind::Main);
        }
    }
}

fn key(folded: &str, forms: Range<usize>, ends: impl Iterator<Item = u32>) -> u64 {
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let forms = folded.get(forms).unwrap_or_default();
    if forms.is_empty() {
        return 0;
    }
    let seed = ends.fold(0_u64, |seed, end| {
        (seed ^ u64::from(end)).wrapping_mul(SPREAD).rotate_left(29)
    });
    xxh3_64_with_seed(forms.as_bytes(), seed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::super::ZoneKind;
    use super::super::page_tests::{build, check_positions};
    use super::*;
    use ZoneKind::{Lead, Main, Repeated, Title};

    const PAGE: &str = "Guten Morgen aus dem Hafen von Brell.\n\
        Die Fähre fährt am Montag wieder, sagte die Bürgermeisterin.\n\
        Karten gibt es ab 6 Uhr am Steg.\n\
        Ein Dienst des Boten.";

    fn kinds(document: &Document) -> Vec<ZoneKind> {
        let blocks = document.fields.iter().flat_map(|field| &field.blocks);
        blocks.map(|block| block.kind).collect()
    }

    fn forms(document: &Document) -> Vec<&str> {
        let tokens = document.tokens.iter();
        tokens.map(|token| document.form(token)).collect()
    }

    #[test]
    fn blocks_are_set_aside_afterwards() {
        let mut document = build(Some("Fähre fährt"), Some(PAGE), None);
        document.set_aside(
            1,
            &[0, 3, 3, 9],
            Repeated,
            "seen in 4 articles of the source",
        );
        assert_eq!(kinds(&document), [Title, Repeated, Lead, Main, Repeated]);
        assert_eq!(
            forms(&document).join(" "),
            "fahre fahrt die fahre fahrt am montag wieder sagte die burgermeisterin \
             karten gibt es ab 6 uhr am steg"
        );
        assert_eq!(document.folded, forms(&document).concat());
        check_positions(&document, &["Fähre fährt", PAGE]);
        let blocks = &document.fields[1].blocks;
        assert_eq!(
            blocks[0].reason.as_deref(),
            Some("seen in 4 articles of the source")
        );
        assert!(blocks[0].tokens.is_empty() && blocks[3].tokens.is_empty());
    }

    #[test]
    fn content_kinds_and_strange_places_change_nothing() {
        let mut document = build(Some("Fähre"), Some(PAGE), None);
        let before = format!("{document:?}");
        document.set_aside(1, &[0], Main, "no");
        document.set_aside(7, &[0], Repeated, "no");
        document.set_aside(1, &[usize::MAX], Repeated, "no");
        document.set_aside(1, &[], Repeated, "no");
        assert_eq!(format!("{document:?}"), before);
        assert_eq!(document.block_key(0, 1), 0);
        assert_eq!(document.block_key(2, 0), 0);
    }

    #[test]
    fn keys_name_paragraphs_whatever_their_place_and_kind() {
        let mut document = build(None, Some(PAGE), None);
        let other = build(
            Some("EIN DIENST DES BOTEN"),
            Some("Brell 2:11.\nBrell 21:1."),
            None,
        );
        let before: Vec<u64> = (0..4).map(|block| document.block_key(0, block)).collect();
        document.set_aside(0, &[0, 2], Repeated, "seen before");
        let after: Vec<u64> = (0..4).map(|block| document.block_key(0, block)).collect();
        assert_eq!(before, after);
        assert_eq!(other.block_key(0, 0), after[3]);
        assert_ne!(other.block_key(1, 0), other.block_key(1, 1));
        assert!(!before.contains(&0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn what_is_left_is_what_was_there(
            lines in prop::collection::vec(prop_oneof![Just("Tags: a, b".to_owned()), Just("https://t.co/x".to_owned()), ".{0,30}"], 0..9),
            title in prop::option::of(".{0,12}"), field in 0_usize..3, blocks in prop::collection::vec(0_usize..12, 0..8),
        ) {
            let body = lines.join("\n");
            let whole = build(title.as_deref(), Some(&body), None);
            let mut document = whole.clone();
            document.set_aside(field, &blocks, Repeated, "seen before");
            let published: Vec<&str> = document.fields.iter()
                .map(|field| if field.role == Role::Title { title.as_deref().unwrap_or_default() } else { body.as_str() })
                .collect();
            check_positions(&document, &published);
            let (mut words, mut next) = (Vec::new(), 0);
            for (index, (was, is)) in whole.fields.iter().zip(&document.fields).enumerate() {
                for (place, (was, is)) in was.blocks.iter().zip(&is.blocks).enumerate() {
                    prop_assert_eq!((&was.bytes, &was.span), (&is.bytes, &is.span));
                    prop_assert_eq!(whole.block_key(index, place), document.block_key(index, place));
                    prop_assert!(is.tokens.start == next && is.tokens.end >= next);
                    next = is.tokens.end;
                    let aside = index == field && blocks.contains(&place) && was.kind.is_content();
                    prop_assert_eq!(is.kind == Repeated, aside);
                    prop_assert_eq!(is.kind.is_content(), was.kind.is_content() && !aside);
                    if !aside {
                        prop_assert_eq!(&was.reason, &is.reason);
                        words.extend(whole.tokens_of(was).iter().map(|token| whole.form(token)));
                    }
                }
                let leads = is.blocks.iter().filter(|block| block.kind == Lead).count();
                let story = is.blocks.iter().any(|block| block.kind.is_content() && !block.tokens.is_empty());
                prop_assert_eq!(leads, usize::from(story && is.role != Role::Title));
            }
            prop_assert_eq!(next as usize, document.tokens.len());
            prop_assert_eq!(forms(&document), words);
            prop_assert_eq!(&document.folded, &forms(&document).concat());
        }
    }
}
