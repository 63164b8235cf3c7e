//! Evidence for people: the words around a place, the place marked.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::article::RawArticle;
use crate::cli::enrich::{Trouble, unreadable};
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, say};
use crate::text::{Document, DocumentField, Role};
use crate::topics::query::{MatchEvidence, Sourced, read_files};

/// Code points shown before and behind a place.
const AROUND: usize = 30;

/// The published text around a place, the place marked: by colour, else by brackets.
pub fn snippet(
    document: &Document,
    article: &RawArticle<'_>,
    place: &MatchEvidence<'_>,
    paint: Paint,
) -> String {
    let Some(field) = document.fields.get(place.field) else {
        return String::new();
    };
    let excerpt = Excerpt::of(article, field, place.start, place.end);
    format!(
        "{} {}",
        excerpt.marked(paint),
        paint.dim(&format!(
            "({} {}..{})",
            field.pointer, place.start, place.end
        )),
    )
}

/// A place in a published field and what stands around it.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before it, from a word on, with … where the text was cut.
    before: String,
    /// What stands there.
    pub found: String,
    after: String,
}

impl Excerpt {
    /// The place in the text as it is published: places count its code points.
    pub fn of(article: &RawArticle<'_>, field: &DocumentField, start: u32, end: u32) -> Self {
        let published: Option<&Cow<'_, str>> = match field.role {
            Role::Title => article.title.as_ref().map(|field| &field.text),
            Role::Summary => article.summary.as_ref().map(|text| &text.field.text),
            Role::Body => article.body.as_ref().map(|text| &text.field.text),
        };
        let text = published.map_or(field.text.as_str(), AsRef::as_ref);
        Self::cut(text, start as usize, end as usize)
    }

    fn cut(text: &str, start: usize, end: usize) -> Self {
        let from = start.saturating_sub(AROUND);
        let part =
            |skip: usize, take: usize| text.chars().skip(skip).take(take).collect::<String>();
        let (mut before, mut after) = (part(from, start - from), part(end, AROUND));
        if from > 0 {
            // Half a word says nothing; scripts without spaces are cut anywhere.
            let whole = before
                .find(char::is_whitespace)
                .map_or(0, |space| space + 1);
            before = format!("…{}", before.get(whole..).unwrap_or(&before));
        }
        if text.chars().nth(end.saturating_add(AROUND)).is_some() {
            let whole = after.rfind(char::is_whitespace).filter(|space| *space > 0);
            after.truncate(whole.unwrap_or(after.len()));
            after.push('…');
        }
        Self {
            before: safe(&before),
            found: safe(&part(start, end.saturating_sub(start))),
            after: safe(&after),
        }
    }

    /// All of it, the place marked: by colour, else by brackets.
    pub fn marked(&self, paint: Paint) -> String {
        let Self {
            before,
            found,
            after,
        } = self;
        match paint.bold(found) {
            plain if plain == *found => format!("{before}[{found}]{after}"),
            bold => format!("{before}{bold}{after}"),
        }
    }
}

/// The definitions of files, folders and standard input.
pub(super) fn definitions(files: &[PathBuf]) -> Result<Vec<Sourced>, Trouble> {
    let mut all = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            let mut text = Vec::new();
            std::io::stdin()
                .read_to_end(&mut text)
                .map_err(|error| unreadable(file, &error))?;
            let name: Arc<str> = "-".into();
            all.append(&mut Sourced::read_lines(&name, &text));
            continue;
        }
        all.append(&mut read_files(file).map_err(|error| {
            say(&format!("{}: {}\n", error.path.display(), error.source));
            Trouble::Said(Exit::InputOutput)
        })?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_excerpt_has_whole_words_and_says_where_it_was_cut() {
        let text = "The old harbour council voted on Thursday to keep the lighthouse, after three hours of debate.";
        let excerpt = Excerpt::cut(text, 33, 41);
        assert_eq!(excerpt.found, "Thursday");
        let plain = excerpt.marked(Paint::new(false));
        assert_eq!(
            plain,
            "…old harbour council voted on [Thursday] to keep the lighthouse,…"
        );
        let first = Excerpt::cut(text, 0, 3).marked(Paint::new(false));
        assert_eq!(first, "[The] old harbour council voted on…");
        let last = Excerpt::cut(text, 87, 94).marked(Paint::new(false));
        assert_eq!(last, "…after three hours of [debate.]");
        let chinese = "議會星期四投票決定保留舊燈塔並在冬季風暴來臨之前重新點亮燈火市長在擁擠的大廳裡說道辯論持續了三個小時";
        let cut = Excerpt::cut(chinese, 35, 37).marked(Paint::new(false));
        assert!(cut.starts_with("…投票") && cut.contains('['), "{cut}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_place_of_any_text_is_cut(text in any::<String>(), start in 0_usize..200, length in 0_usize..90) {
            let cut = Excerpt::cut(&text, start, start + length);
            let found: String = text.chars().skip(start).take(length).collect();
            prop_assert_eq!(&cut.found, &safe(&found));
            prop_assert!(cut.before.chars().count() <= (AROUND + 1) * 10);
        }
    }
}
