//! The stories that the stream is made of, and the words of their language.

use std::collections::BTreeMap;

use crate::random::Random;

/// One story as a newsroom has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    pub lang: String,
    pub title: String,
    pub paragraphs: Vec<String>,
}

/// The words of one language, each as often as it stands in the stories.
#[derive(Debug, Default)]
pub struct Vocabulary {
    words: Vec<String>,
    pub spaced: bool,
}

impl Vocabulary {
    pub fn word(&self, random: &mut Random) -> String {
        random.pick(&self.words).clone()
    }

    pub fn words(&self, count: usize, random: &mut Random) -> String {
        let words: Vec<String> = (0..count).map(|_| self.word(random)).collect();
        words.join(if self.spaced { " " } else { "" })
    }

    pub fn sentence(&self, count: usize, random: &mut Random) -> String {
        format!(
            "{}{}",
            self.words(count, random),
            if self.spaced { "." } else { "。" }
        )
    }
}

/// Words with their punctuation; pairs of characters where there are no spaces.
pub fn words_of(text: &str, spaced: bool) -> Vec<String> {
    if spaced {
        return text.split_whitespace().map(str::to_owned).collect();
    }
    let characters: Vec<char> = text.chars().collect();
    characters
        .chunks(2)
        .map(|pair| pair.iter().collect())
        .collect()
}

/// Whether the language is written with spaces between words.
pub fn spaced(lang: &str) -> bool {
    !matches!(lang, "zh" | "ja" | "th" | "lo" | "km" | "my")
}

/// Stories by language, and the words of each.
#[derive(Debug, Default)]
pub struct Stories {
    pub by_language: BTreeMap<String, Vec<Story>>,
    pub vocabularies: BTreeMap<String, Vocabulary>,
}

impl Stories {
    pub fn add(&mut self, story: Story) {
        let vocabulary = self.vocabularies.entry(story.lang.clone()).or_default();
        vocabulary.spaced = spaced(&story.lang);
        for paragraph in &story.paragraphs {
            vocabulary
                .words
                .extend(words_of(paragraph, vocabulary.spaced));
        }
        self.by_language
            .entry(story.lang.clone())
            .or_default()
            .push(story);
    }

    /// Stories from lines of JSON with `lang`, `title` and `text`; one paragraph a line of the text.
    pub fn read(&mut self, lines: &str, most: usize) {
        for line in lines.lines().take(most) {
            let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            let text = |name: &str| value[name].as_str().unwrap_or_default().trim().to_owned();
            let mut paragraphs: Vec<String> = text("text")
                .lines()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect();
            if paragraphs.len() == 1 {
                paragraphs = sentences(&paragraphs[0]);
            }
            if paragraphs.is_empty() || text("text").len() < 200 {
                continue;
            }
            self.add(Story {
                lang: text("lang"),
                title: text("title"),
                paragraphs,
            });
        }
    }
}

/// Two sentences a paragraph, for stories that come without paragraphs.
fn sentences(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut count = 0;
    for piece in text.split_inclusive(['.', '؟', '。', '!', '।']) {
        if let Some(last) = paragraphs.last_mut() {
            last.push_str(piece);
        }
        count += usize::from(piece.len() > 30);
        if count == 2 {
            paragraphs.push(String::new());
            count = 0;
        }
    }
    paragraphs
        .iter()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}
