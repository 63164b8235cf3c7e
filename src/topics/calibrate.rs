//! Measuring on labelled articles, and fitting the confidence to what was measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::text::Document;

use super::calibration::{Curve, Observation, fit};
use super::tagger::{Compiled, TopicTagger};

/// An article whose main topic is known.
#[derive(Debug)]
pub struct Labelled {
    /// BCP 47; the primary subtag counts.
    pub language: String,
    /// The cleaned article.
    pub document: Document,
    /// Eight digits of the broad topic that is the main subject; `None` for a text without a topic.
    pub broad: Option<String>,
    /// Eight digits of its narrow topic, where that is known.
    pub narrow: Option<String>,
}

/// What was measured in one language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    /// Articles with a topic.
    pub articles: u32,
    /// How many of them have the right topic first.
    pub right: u32,
    /// Articles without a topic.
    pub empty: u32,
    /// How many of those got a tag.
    pub tagged: u32,
    /// Articles with a confidence of at least 0.9 for the first topic.
    pub sure: u32,
    /// How many of those are right.
    pub sure_right: u32,
}

/// Measures the tagger on labelled articles, and writes the table of calibration that fits them: one line for each
/// language that has a list, one for other languages, one for narrow topics.
pub fn calibrate(tagger: &TopicTagger, articles: &[Labelled]) -> (BTreeMap<String, Rates>, String) {
    let mut broad: BTreeMap<&str, Vec<Observation>> = BTreeMap::new();
    let mut narrow = Vec::new();
    let mut rates: BTreeMap<String, Rates> = BTreeMap::new();
    for article in articles {
        let Some((language, lexicon)) = tagger.lexicon(&article.language) else {
            continue;
        };
        count(tagger, article, rates.entry(language.clone()).or_default());
        let (first, below) = observe(tagger, lexicon, article);
        broad.entry(language).or_default().extend(first);
        narrow.extend(below);
    }
    let groups: Vec<Vec<Observation>> = broad.values().cloned().collect();
    let (common, own) = fit(&groups);
    let mut table = String::new();
    for (language, curve) in broad.keys().zip(own) {
        line(&mut table, language, curve);
    }
    line(&mut table, "*", common);
    line(&mut table, "narrow", fit(&[narrow]).0);
    (rates, table)
}

fn line(table: &mut String, name: &str, curve: Curve) {
    let Curve {
        constant,
        share,
        score,
    } = curve;
    writeln!(table, "{name}\t{constant:.3}\t{share:.3}\t{score:.3}").unwrap_or_default();
}

fn count(tagger: &TopicTagger, article: &Labelled, rates: &mut Rates) {
    let tags = tagger.tag(&article.document, &article.language).tags;
    let first = tags.first();
    let Some(code) = &article.broad else {
        rates.empty += 1;
        rates.tagged += u32::from(first.is_some());
        return;
    };
    let right = first.is_some_and(|tag| tag.id.strip_prefix("medtop:") == Some(code));
    let sure = first.is_some_and(|tag| tag.confidence >= 0.9);
    rates.articles += 1;
    rates.right += u32::from(right);
    rates.sure += u32::from(sure);
    rates.sure_right += u32::from(sure && right);
}

/// What the best broad topic of an article says of broad ones, and the best narrow one below it of narrow ones.
fn observe(
    tagger: &TopicTagger,
    lexicon: &Compiled,
    article: &Labelled,
) -> (Option<Observation>, Option<Observation>) {
    let (_, scores) = tagger.scores(&article.document, lexicon);
    let topics = tagger.taxonomy.topics();
    let best = |parent: Option<u16>| {
        (0_u16..)
            .zip(topics)
            .zip(&scores)
            .filter(|((_, topic), score)| topic.parent == parent && **score > 0.0)
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map(|((index, topic), &score)| (index, topic.code.as_str(), score))
    };
    let Some((place, code, score)) = best(None) else {
        return (None, None);
    };
    let right = article.broad.as_deref() == Some(code);
    let first = Observation {
        share: score / tagger.total(&scores),
        score,
        right,
    };
    let below = article
        .narrow
        .as_deref()
        .filter(|_| right)
        .and_then(|label| {
            let (_, code, narrow) = best(Some(place))?;
            Some(Observation {
                share: narrow / score,
                score: narrow,
                right: code == label,
            })
        });
    (Some(first), below)
}

#[cfg(test)]
mod tests {
    use super::super::TopicSettings;
    use super::super::sample::document;
    use super::*;

    #[test]
    fn rates_and_table_follow_the_articles() {
        let tagger = TopicTagger::new(&TopicSettings::default()).unwrap();
        let article = |language: &str, text: &str, broad: Option<&str>| Labelled {
            language: language.to_owned(),
            document: document("", text),
            broad: broad.map(str::to_owned),
            narrow: broad.map(|_| "20000574".to_owned()),
        };
        let election =
            "The general election was won by the opposition, the electoral commission said.";
        let articles = [
            article("en-GB", election, Some("11000000")),
            article("en", election, Some("15000000")),
            article("en", "She closed the door and went away.", None),
            article("xx", election, Some("11000000")),
        ];
        let (rates, table) = calibrate(&tagger, &articles);
        assert_eq!(rates.len(), 1);
        let english = &rates["en"];
        assert_eq!(
            (
                english.articles,
                english.right,
                english.empty,
                english.tagged
            ),
            (2, 1, 1, 0)
        );
        let names: Vec<_> = table
            .lines()
            .map(|line| line.split('\t').next().unwrap())
            .collect();
        assert_eq!(names, ["en", "*", "narrow"]);
    }
}
