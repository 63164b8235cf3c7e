//! Labelled texts.

use std::collections::BTreeMap;
use std::path::Path;

use newsstage::text::{Block, Document, DocumentField, Role, ZoneKind};
use serde_json::Value;

/// Codes of the files that are not the code of the answer.
const CODES: &str = "afr=af amh=am ara=ar arb=ar asm=as ast=ast aze=az azj=az bak=ba bel=be ben=bn bos=bs bul=bg cat=ca \
ces=cs ckb=ckb cym=cy dan=da deu=de ell=el eng=en epo=eo est=et eus=eu fao=fo fas=fa fin=fi fra=fr gle=ga gla=gd glg=gl \
guj=gu hat=ht hau=ha heb=he hin=hi hrv=hr hun=hu hye=hy ibo=ig ind=id isl=is ita=it jav=jv jpn=ja kan=kn kat=ka kaz=kk \
khm=km kin=rw kir=ky kor=ko lao=lo lav=lv lin=ln lit=lt ltz=lb lug=lg mal=ml mar=mr mkd=mk mlg=mg mlt=mt mon=mn msa=ms \
mya=my nbl=nr nep=ne nld=nl nno=nn nob=nb nso=nso nya=ny ori=or orm=om pan=pa pcm=pcm pol=pl por=pt pus=ps ron=ro run=rn \
rus=ru sin=si slk=sk slv=sl sna=sn snd=sd som=so sot=st spa=es sqi=sq srp=sr srp-Cyrl=sr srp-Latn=sr-Latn ssw=ss sun=su \
swa=sw swe=sv tam=ta tat=tt tel=te tgk=tg tgl=tl tha=th tir=ti tsn=tn tso=ts tuk=tk tur=tr uig=ug ukr=uk urd=ur uzb=uz \
vie=vi xho=xh yid=yi yor=yo yue=yue zho=zh zho-Hans=zh-Hans zho-Hant=zh-Hant zul=zu sr-Latn=sr-Latn";
/// The news languages whose mean is given first.
pub const NEWS: &str = "af am ar az be bg bn bs ca ckb cs da de el en es et fa fi fr gl gu ha he hi hr hu hy id is it ja ka \
kk km kn ko lt lv mk ml mn mr ms my nb ne nl pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh";
/// Texts of our own that are tested, too: code first, text last.
const OWN: [(&str, &str); 4] = [
    (
        "headlines, full of names",
        include_str!("../../tests/fixtures/language/headlines.tsv"),
    ),
    (
        "Sotho",
        include_str!("../../tests/fixtures/language/sotho.tsv"),
    ),
    (
        "Cantonese and Chinese",
        include_str!("../../tests/fixtures/language/chinese.tsv"),
    ),
    (
        "neighbours",
        include_str!("../../tests/fixtures/language/neighbours.tsv"),
    ),
];
pub const SHORT_CHARS: usize = 60;
/// Sentences of a paragraph; every other one has one more.
const PARAGRAPH_SENTENCES: usize = 3;
/// Headlines or articles of a language in a file; more add nothing.
const MOST_OF_LANGUAGE: usize = 300;
/// Fewest letters of a headline and of an article.
const FEWEST_LETTERS: usize = 15;
const ARTICLE_LETTERS: usize = 400;

/// Texts with the code that they should get.
pub struct Set {
    pub name: String,
    pub rows: Vec<(String, String)>,
    /// Whether they are sentences in all the languages.
    pub sentences: bool,
}

/// All sets of a folder, in the order of their names, with what is made of them.
pub fn read(folder: &Path) -> Vec<Set> {
    let mut sets: Vec<Set> = OWN.iter().map(|(name, text)| own(name, text)).collect();
    for (kind, ending) in [("language", "tsv"), ("topics", "jsonl")] {
        let Ok(files) = std::fs::read_dir(folder.join(kind)) else {
            continue;
        };
        let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|own| own == ending));
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if ending == "tsv" {
                sets.extend(labelled(&name, &text));
            } else {
                sets.extend(headlines(&name, &text));
                sets.extend(articles(&name, &text));
            }
        }
    }
    sets.sort_by_key(|set| !set.sentences);
    sets
}

fn own(name: &str, text: &str) -> Set {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| Some((line.split_once('\t')?.0, line.rsplit_once('\t')?.1)));
    Set {
        name: format!("our own: {name}"),
        rows: rows
            .map(|(code, text)| (code.to_owned(), text.to_owned()))
            .collect(),
        sentences: false,
    }
}

fn labelled(name: &str, text: &str) -> Vec<Set> {
    let rows: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(code, text)| Some((code_of(code)?, text.to_owned())))
        .collect();
    let sentences = name.starts_with("sib200") || name.starts_with("udhr");
    let mut sets = Vec::new();
    if sentences {
        let derived = |kind: &str, rows: Vec<(String, String)>| Set {
            name: format!("{name}, {kind}"),
            rows,
            sentences: false,
        };
        let joined = paragraphs(&rows);
        let short = rows.iter();
        let short = short.map(|(code, text)| (code.clone(), cut(text, SHORT_CHARS).to_owned()));
        sets.push(derived(
            &format!("{SHORT_CHARS} characters"),
            short.collect(),
        ));
        sets.push(derived("Serbian in Latin letters", serbian_in_latin(&rows)));
        sets.push(derived(
            "paragraphs, Serbian in Latin letters",
            serbian_in_latin(&joined),
        ));
        sets.insert(0, derived("paragraphs", joined));
    }
    let rows_of = Set {
        name: name.to_owned(),
        rows,
        sentences,
    };
    sets.insert(0, rows_of);
    sets
}

/// Paragraphs of three and of four sentences of a language, in the order of the file.
fn paragraphs(rows: &[(String, String)]) -> Vec<(String, String)> {
    let mut by_language: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (code, text) in rows {
        by_language.entry(code).or_default().push(text);
    }
    let mut paragraphs = Vec::new();
    for (code, sentences) in by_language {
        let mut rest = sentences.as_slice();
        while rest.len() >= PARAGRAPH_SENTENCES {
            let (own, others) = rest.split_at(PARAGRAPH_SENTENCES);
            let four = others.first().filter(|_| paragraphs.len() % 2 == 1);
            let text: Vec<&str> = own.iter().chain(four).copied().collect();
            rest = &others[usize::from(four.is_some())..];
            paragraphs.push((code.to_owned(), text.join(" ")));
        }
    }
    paragraphs
}

fn serbian_in_latin(rows: &[(String, String)]) -> Vec<(String, String)> {
    let rows = rows.iter().filter(|(code, _)| code == "sr");
    rows.map(|(_, text)| ("sr-Latn".to_owned(), latin_letters(text)))
        .collect()
}

fn headlines(name: &str, text: &str) -> Option<Set> {
    let titles = |row: &Value| row["title"].as_str().map(str::to_owned);
    of_lines(format!("{name}, headlines"), text, FEWEST_LETTERS, titles)
}

fn articles(name: &str, text: &str) -> Option<Set> {
    let articles = |row: &Value| {
        Some(format!(
            "{}\n{}",
            row["title"].as_str()?,
            row["text"].as_str()?
        ))
    };
    of_lines(format!("{name}, articles"), text, ARTICLE_LETTERS, articles)
}

/// Texts of the first lines of each language that have so many letters.
fn of_lines(
    name: String,
    text: &str,
    fewest_letters: usize,
    of: impl Fn(&Value) -> Option<String>,
) -> Option<Set> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("a line of JSON");
        let (Some(lang), Some(text)) = (row["lang"].as_str(), of(&row)) else {
            continue;
        };
        let of_language = rows.iter().filter(|(code, _)| code == lang).count();
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if of_language < MOST_OF_LANGUAGE && letters >= fewest_letters {
            rows.push((lang.to_owned(), text));
        }
    }
    (!rows.is_empty()).then_some(Set {
        name,
        rows,
        sentences: false,
    })
}

/// The code of the answer; codes of two letters and with a script are it already.
fn code_of(code: &str) -> Option<String> {
    if code.len() == 2 {
        return Some(code.to_owned());
    }
    CODES
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .find(|(own, _)| *own == code)
        .map(|(_, code)| code.to_owned())
}

pub fn cut(text: &str, chars: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars) else {
        return text;
    };
    let head = &text[..end];
    // Some languages have hardly any spaces.
    let space = head.rfind(' ').filter(|&space| space * 3 > end * 2);
    space.map_or(head, |space| &head[..space])
}

/// Serbian as it is written in Latin letters: one for one, but for three pairs.
fn latin_letters(text: &str) -> String {
    const FROM: &str = "абвгдђежзијклмнопрстћуфхцчшАБВГДЂЕЖЗИЈКЛМНОПРСТЋУФХЦЧШ";
    const TO: &str = "abvgdđežzijklmnoprstćufhcčšABVGDĐEŽZIJKLMNOPRSTĆUFHCČŠ";
    const PAIRS: [(char, &str); 6] = [
        ('љ', "lj"),
        ('њ', "nj"),
        ('џ', "dž"),
        ('Љ', "Lj"),
        ('Њ', "Nj"),
        ('Џ', "Dž"),
    ];
    let mut latin = String::new();
    for c in text.chars() {
        if let Some((_, pair)) = PAIRS.iter().find(|(own, _)| *own == c) {
            latin.push_str(pair);
        } else {
            let place = FROM.chars().position(|own| own == c);
            latin.push(place.and_then(|place| TO.chars().nth(place)).unwrap_or(c));
        }
    }
    latin
}

pub fn document(text: &str) -> Document {
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

/// Bytes of this process in memory.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
