//! Which candidate wins, what is passed over, and how the article is identified.

use super::{FIELD, body, read, reader, reader_with, title};
use crate::article::{IdSource, Warning, splice};

#[test]
fn the_best_rank_wins_whatever_the_order() {
    for json in [
        r#"{"raw_text":"c","text":"b","maintext":"a"}"#,
        r#"{"maintext":"a","text":"b","raw_text":"c"}"#,
    ] {
        assert_eq!(body(&read(json)), ("/maintext", "a"));
    }
    let skipped = read(
        r#"{"maintext":" \n","text":"None","body":7,"content":[],"articleBody":["",{"value":null},{"value":"a"}]}"#,
    );
    assert_eq!(body(&skipped), ("/articleBody/2/value", "a"));
    let empty_html = read(r#"{"maintext":"<p><img src=x></p>","text":"a"}"#);
    assert_eq!(body(&empty_html), ("/text", "a"));
    let first_url = read(r#"{"title":"a","canonical_link":"/relative","url":"https://e.com/a"}"#);
    assert_eq!(
        (
            first_url.url.unwrap().pointer.as_str(),
            first_url.warnings.len()
        ),
        ("/url", 0)
    );
}

#[test]
fn wrong_types_and_odd_numbers_are_passed_over() {
    let json = r#"{"title":7,"headline":true,"article_title":{"x":{"value":"no"}},"headlines":[[["no"]]],"title_page":"a","id":1.5,
        "guid":{"a":1},"language":1e999,"tags":{"a":[1]},"authors":9,"date":null,"score":1e999,"text":-1e999}"#
        .replace("9,", &("9".repeat(400) + ","));
    let article = read(&json);
    assert_eq!(title(&article), "a");
    assert_eq!((article.id_source, article.body), (IdSource::Text, None));
    let output = String::from_utf8(splice(article.payload, &article.splice, FIELD, b"1")).unwrap();
    assert_eq!(
        output,
        format!("{},\"enrichment\":1}}", json.strip_suffix('}').unwrap())
    );
    assert_eq!(article.warnings, []);
}

#[test]
fn lone_surrogates_are_read_lossily() {
    let article = read(r#"{"title":"a\ud800b","text":"\udc00 c","url":"https://e.com/a"}"#);
    assert_eq!(
        (title(&article), body(&article).1),
        ("a\u{fffd}b", "\u{fffd} c")
    );
    assert_eq!(article.warnings, [Warning::LossyText]);
    assert_eq!(
        article.payload.matches("\\ud800").count(),
        1,
        "the payload is as published"
    );
    let key = read(r#"{"a\ud800":1,"title":"a","enrichment":{"\udfff":1}}"#);
    assert_eq!(key.warnings, [Warning::LossyText]);
    assert_eq!(
        splice(key.payload, &key.splice, FIELD, b"2"),
        br#"{"a\ud800":1,"title":"a","enrichment":2}"#
    );
    let unread = read(r#"{"title":"a","other":"\ud800"}"#);
    assert_eq!(
        (title(&unread), unread.warnings.len()),
        ("a", 0),
        "what is not read is not lossy"
    );
    assert_eq!(title(&read(r#"{"title":"a\ud83d\ude00"}"#)), "a😀");
}

#[test]
fn the_last_of_repeated_fields_counts() {
    let article = read(r#"{"title":"a","title":"b","x":1,"x":2}"#);
    assert_eq!(
        (title(&article), article.warnings.as_slice()),
        ("b", &[Warning::DuplicateField][..])
    );
    assert_eq!(read(r#"{"title":"a","x":1,"x":2}"#).warnings, []);
    assert_eq!(
        read(r#"{"title":"a","titl\u0065":"b"}"#).warnings,
        [Warning::DuplicateField]
    );
}

#[test]
fn bad_urls_are_warned_of() {
    let article = read(r#"{"title":"a","url":"not a url"}"#);
    assert_eq!(
        (article.url, article.canonical_url, article.warnings),
        (None, None, vec![Warning::BadUrl])
    );
}

#[test]
fn identifiers() {
    assert_eq!(read(r#"{"title":"a","id":" x-1 ","guid":"y"}"#).id, "x-1");
    assert_eq!(read(r#"{"title":"a","id":"","guid":"y"}"#).id, "y");
    assert_eq!(read(r#"{"title":"a","id":42}"#).id, "42");
    let long = format!(r#"{{"title":"a","id":"{}"}}"#, "x".repeat(600));
    assert!(read(&long).id.starts_with("id:"));
    let payload = br#"{"title":"a"}"#;
    assert_eq!(
        reader().read(payload, Some(b"k")).unwrap().id_source,
        IdSource::Text
    );
    let keyed = reader_with(|settings| settings.id_from_key = true);
    let article = keyed.read(payload, Some(b"k")).unwrap();
    assert_eq!(
        (article.id.as_str(), article.id_source),
        ("k", IdSource::Key)
    );
    assert_eq!(
        keyed
            .read(br#"{"title":"a","url":"https://e.com/a"}"#, Some(b"k"))
            .unwrap()
            .id_source,
        IdSource::Url
    );
    let [one, two] = ["https://e.com/a", "http://www.e.com/a/?utm_source=x"]
        .map(|url| read(&format!(r#"{{"title":"a","url":"{url}"}}"#)).id);
    assert_eq!(one, two);
}
