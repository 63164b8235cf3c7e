//! Languages of sentences, mixtures and junk.

mod sentences;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use sentences::SENTENCES;

use super::*;
use crate::text::page_tests::build;

pub(super) fn detector() -> LanguageDetector {
    LanguageDetector::new(&LanguageSettings::default()).expect("shipped tables")
}

pub(super) fn guess(text: &str) -> LanguageGuess {
    detector().detect(&build(None, Some(text), None), None)
}

#[test]
fn sentences_in_many_languages() {
    let wrong: Vec<_> = SENTENCES
        .iter()
        .map(|&(code, script, text)| (code, script, guess(text)))
        .filter(|(code, script, guess)| {
            guess.code != *code || guess.script.as_deref() != Some(*script)
        })
        .map(|(code, _, guess)| (code, guess.code, guess.script))
        .collect();
    assert_eq!(wrong, []);
}

#[test]
fn capitals_and_decomposed_letters_change_nothing() {
    use unicode_normalization::UnicodeNormalization;
    for (code, _, text) in SENTENCES {
        assert_eq!(guess(&text.nfd().collect::<String>()).code, code);
        assert_eq!(guess(&text.to_uppercase()).code, code);
    }
}

#[test]
fn junk_is_no_language() {
    let junk = [
        "",
        " ",
        "123 456,78 9.0",
        "😀 🎉 ❤️",
        "https://example.org/a/b?c=d",
        "@desk @news_desk",
        "d41d8cd98f00b204e9800998ecf8427e",
        "for(i=0;i<n;i++){x[i]=y_1;}",
        "{\"id\":12,\"key\":[1,2]}",
        "\u{0}\u{1}",
        "\u{200F}\u{200E}",
        "a",
        "\u{FFFD}\u{FFFD}\u{FFFD}",
        "— … !!! ???",
        "٣٤٥ ۳۴۵",
        "12:30 / 14:45",
        "<div><br/></div>",
        "SELECT id, name FROM users WHERE id = 12 ORDER BY name DESC;",
        ".entry-content p { margin: 0 auto; font-size: 14px; line-height: 1.5; }",
        "if (window.dataLayer) { function send(){dataLayer.push(arguments);} send('js', new Date()); }",
    ];
    for text in junk {
        let guess = guess(text);
        assert_eq!(
            (guess.code.as_str(), guess.reliable, guess.confidence),
            (UNKNOWN, false, 0.0),
            "{text:?}"
        );
    }
}

#[test]
fn random_letters_are_never_reliable() {
    // A linear congruential generator: the same words in every run.
    let mut state = 42_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let detector = detector();
    for alphabet in [
        "abcdefghijklmnopqrstuvwxyz",
        "bcdfghjklmnpqrstvwxz",
        "asdfghjkl",
        "etaoinshrdlu",
        "абвгдежзийклмнопрстуфхцчшщыьэюя",
        "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
        "कखगघचछजटडतथदधनपबभमयरलवशसह",
    ] {
        let letters: Vec<char> = alphabet.chars().collect();
        for _ in 0..100 {
            let words: Vec<String> = (0..next(14) + 1)
                .map(|_| {
                    (0..next(10) + 2)
                        .map(|_| letters[next(letters.len() as u64) as usize])
                        .collect()
                })
                .collect();
            let text = words.join(" ");
            let guess = detector.detect(&build(None, Some(&text), None), None);
            assert!(!guess.reliable, "{text}: {guess:?}");
        }
    }
}

#[test]
fn what_is_no_language_is_left_out() {
    let english = SENTENCES[0].2;
    for (before, after) in [
        (
            "",
            " https://example.org/nyheter/artikel?id=7 @redaksjonen #SisteNytt www.vg.example/nyheter",
        ),
        ("<p class=\"brødtekst\">", "</p>&nbsp;&amp;<br/>"),
        ("\u{200F}\u{FEFF}", "\u{200B}"),
    ] {
        let dirty = guess(&format!("{before}{english}{after}"));
        assert_eq!(
            (dirty.code.as_str(), dirty.reliable),
            ("en", true),
            "{after}"
        );
    }
    let spaced: String = english.chars().flat_map(|c| [c, '\u{200B}']).collect();
    assert_eq!(guess(&spaced).code, "en");
    let document = build(
        None,
        Some(&format!(
            "{english} &amp; #news https://example.org/ x\u{200B}y a1b2"
        )),
        None,
    );
    let cleaned = detector().explain(&document).cleaned;
    assert_eq!(
        cleaned,
        Cleaned {
            addresses: 1,
            hashtags: 1,
            markup: 1,
            code: 1,
            invisible: 1
        }
    );
}

#[test]
fn siblings_that_a_text_does_not_tell_apart_get_the_name_they_share() {
    let guess = guess("Danas je grad pun ljudi.");
    assert!(
        guess.group.as_deref() == Some("bcs") && !guess.reliable && guess.confidence < 0.7,
        "{guess:?}"
    );
}

#[test]
fn languages_that_the_model_lacks() {
    for (code, text) in [
        (
            "tn",
            "Mokgatlho wa setšhaba o ne wa dumelana maabane gore mokoro wa bogologolo o tla tswelela ka go dira dingwaga tse tharo gape, go ya ka mogolwane wa motse.",
        ),
        (
            "ss",
            "Umkhandlu welidolobha uvumelene itolo ebusuku kutsi sikebhe lesidzala sitawuchubeka sisebente iminyaka lemitsatfu, kusho sikhulu sahulumende emaphoyiseni.",
        ),
        (
            "nso",
            "Khansele ya toropo e dumeletše maabane gore sekepe sa kgale se tšwele pele go šoma mengwaga ye meraro, gomme batho ba motse ba thabile kudu ka tšeo.",
        ),
        (
            "ti",
            "ምምሕዳር ከተማ እታ ኣረጊት ጃልባ ንሰለስተ ዓመታት ክትቅጽል ከም ዝወሰነ ሓላፊ እቲ ከተማ ገሊጹ።",
        ),
        (
            "sd",
            "شهري ڪائونسل اڱاري جي شام فيصلو ڪيو ته پراڻي ٻيڙي وڌيڪ ٽي سال هلندي، جيئن ميئر ٻڌايو آهي.",
        ),
        (
            "yue",
            "市議會噚晚決定，舊嗰隻渡輪仲會行多三年，市長同啲記者講，佢哋唔會咁快換新船。",
        ),
        (
            "as",
            "নগৰ পৰিষদে মঙলবাৰে সন্ধিয়া সিদ্ধান্ত ল'লে যে পুৰণি ফেৰীখন আৰু তিনি বছৰ চলি থাকিব।",
        ),
        (
            "yi",
            "דער שטאָט־ראַט האָט דינסטיק אין אָוונט באַשלאָסן אַז די אַלטע שיף זאָל בלײַבן נאָך דרײַ יאָר.",
        ),
    ] {
        assert_eq!(guess(text).code, code, "{text}");
    }
}

#[test]
fn regions_and_scripts_are_named_where_they_say_something() {
    for (code, text) in [
        (
            "pt-BR",
            "A prefeitura informou que o ônibus e o trem vão parar na segunda; você pode conferir no celular, disse o vereador paulista.",
        ),
        (
            "pt-PT",
            "A câmara municipal anunciou que o autocarro e o comboio vão parar; o utente está a ser informado por telemóvel, disse o autarca.",
        ),
        (
            "sr-Latn",
            "Predsednik je rekao da će nedelja biti teška, posle čega je ministarstvo saopštilo izveštaj: gde je most, ko ga je gradio.",
        ),
        (
            "bs",
            "Općinsko vijeće u Sarajevu saopćilo je da će historijski most u Bosni i Hercegovini biti obnovljen naredne sedmice.",
        ),
    ] {
        assert_eq!(guess(text).code, code, "{text}");
    }
}

#[test]
fn short_text_is_reliable_only_by_its_script() {
    assert!(!guess("Ferry stays").reliable);
    assert!(!guess("الميناء").reliable);
    assert!(guess("Νέο πλοίο").reliable);
    assert!(!guess("Ω").reliable);
}

#[test]
fn a_post_in_another_language_does_not_decide() {
    let arabic = SENTENCES
        .iter()
        .find(|row| row.0 == "ar")
        .map_or("", |row| row.2);
    let english = SENTENCES[0].2;
    let story = [arabic; 6].join("\n");
    let mixed = guess(&format!("{story}\n{english}\n{story}"));
    assert_eq!((mixed.code.as_str(), mixed.shares.len()), ("ar", 1));
    assert!(
        mixed
            .candidates
            .iter()
            .any(|candidate| candidate.code == "en")
    );
    let half = guess(&format!("{arabic}\n{arabic}\n{english}"));
    let codes: Vec<_> = half
        .shares
        .iter()
        .map(|share| share.code.as_str())
        .collect();
    assert_eq!(codes, ["ar", "en"]);
    assert!((half.shares.iter().map(|share| share.share).sum::<f32>() - 1.0).abs() < 0.01);
}

#[test]
fn two_languages_of_one_script_share() {
    let (english, german) = (SENTENCES[0].2, SENTENCES[2].2);
    let mixed = guess(&format!("{0}\n{0}\n{0}\n{1}\n{1}", german, english));
    let codes: Vec<_> = mixed
        .shares
        .iter()
        .map(|share| share.code.as_str())
        .collect();
    assert_eq!(codes, ["de", "en"]);
}

#[test]
fn the_second_article_and_its_post_have_no_vote() {
    let page = include_str!("../../tests/fixtures/pages/aggregator_ar.txt");
    let guess = guess(page);
    assert_eq!((guess.code.as_str(), guess.reliable), ("ar", true));
    assert_eq!(guess.candidates.len(), 1);
}

#[test]
fn siblings_have_a_group() {
    let group = |code: &str| {
        let text = SENTENCES
            .iter()
            .find(|row| row.0 == code)
            .map_or("", |row| row.2);
        guess(text).group
    };
    assert_eq!(group("hr").as_deref(), Some("bcs"));
    assert_eq!(group("nb").as_deref(), Some("no"));
    assert_eq!(group("ms").as_deref(), Some("ms-id"));
    assert_eq!(group("zh-Hans").as_deref(), Some("zh"));
    assert_eq!(group("en"), None);
}

#[test]
fn serbian_in_latin_letters() {
    let text = "Predsednik je rekao da će nedelja biti teška, posle čega je ministarstvo saopštilo izveštaj: gde je most, ko ga je gradio i šta sledi.";
    assert_eq!(guess(text).code, "sr-Latn");
}

#[test]
fn declarations_are_compared_but_not_believed() {
    let document = build(None, Some(SENTENCES[1].2), None);
    let detect = |declared| {
        let guess = detector().detect(&document, Some(declared));
        (guess.code, guess.declared, guess.agrees)
    };
    assert_eq!(
        detect("fr_CA"),
        ("fr".to_owned(), Some("fr-CA".to_owned()), Some(true))
    );
    assert_eq!(
        detect("English"),
        ("fr".to_owned(), Some("en".to_owned()), Some(false))
    );
    assert_eq!(detect("??"), ("fr".to_owned(), None, None));
    let nothing = detector().detect(&build(None, Some("123"), None), Some("en"));
    assert_eq!(
        (nothing.declared.as_deref(), nothing.agrees),
        (Some("en"), None)
    );
}

#[test]
fn settings_are_checked() {
    assert!(LanguageDetector::new(&LanguageSettings { sample_bytes: 10 }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_one_answer(parts in prop::collection::vec(prop_oneof![
        (0..SENTENCES.len()).prop_map(|index| SENTENCES[index].2.to_owned()), ".{0,60}", Just("\n".to_owned()),
    ], 0..10), declared in prop::option::of(".{0,10}")) {
        let document = build(None, Some(&parts.concat()), None);
        let (one, two) = (detector().detect(&document, declared.as_deref()), detector().detect(&document, declared.as_deref()));
        prop_assert_eq!(&one, &two);
        prop_assert!((0.0..=1.0).contains(&one.confidence));
        prop_assert!(one.shares.len() <= 3 && one.shares.iter().all(|share| (0.1..=1.0).contains(&share.share)));
        prop_assert!(one.code == UNKNOWN || !one.candidates.is_empty());
        prop_assert_eq!(one.code == UNKNOWN, one.confidence == 0.0);
        prop_assert!(!one.reliable || one.code != UNKNOWN);
    }
}
