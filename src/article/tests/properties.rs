//! What holds for any input.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FIELD, check, reader, reader_with};
use crate::article::{RejectCode, splice};

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
    #![proptest_config(crate::article::tests::deterministic())]

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
