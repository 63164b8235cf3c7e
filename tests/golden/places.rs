//! The places in an enrichment, looked up in the published article.

use newsstage::text::folded_words;
use serde_json::Value;

/// The output value as a reader sees it. What is valid JSON but more than this reader takes passes through the stage and is
/// mended here: lone surrogates, which are no text, become U+FFFD; numbers out of range become smaller ones.
pub fn parse(value: &[u8]) -> Value {
    let text = std::str::from_utf8(value).expect("UTF-8");
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(text).replace("e999", "e9")))
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn without_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (half(escape), escape.get(6..).and_then(half)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push('\u{FFFD}');
                rest = &escape[6..];
                continue;
            }
            _ => 2,
        };
        out.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    out + rest
}

/// The number of an escape `\uXXXX` at the beginning.
fn half(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// A place: `field`, `start` and `end` of a span.
pub struct Place<'v> {
    pub field: &'v str,
    pub start: usize,
    pub end: usize,
}

impl<'v> Place<'v> {
    pub fn of(span: &'v Value) -> Self {
        let number = |name: &str| usize::try_from(span[name].as_u64().expect("a number")).unwrap();
        Self {
            field: span["field"].as_str().expect("a pointer"),
            start: number("start"),
            end: number("end"),
        }
    }

    /// The published text there. Panics when the field is no text or ends before the place does.
    #[track_caller]
    pub fn text(&self, article: &Value) -> String {
        let text = article
            .pointer(self.field)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{} is no text", self.field));
        let characters = text.chars().count();
        assert!(
            self.start < self.end && self.end <= characters,
            "{}–{} of {characters} characters in {}",
            self.start,
            self.end,
            self.field
        );
        text.chars()
            .skip(self.start)
            .take(self.end - self.start)
            .collect()
    }
}

/// Checks every place of an enrichment: inside its field, in order, without overlap, and evidence within the main text
/// showing the words of its term.
#[track_caller]
pub fn check(article: &Value) {
    let enrichment = &article["enrichment"];
    let content = &enrichment["content"];
    let main = spans(&content["main"]);
    let dropped = spans(&content["dropped"]);
    let mut all: Vec<&Place<'_>> = main.iter().chain(&dropped).collect();
    for place in &all {
        assert!(!place.text(article).trim().is_empty(), "an empty span");
    }
    all.sort_by_key(|place| (place.field, place.start));
    for pair in all.windows(2) {
        assert!(
            pair[0].field != pair[1].field || pair[0].end <= pair[1].start,
            "spans overlap in {} at {}",
            pair[0].field,
            pair[1].start
        );
    }
    for (topic, evidence) in evidence(enrichment) {
        let place = Place::of(evidence);
        let inside = |span: &Place<'_>| {
            span.field == place.field && span.start <= place.start && place.end <= span.end
        };
        let term = evidence["term"].as_str().expect("a term");
        assert!(main.iter().any(inside), "{topic}: {term} outside the text");
        shows(term, &place.text(article));
    }
}

fn spans(list: &Value) -> Vec<Place<'_>> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(Place::of)
        .collect()
}

/// Every piece of evidence with the identifier of its topic.
pub fn evidence(enrichment: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let topics = enrichment["topics"].as_array().into_iter().flatten();
    topics.flat_map(|topic| {
        let id = topic["id"].as_str().expect("an identifier");
        let evidence = topic["evidence"].as_array().into_iter().flatten();
        evidence.map(move |evidence| (id, evidence))
    })
}

/// The words at a place are those of the term: equal when folded; `=` at its front allows nothing else. An open end
/// (`elect*`) is the beginning of a word, an open front (`*wahl`) its end. Words are stemmed: they may differ in their
/// ending, so they begin alike with three letters; an Arabic word may differ in article and conjunction as well, so three letters in a
/// row must be common.
#[track_caller]
fn shows(term: &str, found: &str) {
    let (exact, term) = term
        .strip_prefix('=')
        .map_or((false, term), |term| (true, term));
    let words: Vec<&str> = term.split_whitespace().collect();
    let open = |mark: fn(&str) -> bool| words.iter().any(|word| mark(word));
    let (ends_open, begins_open) = (
        open(|word| word.ends_with('*')),
        open(|word| word.starts_with('*')),
    );
    let words = folded_words(term);
    let seen = folded_words(&without_tags(found));
    assert_eq!(words.len(), seen.len(), "{term:?} is not {found:?}");
    for (word, seen) in words.iter().zip(&seen) {
        let letters = 3.min(word.chars().count());
        let stemmed = || {
            seen.chars()
                .zip(word.chars())
                .take_while(|(a, b)| a == b)
                .count()
                >= letters
        };
        let fits = word == seen
            || (ends_open && seen.starts_with(word.as_str()))
            || (begins_open && common(word, seen) >= letters)
            || (!exact && is_arabic(word) && common(word, seen) >= letters)
            || (!exact && stemmed());
        assert!(fits, "{term:?} is not {found:?}");
    }
}

fn is_arabic(word: &str) -> bool {
    word.chars().all(|c| ('\u{600}'..='\u{6FF}').contains(&c))
}

/// Letters of the longest common part.
fn common(one: &str, two: &str) -> usize {
    let letters: Vec<char> = one.chars().collect();
    (0..letters.len())
        .flat_map(|start| (start..letters.len()).map(move |end| start..=end))
        .filter(|range| two.contains(&letters[range.clone()].iter().collect::<String>()))
        .map(|range| range.count())
        .max()
        .unwrap_or(0)
}

fn without_tags(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .filter(|&c| {
            let tag = inside || c == '<';
            inside = tag && c != '>';
            !tag
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_stay() {
        let text = without_lone_surrogates(r#"["\ud83d", "\ud83d\udc4d \\ud800 \udc4d\n"]"#);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0], "\u{FFFD}");
        assert_eq!(value[1], "👍 \\ud800 \u{FFFD}\n");
    }

    #[test]
    #[should_panic(expected = "is not")]
    fn another_word_is_no_evidence() {
        shows("elect*", "select");
    }

    #[test]
    fn the_words_of_a_term_are_evidence() {
        shows("high blood pressure", "High <b>blood</b> pressure");
        shows("elect*", "Elections");
        shows("حكومة", "والحكومات");
    }
}
