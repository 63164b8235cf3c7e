//! Test articles: stories in a few languages, exact copies of them, later versions, broken messages and tombstones.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use serde_json::json;

use crate::support::client::Outgoing;

/// A reproducible source of chance (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A new seed, which is printed; or the one in `NEWSSTAGE_TEST_SEED`.
    pub fn printed(test: &str) -> Self {
        let given = std::env::var("NEWSSTAGE_TEST_SEED").ok();
        let seed = given.map_or_else(
            || RandomState::new().build_hasher().finish(),
            |text| text.parse().expect("NEWSSTAGE_TEST_SEED is a number"),
        );
        println!("{test}: NEWSSTAGE_TEST_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What a message is, and so what must become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The first article of a story, the story's number.
    Story(usize),
    /// A copy of that story: from another outlet, or fetched again.
    Copy(usize),
    /// A later version of that story's first article.
    Revision(usize),
    /// A dead letter with this code.
    Broken(&'static str),
    /// A message without a value.
    Tombstone,
}

/// A message and what it is.
#[derive(Debug, Clone)]
pub struct Planned {
    pub record: Outgoing,
    pub kind: Kind,
    /// The id that the enrichment must have; of a tombstone, its key, which no other message has.
    pub id: String,
}

#[derive(Debug, Clone)]
struct Story {
    id: String,
    host: String,
    language: String,
    body: String,
}

/// Makes messages, one after the other. The same seed makes the same messages.
#[derive(Debug)]
pub struct Corpus {
    random: Random,
    partitions: usize,
    languages: Vec<(String, Vec<String>)>,
    stories: Vec<Story>,
    made: usize,
    revisions: bool,
}

/// Feeds; each is the key of its messages.
const FEEDS: usize = 24;

impl Corpus {
    /// For a topic with so many partitions. The messages of one feed all go to the same partition.
    pub fn new(random: &mut Random, partitions: u16) -> Self {
        let lines = include_str!("words.txt")
            .lines()
            .filter(|line| !line.starts_with('#'));
        let languages = lines.map(|line| {
            let (code, words) = line.split_once(": ").expect("a code and words");
            let words = words.split(' ').map(str::to_owned).collect();
            (code.to_owned(), words)
        });
        Self {
            random: Random(random.next()),
            partitions: usize::from(partitions),
            languages: languages.collect(),
            stories: Vec::new(),
            made: 0,
            revisions: false,
        }
    }

    /// Also later versions. Only for one partition: elsewhere the later version may well be read first.
    pub fn with_revisions(mut self) -> Self {
        self.revisions = true;
        self
    }

    /// The next `count` messages.
    pub fn take(&mut self, count: usize) -> Vec<Planned> {
        (0..count).map(|_| self.next()).collect()
    }

    /// One new story whose message has at least `bytes` bytes.
    pub fn large(&mut self, bytes: usize) -> Planned {
        let mut story = self.invent();
        while story.body.len() < bytes {
            story.body = format!("{} {}", story.body, self.text(&story.language, 40));
        }
        self.publish(story)
    }

    /// One message that cannot be enriched.
    pub fn broken(&mut self) -> Planned {
        const BROKEN: [(&[u8], &str); 5] = [
            (b"{\"id\": \"cut-off\", \"text\": \"it ends in", "not_json"),
            (b"[{\"text\": \"an article in an array\"}]", "not_object"),
            (
                b"{\"id\": \"latin-1\", \"text\": \"caf\xe9\"}",
                "invalid_utf8",
            ),
            (b"{\"id\": \"no-words\", \"text\": \" ... \"}", "no_text"),
            (b"", "empty"),
        ];
        let &(payload, code) = self.random.pick(&BROKEN);
        self.plan(Some(payload.to_vec()), Kind::Broken(code), String::new())
    }

    fn next(&mut self) -> Planned {
        match self.random.below(1000) {
            0..12 => self.tombstone(),
            12..27 => self.broken(),
            27..60 if self.revisions && !self.stories.is_empty() => self.revision(),
            60..150 if !self.stories.is_empty() => self.fetched_again(),
            150..260 if !self.stories.is_empty() => self.reprint(),
            _ => {
                let story = self.invent();
                self.publish(story)
            }
        }
    }

    fn tombstone(&mut self) -> Planned {
        let key = format!("gone-{}", self.made);
        let mut planned = self.plan(None, Kind::Tombstone, key.clone());
        planned.record.key = Some(key.into_bytes());
        planned
    }

    fn invent(&mut self) -> Story {
        let (language, _) = self.random.pick(&self.languages).clone();
        let sentences = 4 + self.random.below(5);
        Story {
            id: format!("article-{}", self.made),
            host: format!("paper{}.example", self.random.below(40)),
            body: self.text(&language, sentences),
            language,
        }
    }

    fn publish(&mut self, story: Story) -> Planned {
        let number = self.stories.len();
        let (id, host) = (story.id.clone(), story.host.clone());
        let planned = self.article(&story, Kind::Story(number), id, host);
        self.stories.push(story);
        planned
    }

    fn earlier(&mut self) -> (usize, Story) {
        let number = self.random.below(self.stories.len());
        (number, self.stories[number].clone())
    }

    fn fetched_again(&mut self) -> Planned {
        let (number, story) = self.earlier();
        let (id, host) = (story.id.clone(), story.host.clone());
        self.article(&story, Kind::Copy(number), id, host)
    }

    fn reprint(&mut self) -> Planned {
        let (number, story) = self.earlier();
        let (id, host) = (
            format!("reprint-{}", self.made),
            "reprints.example".to_owned(),
        );
        self.article(&story, Kind::Copy(number), id, host)
    }

    fn revision(&mut self) -> Planned {
        let (number, mut story) = self.earlier();
        let (id, host) = (story.id.clone(), story.host.clone());
        story.body = format!("{} {}", story.body, self.text(&story.language, 1));
        self.article(&story, Kind::Revision(number), id, host)
    }

    fn article(&mut self, story: &Story, kind: Kind, id: String, host: String) -> Planned {
        // Each message differs in its bytes, even where the article is the same.
        let payload = json!({
            "id": id,
            "url": format!("https://{host}/{id}"),
            "title": format!("{}, {}", self.text(&story.language, 1), self.made),
            "language": story.language,
            "source": host,
            "fetch": { "number": self.made, "weight": 1.50 },
            "text": story.body,
        });
        self.plan(Some(payload.to_string().into_bytes()), kind, id)
    }

    fn plan(&mut self, payload: Option<Vec<u8>>, kind: Kind, id: String) -> Planned {
        let feed = self.random.below(FEEDS);
        let record = Outgoing {
            key: Some(format!("feed-{feed}").into_bytes()),
            payload,
            headers: vec![("crawler".to_owned(), Some(b"delivery-test".to_vec()))],
            timestamp: Some(1_700_000_000_000 + self.made as i64),
            partition: i32::try_from(feed % self.partitions).ok(),
        };
        self.made += 1;
        Planned { record, kind, id }
    }

    fn text(&mut self, language: &str, sentences: usize) -> String {
        let known = self.languages.iter().find(|(code, _)| code == language);
        let words = known.expect("a language of words.txt").1.clone();
        let mut text = String::new();
        for _ in 0..sentences {
            for place in 0..6 + self.random.below(6) {
                text.push_str(if place == 0 { "" } else { " " });
                text.push_str(self.random.pick::<String>(&words));
            }
            text.push_str(". ");
        }
        text.trim_end().to_owned()
    }
}
