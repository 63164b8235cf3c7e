//! Tests of the reader as a whole, and what they share.

mod crawlers;
mod envelopes;
mod html;
mod properties;
mod ranks;
mod refusals;

use proptest::test_runner::{Config, RngSeed};
use serde_json::Value;

use super::{ArticleReader, RawArticle, ReaderSettings, RejectCode, splice};

/// Property tests that try the same 256 cases in every run and write no files.
pub(super) fn deterministic() -> Config {
    Config {
        cases: 256,
        rng_seed: RngSeed::Fixed(20_261_120),
        failure_persistence: None,
        ..Config::default()
    }
}

pub(super) const FIELD: &str = "enrichment";

pub(super) fn reader_with(change: impl FnOnce(&mut ReaderSettings)) -> ArticleReader {
    let mut settings = ReaderSettings::default();
    change(&mut settings);
    ArticleReader::new(&settings, FIELD).unwrap()
}

pub(super) fn reader() -> ArticleReader {
    reader_with(|_| {})
}

/// Reads with the default settings, and checks what must hold for every readable article.
pub(super) fn read(payload: &str) -> RawArticle<'_> {
    let article = reader()
        .read(payload.as_bytes(), None)
        .unwrap_or_else(|rejection| panic!("{rejection}: {payload}"));
    check(&article);
    article
}

pub(super) fn refused(payload: &str) -> RejectCode {
    reader().read(payload.as_bytes(), None).unwrap_err().code
}

pub(super) fn check(article: &RawArticle<'_>) {
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

pub(super) fn title<'a>(article: &'a RawArticle<'_>) -> &'a str {
    &article.title.as_ref().unwrap().text
}

pub(super) fn body<'a>(article: &'a RawArticle<'_>) -> (&'a str, &'a str) {
    let body = article.body.as_ref().unwrap();
    (&body.field.pointer, body.plain())
}
