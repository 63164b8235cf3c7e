//! Short articles with known topics, and what must hold of every tag.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::analyser::Analyser;
use super::lexicon::{SHIPPED, parse};
use super::sample::{add, document};
use super::taxonomy::Taxonomy;
use super::*;
use crate::text::{Document, Role, ZoneKind, folded_words};

const ARTICLES: [(&str, &str); 2] = [
    (
        "en",
        include_str!("../../tests/fixtures/topics/stories_en.tsv"),
    ),
    (
        "ar",
        include_str!("../../tests/fixtures/topics/stories_ar.tsv"),
    ),
];

pub(super) fn tagger() -> TopicTagger {
    TopicTagger::new(&TopicSettings::default()).unwrap()
}

pub(super) fn ids(tags: &[TopicTag]) -> Vec<&str> {
    tags.iter().map(|tag| tag.id.as_str()).collect()
}

#[test]
fn articles_get_their_topic() {
    let tagger = tagger();
    let mut wrong = String::new();
    for (language, source) in ARTICLES {
        let mut broad = BTreeSet::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let [code, narrow, title, text] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let tags = tagger.tag(&document(title, text), language);
            assert_eq!(tags.lexicon.as_deref(), Some(language));
            let found = ids(&tags.tags);
            let expected = if code == "-" {
                None
            } else {
                Some(format!("medtop:{code}"))
            };
            let narrow = (!narrow.is_empty()).then(|| format!("medtop:{narrow}"));
            if found.first().copied() != expected.as_deref()
                || narrow.is_some_and(|narrow| !found.contains(&narrow.as_str()))
            {
                let scores: Vec<_> = tags
                    .tags
                    .iter()
                    .chain(&tags.near_misses)
                    .map(|tag| (tag.id.as_str(), tag.score))
                    .collect();
                wrong += &format!("{language} {code} {title}: {found:?} of {scores:?}\n");
            }
            broad.insert(code);
        }
        assert_eq!(broad.len(), 18, "17 broad topics and none, in {language}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the calibration rests on: short items of our own, hard ones among them, in every shipped language.
const ITEMS: [(&str, &str); 14] = [
    ("ar", include_str!("../../tests/fixtures/topics/ar.tsv")),
    ("de", include_str!("../../tests/fixtures/topics/de.tsv")),
    ("en", include_str!("../../tests/fixtures/topics/en.tsv")),
    ("es", include_str!("../../tests/fixtures/topics/es.tsv")),
    ("fa", include_str!("../../tests/fixtures/topics/fa.tsv")),
    ("fr", include_str!("../../tests/fixtures/topics/fr.tsv")),
    ("hi", include_str!("../../tests/fixtures/topics/hi.tsv")),
    ("id", include_str!("../../tests/fixtures/topics/id.tsv")),
    ("it", include_str!("../../tests/fixtures/topics/it.tsv")),
    ("ja", include_str!("../../tests/fixtures/topics/ja.tsv")),
    ("pt", include_str!("../../tests/fixtures/topics/pt.tsv")),
    ("ru", include_str!("../../tests/fixtures/topics/ru.tsv")),
    ("tr", include_str!("../../tests/fixtures/topics/tr.tsv")),
    ("zh", include_str!("../../tests/fixtures/topics/zh.tsv")),
];

#[test]
fn short_items_get_their_topic_in_every_language() {
    let tagger = tagger();
    for (language, source) in ITEMS {
        let (mut right, mut all, mut sure, mut sure_right, mut stray) = (0, 0, 0, 0, 0);
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let [code, _, title, text] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let tags = tagger.tag(&document(title, text), language).tags;
            let first = tags.first();
            if code == "-" {
                stray += usize::from(first.is_some_and(|tag| tag.confidence > 0.9));
                continue;
            }
            let found = first.is_some_and(|tag| tag.id == format!("medtop:{code}"));
            let certain = first.is_some_and(|tag| tag.confidence >= 0.9);
            all += 1;
            right += usize::from(found);
            sure += usize::from(certain);
            sure_right += usize::from(certain && found);
        }
        assert!(all >= 34, "{language}: only {all} items");
        assert!(right * 20 >= all * 17, "{language}: {right} of {all}");
        assert!(
            sure * 2 >= all && sure_right * 20 >= sure * 19,
            "{language}: {sure_right} of {sure} sure ones"
        );
        assert_eq!(stray, 0, "{language}");
    }
}

/// A report on arms, sanctions and a state visit is about politics and conflict, whatever stands beside it.
#[test]
fn a_diplomatic_page_has_no_sport_or_culture() {
    let mut page = Document::default();
    add(
        &mut page,
        Role::Title,
        "/title",
        &[(
            ZoneKind::Title,
            "الزعيم يصل إلى العاصمة لإجراء محادثات بشأن السلاح",
        )],
    );
    let body = [
        (
            ZoneKind::Lead,
            "وصل الزعيم إلى البلاد في زيارة رسمية يلتقي خلالها الرئيس لبحث التعاون العسكري وصفقة أسلحة محتملة، بحسب وزارة الخارجية.",
        ),
        (
            ZoneKind::Main,
            "وقال متحدث باسم وزارة الدفاع إن المحادثات ستشمل الصواريخ الباليستية والذخائر. وحذرت الولايات المتحدة من أن أي اتفاق ينتهك قرارات مجلس الأمن والعقوبات الدولية. ويرى دبلوماسيون أن القمة تأتي مع استمرار الحرب والقصف على الجبهة.",
        ),
        (
            ZoneKind::KeywordCloud,
            "كرة القدم، منتخب، دوري أبطال أوروبا، فيلم، سينما، مطرب، بورصة، أسهم، طقس",
        ),
        (ZoneKind::ReadAlso, "اقرأ أيضا: المنتخب يفوز في كأس العالم"),
    ];
    add(&mut page, Role::Body, "/content/0", &body);
    let tags = tagger().tag(&page, "ar-KP");
    let found: BTreeSet<&str> = ids(&tags.tags).into_iter().collect();
    assert_eq!(
        found,
        BTreeSet::from([
            "medtop:11000000",
            "medtop:16000000",
            "medtop:20000056",
            "medtop:20000638"
        ])
    );
}

#[test]
fn languages_without_a_list_get_nothing() {
    let tagger = tagger();
    let page = document("Election", "The prime minister lost the general election.");
    for language in ["und", "", "xx", "ca", "日本", "-en"] {
        assert_eq!(
            tagger.tag(&page, language),
            TopicTags::default(),
            "{language}"
        );
    }
    for language in ["en", "EN-gb", "en_US"] {
        assert_eq!(tagger.tag(&page, language).lexicon.as_deref(), Some("en"));
    }
}

#[test]
fn languages_without_a_list_use_that_of_a_close_relative() {
    let news = [
        (
            "ms",
            "id",
            "04000000",
            "Bank pusat menaikkan kadar faedah",
            "Inflasi naik tiga peratus; saham di bursa jatuh dan ekonomi lemah.",
        ),
        (
            "pcm",
            "en",
            "15000000",
            "Super Eagles don win dia match",
            "Di striker score two goals for stadium, and di coach hail im players.",
        ),
        (
            "arz",
            "ar",
            "15000000",
            "الأهلي كسب الماتش",
            "لعيبة الأهلي فازوا في مباراة الدوري بهدفين، والمدرب قال إن المنتخب كمان جاهز للبطولة.",
        ),
        (
            "bho",
            "hi",
            "11000000",
            "मुख्यमंत्री के चुनावी रैली",
            "विधानसभा चुनाव में पार्टी के उम्मीदवार खातिर मुख्यमंत्री रैली कइलन।",
        ),
        (
            "yue",
            "zh",
            "07000000",
            "醫院話多咗人感染流感",
            "醫生話病人要打疫苗，病毒喺冬天傳得快啲。",
        ),
        (
            "gl",
            "es",
            "11000000",
            "O parlamento debate a reforma electoral",
            "O presidente da Xunta e a oposición non chegaron a un acordo; haberá eleccións e o goberno dimite.",
        ),
    ];
    let tagger = tagger();
    let apart = TopicTagger::new(&TopicSettings {
        related_lexicons: false,
        ..TopicSettings::default()
    })
    .unwrap();
    assert_ne!(tagger.generation(), apart.generation());
    for (language, list, topic, title, text) in news {
        let page = document(title, text);
        let found = tagger.tag(&page, language);
        assert_eq!(found.lexicon.as_deref(), Some(list), "{language}");
        assert!(found.related);
        assert_eq!(
            found.tags[0].id,
            format!("medtop:{topic}"),
            "{language}: {found:#?}"
        );
        assert_eq!(apart.tag(&page, language), TopicTags::default());
    }
    assert!(!tagger.tag(&document("Vote", "Voters vote."), "en").related);
}

/// One strong word carries a sentence, with little confidence, but not an article.
#[test]
fn a_stray_word_is_a_near_miss() {
    let sentence = "On Monday the baker closed at noon, put the tennis ball on the shelf and left.";
    let alone = tagger().tag(&document("", sentence), "en");
    assert_eq!(ids(&alone.tags)[0], "medtop:15000000");
    assert!(alone.tags[0].confidence < 0.9, "{:?}", alone.tags[0]);
    let others = "He went along the wall and thought of nothing in particular until it was late. ";
    let text = format!("{sentence} {}", others.repeat(60));
    let tags = tagger().tag(&document("", &text), "en");
    assert!(tags.tags.is_empty());
    let miss = &tags.near_misses[0];
    assert_eq!(miss.id, "medtop:15000000");
    assert!(miss.score < miss.needed);
    assert_eq!(miss.missed, Some(Missed::Score("topics.min_score")));
    assert_eq!(alone.tags[0].missed, None);
    assert_eq!(
        (miss.evidence[0].term.as_str(), miss.evidence[0].count),
        ("tennis", 1)
    );
}

#[test]
fn evidence_has_its_place_in_the_published_field() {
    let mut page = Document::default();
    let body = [
        (ZoneKind::Main, "Été: the prime"),
        (ZoneKind::Share, "prime minister, prime minister"),
        (
            ZoneKind::Main,
            "minister. The Prime\u{a0}Minister of the coalition government met voters after the general election.",
        ),
    ];
    add(&mut page, Role::Body, "/data/0", &body);
    let tags = tagger().tag(&page, "en");
    let evidence = tags.tags[0]
        .evidence
        .iter()
        .find(|evidence| evidence.term == "prime minister")
        .unwrap();
    // 14 + 1 + 30 + 1 code points come before the third block, and "minister. The " is 14 long.
    assert_eq!(
        (evidence.field.as_str(), evidence.start, evidence.end),
        ("/data/0", 60, 74)
    );
}

#[test]
fn limits_are_kept_and_the_headline_counts_more() {
    let text = "The prime minister met the foreign minister and the ambassador before the general election in parliament.";
    let settings = TopicSettings {
        max_evidence: 2,
        max_topics: 1,
        ..TopicSettings::default()
    };
    let tags = TopicTagger::new(&settings)
        .unwrap()
        .tag(&document("", text), "en");
    assert_eq!(ids(&tags.tags), ["medtop:11000000"]);
    assert_eq!(tags.tags[0].evidence.len(), 2);
    let below = tagger().tag(&document("", text), "en").tags[0].score;
    let above = tagger()
        .tag(&document("The general election", text), "en")
        .tags[0]
        .score;
    assert!(above > below);
}

/// Terms of both languages with foreign text between them.
fn foreign() -> impl Strategy<Value = String> {
    let taxonomy = Taxonomy::shipped().unwrap();
    let mut pieces: Vec<String> = vec![
        " ".into(),
        "\u{301}".into(),
        "ال".into(),
        "و".into(),
        "«".into(),
        "漢".into(),
    ];
    for (language, source) in SHIPPED {
        let lines = parse(source, language, Analyser::of(language), &taxonomy, false).unwrap();
        pieces.extend(lines.into_iter().map(|line| format!("{} ", line.written)));
    }
    let piece = prop_oneof![4 => prop::sample::select(pieces), 1 => ".{0,6}"];
    prop::collection::vec(piece, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tag_stands_on_its_words(title in foreign(), body in foreign(), arabic in any::<bool>()) {
        thread_local!(static TAGGER: TopicTagger = tagger());
        let language = if arabic { "ar" } else { "en" };
        let analyser = Analyser::of(language);
        let page = document(&title, &body);
        let tags = TAGGER.with(|tagger| tagger.tag(&page, language));
        prop_assert!(tags.tags.len() <= 6);
        let order: Vec<(f32, &str)> = tags.tags.iter().map(|tag| (-tag.score, tag.id.as_str())).collect();
        prop_assert!(order.is_sorted_by(|a, b| a.0 < b.0 || a.0 == b.0 && a.1 < b.1));
        let taxonomy = Taxonomy::shipped().unwrap();
        for (place, tag) in tags.tags.iter().enumerate() {
            let code = tag.id.strip_prefix("medtop:").unwrap();
            if let Some(parent) = taxonomy.get(taxonomy.index(code).unwrap()).unwrap().parent {
                let parent = format!("medtop:{}", taxonomy.get(parent).unwrap().code);
                prop_assert!(tags.tags[..place].iter().any(|tag| tag.id == parent), "{} without {parent}", tag.id);
            }
        }
        for tag in tags.tags.iter().chain(&tags.near_misses) {
            prop_assert!(tag.score > 0.0 && (0.0..=1.0).contains(&tag.confidence));
            prop_assert!(!tag.evidence.is_empty() && tag.evidence.len() <= 10);
            for evidence in &tag.evidence {
                let text = if evidence.field == "/title" { &title } else { &body };
                let span: String = text.chars().skip(evidence.start as usize).take((evidence.end - evidence.start) as usize).collect();
                let words = folded_words(&span);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let term = analyser.term(&evidence.term).unwrap();
                prop_assert!(term.is(analyser, &words), "{span:?} is not {:?}", evidence.term);
            }
        }
    }
}
