//! The same sentences with what crawlers leave in them, and texts that are no language.

use newsstage::language::LanguageDetector;
use unicode_normalization::UnicodeNormalization;

use crate::accuracy::measure as accuracy;
use crate::sets::{Set, document};

type Change = fn(&str) -> String;

const CHANGES: [(&str, Change); 6] = [
    ("clean", str::to_owned),
    ("capitals", |text| text.to_uppercase()),
    ("addresses", |text| {
        format!(
            "{text} https://www.example.com/news/2024/11/article-title.html?utm_source=feed pic.example.com/Xy7Qa @newsdesk \
             @someone_else #BreakingNews #Live www.example.org/more contact@example.com"
        )
    }),
    ("markup", |text| {
        format!(
            "<p class=\"lead\">{}&nbsp;&amp; <a href=\"/world/story\" target=\"_blank\"><span style=\"color:red\">{}</span></a><br/></p>&quot;",
            crate::sets::cut(text, text.chars().count() / 2),
            &text[crate::sets::cut(text, text.chars().count() / 2).len()..]
        )
    }),
    ("zero width", |text| {
        let mut dirty = String::from('\u{200F}');
        for (place, c) in text.chars().enumerate() {
            dirty.push(c);
            if place % 3 == 1 {
                dirty.push(['\u{200B}', '\u{FEFF}', '\u{AD}'][place % 9 / 3]);
            }
        }
        dirty
    }),
    ("decomposed", |text| text.nfd().collect()),
];

/// Texts that are no language; some are of letters.
const JUNK: [&str; 34] = [
    "",
    " ",
    "7",
    "123 456,78 9.0 2024 11 23",
    "😀 🎉 ❤️ 🔥🔥🔥",
    "https://example.org/a/b?c=d",
    "www.example.org",
    "@desk @news_desk @somebody",
    "d41d8cd98f00b204e9800998ecf8427e",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "for(i=0;i<n;i++){x[i]=y_1;}",
    "{\"id\":12,\"key\":[1,2],\"value\":null,\"nested\":{\"name\":true}}",
    "\u{0}\u{1}\u{2}",
    "\u{200F}\u{200E}\u{202A}",
    "a",
    "\u{FFFD}\u{FFFD}\u{FFFD}",
    "— … !!! ???",
    "٣٤٥ ۳۴۵ ३४५",
    "12:30 / 14:45",
    "<div><br/></div>",
    "if (window.dataLayer) { function gtag(){dataLayer.push(arguments);} gtag('js', new Date()); }",
    "var _gaq = _gaq || []; _gaq.push(['_setAccount', 'UA-12345-6']);",
    ".entry-content p { margin: 0 auto; font-size: 14px; line-height: 1.5; }",
    "SELECT id, name FROM users WHERE id = 12 ORDER BY name DESC;",
    "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHRlc3Q= bG9yZW0gaXBzdW0=",
    "xqzvk wjfhb pqmnz trlkd bvcxs ghjkq wrtpl zxcvb mnbvc",
    "asdf jkl asdf jkl qwer uiop zxcv bnm asdf jkl",
    "fhqwhgads vhjtrw pqlkz mmxnr ttrwq ssdfg hhjkl ppoiu",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "hahahahahahahahahaha lololololol hahaha",
    "GET /index.php?id=4 HTTP/1.1 Host: example.org",
    "0x7ffe 0xdeadbeef 0b1010 1e10 NaN",
    "A1 B2 C3 D4 E5 F6 G7 H8 I9 J10",
    "= = = * * * # # # | | |",
];

/// Accuracy on each change of the sentences.
pub fn measure(detector: &LanguageDetector, sentences: &Set) {
    for (name, change) in CHANGES {
        let rows = sentences.rows.iter();
        let set = Set {
            name: format!("{}: {name}", sentences.name),
            rows: rows
                .map(|(code, text)| (code.clone(), change(text)))
                .collect(),
            sentences: false,
        };
        accuracy(detector, &set, false, &mut String::new());
    }
}

/// Junk that is called a language, and reliably so.
pub fn junk(detector: &LanguageDetector) {
    let (mut named, mut reliable) = (Vec::new(), 0);
    for text in JUNK {
        let guess = detector.detect(&document(text), None);
        if guess.code != "und" {
            named.push(format!(
                "{} {:.2} {}",
                guess.code,
                guess.confidence,
                crate::sets::cut(text, 20)
            ));
        }
        reliable += u32::from(guess.reliable);
    }
    println!(
        "\njunk: {} texts, {reliable} reliable, {} named ({})",
        JUNK.len(),
        named.len(),
        named.join(", ")
    );
}
