//! The stream: originals, their copies on other sites, and stories that only look alike.

use serde_json::json;

use crate::edits::{Edit, edit_words};
use crate::random::Random;
use crate::sites::Site;
use crate::stories::{Stories, Story, Vocabulary, words_of};

/// What an article of the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Original,
    Copy(Edit),
    Template,
}

/// An article with its truth.
#[derive(Debug, Clone)]
pub struct Item {
    pub role: Role,
    /// Articles of one cluster are copies of one story.
    pub cluster: usize,
    pub json: String,
    /// The page without title, as the usual methods read it.
    pub page: String,
    order: u64,
}

/// Makes the stream from the stories and `more` further ones of each, which have its form and other words: three in five
/// are copied, one to five times.
pub fn stream(stories: &Stories, more: usize, seed: u64) -> Vec<Item> {
    let mut random = Random::new(seed);
    let mut maker = Maker {
        items: Vec::new(),
        clusters: 0,
    };
    for (lang, written) in &stories.by_language {
        let vocabulary = &stories.vocabularies[lang];
        let mut list = written.clone();
        for story in written {
            for _ in 0..more {
                let mut other = story.clone();
                edit_words(&mut other, vocabulary, 0.85, &mut random);
                other.title = vocabulary.words(random.between(5, 9), &mut random);
                list.push(other);
            }
        }
        let list = &list[..];
        let sites: Vec<Site> = (0..(list.len() / 16).clamp(5, 32))
            .map(|n| Site::new(n, lang, vocabulary, &mut random))
            .collect();
        for (at, story) in list.iter().enumerate() {
            maker.story(story, at, list, &sites, vocabulary, &mut random);
        }
        for group in 0..(list.len() / 24).clamp(3, 40) {
            maker.templates(
                random.pick(list),
                group,
                list,
                &sites,
                vocabulary,
                &mut random,
            );
        }
    }
    maker.items.sort_by_key(|item| item.order);
    maker.items
}

struct Maker {
    items: Vec<Item>,
    clusters: usize,
}

impl Maker {
    fn story(
        &mut self,
        story: &Story,
        at: usize,
        list: &[Story],
        sites: &[Site],
        vocabulary: &Vocabulary,
        random: &mut Random,
    ) {
        let cluster = self.clusters;
        self.clusters += 1;
        let begin = random.next() >> 1;
        let own = random.below(sites.len());
        let url = format!("https://{}/{cluster}", sites[own].host);
        self.add(
            Role::Original,
            cluster,
            story,
            &sites[own],
            &url,
            list,
            begin,
            random,
        );
        if !random.chance(0.4) {
            return;
        }
        for copy in 0..random.between(1, 5) {
            let edit = *random.pick(&Edit::ALL);
            let other = &list[(at + 1 + random.below(list.len() - 1)) % list.len()];
            let edited = edit.apply(story, other, vocabulary, random);
            let order = begin + (random.next() >> 5);
            if edit == Edit::Update {
                self.add(
                    Role::Copy(edit),
                    cluster,
                    &edited,
                    &sites[own],
                    &url,
                    list,
                    order,
                    random,
                );
                continue;
            }
            let site = &sites[(own + 1 + random.below(sites.len() - 1)) % sites.len()];
            let url = format!("https://{}/{cluster}-{copy}", site.host);
            self.add(
                Role::Copy(edit),
                cluster,
                &edited,
                site,
                &url,
                list,
                order,
                random,
            );
        }
    }

    /// Items with the words of one story and other facts: from one site, or every third group from several.
    fn templates(
        &mut self,
        story: &Story,
        group: usize,
        list: &[Story],
        sites: &[Site],
        vocabulary: &Vocabulary,
        random: &mut Random,
    ) {
        let mut frame = story.clone();
        // A text of its own, so that the frame is nobody's copy.
        edit_words(&mut frame, vocabulary, 0.9, random);
        frame.paragraphs.truncate(random.between(2, 5));
        let slots: Vec<Vec<bool>> = frame
            .paragraphs
            .iter()
            .map(|text| {
                words_of(text, vocabulary.spaced)
                    .iter()
                    .map(|_| random.chance(0.14))
                    .collect()
            })
            .collect();
        let own = random.below(sites.len());
        for instance in 0..random.between(4, 10) {
            let mut item = frame.clone();
            for (text, slots) in item.paragraphs.iter_mut().zip(&slots) {
                let filled: Vec<String> = words_of(text, vocabulary.spaced)
                    .into_iter()
                    .zip(slots)
                    .map(|(word, slot)| {
                        if *slot {
                            fact(vocabulary, random)
                        } else {
                            word
                        }
                    })
                    .collect();
                *text = filled.join(if vocabulary.spaced { " " } else { "" });
            }
            item.title = format!("{} {}", frame.title, fact(vocabulary, random));
            let site = if group.is_multiple_of(3) {
                random.pick(sites)
            } else {
                &sites[own]
            };
            let url = format!("https://{}/t{group}-{instance}", site.host);
            let (cluster, order) = (self.clusters, random.next() >> 1);
            self.clusters += 1;
            self.add(
                Role::Template,
                cluster,
                &item,
                site,
                &url,
                list,
                order,
                random,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the stream")]
    fn add(
        &mut self,
        role: Role,
        cluster: usize,
        story: &Story,
        site: &Site,
        url: &str,
        list: &[Story],
        order: u64,
        random: &mut Random,
    ) {
        let others: Vec<&Story> = (0..10)
            .map(|_| random.pick(list))
            .filter(|other| other.title != story.title)
            .collect();
        let appended = (role == Role::Copy(Edit::Swallowed))
            .then(|| others.last().copied())
            .flatten();
        let page = site.page(story, &others, appended, random);
        let json = json!({"url": url, "source": site.host, "title": story.title, "text": page})
            .to_string();
        self.items.push(Item {
            role,
            cluster,
            json,
            page,
            order,
        });
    }
}

/// A number, or a word that stands for a name.
fn fact(vocabulary: &Vocabulary, random: &mut Random) -> String {
    if random.chance(0.5) {
        random.between(1, 999).to_string()
    } else {
        vocabulary.word(random)
    }
}
