//! Language detection: how often it is right on labelled sentences, and how fast it is beside `whatlang` and `cld2`.
//!
//! Reads `language/*.tsv` (`code<TAB>text`, ISO 639-3) of the folder in `EVALUATION`, else of `../shared/eval`, and says so
//! where there is none: then only the speed on our own sentences is measured.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use newsstage::language::{LanguageDetector, LanguageSettings};
use newsstage::text::{Block, Document, DocumentField, Role, ZoneKind};

/// Codes of the files that are not the plain ISO 639-3 code of the answer.
const CODES: &str = "afr=af amh=am ara=ar arb=ar asm=as aze=az bel=be ben=bn bos=bs bul=bg cat=ca ces=cs cym=cy dan=da \
deu=de ell=el eng=en epo=eo est=et eus=eu fas=fa fin=fi fra=fr gle=ga glg=gl guj=gu hau=ha heb=he hin=hi hrv=hr hun=hu \
hye=hy ibo=ig ind=id isl=is ita=it jpn=ja kan=kn kat=ka kaz=kk khm=km kin=rw kir=ky kor=ko lao=lo lit=lt lav=lv mal=ml \
mar=mr mkd=mk mlt=mt mon=mn msa=ms mya=my nep=ne nld=nl nno=nn nob=nb nso=nso ori=or pan=pa pol=pl por=pt pus=ps ron=ro \
rus=ru sin=si slk=sk slv=sl sna=sn snd=sd som=so sot=st spa=es sqi=sq srp=sr srp-Cyrl=sr srp-Latn=sr-Latn ssw=ss swa=sw \
swe=sv tam=ta tel=te tgk=tg tgl=tl tha=th tir=ti tsn=tn tur=tr uig=ug ukr=uk urd=ur uzb=uz vie=vi xho=xh yor=yo yue=yue \
zho=zh zho-Hans=zh-Hans zho-Hant=zh-Hant zul=zu ckb=ckb";
/// Siblings that count as one in the second figure.
const MERGED: [&[&str]; 2] = [&["bs", "hr", "sr", "sh"], &["id", "ms"]];
const ARTICLE_BYTES: usize = 3000;
const SHORT_CHARS: usize = 60;
const ROUNDS: usize = 7;

fn main() {
    let detector = LanguageDetector::new(&LanguageSettings::default()).expect("shipped tables");
    let codes: BTreeMap<&str, &str> = CODES
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let folder = std::env::var_os("EVALUATION").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/eval")),
        PathBuf::from,
    );
    let mut sets = Vec::new();
    for name in ["sib200_sent", "lingua_sentences", "lingua_word_pairs"] {
        let path = folder.join("language").join(name).with_extension("tsv");
        match std::fs::read_to_string(&path) {
            Ok(text) => sets.push((name, text)),
            Err(error) => println!("{}: {error}: not measured", path.display()),
        }
    }
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "macro accuracy, %", "languages", "exact", "merged", "reliable", "right"
    );
    for (name, text) in &sets {
        let rows: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter_map(|(code, text)| Some((*codes.get(code)?, text)))
            .collect();
        accuracy(&detector, name, &rows);
        if *name == "sib200_sent" {
            let short: Vec<(&str, &str)> = rows
                .iter()
                .map(|&(code, text)| (code, cut(text, SHORT_CHARS)))
                .collect();
            accuracy(&detector, "sib200, 60 characters", &short);
        }
    }
    let own = include_str!("../src/language/model/golden_sentences.tsv");
    let (name, sentences) = match sets.first() {
        Some((name, text)) => (
            *name,
            text.lines()
                .filter_map(|line| line.split_once('\t'))
                .filter(|(code, _)| codes.contains_key(code))
                .collect(),
        ),
        None => (
            "our own sentences",
            own.lines()
                .filter_map(|line| line.split_once('\t'))
                .collect::<Vec<_>>(),
        ),
    };
    speed(&detector, name, &sentences);
}

fn cut(text: &str, chars: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars) else {
        return text;
    };
    let head = &text[..end];
    head.rfind(' ').map_or(head, |space| &head[..space])
}

fn document(text: &str) -> Document {
    let mut blocks = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        blocks.push(Block {
            kind: ZoneKind::Main,
            bytes: at..at + line.len(),
            span: 0..0,
            tokens: 0..0,
            reason: None,
        });
        at += line.len() + 1;
    }
    Document {
        fields: vec![DocumentField {
            role: Role::Body,
            pointer: "/text".to_owned(),
            text: text.to_owned(),
            blocks,
        }],
        ..Document::default()
    }
}

fn same(answer: &str, wanted: &str) -> bool {
    answer == wanted
        || (!wanted.contains('-')
            && answer.split('-').next() == Some(wanted)
            && answer != "sr-Latn")
}

fn merged(code: &str) -> &str {
    let primary = code.split('-').next().unwrap_or(code);
    MERGED
        .iter()
        .find(|group| group.contains(&primary))
        .map_or(primary, |group| group[0])
}

fn accuracy(detector: &LanguageDetector, name: &str, rows: &[(&str, &str)]) {
    let mut by_language: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    let (mut reliable, mut right) = (0_u32, 0_u32);
    for (wanted, text) in rows {
        let guess = detector.detect(&document(text), None);
        let [all, exact, group] = by_language.entry(wanted).or_default();
        *all += 1;
        *exact += u32::from(same(&guess.code, wanted));
        *group += u32::from(merged(&guess.code) == merged(wanted));
        reliable += u32::from(guess.reliable);
        right += u32::from(guess.reliable && same(&guess.code, wanted));
    }
    let mean = |place: usize| {
        let shares = by_language
            .values()
            .map(|counts| f64::from(counts[place]) / f64::from(counts[0]));
        shares.sum::<f64>() / by_language.len() as f64 * 100.0
    };
    println!(
        "{name:<28} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
        by_language.len(),
        mean(1),
        mean(2),
        f64::from(reliable) / rows.len() as f64 * 100.0,
        f64::from(right) / f64::from(reliable.max(1)) * 100.0,
    );
}

/// Detects the language of a text, given by its place in the list.
type Engine<'t> = Box<dyn Fn(usize) -> usize + 't>;

/// CPU time of this thread in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// Articles of 3 kB, one a language, in turn, by each engine; the median of the rounds.
fn speed(detector: &LanguageDetector, name: &str, sentences: &[(&str, &str)]) {
    let mut by_language: BTreeMap<&str, String> = BTreeMap::new();
    let mut headlines: Vec<String> = Vec::new();
    for (index, (code, text)) in sentences.iter().enumerate() {
        let article = by_language.entry(code).or_default();
        if article.len() < ARTICLE_BYTES {
            article.push_str(text);
            article.push(if article.len().is_multiple_of(3) {
                '\n'
            } else {
                ' '
            });
        }
        if index % 11 == 0 {
            headlines.push(cut(text, SHORT_CHARS).to_owned());
        }
    }
    let articles: Vec<String> = by_language.into_values().collect();
    println!(
        "\n{name}: {} articles in turn, {} headlines, one thread, CPU time",
        articles.len(),
        headlines.len()
    );
    let started = Instant::now();
    for (kind, texts) in [("articles", &articles), ("headlines", &headlines)] {
        let documents: Vec<Document> = texts.iter().map(|text| document(text)).collect();
        let bytes: usize = texts.iter().map(String::len).sum();
        let engines: [(&str, Engine<'_>); 3] = [
            (
                "newsstage",
                Box::new(|index| detector.detect(&documents[index], None).code.len()),
            ),
            (
                "whatlang",
                Box::new(|index| {
                    whatlang::detect(&texts[index]).map_or(0, |info| info.lang() as usize)
                }),
            ),
            (
                "cld2",
                Box::new(|index| {
                    cld2::detect_language(&texts[index], cld2::Format::Text)
                        .0
                        .map_or(0, |lang| lang.0.len())
                }),
            ),
        ];
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); engines.len()];
        let mut checked = 0;
        for _ in 0..ROUNDS {
            for ((_, engine), times) in engines.iter().zip(&mut times) {
                let before = cpu();
                for index in 0..texts.len() {
                    checked += engine(index);
                }
                times.push(cpu() - before);
            }
        }
        for ((engine, _), times) in engines.iter().zip(&mut times) {
            times.sort_by(f64::total_cmp);
            let median = times[times.len() / 2];
            println!(
                "{kind:<10} {engine:<10} {:>8.1} MB/s {:>8.1} µs each",
                bytes as f64 / median / 1e6,
                median / texts.len() as f64 * 1e6
            );
        }
        assert!(checked > 0 && started.elapsed().as_secs() < 600);
    }
}
