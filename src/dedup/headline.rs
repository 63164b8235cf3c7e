//! What a headline names, and whether another story tells of it.

use hashbrown::HashSet;

use crate::text::{Document, Role, Token};

use super::sample::{Agreement, Sample, WordBits, hash, pairs, story, tokens};

/// Most words of a headline that are kept: nearly all headlines whole.
pub const MOST: usize = 16;

/// The words of a headline; in scripts without spaces its pairs of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headline {
    words: Sample<MOST>,
    /// A bit for each of them: whether the story has it too.
    told: u16,
}

/// What a headline names that another one does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Words that only this headline has, of those that its story has too.
    pub own: u32,
    /// Those of them that the other story does not have.
    pub absent: u32,
}

impl Foreign {
    /// Whether these words are mostly absent from the other story. Some always seem to be there: see [`WordBits`].
    pub fn is_mostly_absent(self, least: u32, share: f32) -> bool {
        self.absent >= least && self.absent as f32 >= share * self.own as f32
    }
}

impl Headline {
    /// The headline of a document; empty where it has none.
    pub fn of(document: &Document) -> Self {
        let title: Vec<Token> = tokens(document, |role| role == Role::Title)
            .copied()
            .collect();
        let words = || title.iter().filter(|token| !token.single);
        let form = |token: &Token| document.form(token).as_bytes();
        let sample = Sample::of(words().map(form).chain(pairs(document, &title)));
        let forms: HashSet<&str> = words().map(|token| document.form(token)).collect();
        let singles = title.iter().any(|token| token.single);
        let text: String = match singles {
            true => story(document).map(|token| document.form(token)).collect(),
            false => String::new(),
        };
        let told = story(document)
            .filter(|token| forms.contains(document.form(token)))
            .map(form)
            .chain(
                pairs(document, &title)
                    .filter(|pair| std::str::from_utf8(pair).is_ok_and(|pair| text.contains(pair))),
            );
        let told: HashSet<u16> = told.map(hash).collect();
        Self::new(sample, |word| told.contains(&word))
    }

    fn new(words: Sample<MOST>, told: impl Fn(u16) -> bool) -> Self {
        let bits = words.hashes().iter().zip(0_u32..);
        let told = bits.filter(|(word, _)| told(**word));
        let told = told.fold(0, |bits, (_, bit)| bits | 1_u16.wrapping_shl(bit));
        Self { words, told }
    }

    /// The headline with these words, ascending, of which `told` are those of the story too, the first by the lowest bit.
    pub fn from_parts(words: Vec<u16>, told: u16) -> Self {
        Self {
            words: Sample::from_hashes(words),
            told,
        }
    }

    /// The hashes of its words, ascending, and which of them the story has.
    pub fn parts(&self) -> (&[u16], u16) {
        (self.words.hashes(), self.told)
    }

    /// How far two headlines agree.
    pub fn agreement(&self, other: &Self) -> Agreement {
        self.words.agreement(&other.words)
    }

    /// What this headline names of its story: how many of these words the other headline is without, and how many of
    /// those the other story is without as well.
    pub fn foreign_to(&self, other: &Self, words: &WordBits) -> Foreign {
        let limit = other.words.limit();
        let mut foreign = Foreign::default();
        if words.is_empty() {
            return foreign;
        }
        for (word, bit) in self.words.hashes().iter().zip(0_u32..) {
            let told = self.told & 1_u16.wrapping_shl(bit) != 0;
            if told && *word <= limit && other.words.hashes().binary_search(word).is_err() {
                foreign.own += 1;
                foreign.absent += u32::from(!words.may_have(*word));
            }
        }
        foreign
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::page_tests::build;

    fn headline(title: &str, text: &str) -> (Headline, WordBits) {
        let document = build(Some(title), Some(text), None);
        (Headline::of(&document), WordBits::of_story(&document))
    }

    #[test]
    fn a_name_that_the_other_story_lacks_is_foreign() {
        let (korea, korea_words) = headline(
            "وزير التجارة يستقبل سفير كوريا",
            "استقبل وزير التجارة في مكتبه سفير كوريا، وبحثا التعاون بين البلدين.",
        );
        let (other, other_words) = headline(
            "وزير التجارة يستقبل سفير كازاخستان",
            "استقبل وزير التجارة في مكتبه سفير كازاخستان، وبحثا التعاون بين البلدين.",
        );
        assert_eq!(korea.agreement(&other).of_smaller(3), Some(0.8));
        let one = Foreign { own: 1, absent: 1 };
        assert_eq!(korea.foreign_to(&other, &other_words), one);
        assert_eq!(other.foreign_to(&korea, &korea_words), one);
        assert_eq!(korea.foreign_to(&korea, &korea_words), Foreign::default());
    }

    /// A headline of fourteen words is compared whole with one of five.
    #[test]
    fn long_headlines_are_whole() {
        let (short, _) = headline("Leaders condole president of Tarsia", "Leaders condole.");
        let (long, _) = headline(
            "Leaders condole president of Ostrel after ferry with ninety people sinks off the coast",
            "Leaders condole.",
        );
        let agreement = short.agreement(&long);
        assert_eq!((agreement.shared, agreement.left), (4, 5));
    }

    #[test]
    fn pairs_of_characters_are_words() {
        let (storm, words) = headline("台风登陆南港", "台风今晨登陆南港，市区停电。");
        assert_eq!(storm.parts().1.count_ones(), 4);
        assert_eq!(storm.foreign_to(&storm, &words), Foreign::default());
    }

    proptest! {
        #[test]
        fn parts_are_the_headline(title in ".{0,80}", text in ".{0,200}") {
            let (headline, words) = headline(&title, &text);
            let (hashes, told) = headline.parts();
            prop_assert!(hashes.len() <= MOST && told.checked_shr(hashes.len() as u32).unwrap_or(0) == 0);
            prop_assert_eq!(&Headline::from_parts(hashes.to_vec(), told), &headline);
            prop_assert_eq!(headline.foreign_to(&Headline::default(), &words).absent, 0);
        }
    }
}
