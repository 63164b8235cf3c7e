//! The published contract and the code say the same: schemas, AsyncAPI document, codes; and the rules of the source tree.

#[path = "golden/outline.rs"]
mod outline;
#[path = "golden/schemas.rs"]
mod schemas;
#[path = "contract/tree.rs"]
mod tree;

use std::collections::BTreeSet;

use newsstage::article::{RejectCode, Warning};
use newsstage::dedup::{DedupMethod, DedupStatus};
use newsstage::text::ZoneKind;
use outline::Outline;
use serde_json::{Value, json};

fn asyncapi() -> Outline {
    let path = schemas::folder().join("asyncapi.yaml");
    Outline::parse(&std::fs::read_to_string(path).expect("asyncapi.yaml"))
}

/// The strings of an `enum` in a schema.
fn enumerated(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let list = schema.pointer(pointer).and_then(Value::as_array);
    let list = list.unwrap_or_else(|| panic!("no list at {pointer}"));
    list.iter()
        .map(|item| item.as_str().expect("a string").to_owned())
        .collect()
}

fn spelled<T>(all: &[T], spell: impl Fn(&T) -> &'static str) -> BTreeSet<String> {
    let spelled: BTreeSet<String> = all.iter().map(|item| spell(item).to_owned()).collect();
    assert_eq!(spelled.len(), all.len(), "two values are spelled alike");
    spelled
}

#[test]
fn schemas_are_valid_and_found_by_their_ids() {
    for (file, id) in schemas::SCHEMAS {
        let schema = schemas::schema(file);
        assert_eq!(schema["$id"], id, "{file}");
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{file}"
        );
        if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
            panic!("{file}: {error}");
        }
        // Every reference leads somewhere.
        drop(schemas::validator(file));
        let words = schema["description"].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{file} says nothing of itself");
    }
}

#[test]
fn published_words_are_those_of_the_code() {
    use Warning as W;
    use ZoneKind as Z;
    let schema = schemas::schema("enrichment.schema.json");
    // A match without a default: whoever adds a value is led here by the compiler.
    let warnings = [
        W::LossyText,
        W::DuplicateField,
        W::TextTruncated,
        W::BadUrl,
        W::EvidenceDropped,
        W::NoLexicon,
        W::PositionReused,
        W::QueryBudget,
        W::RelatedLexicon,
    ];
    for warning in warnings {
        match warning {
            W::LossyText | W::DuplicateField | W::TextTruncated | W::BadUrl => {}
            W::EvidenceDropped | W::NoLexicon | W::PositionReused | W::QueryBudget => {}
            W::RelatedLexicon => {}
        }
    }
    assert_eq!(
        enumerated(&schema, "/properties/warnings/items/enum"),
        spelled(&warnings, |warning| warning.as_str())
    );
    let kinds = [
        Z::Title,
        Z::Lead,
        Z::Main,
        Z::KeywordCloud,
        Z::ReadAlso,
        Z::HeadlineList,
        Z::Share,
        Z::EmbeddedPost,
        Z::Byline,
        Z::Caption,
        Z::Legal,
        Z::Repeated,
    ];
    for kind in kinds {
        match kind {
            Z::Title | Z::Lead | Z::Main => assert!(kind.is_content()),
            Z::KeywordCloud | Z::ReadAlso | Z::HeadlineList | Z::Share => {}
            Z::EmbeddedPost | Z::Byline | Z::Caption | Z::Legal | Z::Repeated => {}
        }
    }
    let furniture: Vec<Z> = kinds
        .into_iter()
        .filter(|kind| !kind.is_content())
        .collect();
    assert_eq!(
        enumerated(
            &schema,
            "/properties/content/properties/dropped/items/properties/kind/enum"
        ),
        spelled(&furniture, |kind| kind.as_str())
    );
    assert_eq!(
        enumerated(&schema, "/properties/dedup/properties/method/enum"),
        spelled(&DedupMethod::ALL, |method| method.as_str())
    );
    let topic = "/properties/topics/items/properties/kind/enum";
    let kinds = ["query", "taxonomy"].map(str::to_owned);
    assert_eq!(enumerated(&schema, topic), BTreeSet::from(kinds));
}

#[test]
fn dedup_verdicts_are_the_same_in_all_three_places() {
    use DedupStatus as S;
    let statuses = [S::Unique, S::Exact, S::Near, S::Partial, S::Update];
    for status in statuses {
        match status {
            S::Unique | S::Exact | S::Near | S::Partial | S::Update => {}
        }
    }
    let spelled = spelled(&statuses, |status| status.as_str());
    let schema = schemas::schema("enrichment.schema.json");
    let pointer = "/properties/dedup/properties/status/enum";
    assert_eq!(enumerated(&schema, pointer), spelled);
    let header = "components.messages.enrichedArticle.headers.properties.newsstage-dedup.enum";
    assert_eq!(asyncapi().list(header), spelled);
}

#[test]
fn reject_codes_are_those_of_the_code() {
    let header = "components.messages.deadLetter.headers.properties.newsstage.error.code.enum";
    assert_eq!(
        asyncapi().list(header),
        spelled(&RejectCode::ALL, |code| code.as_str())
    );
}

/// Every header that the sink writes is documented, and nothing else.
#[test]
fn headers_are_those_of_the_sink() {
    let sources = ["src/kafka/sink.rs", "src/kafka/dead_letter.rs"].map(tree::read);
    let beginnings = [
        "newsstage.error.",
        "newsstage.replay.",
        "newsstage-",
        "__connect.errors.",
    ];
    let written: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|text| {
            let mut starts = beginnings.iter().filter(|start| text.starts_with(**start));
            // The beginning alone is no header.
            starts.any(|start| text.len() > start.len())
        })
        .map(str::to_owned)
        .collect();
    assert!(written.len() >= 10, "{written:?}");
    let document = asyncapi();
    let mut documented = document.children("components.messages.deadLetter.headers.properties");
    documented.extend(document.children("components.messages.enrichedArticle.headers.properties"));
    documented.remove("traceparent");
    assert_eq!(documented, written);
}

#[test]
fn the_document_is_whole() {
    let document = asyncapi();
    assert_eq!(document.value("asyncapi"), Some("3.0.0"));
    assert_eq!(
        document.value("info.version"),
        Some(env!("CARGO_PKG_VERSION"))
    );
    let mut references = 0;
    for (path, reference) in document.values() {
        if !path.ends_with("$ref") {
            continue;
        }
        references += 1;
        match reference.strip_prefix("#/") {
            Some(inner) => {
                let target = inner.replace('/', ".");
                assert!(document.has(&target), "{path}: {reference}");
            }
            None => assert!(
                schemas::folder().join(reference).is_file(),
                "{path}: {reference}"
            ),
        }
    }
    assert!(references >= 10);
    // Every message of the components is on a channel, every channel in an operation.
    let text: String = document
        .values()
        .map(|(_, value)| format!("{value}\n"))
        .collect();
    for message in document.children("components.messages") {
        assert!(text.contains(&format!("#/components/messages/{message}\n")));
    }
    for channel in document.children("channels") {
        assert!(text.contains(&format!("#/channels/{channel}\n")));
    }
}

/// The input schema names every key that is read: what it says of types, it says of all of them.
#[test]
fn the_input_schema_names_every_key_that_is_read() {
    let schema = schemas::schema("input.schema.json");
    let names = |member: &str| -> BTreeSet<String> {
        let members = schema[member].as_object().expect("an object");
        members.keys().cloned().collect()
    };
    let (mut keys, mut beginnings) = (BTreeSet::new(), BTreeSet::new());
    let table = tree::read("src/article/fields.txt");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, read)) = line.split_once(':') else {
            continue;
        };
        for key in read.split_whitespace() {
            match key.strip_suffix('*') {
                Some(beginning) => beginnings.insert(format!("^{beginning}")),
                None => keys.insert(key.trim_end_matches('?').to_owned()),
            };
        }
    }
    assert_eq!(names("properties"), keys);
    assert_eq!(names("patternProperties"), beginnings);
}

#[test]
fn the_input_schema_asks_for_a_text() {
    let validator = schemas::validator("input.schema.json");
    for good in [
        json!({ "title": "Ferry stays in harbour" }),
        json!({ "title": null, "text": "None", "description": "A ferry" }),
        json!({ "content": [{ "value": "<p>Ferry</p>", "type": "text/html" }] }),
        json!({ "title": { "rendered": "Ferry" }, "anything": [1, {}] }),
        json!({ "body_text": "Ferry", "versioncreated": "2026-11-20T08:30:00Z" }),
        json!({ "headline": "渡船", "id": 7 }),
    ] {
        assert_eq!(schemas::faults(&validator, &good), "", "{good}");
    }
    for bad in [
        json!([]),
        json!({}),
        json!({ "title": "  ", "text": null }),
        json!({ "title": "None" }),
        json!({ "title": "—" }),
        json!({ "url": "https://paper.example/1", "language": "en" }),
        json!({ "title": ["", " "] }),
        json!({ "titel": "Ferry" }),
    ] {
        assert_ne!(schemas::faults(&validator, &bad), "", "{bad}");
    }
}
