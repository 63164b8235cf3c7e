//! What editors do to a story. Every edit takes a story and gives another version of it.

use crate::random::Random;
use crate::stories::{Story, Vocabulary, words_of};

/// The kinds of edit, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edit {
    Verbatim,
    Byline,
    NewLead,
    Headline,
    Cut,
    Dropped,
    Reordered,
    LocalAngle,
    Typography,
    Light,
    Heavy,
    Swallowed,
    Update,
}

impl Edit {
    pub const ALL: [Self; 13] = [
        Self::Verbatim,
        Self::Byline,
        Self::NewLead,
        Self::Headline,
        Self::Cut,
        Self::Dropped,
        Self::Reordered,
        Self::LocalAngle,
        Self::Typography,
        Self::Light,
        Self::Heavy,
        Self::Swallowed,
        Self::Update,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Verbatim => "verbatim",
            Self::Byline => "byline changed",
            Self::NewLead => "new lead",
            Self::Headline => "new headline",
            Self::Cut => "cut to the first paragraphs",
            Self::Dropped => "paragraphs dropped",
            Self::Reordered => "paragraphs reordered",
            Self::LocalAngle => "local angle added",
            Self::Typography => "typography",
            Self::Light => "light copy-editing",
            Self::Heavy => "heavy copy-editing",
            Self::Swallowed => "another article appended",
            Self::Update => "update under the same URL",
        }
    }

    /// `other` is an unrelated story in the same language.
    pub fn apply(
        self,
        story: &Story,
        other: &Story,
        vocabulary: &Vocabulary,
        random: &mut Random,
    ) -> Story {
        let mut new = story.clone();
        let count = new.paragraphs.len();
        match self {
            Self::Verbatim | Self::Swallowed => {}
            Self::Byline => {
                let name = vocabulary.words(2, random);
                new.paragraphs.insert(0, name.clone());
                new.paragraphs.push(format!("({name})"));
            }
            Self::NewLead => {
                new.paragraphs[0] = vocabulary.sentence(random.between(14, 26), random);
                new.title = vocabulary.words(7, random);
            }
            Self::Headline => new.title = vocabulary.words(random.between(5, 9), random),
            Self::Cut => new
                .paragraphs
                .truncate((count * random.between(35, 65) / 100).max(1)),
            Self::Dropped => {
                let drop = (count / 4).max(1).min(count - 1);
                for _ in 0..drop {
                    let at = random.below(new.paragraphs.len());
                    new.paragraphs.remove(at);
                }
            }
            Self::Reordered => random.shuffle(&mut new.paragraphs),
            Self::LocalAngle => {
                let at = random.below(count + 1);
                for _ in 0..(count / 3).max(1) {
                    new.paragraphs
                        .insert(at, vocabulary.sentence(random.between(18, 40), random));
                }
            }
            Self::Typography => new
                .paragraphs
                .iter_mut()
                .for_each(|text| *text = typography(text)),
            Self::Light => edit_words(&mut new, vocabulary, 0.03, random),
            Self::Heavy => {
                edit_words(&mut new, vocabulary, 0.11, random);
                new.title = vocabulary.words(6, random);
                if new.paragraphs.len() > 3 {
                    let at = random.below(new.paragraphs.len());
                    new.paragraphs.remove(at);
                }
            }
            Self::Update => {
                edit_words(&mut new, vocabulary, 0.02, random);
                new.paragraphs.insert(0, vocabulary.sentence(20, random));
            }
        }
        let _ = other;
        new
    }
}

/// Replaces, drops or adds about this share of the words.
pub fn edit_words(story: &mut Story, vocabulary: &Vocabulary, share: f64, random: &mut Random) {
    for paragraph in &mut story.paragraphs {
        let spaced = vocabulary.spaced;
        let mut out: Vec<String> = Vec::new();
        for word in words_of(paragraph, spaced) {
            if !random.chance(share) {
                out.push(word);
                continue;
            }
            match random.below(4) {
                0 => {}
                1 => {
                    out.push(word);
                    out.push(vocabulary.word(random));
                }
                _ => out.push(vocabulary.word(random)),
            }
        }
        *paragraph = out.join(if spaced { " " } else { "" });
    }
}

/// Other quotes, dashes, digits, letters and spaces for the same words.
fn typography(text: &str) -> String {
    let mut open = false;
    text.chars()
        .flat_map(|c| {
            let new = match c {
                '"' | '“' | '”' => {
                    open = !open;
                    return if open { vec!['«'] } else { vec!['»'] };
                }
                '«' => '“',
                '»' => '”',
                '\'' => '’',
                '’' => '\'',
                '-' => '–',
                'ي' => 'ی',
                'ك' => 'ک',
                'أ' | 'إ' => 'ا',
                'ة' => return vec!['ة', '\u{064C}'],
                '0'..='9' if text.chars().any(|c| ('\u{0600}'..'\u{0700}').contains(&c)) => {
                    char::from_u32(c as u32 - '0' as u32 + 0x0660).unwrap_or(c)
                }
                '٠'..='٩' => char::from_u32(c as u32 - 0x0660 + '0' as u32).unwrap_or(c),
                'é' => return vec!['e', '\u{0301}'],
                ',' => return vec![',', ' '],
                other => other,
            };
            vec![new]
        })
        .collect()
}
