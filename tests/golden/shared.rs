//! Real samples that are not part of this repository: looked for beside it.

use std::path::{Path, PathBuf};

use newsstage::pipeline::Outcome;
use serde_json::{Value, json};

use super::stage::{Case, Stage, files, message};
use super::{assert_contract, places, strings};

/// Where real samples are kept. Says so, loudly, when there are none.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!(
        "NOT TESTED: {} is absent, so no real sample was read",
        path.display()
    );
    None
}

#[test]
fn real_crawler_output_passes_unchanged() {
    let Some(folder) = shared("samples") else {
        return;
    };
    let cases = files(&folder, "samples");
    assert!(!cases.is_empty(), "{} is empty", folder.display());
    let outcomes = Stage::new(|_| {}).process(&cases, 7);
    for (case, outcome) in cases.iter().zip(&outcomes) {
        assert!(
            matches!(outcome, Outcome::Enriched(_)),
            "{}: {outcome:?}",
            case.name
        );
    }
    assert_contract(&cases, &outcomes);
}

/// Paragraphs of the story on the page; furniture follows.
const STORY: usize = 19;

#[test]
fn a_real_aggregator_page_is_understood() {
    let Some(folder) = shared("seed") else {
        return;
    };
    let file = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .expect("a page");
    let page = std::fs::read_to_string(file).expect("the page");
    let paragraphs: Vec<&str> = page
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let story = paragraphs[..STORY].join("\n\n");
    let case = |name: &str, offset, text: &str| {
        let article = json!({ "url": format!("https://{name}.example/story/1"), "text": text });
        Case {
            name: name.to_owned(),
            message: message("seed", offset, article.to_string().into_bytes()),
        }
    };
    let cases = [case("aggregator", 0, &page), case("agency", 1, &story)];
    let outcomes = Stage::new(|_| {}).process(&cases, 1);
    assert_contract(&cases, &outcomes);
    let enrichments: Vec<Value> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Enriched(enriched) => places::parse(&enriched.value)["enrichment"].clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    for enrichment in &enrichments {
        assert_eq!(enrichment["language"]["code"], "ar");
        assert_eq!(enrichment["language"]["reliable"], true);
        let mut topics = strings(&enrichment["topics"], "id");
        topics.sort_unstable();
        // Politics, conflict; armed conflict, international relations. No sport, no culture.
        let expected = [
            "medtop:11000000",
            "medtop:16000000",
            "medtop:20000056",
            "medtop:20000638",
        ];
        assert_eq!(topics, expected);
    }
    let kinds = strings(&enrichments[0]["content"]["dropped"], "kind");
    for kind in [
        "byline",
        "keyword_cloud",
        "read_also",
        "embedded_post",
        "headline_list",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    assert_eq!(enrichments[1]["content"]["dropped"], json!([]));
    assert_eq!(enrichments[1]["dedup"]["status"], "exact");
    assert_eq!(enrichments[1]["dedup"]["of"], enrichments[0]["id"]);
    assert_eq!(enrichments[1]["dedup"]["method"], "content");
}
