//! Siblings, and languages that the model lacks, in sentences of our own.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::detect_tests::guess;

/// Code and sentence.
const SENTENCES: [(&str, &str); 44] = [
    // Nguni.
    (
        "ss",
        "Likhansela litsite lidolobha litawufaka emanti etindlini letisha ngaphambi kwebusika.",
    ),
    (
        "ss",
        "Bantfu bendzawo batsi umgwaco lomusha utawusita bafundzi nebatali babo.",
    ),
    (
        "ss",
        "Emaphoyisa abophe emadvodza lamatsatfu ngenca yekweba tinkhomo.",
    ),
    (
        "zu",
        "Umkhandlu uthe idolobha lizofaka amanzi ezindlini ezintsha ngaphambi kobusika.",
    ),
    (
        "zu",
        "Amaphoyisa abophe amadoda amathathu ngenxa yokweba izinkomo.",
    ),
    (
        "xh",
        "IBhunga lithe idolophu iza kufaka amanzi kwizindlu ezitsha phambi kobusika.",
    ),
    (
        "xh",
        "Amapolisa abambe amadoda amathathu ngenxa yokuba iinkomo, watsho uMphathiswa.",
    ),
    // Sotho.
    (
        "nso",
        "Bana ba sekolo ba rile ba nyaka go bala dipuku tše diswa ka morago ga beke ye.",
    ),
    (
        "nso",
        "Mmušo o rile meetse a tla fihla metseng ka moka le ge pula e se ya na.",
    ),
    (
        "tn",
        "Bana ba sekole ba rile ba batla go buisa dibuka tse disha morago ga beke e.",
    ),
    (
        "tn",
        "Puso ya re metsi a tla fitlha kwa metseng yotlhe le fa pula e sa na.",
    ),
    (
        "st",
        "Bana ba sekolo ba itse ba batla ho bala dibuka tse ntjha ka mora beke ena.",
    ),
    (
        "st",
        "Mmuso o itse metsi a tla fihla metseng yohle le hoja pula e sa na.",
    ),
    // Rwanda and Rundi.
    (
        "rw",
        "Abaturage bo mu mujyi bavuze ko ikiraro gishya kizubakwa mu cyumweru gitaha cyangwa nyuma yaho.",
    ),
    (
        "rn",
        "Abanyagihugu bo mu gisagara bavuze ko ikiraro gishasha kizokwubakwa mu ndwi iza canke inyuma yaho.",
    ),
    // Chichewa and Tsonga.
    (
        "ny",
        "Anthu ambiri m'mudzi anati madzi akumwa akusowa kwambiri chifukwa mvula sinagwe chaka chino.",
    ),
    (
        "ts",
        "Vanhu vo tala emutini va vurile leswaku mati ya kayivela ngopfu hikuva mpfula a yi nanga lembe leri.",
    ),
    // Bosnian, Croatian, Serbian.
    (
        "sr-Latn",
        "Lekari procenjuju da će lečenje trajati duže, a najpre treba proveriti sve nalaze.",
    ),
    (
        "sr-Latn",
        "Voleo je proleće i sneg, a živeo je u maloj kući sa dedom i dva medveda od drveta.",
    ),
    (
        "bs",
        "Općina je saopćila da će naredne sedmice ljekari provjeriti sve uslove u fabrici.",
    ),
    (
        "hr",
        "Liječnici procjenjuju da će liječenje trajati dulje od tri tjedna, a uvjeti u tvornici još nisu provjereni.",
    ),
    (
        "hr",
        "Potresi su u siječnju oštetili knjižnicu i dvije tvornice na otoku.",
    ),
    // Indonesian and Malay.
    (
        "id",
        "Wisatawan dari Eropa mengunjungi museum itu pada Senin karena gedungnya modern.",
    ),
    (
        "ms",
        "Pelancong dari Eropah melawat muzium itu pada hari Isnin kerana bangunannya moden.",
    ),
    (
        "ms",
        "Peguam berkata mahkamah akan menentukan kadar cukai baharu selepas cuti sekolah.",
    ),
    // Bokmål, Nynorsk, Danish.
    (
        "nn",
        "Innbyggjarane i bygda seier at vatnet er reint, og at dei treng ein høgare demning.",
    ),
    (
        "nb",
        "Innbyggerne i bygda sier at vannet er rent, og at de trenger en høyere demning.",
    ),
    (
        "da",
        "Indbyggerne i byen siger, at vandet er rent, og at de har brug for en højere dæmning.",
    ),
    ("da", "Manden løb ud på gaden med en bog i hånden."),
    // Scripts of two languages.
    ("ti", "መንግስቲ እቲ ሓድሽ ቤት ትምህርቲ ኣብ ዝቕጽል ዓመት ከም ዝኽፈት ኣፍሊጡ።"),
    ("am", "መንግሥት አዲሱ ትምህርት ቤት በሚቀጥለው ዓመት እንደሚከፈት አስታውቋል።"),
    ("am", "የጤና ሚኒስትሩ አዲስ ሆስፒታል መረቁ"),
    ("ti", "ሚኒስተር ጥዕና ሓድሽ ሆስፒታል መሪቑ"),
    (
        "yi",
        "די שטאט וועט בויען א נייע שולע נעבן דעם טייך, זאגט דער מעיאר.",
    ),
    ("he", "העירייה תבנה בית ספר חדש ליד הנהר, אמר ראש העיר."),
    ("as", "নগৰখনৰ মানুহে কৈছে যে নতুন দলংখন অহা বছৰ খোলা হ'ব।"),
    ("bn", "শহরের মানুষ বলছে যে নতুন সেতুটি আগামী বছর খোলা হবে।"),
    // Cyrillic.
    (
        "tt",
        "Шәһәр кешеләре яңа күпер киләсе елда ачылачак дип әйттеләр.",
    ),
    (
        "ba",
        "Ҡала кешеләре яңы күпер киләһе йылда асыласаҡ тип әйтте.",
    ),
    (
        "sr",
        "Вода у граду није чиста, па се да закључити да цев цури.",
    ),
    (
        "mk",
        "Водата во градот не е чиста, па може да се заклучи дека цевката тече.",
    ),
    // Cantonese, and the standard Chinese that Hong Kong writes.
    ("yue", "佢哋話條橋聽日先開，而家仲未得。"),
    (
        "zh-Hant",
        "他們說這座橋明天才開放，現在還不行，請市民耐心等候。",
    ),
    (
        "zh-Hant",
        "警方呼籲市民提防電話騙案，切勿向陌生人透露密碼。",
    ),
];

#[test]
fn siblings_are_told_apart() {
    let wrong: Vec<_> = SENTENCES
        .iter()
        .map(|&(code, text)| (code, guess(text), text))
        .filter(|(code, guess, _)| guess.code != *code)
        .map(|(code, guess, text)| (code, guess.code, guess.confidence, text))
        .collect();
    assert_eq!(wrong, []);
}

#[test]
fn what_is_the_same_in_siblings_is_not_told_with_confidence() {
    for (siblings, text) in [
        (
            &["sh", "hr", "bs", "sr-Latn"][..],
            "Ana i Marko su u gradu.",
        ),
        (&["rw", "rn"][..], "Abantu bari mu nzu."),
        (&["no", "nb", "nn", "da"][..], "Per og Kari er i huset."),
        (&["id", "ms"][..], "Dia makan nasi dan ikan di rumah."),
    ] {
        let guess = guess(text);
        assert!(siblings.contains(&guess.code.as_str()), "{guess:?}");
        assert!(guess.confidence < 0.9, "{guess:?}");
    }
}

#[test]
fn strokes_between_letters_of_other_scripts_are_no_code() {
    let text = "د_افغانستان_ د ښوونځيو_ زده کوونکي وايي_ چې نوی پل به بل کال پرانيستل شي";
    assert_eq!(guess(text).code, "ps");
}

#[test]
fn signs_of_sindhi_are_words() {
    let english_name = guess("ڪراچي ۾ CEP ۽ KMC جو اجلاس");
    assert_eq!(english_name.code, "sd", "{english_name:?}");
}

#[test]
fn laughter_and_keys_held_down_are_no_language() {
    for text in [
        "hahahahahahahahahaha hohohohohoho",
        "aaaaaaa sssssss dddddd ffff",
    ] {
        assert!(!guess(text).reliable, "{text}");
    }
}

#[test]
fn common_words_make_up_for_strange_names() {
    for text in [
        "Motsepe and Zhelyazkov in tie-up",
        "Kyaw to end Najran revolt, says Abubakr",
    ] {
        assert_eq!(guess(text).code, "en", "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// A sibling, with names, digits and signs after it, stays in its group of languages and never gets surer than 1.
    #[test]
    fn names_and_digits_do_not_change_the_sibling(index in 0..SENTENCES.len(), number in "[0-9 ,.:]{0,12}", twice in any::<bool>()) {
        let (code, text) = SENTENCES[index];
        let text = if twice { format!("{text} {number} {text}") } else { format!("{text} {number}") };
        let guess = guess(&text);
        prop_assert_eq!(guess.code.as_str(), code);
        prop_assert!((0.0..=1.0).contains(&guess.confidence));
    }
}
