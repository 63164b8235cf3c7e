//! Reads the marker phrases from their data file.

use super::{DATA, Marker, MarkerError, Markers};
use crate::text::document::ZoneKind;
use crate::text::tokens::tokenize;

impl Markers {
    /// The phrases the program ships.
    pub(in crate::text) fn shipped() -> Result<Self, MarkerError> {
        Self::parse(DATA)
    }

    pub(super) fn parse(data: &'static str) -> Result<Self, MarkerError> {
        let mut markers = Self::default();
        for (index, row) in data.lines().enumerate() {
            if !row.starts_with('#') && !row.trim().is_empty() {
                markers.add(row).map_err(|problem| MarkerError {
                    line: index + 1,
                    problem,
                })?;
            }
        }
        for list in markers.by_first.values_mut() {
            list.sort_by_key(|marker| std::cmp::Reverse(marker.rest.len()));
        }
        Ok(markers)
    }

    fn add(&mut self, row: &'static str) -> Result<(), &'static str> {
        let mut columns = row.split('\t');
        let (Some(kind), Some(_), Some(phrases), None) = (
            columns.next(),
            columns.next(),
            columns.next(),
            columns.next(),
        ) else {
            return Err("expected three columns: kind, language, phrases");
        };
        for phrase in phrases.split('|').map(str::trim) {
            let (mut words, mut singles) = (Vec::new(), 0);
            tokenize(phrase, |form, _, _, single| {
                words.push(form.to_owned());
                singles += usize::from(single);
            });
            if words.is_empty() {
                return Err("a phrase has no word");
            }
            self.add_phrase(kind, phrase, words, singles > 0)?;
        }
        Ok(())
    }

    fn add_phrase(
        &mut self,
        kind: &str,
        phrase: &'static str,
        words: Vec<String>,
        singles: bool,
    ) -> Result<(), &'static str> {
        let vocabulary = &mut self.vocabulary;
        match kind {
            "network" => vocabulary.networks.extend(words),
            "network_word" => vocabulary.network_words.extend(words),
            "agency" => vocabulary.agencies.extend(words),
            "by" => vocabulary.by.extend(words),
            "service" => vocabulary.services.add(words),
            "section" => vocabulary.sections.add(words),
            "taken" => vocabulary.taken.add(words),
            "month" => vocabulary.months.add(words),
            "follow" => {
                let first = words.first().cloned().unwrap_or_default();
                let entry = vocabulary.follow.entry(first).or_default();
                entry.push((words, phrase));
            }
            _ => return self.add_marker(kind, phrase, words, singles),
        }
        Ok(())
    }

    fn add_marker(
        &mut self,
        kind: &str,
        phrase: &'static str,
        words: Vec<String>,
        singles: bool,
    ) -> Result<(), &'static str> {
        let source = kind == "source";
        let kind = kind_named(kind).ok_or("unknown kind")?;
        let enough = if singles { 4 } else { 2 };
        let telling = words.len() >= enough && !phrase.ends_with(':');
        if let (ZoneKind::Legal, true, Some(last)) = (kind, telling, words.last()) {
            let closing = self.legal_by_last.entry(last.clone()).or_default();
            closing.push((words.clone(), phrase));
        }
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let marker = Marker {
            kind,
            phrase: phrase.trim_end_matches(':'),
            rest: words.collect(),
            telling,
            source,
            numbered: phrase.starts_with('#'),
        };
        self.by_first.entry(first).or_default().push(marker);
        Ok(())
    }
}

fn kind_named(name: &str) -> Option<ZoneKind> {
    use ZoneKind::{
        Byline, Caption, EmbeddedPost, HeadlineList, KeywordCloud, Legal, ReadAlso, Share,
    };
    if name == "source" {
        return Some(Byline);
    }
    [
        ReadAlso,
        HeadlineList,
        KeywordCloud,
        Share,
        Byline,
        Caption,
        Legal,
        EmbeddedPost,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == name)
}
