//! What stands beside the document.

use super::{ArticleIndex, GAP, Stretch};
use crate::text::tokenize;
use crate::topics::query::country;
use crate::topics::query::engine::{Metadata, Subject};
use crate::topics::query::plan::{EVERYWHERE, strip_scheme};
use crate::topics::query::vocabulary::{Space, Vocabulary};
use crate::topics::query::words::forms;

impl ArticleIndex {
    /// Words outside the document: authors, address, tags, name and host of the publication.
    pub(super) fn read_words(
        &mut self,
        metadata: &Metadata<'_>,
        vocabulary: &Vocabulary,
        next: &mut u32,
    ) {
        if vocabulary.has(Space::Author) {
            for author in metadata.authors {
                self.words_of(Space::Author, author, vocabulary, next);
            }
        }
        if let Some(url) = metadata.url.filter(|_| vocabulary.has(Space::Url)) {
            self.words_of(Space::Url, strip_scheme(url), vocabulary, next);
        }
        if vocabulary.has(Space::Tag) {
            for tag in metadata.tags {
                self.words_of(Space::Tag, tag, vocabulary, next);
            }
        }
        if vocabulary.has(Space::Source) {
            for name in [metadata.source_name, metadata.host].into_iter().flatten() {
                self.words_of(Space::Source, name, vocabulary, next);
            }
        }
    }

    fn words_of(&mut self, space: Space, text: &str, vocabulary: &Vocabulary, next: &mut u32) {
        let start = *next;
        let mut place = start;
        let mut found = std::mem::take(&mut self.found);
        tokenize(text, |word, _, _, _| {
            found.clear();
            forms(word, false, |form| {
                vocabulary.find_all(space, form, &mut found)
            });
            found.sort_unstable();
            found.dedup();
            for &term in &found {
                self.hit(term, place, EVERYWHERE);
            }
            place = place.saturating_add(1);
        });
        self.found = found;
        self.stretches.push(Stretch {
            places: start..place,
            token: u32::MAX,
            zone: EVERYWHERE,
            field: u16::MAX,
            block: 0,
            paragraph_end: place,
            paragraph_start: start,
        });
        *next = place.saturating_add(GAP);
    }

    /// What has no words: language, host, country, topics.
    pub(super) fn read_metadata(&mut self, subject: &Subject<'_>, vocabulary: &Vocabulary) {
        let mut mark = |space, form: &str| {
            if let Some(term) = vocabulary.find(space, form) {
                self.mark(term);
            }
        };
        let language = subject.language.replace('_', "-").to_ascii_lowercase();
        let ends = language.match_indices('-').map(|(at, _)| at);
        for end in ends.chain([language.len()]) {
            mark(Space::Lang, language.get(..end).unwrap_or_default());
        }
        if let Some(host) = subject.metadata.host {
            mark(Space::Host, host);
            for (dot, _) in host.match_indices('.') {
                mark(Space::Host, host.get(dot + 1..).unwrap_or_default());
            }
        }
        if vocabulary.has(Space::Country)
            && let Some(code) = country::of(subject.metadata.country, subject.metadata.host)
        {
            mark(Space::Country, code);
        }
        for topic in subject.topics {
            mark(Space::Topic, topic);
        }
    }
}
