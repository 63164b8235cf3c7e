//! Plain text from HTML, and its way back.

use proptest::prelude::*;

use crate::article::HtmlMap;
use crate::article::html::extract;

fn text(html: &str) -> String {
    let (text, map) = extract(html, false, 10_000).unwrap_or_else(|| panic!("not HTML: {html}"));
    check(html, &text, &map);
    text
}

/// Every character leads to a place in the published string, in order, and copied ones to themselves.
fn check(source: &str, text: &str, map: &HtmlMap) {
    let points: Vec<char> = source.chars().collect();
    let mut last = 0..0;
    for (at, char) in text.char_indices() {
        let span = map.span(at..at + char.len_utf8());
        assert!(
            span.start <= span.end && span.end as usize <= points.len(),
            "{span:?} in {source}"
        );
        assert!(
            span.start >= last.start && span.end >= last.end,
            "{span:?} after {last:?} in {source}"
        );
        let published = &points[span.start as usize..span.end as usize];
        if !char.is_whitespace() && published.first() != Some(&'&') {
            assert_eq!(
                published,
                [char],
                "at byte {at} of {text:?} from {source:?}"
            );
        }
        last = span;
    }
}

#[test]
fn blocks_become_paragraphs_and_white_space_collapses() {
    assert_eq!(
        text("<h1>Zinsen</h1><p>Die  Bank\n hebt <b>den</b> Zins.</p>\n <p>Neu.</p>"),
        "Zinsen\n\nDie Bank hebt den Zins.\n\nNeu."
    );
    assert_eq!(
        text("eins<br>zwei<br/><br />drei</br>vier"),
        "eins\nzwei\n\ndreivier"
    );
    assert_eq!(
        text("<div><div> a </div></div>b<ul><li>c<li>d</ul>e"),
        "a\n\nb\n\nc\n\nd\n\ne"
    );
    assert_eq!(text("<tr><td>a</td><td>b</td></tr><tr><td>c"), "a b\n\nc");
    assert_eq!(text("a <span> b</span>\t<em>c</em>d"), "a b cd");
    assert_eq!(text("<pre>a\n  b</pre>  c   d"), "a\n  b\n\nc d");
    assert_eq!(text("<p>\u{a0}a\u{a0}\u{a0}b"), "\u{a0}a\u{a0}\u{a0}b");
}

#[test]
fn what_is_no_text_of_the_page_is_dropped() {
    let html = "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body><!-- <p>no</p> -->\
        <script>if (a<b) {'<p>'}</script><p>ja</p><noscript><p>no</p></noscript><template><p>no</p></template>\
        <svg><text>no</text><svg/></svg><iframe src=x>no</iframe><p>auch</p></body></html>";
    assert_eq!(text(html), "ja\n\nauch");
    assert_eq!(
        text("<head><title>T</title><body><p>a"),
        "a",
        "the end tag of a head may be left out"
    );
    assert_eq!(text("<svg width=1 /><p>a"), "a");
    assert_eq!(text("<header>a</header><script>b"), "a");
}

#[test]
fn character_references_are_decoded_with_their_place() {
    let html = "<p>AT&amp;T &lt;b&gt; caf&eacute; &#8217;&#x2019; &ampere; &nosuch; &";
    assert_eq!(
        text(html),
        "AT&T <b> café \u{2019}\u{2019} &ere; &nosuch; &"
    );
    assert_eq!(text("<p>a&#32;&#10;b&nbsp;c"), "a b\u{a0}c");
    let (text, map) = extract("<p>é&amp;ü</p>", false, 100).unwrap();
    assert_eq!(text, "é&ü");
    assert_eq!(
        (map.span(0..2), map.span(2..3), map.span(3..5)),
        (3..4, 4..9, 9..10)
    );
    assert_eq!(map.span(0..5), 3..10);
}

#[test]
fn arabic_and_chinese_keep_their_places() {
    assert_eq!(
        text("<p>رفع  البنك</p><p>الفائدة</p>"),
        "رفع البنك\n\nالفائدة"
    );
    assert_eq!(text("<div>央行<b>加息</b></div>"), "央行加息");
    let (text, map) = extract("<p>رفع <b>البنك</b> 😀</p>", false, 100).unwrap();
    assert_eq!(text, "رفع البنك 😀");
    let bank = text.find("البنك").unwrap();
    assert_eq!(map.span(bank..bank + "البنك".len()), 10..15);
}

#[test]
fn plain_text_stays_as_it_is() {
    for plain in [
        "",
        "Zins",
        "x < y & z > w",
        "R&D",
        "AT&T;",
        "?a=1&copy=2",
        "line\n\nline",
        "&nosuch;",
    ] {
        assert_eq!(extract(plain, false, 100), None, "{plain}");
    }
    assert_eq!(
        extract("x < y", true, 100).unwrap().0,
        "x < y",
        "the publisher calls it HTML"
    );
    assert_eq!(extract("plain", true, 100), None);
}

#[test]
fn escaped_plain_text_is_decoded_and_keeps_its_white_space() {
    let source = "AT&amp;T  a\n\n b &copy2 &ouml;x < y";
    assert_eq!(text(source), "AT&T  a\n\n b &copy2 öx < y");
    assert_eq!(text("It&#8217;s"), "It\u{2019}s");
}

#[test]
fn extraction_stops_soon_after_the_limit() {
    let html = format!("<p>{}", "word &amp; <i>word</i> ".repeat(10_000));
    let (text, map) = extract(&html, false, 100).unwrap();
    assert!((101..200).contains(&text.chars().count()), "{}", text.len());
    check(&html, &text, &map);
    let (text, _) = extract(&format!("<p>{}", "a ".repeat(10_000)), false, 100).unwrap();
    assert!((101..200).contains(&text.len()));
}

#[test]
fn hostile_html_is_harmless() {
    assert_eq!(text(&format!("{}a", "<p><b>".repeat(500_000))), "a");
    assert_eq!(
        text(&format!(
            "{}a",
            "<p>".repeat(500_000) + &"</b>".repeat(500_000)
        )),
        "a"
    );
    assert_eq!(
        text(&format!("<p>a<i x=\"{}\">b", "y".repeat(4_000_000))),
        "ab"
    );
    assert_eq!(text(&format!("<p>a{}", "<svg>".repeat(300_000))), "a");
    assert_eq!(text(&format!("<p>a{}", "<!--".repeat(300_000))), "a");
    assert!(text(&format!("<p>a{}", "&".repeat(9_000))).ends_with("&&"));
    let unfinished = format!("<p>a<i x=\"{}", "y".repeat(4_000_000));
    assert_eq!(extract(&unfinished, false, 100).unwrap().0, "a");
}

/// Markup, references and texts of several scripts in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<p>",
        "</p>",
        "<br>",
        "<b",
        ">",
        "<div class='a>'>",
        "</div>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<svg>",
        "</svg>",
        "<pre>",
        "</pre>",
        "<textarea>",
        "<![CDATA[",
        "]]>",
        "<head>",
        "<body>",
        "&amp;",
        "&",
        "&#x41;",
        "&nbsp",
        ";",
        " ",
        "\n",
        "né",
        "رفع",
        "央行",
        "😀",
        "word",
        "<",
        "\"",
        "'",
        "=",
        "/",
        "\u{a0}",
        "<plaintext>",
        "<td>",
        "<title>",
        "\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(crate::article::tests::deterministic())]

    #[test]
    fn the_map_is_exact_on_any_markup(html in soup(), declared in any::<bool>(), max_chars in 1_usize..60) {
        if let Some((text, map)) = extract(&html, declared, max_chars) {
            check(&html, &text, &map);
        }
    }

    #[test]
    fn any_text_is_harmless(html in any::<String>(), from in 0_usize..99, to in 0_usize..99) {
        if let Some((text, map)) = extract(&format!("<p>{html}"), true, 1000) {
            check(&format!("<p>{html}"), &text, &map);
            map.span(from..to);
        }
    }
}
