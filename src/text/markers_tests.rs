//! Phrases are found where they announce something, and nowhere else.

use super::*;

fn found(text: &str) -> Option<(ZoneKind, bool)> {
    let page = Page::read(text);
    let markers = Markers::shipped().expect("shipped phrases");
    page.lines
        .first()
        .and_then(|line| markers.find(&page, line))
        .map(|found| (found.kind, found.whole))
}

#[test]
fn phrases_are_found_in_many_languages() {
    for text in [
        "إقرأ أيضاً:",
        "READ ALSO",
        "Lire aussi :",
        "Читайте также:",
        "Διαβάστε επίσης",
        "यह भी पढ़ें:",
        "延伸阅读",
        "Baca juga:",
    ] {
        assert_eq!(found(text), Some((ZoneKind::ReadAlso, true)), "{text}");
    }
    assert_eq!(
        found("Leggi anche: Il governo rinvia il voto"),
        Some((ZoneKind::ReadAlso, false))
    );
    assert_eq!(
        found("【相关阅读】 两国恢复谈判"),
        Some((ZoneKind::ReadAlso, false))
    );
    assert_eq!(found("المصدر: وكالات"), Some((ZoneKind::Byline, false)));
    assert_eq!(
        found("Mots-clés : santé, école"),
        Some((ZoneKind::KeywordCloud, false))
    );
    assert_eq!(
        found("• Follow us on the usual networks!"),
        Some((ZoneKind::Share, false))
    );
    assert_eq!(
        found("© 2031 Example Post. All rights reserved."),
        Some((ZoneKind::Legal, false))
    );
    assert_eq!(found("写真：港に入る船"), Some((ZoneKind::Caption, false)));
}

#[test]
fn prose_that_starts_alike_is_no_marker() {
    for text in [
        "Source code written by students was shown at the fair.",
        "Topics ranged from health to trade.",
        "Read more books, the minister told pupils on Monday, and spend less time on the telephone.",
        "Photo editors met in the capital.",
        "المصدر الرئيسي للدخل في القرية هو الصيد.",
        "Related companies were not named in the report.",
        "Ministers said that all rights reserved for the islanders would be kept after the vote.",
    ] {
        assert_eq!(found(text), None, "{text}");
    }
}

#[test]
fn bad_data_is_named_by_line() {
    let problem = |data| Markers::parse(data).map(|_| ()).map_err(|error| error.line);
    assert_eq!(problem("# x\nread_also\ten\tRead on\n"), Ok(()));
    assert_eq!(problem("read_also\ten\n"), Err(1));
    assert_eq!(problem("\nlead\ten\tRead on\n"), Err(2));
    assert_eq!(problem("share\ten\t—\n"), Err(1));
}

#[test]
fn shipped_phrases_cover_the_news_languages() {
    let rows: Vec<Vec<&str>> = DATA
        .lines()
        .filter(|row| !row.starts_with('#'))
        .map(|row| row.split('\t').collect())
        .collect();
    let languages = "ar en es fr de pt it ru tr fa zh zh-Hant ja ko hi id ms ur bn vi th pl nl uk el he ro cs hu sv \
        da nb fi sw am ta te mr gu az sr hr bg ha yo so";
    let kinds = "read_also headline_list keyword_cloud share byline source caption legal";
    for language in languages.split_whitespace() {
        for kind in kinds.split_whitespace() {
            let row = rows.iter().find(|row| row[0] == kind && row[1] == language);
            let phrases = row.map_or("", |row| row[2]).split('|');
            assert!(
                phrases.filter(|phrase| !phrase.is_empty()).count() > 0,
                "{kind} {language}"
            );
        }
    }
}

/// A phrase that shares its folded words with one of another kind would never be found.
#[test]
fn no_phrase_means_two_things() {
    let markers = Markers::shipped().expect("shipped phrases");
    let mut doubled = Vec::new();
    for list in markers.by_first.values() {
        for (index, marker) in list.iter().enumerate() {
            let other = list[..index].iter().find(|other| {
                other.rest == marker.rest
                    && other.kind != marker.kind
                    && other.numbered == marker.numbered
            });
            doubled.extend(other.map(|other| (marker.phrase, marker.kind, other.kind)));
        }
    }
    assert!(doubled.is_empty(), "{doubled:?}");
}

#[test]
fn terms_of_several_words_are_found_longest_first() {
    let data = "section\ten\tTop|Top stories|Sport\nsection\tzh\t国际|体育\nservice\ten\tpush alerts\nmonth\ten\tMarch\n";
    let markers = Markers::parse(data).expect("phrases");
    let cover = |text: &str| {
        let page = Page::read(text);
        markers.sections().cover(&page, &page.words)
    };
    assert_eq!(cover("Top stories Sport Arden"), 3);
    assert_eq!(cover("国际 体育 社会"), 4);
    assert_eq!(cover("stories of a valley"), 0);
    let page = Page::read("Turn on push alerts in March");
    assert!(markers.services().stand_in(&page, &page.words));
    assert!(!markers.services().stand_in(&page, &page.words[..3]));
    assert_eq!(markers.months().opens(&page, &page.words[5..]), Some(1));
}
