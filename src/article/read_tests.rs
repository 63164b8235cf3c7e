//! Tests of the reader as a whole: shapes of real crawlers, ranks, envelopes, refusals, hostile input.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    ArticleReader, IdSource, RawArticle, ReaderSettings, RejectCode, Warning, published_at, splice,
};

const FIELD: &str = "enrichment";

fn reader_with(change: impl FnOnce(&mut ReaderSettings)) -> ArticleReader {
    let mut settings = ReaderSettings::default();
    change(&mut settings);
    ArticleReader::new(&settings, FIELD).unwrap()
}

fn reader() -> ArticleReader {
    reader_with(|_| {})
}

/// Reads with the default settings, and checks what must hold for every readable article.
fn read(payload: &str) -> RawArticle<'_> {
    let article = reader()
        .read(payload.as_bytes(), None)
        .unwrap_or_else(|rejection| panic!("{rejection}: {payload}"));
    check(&article);
    article
}

fn refused(payload: &str) -> RejectCode {
    reader().read(payload.as_bytes(), None).unwrap_err().code
}

fn check(article: &RawArticle<'_>) {
    assert!(!article.id.is_empty() && article.id.len() <= 512);
    let output = splice(article.payload, &article.splice, FIELD, b"{}");
    assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&output).is_ok());
    let Ok(value) = serde_json::from_str::<Value>(article.payload) else {
        return;
    };
    let fields = [&article.url, &article.title, &article.language]
        .into_iter()
        .flatten();
    for field in fields.chain(
        [&article.body, &article.summary]
            .into_iter()
            .flatten()
            .map(|text| &text.field),
    ) {
        assert_eq!(
            value.pointer(&field.pointer).and_then(Value::as_str),
            Some(&*field.text),
            "{}",
            field.pointer
        );
    }
}

fn title<'a>(article: &'a RawArticle<'_>) -> &'a str {
    &article.title.as_ref().unwrap().text
}

fn body<'a>(article: &'a RawArticle<'_>) -> (&'a str, &'a str) {
    let body = article.body.as_ref().unwrap();
    (&body.field.pointer, body.plain())
}

#[test]
fn news_please() {
    let article = read(
        r#"{"authors":["Mara Lind"],"date_download":"None","date_publish":"2026-11-20 08:30:00","description":"Kurz.",
        "language":"de","maintext":"Die Bank hebt den Zins.\nDer Markt staunt.","source_domain":"www.example.com","text":null,
        "title":"Zins steigt","title_page":null,"title_rss":"None","url":"https://www.example.com/2026/zins"}"#,
    );
    assert_eq!(title(&article), "Zins steigt");
    assert_eq!(
        body(&article),
        ("/maintext", "Die Bank hebt den Zins.\nDer Markt staunt.")
    );
    assert!(matches!(
        article.body.as_ref().unwrap().field.text,
        Cow::Owned(_)
    ));
    assert_eq!(article.summary.as_ref().unwrap().field.text, "Kurz.");
    assert_eq!(article.language.as_ref().unwrap().text, "de");
    assert_eq!(article.source.as_deref(), Some("example.com"));
    assert_eq!(
        article.canonical_url.as_deref(),
        Some("example.com/2026/zins")
    );
    assert_eq!((article.id_source, article.id.len()), (IdSource::Url, 36));
    assert_eq!(article.authors, ["Mara Lind"]);
    assert!(published_at(&article.published.as_ref().unwrap().text).is_some());
    assert_eq!(article.warnings, []);
}

#[test]
fn trafilatura() {
    let article = read(
        r#"{"title":"Rates rise","author":"Mara Lind; Jo Park","hostname":"example.com","date":"2026-11-20","fingerprint":"6212",
        "id":null,"raw_text":"One line.","text":"One\nline.","language":null,"source":"https://www.example.com/rates",
        "source-hostname":"Example News","excerpt":"Short.","categories":"Economy","tags":"rates, inflation"}"#,
    );
    assert_eq!(body(&article), ("/text", "One\nline."));
    let url = article.url.as_ref().unwrap();
    assert_eq!(
        (&*url.pointer, &*url.text),
        ("/source", "https://www.example.com/rates")
    );
    assert_eq!(article.authors, ["Mara Lind", "Jo Park"]);
    assert_eq!(article.tags, ["rates", "inflation"]);
    assert_eq!(article.source_name.as_deref(), Some("Example News"));
    assert_eq!(article.language, None);
    assert_eq!(
        read(r#"{"text":"One line.","comments":""}"#).id_source,
        IdSource::Text
    );
}

#[test]
fn newspaper4k() {
    let article = read(
        r#"{"url":"https://www.example.com/b","canonical_link":"https://www.example.com/a","meta_lang":"en","language":"",
        "title":"Rates rise","keywords":[],"meta_keywords":["rates"],"tags":null,"authors":[],"summary":"",
        "meta_description":"Short.","meta_site_name":"Example News","publish_date":"2026-11-20T00:00:00","text":"One.\n\nTwo."}"#,
    );
    assert_eq!(article.url.as_ref().unwrap().pointer, "/canonical_link");
    assert_eq!(
        article.summary.as_ref().unwrap().field.pointer,
        "/meta_description"
    );
    assert_eq!(article.language.as_ref().unwrap().pointer, "/meta_lang");
    assert_eq!(article.tags, ["rates"]);
}

#[test]
fn feedparser() {
    let article = read(
        r#"{"title":"T","title_detail":{"type":"text/plain","value":"T"},"links":[{"href":"https://e.com/x"}],"link":"https://e.com/a",
        "summary":"D","content":[{"type":"text/html","language":null,"value":"<p>Eins</p><p>Zwei &amp; drei</p>"}],
        "published":"Fri, 20 Nov 2026 08:30:00 +0100","tags":[{"term":"Eco","scheme":null},{"term":null},{"term":"Geld"}],
        "authors":[{"name":"Mara Lind"},{}],"source":{"title":"Example Feed","href":"https://e.com/feed"}}"#,
    );
    assert_eq!(body(&article), ("/content/0/value", "Eins\n\nZwei & drei"));
    assert_eq!(article.url.as_ref().unwrap().pointer, "/link");
    assert_eq!(article.tags, ["Eco", "Geld"]);
    assert_eq!(article.authors, ["Mara Lind"]);
    assert_eq!(
        (article.source_name.as_deref(), article.source.as_deref()),
        (Some("Example Feed"), Some("e.com"))
    );
    assert!(published_at(&article.published.as_ref().unwrap().text).is_some());
}

#[test]
fn ninjs() {
    let article = read(
        r#"{"uri":"http://example.com/n/7","headlines":[{"role":"short","value":"Kurz"},{"role":"main","value":"Lang"}],
        "bodies":[{"role":"caption","contentType":"text/plain","value":"Bild"},{"role":"main","contentType":"text/html","value":"<p>Haupt"}],
        "by":"Mara Lind","subjects":[{"name":"economy","uri":"medtop:04000000"}],"infoSources":[{"name":"Agentur"}],"versionCreated":"2026-11-20T08:30:00Z"}"#,
    );
    assert_eq!(
        article.title.as_ref().unwrap().pointer,
        "/headlines/1/value"
    );
    assert_eq!(body(&article), ("/bodies/1/value", "Haupt"));
    assert_eq!(
        (article.id.as_str(), article.id_source),
        ("http://example.com/n/7", IdSource::Field)
    );
    assert_eq!(article.canonical_url.as_deref(), Some("example.com/n/7"));
    assert_eq!(article.source_name.as_deref(), Some("Agentur"));
    assert_eq!(article.tags, ["economy"]);
    let first = read(
        r#"{"headline":"A","headline_seo":"B","body_text":"plain","body_html":"<p>h</p>","uri":"tag:7"}"#,
    );
    assert_eq!(
        (title(&first), body(&first)),
        ("A", ("/body_html", "h")),
        "equal ranks: by name"
    );
    assert_eq!(
        (first.url, first.warnings),
        (None, vec![]),
        "a uri need not be a URL"
    );
}

#[test]
fn aggregators() {
    let event_registry = read(
        r#"{"uri":"8123","lang":"eng","dateTimePub":"2026-11-20T08:30:00Z","url":"https://e.com/a","title":"T","body":"B",
        "source":{"uri":"e.com","title":"E"},"authors":[{"uri":"x","name":"Mara Lind"}],"isDuplicate":false}"#,
    );
    assert_eq!(
        (event_registry.id.as_str(), event_registry.source.as_deref()),
        ("8123", Some("e.com"))
    );
    let media_cloud = read(
        r#"{"id":12345678901234567890123,"article_title":"T","text_content":"B","media_name":"E","media_url":"e.com"}"#,
    );
    assert_eq!(media_cloud.id, "12345678901234567890123");
    let gdelt = read(
        r#"{"url":"https://e.com/a","title":"T","seendate":"20261120T083000Z","domain":"e.com","language":"English"}"#,
    );
    assert!(published_at(&gdelt.published.as_ref().unwrap().text).is_some());
    let newsapi = read(
        r#"{"source":{"id":"e-news","name":"E News"},"title":"T","publishedAt":1795163400,"content":null}"#,
    );
    assert_eq!(
        (newsapi.source_name.as_deref(), newsapi.source),
        (Some("E News"), None)
    );
    assert!(published_at(&newsapi.published.as_ref().unwrap().text).is_some());
    let schema_org = read(
        r#"{"@type":"NewsArticle","headline":"T","articleBody":"B","mainEntityOfPage":{"@id":"https://e.com/a"},"inLanguage":{"name":"de"},
        "publisher":{"name":"E"},"author":{"name":"Mara Lind"},"keywords":["a","b"]}"#,
    );
    assert_eq!(
        schema_org.url.as_ref().unwrap().pointer,
        "/mainEntityOfPage/@id"
    );
    assert_eq!(
        schema_org.language.as_ref().unwrap().pointer,
        "/inLanguage/name"
    );
    assert_eq!(schema_org.authors, ["Mara Lind"]);
    let wordpress = read(
        r#"{"id":7,"link":"https://e.com/?p=7","title":{"rendered":"T"},"content":{"rendered":"<p>B</p>","protected":false},"date":"2026-11-20T08:30:00"}"#,
    );
    assert_eq!(body(&wordpress), ("/content/rendered", "B"));
}

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

#[test]
fn no_text_is_refused() {
    for json in [
        "{}",
        r#"{"url":"https://e.com/a"}"#,
        r#"{"title":"—","text":"!?"}"#,
        r#"{"text":"<p>&nbsp;</p>"}"#,
        r#"{"title":null,"body":7}"#,
    ] {
        assert_eq!(refused(json), RejectCode::NoText, "{json}");
    }
    for json in [
        r#"{"summary":"a"}"#,
        r#"{"title":"央行"}"#,
        r#"{"text":"٣"}"#,
    ] {
        read(json);
    }
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    let cases = [
        ("", RejectCode::Empty),
        (r#"{"title":"a"} x"#, RejectCode::NotJson),
        (r#"{"title":"a"}{"title":"b"}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":NaN}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":1e}"#, RejectCode::NotJson),
        (r#"{"title":"a\ud800","x":1e}"#, RejectCode::NotJson),
        (r#"{"title":"a\ud800","x":-}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":Infinity}"#, RejectCode::NotJson),
        (r#"{"title":"a",}"#, RejectCode::NotJson),
        (r#"{'title':'a'}"#, RejectCode::NotJson),
        (r#"{"title":"a"#, RejectCode::NotJson),
        ("{\"title\":\"a\nb\"}", RejectCode::NotJson),
        (r#"{"title":"\x41"}"#, RejectCode::NotJson),
        (r#"[{"title":"a"}]"#, RejectCode::NotObject),
    ];
    for (json, code) in cases {
        assert_eq!(refused(json), code, "{json}");
        assert_eq!(
            reader().passthrough(json.as_bytes()).unwrap_err().code,
            code,
            "{json}"
        );
    }
    let secret = reader()
        .read(br#"{"title":"geheim","x":geheim}"#, None)
        .unwrap_err();
    assert!(
        !secret.detail.contains("geheim") && secret.detail.contains("column"),
        "{secret}"
    );
}

#[test]
fn deep_nesting_is_refused_and_never_overflows() {
    for limit in [128, 1_000_000] {
        let reader = reader_with(|settings| settings.limits.depth = limit);
        for open in ["[", "{\"a\":", "{\"title\":", "[{\"value\":"] {
            let json = format!("{{\"title\":{}", open.repeat(200_000));
            let code = reader.read(json.as_bytes(), None).unwrap_err().code;
            assert!([RejectCode::TooDeep, RejectCode::NotJson].contains(&code));
        }
        let json = format!(
            "{{\"title\":\"a\",\"x\":{}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(
            reader.read(json.as_bytes(), None).is_ok(),
            limit == 1_000_000
        );
    }
}

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

#[test]
fn lists_and_keys_without_end_are_bounded() {
    let tags = format!(
        r#"{{"title":"a","tags":[{}"x"]}}"#,
        r#""t","#.repeat(10_000)
    );
    assert_eq!(read(&tags).tags.len(), 100);
    let keys: String = (0..50_000)
        .map(|index| format!(r#""body_{index}":"b","#))
        .collect();
    read(&format!(r#"{{{keys}"title":"a"}}"#));
    let many = format!(r#"{{{}"title":"z"}}"#, r#""title":"a","#.repeat(50_000));
    assert_eq!(title(&read(&many)), "z");
}

#[test]
fn a_byte_order_mark_and_outer_space_are_left_out() {
    let article = read("\u{feff}\n{\"title\":\"a\"}\r\n ");
    assert_eq!(
        splice(article.payload, &article.splice, FIELD, b"1"),
        br#"{"title":"a","enrichment":1}"#
    );
}

/// Output of real extractors and a real page, where a checkout has them beside it.
#[test]
fn real_samples_are_read_unchanged() {
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let (samples, pages) = (shared.join("samples"), shared.join("seed"));
    let files = |directory: &std::path::Path| -> Vec<_> {
        std::fs::read_dir(directory)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect()
    };
    let is = |path: &std::path::Path, extension: &str| {
        path.extension().is_some_and(|found| found == extension)
    };
    let json: Vec<_> = files(&samples)
        .into_iter()
        .filter(|path| is(path, "json"))
        .collect();
    let texts: Vec<_> = files(&pages)
        .into_iter()
        .filter(|path| is(path, "txt"))
        .collect();
    if json.is_empty() || texts.is_empty() {
        eprintln!(
            "SKIPPED real_samples_are_read_unchanged: no samples in {}",
            shared.display()
        );
        return;
    }
    for path in json {
        let article = std::fs::read_to_string(&path).unwrap();
        let article = read(&article);
        assert_eq!(article.warnings, [], "{}", path.display());
        assert!(
            article.body.is_some() || article.summary.is_some(),
            "{}",
            path.display()
        );
    }
    for path in texts {
        let text = std::fs::read_to_string(&path).unwrap();
        let payload = json!({"url": "https://news.example.com/a", "text": text}).to_string();
        let article = read(&payload);
        assert_eq!(
            (body(&article), article.warnings.len()),
            (("/text", &*text), 0)
        );
    }
}

/// JSON objects of known and unknown keys with all kinds of values.
fn object() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "a",
        "",
        "None",
        "<p>é</p>",
        "\\n",
        "\\ud800",
        "\\ud83d\\ude00",
        "https://www.e.com/a?utm_x=1",
        "AT&amp;T",
        "央行",
        "2026-11-20",
        "x, y; z",
    ])
    .prop_map(|text| format!("\"{text}\""));
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "7",
        "-1.50",
        "1e999",
        "12345678901234567890123",
    ])
    .prop_map(str::to_owned);
    let leaf = prop_oneof![3 => text, 1 => scalar];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop::sample::select(vec![
            "value", "name", "role", "term", "x", "type", "title", "data",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key, inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(key, value)| format!("\"{key}\" :{value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    });
    let key = prop::sample::select(vec![
        "title",
        "text",
        "body",
        "content",
        "bodies",
        "headlines",
        "summary",
        "url",
        "uri",
        "id",
        "source",
        "tags",
        "authors",
        "date",
        "language",
        "data",
        "enrichment",
        "enrichmen\\u0074",
        "other",
        "headline_x",
        "a\\ud800",
    ]);
    prop::collection::vec((key, value), 0..8).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        format!("{{ {} }}", members.join(" ,"))
    })
}

/// The top-level value without our member, where the JSON parser can hold it at all.
fn without_enrichment(json: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(json).ok()?;
    value.as_object_mut()?.remove(FIELD);
    Some(value)
}

proptest! {
    #![proptest_config(crate::article::testing::deterministic())]

    #[test]
    fn random_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        let _ = reader().read(&bytes, Some(&bytes));
        let _ = reader().passthrough(&bytes);
        let _ = reader().read(format!("{{{text}}}").as_bytes(), None);
        let _ = reader().read(json!({"title": text, "body": format!("<p>{text}"), "url": text}).to_string().as_bytes(), None);
    }

    #[test]
    fn mutated_json_is_harmless(json in object(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = json.into_bytes();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        for payload in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok(article) = reader().read(payload, None) {
                check(&article);
            }
        }
    }

    #[test]
    fn output_is_the_input_with_one_member_more(json in object(), pointer in prop::sample::select(vec!["", "/data"])) {
        let reader = reader_with(|settings| settings.pointer = pointer.to_owned());
        let (text, plan) = reader.passthrough(json.as_bytes()).unwrap();
        if let Ok(article) = reader.read(json.as_bytes(), None) {
            check(&article);
            prop_assert_eq!((article.payload, &article.splice), (text, &plan));
        }
        let output = String::from_utf8(splice(text, &plan, FIELD, b"{\"v\":1}")).unwrap();
        if plan.cut.is_empty() {
            prop_assert!(output.starts_with(&text[..text.len() - 1]));
        }
        if let Some(original) = without_enrichment(&json) {
            prop_assert_eq!(without_enrichment(&output), Some(original));
        }
        if let Ok(value) = serde_json::from_str::<Value>(&output) {
            prop_assert_eq!(&value[FIELD], &json!({"v": 1}));
        }
        let (again, plan) = reader.passthrough(output.as_bytes()).unwrap();
        prop_assert_eq!(String::from_utf8(splice(again, &plan, FIELD, b"{\"v\":1}")).unwrap(), output);
    }

    #[test]
    fn every_json_object_is_read_or_has_no_text(json in object()) {
        match reader().read(json.as_bytes(), None) {
            Ok(article) => check(&article),
            Err(rejection) => prop_assert_eq!(rejection.code, RejectCode::NoText),
        }
    }
}
