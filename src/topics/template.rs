//! The empty word list that a person fills in for a new language.

use std::fmt::Write as _;

use super::analyser::Analyser;
use super::lexicon::{Line, SHIPPED};
use super::load::shipped;
use super::settings::TopicError;
use super::taxonomy::Taxonomy;

const HEAD: &str = include_str!("taxonomy/template.txt");
/// Model terms shown for each topic.
const MODELS: usize = 8;

/// A word list without terms for `language`: the rules, and every topic with the strongest terms of the English list as
/// comments, to say what is meant. The result is itself a valid list.
///
/// # Errors
/// When the shipped lists cannot be read.
pub fn template(language: &str) -> Result<String, TopicError> {
    let taxonomy = Taxonomy::shipped()?;
    let english = SHIPPED.iter().find(|(code, _)| *code == "en");
    let models = english
        .map_or(Ok(Vec::new()), |(code, source)| {
            shipped(code, source, &taxonomy)
        })
        .map_err(|problems| TopicError::Lexicon { problems })?;
    let mut text = HEAD
        .replace("{language}", language)
        .replace("{stemming}", stemming(language));
    for (topic, index) in taxonomy.topics().iter().zip(0_u16..) {
        let level = if topic.parent.is_none() {
            "\n# =="
        } else {
            "#"
        };
        writeln!(text, "{level} {} {}", topic.code, topic.label).unwrap_or_default();
        let models = strongest(&models, index);
        if !models.is_empty() {
            writeln!(text, "#    English: {}", models.join(", ")).unwrap_or_default();
        }
    }
    Ok(text)
}

fn strongest(lines: &[Line], topic: u16) -> Vec<&str> {
    let mut own: Vec<&Line> = lines
        .iter()
        .filter(|line| line.topic == Some(topic))
        .collect();
    own.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    own.iter()
        .take(MODELS)
        .map(|line| line.written.as_str())
        .collect()
}

fn stemming(language: &str) -> &'static str {
    match Analyser::of(language) {
        Analyser::Folded => {
            "Nothing is taken off the words of this language: list each form, or use *."
        }
        Analyser::Arabic => {
            "Articles, conjunctions and common endings are taken off; list broken plurals."
        }
        Analyser::Endings(_) => {
            "A few endings are taken off the words of this language; list other forms, or use *."
        }
        Analyser::Snowball(_) => {
            "Words of this language are stemmed: list one form of each, and = where two words would meet."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TopicSettings, TopicTagger};
    use super::*;

    #[test]
    fn a_template_is_a_list_that_can_be_filled() {
        let text = template("nl").unwrap();
        assert!(
            text.contains("nl.tsv")
                && text.contains("are stemmed")
                && text.contains("# 20000574 election")
        );
        assert!(!text.contains('{'));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("nl.tsv"),
            text + "20000574\tverkiezingen\t5\n",
        )
        .unwrap();
        let settings = TopicSettings {
            lexicons: Some(folder.path().to_owned()),
            ..TopicSettings::default()
        };
        let tagger = TopicTagger::new(&settings).unwrap();
        let page = super::super::sample::document("", "De verkiezing is voorbij.");
        assert_eq!(tagger.tag(&page, "nl").tags[0].id, "medtop:11000000");
    }
}
