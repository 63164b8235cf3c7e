//! Documents for tests.

use crate::text::{Block, Document, DocumentField, Role, Token, ZoneKind, tokenize};

/// An article with a title (none where empty) and a body of one block.
pub(super) fn document(title: &str, body: &str) -> Document {
    let mut document = Document::default();
    if !title.is_empty() {
        add(
            &mut document,
            Role::Title,
            "/title",
            &[(ZoneKind::Title, title)],
        );
    }
    add(
        &mut document,
        Role::Body,
        "/text",
        &[(ZoneKind::Main, body)],
    );
    document
}

/// Adds a field whose blocks are lines of it; only content has tokens.
pub(super) fn add(document: &mut Document, role: Role, pointer: &str, parts: &[(ZoneKind, &str)]) {
    let field = u16::try_from(document.fields.len()).unwrap();
    let mut text = String::new();
    let mut blocks = Vec::new();
    let mut points = 0_u32;
    for (kind, part) in parts {
        let bytes = text.len()..text.len() + part.len();
        let span = points..points + u32::try_from(part.chars().count()).unwrap();
        let first = u32::try_from(document.tokens.len()).unwrap();
        if kind.is_content() {
            tokenize(part, |form, _, place, single| {
                let folded_start = u32::try_from(document.folded.len()).unwrap();
                document.folded.push_str(form);
                let folded_end = u32::try_from(document.folded.len()).unwrap();
                let (start, end) = (span.start + place.start, span.start + place.end);
                document.tokens.push(Token {
                    folded_start,
                    folded_end,
                    field,
                    start,
                    end,
                    single,
                    capital: false,
                });
            });
        }
        let tokens = first..u32::try_from(document.tokens.len()).unwrap();
        points = span.end + 1;
        blocks.push(Block {
            kind: *kind,
            bytes,
            span,
            tokens,
            reason: None,
        });
        text.push_str(part);
        text.push('\n');
    }
    document.characters += points;
    document.fields.push(DocumentField {
        role,
        pointer: pointer.to_owned(),
        text,
        blocks,
    });
}
