//! Pointers into envelopes, aliases, and settings that cannot work.

use std::collections::BTreeMap;

use serde_json::json;

use super::{FIELD, body, check, reader_with, title};
use crate::article::{ArticleReader, ReaderSettings, RejectCode, Warning, splice};

#[test]
fn envelopes() {
    let cloud_event = r#"{"specversion":"1.0","id":"e-1","data":{"title":"a","content":[{"value":"b"}],"id":"x"},"enrichment":1}"#;
    let reader = reader_with(|settings| settings.pointer = "/data".to_owned());
    let article = reader.read(cloud_event.as_bytes(), None).unwrap();
    check(&article);
    assert_eq!(
        (article.id.as_str(), body(&article).0),
        ("x", "/data/content/0/value")
    );
    assert_eq!(
        splice(article.payload, &article.splice, FIELD, b"2"),
        br#"{"specversion":"1.0","id":"e-1","data":{"title":"a","content":[{"value":"b"}],"id":"x"},"enrichment":2}"#
    );
    for json in [
        "{}",
        r#"{"data":null}"#,
        r#"{"data":[{"title":"a"}]}"#,
        r#"{"data":"a"}"#,
        r#"{"title":"a"}"#,
        r#"{"data":{"title":"a"},"data":1}"#,
    ] {
        assert_eq!(
            reader.read(json.as_bytes(), None).unwrap_err().code,
            RejectCode::NoArticle,
            "{json}"
        );
        assert!(reader.passthrough(json.as_bytes()).is_ok());
    }
    let repeated = reader
        .read(
            br#"{"data":{"title":"a","text":"t"},"data":{"title":"b"}}"#,
            None,
        )
        .unwrap();
    assert_eq!(
        (
            title(&repeated),
            &repeated.body,
            repeated.warnings.as_slice()
        ),
        ("b", &None, &[Warning::DuplicateField][..])
    );
}

#[test]
fn pointers_may_lead_through_arrays_and_escaped_names() {
    let json = r#"{"a/b":{"m~n":[1,[{"x":1},{"title":"a","te/xt":"t~"}],2]}}"#;
    let reader = reader_with(|settings| {
        settings.pointer = "/a~1b/m~0n/1/1".to_owned();
        settings.aliases = BTreeMap::from([("body".to_owned(), vec!["te/xt".to_owned()])]);
    });
    let article = reader.read(json.as_bytes(), None).unwrap();
    check(&article);
    assert_eq!(body(&article), ("/a~1b/m~0n/1/1/te~1xt", "t~"));
    for pointer in [
        "/a~1b/m~0n/01/1",
        "/a~1b/m~0n/7",
        "/a~1b/m~0n/-",
        "/a~1b/m~0n/+1/1",
        "/a~1b/m~0n/1/1/0",
    ] {
        let reader = reader_with(|settings| settings.pointer = pointer.to_owned());
        assert_eq!(
            reader.read(json.as_bytes(), None).unwrap_err().code,
            RejectCode::NoArticle,
            "{pointer}"
        );
    }
}

#[test]
fn aliases_are_tried_first() {
    let reader = reader_with(|settings| {
        settings.aliases = BTreeMap::from([
            (
                "body".to_owned(),
                vec!["inhalt".to_owned(), "title".to_owned()],
            ),
            ("id".to_owned(), vec!["nummer".to_owned()]),
        ]);
    });
    let article = reader
        .read(
            r#"{"text":"b","inhalt":"a","title":"t","nummer":7}"#.as_bytes(),
            None,
        )
        .unwrap();
    assert_eq!(
        (body(&article), title(&article), article.id.as_str()),
        (("/inhalt", "a"), "t", "7")
    );
    let article = reader
        .read(r#"{"text":"b","title":"t"}"#.as_bytes(), None)
        .unwrap();
    assert_eq!(
        (body(&article).0, title(&article)),
        ("/title", "t"),
        "one key may stand for two fields"
    );
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let error = |field: &str, change: &dyn Fn(&mut ReaderSettings)| {
        let mut settings = ReaderSettings::default();
        change(&mut settings);
        ArticleReader::new(&settings, field).unwrap_err().key
    };
    for pointer in ["data", "/a~", "/a~2", "//~"] {
        assert_eq!(
            error(FIELD, &|settings| settings.pointer = pointer.to_owned()),
            "input.pointer"
        );
    }
    assert_eq!(
        error(FIELD, &|settings| settings.pointer = "/a".repeat(33)),
        "input.pointer"
    );
    assert_eq!(
        error(FIELD, &|settings| settings.pointer =
            "/enrichment/a".to_owned()),
        "output.field"
    );
    assert_eq!(error("", &|_| {}), "output.field");
    assert_eq!(error("text", &|_| {}), "output.field");
    assert_eq!(
        error(FIELD, &|settings| settings.limits.depth = 0),
        "input.limits.depth"
    );
    assert_eq!(
        error(FIELD, &|settings| settings.aliases =
            BTreeMap::from([("boddy".to_owned(), vec!["x".to_owned()])])),
        "input.aliases.boddy"
    );
    assert!(serde_json::from_value::<ReaderSettings>(json!({"pointr": ""})).is_err());
}
