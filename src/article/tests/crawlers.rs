//! The shapes that real crawlers, feeds and agencies write.

use std::borrow::Cow;

use serde_json::json;

use super::{body, read, title};
use crate::article::{IdSource, published_at};

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
