//! The publisher's own categories as topics of the taxonomy, by a setting.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::text::folded_words;

use super::settings::TopicError;
use super::tags::PublisherTopic;
use super::taxonomy::Taxonomy;

/// Which category stands for which topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Categories {
    /// Place in the taxonomy by the folded words of the category.
    topics: HashMap<Vec<String>, u16>,
}

impl Categories {
    /// Reads [`super::TopicSettings::categories`].
    ///
    /// # Errors
    /// A category without a letter, an unknown topic, or two spellings of one category with different topics.
    pub(super) fn new(
        setting: &BTreeMap<String, String>,
        taxonomy: &Taxonomy,
    ) -> Result<Self, TopicError> {
        let (categories, problems) = Self::read(setting, taxonomy);
        match problems.into_iter().next() {
            None => Ok(categories),
            Some(first) => Err(first),
        }
    }

    /// The categories that can be used, and what is wrong with the others.
    pub(super) fn read(
        setting: &BTreeMap<String, String>,
        taxonomy: &Taxonomy,
    ) -> (Self, Vec<TopicError>) {
        let mut topics = HashMap::new();
        let mut problems = Vec::new();
        for (category, id) in setting {
            let wrong = |expected: String| TopicError::Category {
                category: category.clone(),
                expected,
            };
            let words = folded_words(category);
            if words.is_empty() {
                problems.push(wrong("a name with a letter or digit".to_owned()));
                continue;
            }
            let code = id.strip_prefix("medtop:").unwrap_or(id);
            match taxonomy.index(code) {
                None => problems.push(wrong(format!(
                    "a code of IPTC Media Topics level 1 or 2 such as medtop:15000000, not {id:?}"
                ))),
                Some(topic) => {
                    let before = topics.insert(words, topic);
                    if before.is_some_and(|other| other != topic) {
                        problems.push(wrong("one topic, whatever its spelling".to_owned()));
                    }
                }
            }
        }
        (Self { topics }, problems)
    }

    /// The topics of an article's categories, each once, in the order of the categories.
    pub(super) fn map(&self, categories: &[String], taxonomy: &Taxonomy) -> Vec<PublisherTopic> {
        let mut found: Vec<PublisherTopic> = Vec::new();
        if self.topics.is_empty() {
            return found;
        }
        for category in categories {
            let topic = self
                .topics
                .get(&folded_words(category))
                .and_then(|&topic| taxonomy.get(topic));
            if let Some(topic) = topic {
                let id = format!("medtop:{}", topic.code);
                if found.iter().all(|other| other.id != id) {
                    found.push(PublisherTopic {
                        id,
                        label: topic.label.clone(),
                        category: category.clone(),
                    });
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(pairs: &[(&str, &str)]) -> Result<Categories, TopicError> {
        let setting = pairs
            .iter()
            .map(|&(category, id)| (category.to_owned(), id.to_owned()))
            .collect();
        Categories::new(&setting, &Taxonomy::shipped().unwrap())
    }

    #[test]
    fn categories_are_compared_folded_and_given_once() {
        let taxonomy = Taxonomy::shipped().unwrap();
        let map = categories(&[
            ("Sport", "medtop:15000000"),
            ("Économie & marchés", "04000000"),
            ("Fußball", "medtop:15000000"),
        ])
        .unwrap();
        let given = ["Gossip", "SPORT", "économie – Marchés", "FUSSBALL", ""].map(str::to_owned);
        let found: Vec<_> = map
            .map(&given, &taxonomy)
            .into_iter()
            .map(|topic| (topic.id, topic.category))
            .collect();
        assert_eq!(
            found,
            [
                ("medtop:15000000".to_owned(), "SPORT".to_owned()),
                (
                    "medtop:04000000".to_owned(),
                    "économie – Marchés".to_owned()
                )
            ]
        );
    }

    #[test]
    fn wrong_settings_are_named() {
        for (pairs, expected) in [
            (
                &[("Sport", "medtop:1")][..],
                "topics.categories.\"Sport\" must be a code",
            ),
            (&[("—", "15000000")], "a name with a letter"),
            (&[("Sport", "15000000"), ("sport", "04000000")], "one topic"),
        ] {
            let message = categories(pairs).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
