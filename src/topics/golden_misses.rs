//! Topics that scored and are not given.

use super::golden::tagger;
use super::sample::document;
use super::*;

/// A topic that is not given says what it lacks.
#[test]
fn near_misses_have_a_reason() {
    let text = "The football club won the league match and the cup final. The court tried a judge.";
    let tags = tagger().tag(&document("Football match", text), "en");
    let misses: Vec<_> = tags
        .near_misses
        .iter()
        .map(|tag| (tag.label.as_str(), tag.missed.clone()))
        .collect();
    let law = (
        "crime, law and justice",
        Some(Missed::Score("topics.threshold")),
    );
    assert!(misses.contains(&law), "{misses:?}");
    let broad = Some(Missed::Broad("crime, law and justice".to_owned()));
    assert!(
        misses.iter().any(|(_, missed)| *missed == broad),
        "{misses:?}"
    );
    for tag in tags.tags.iter().chain(&tags.near_misses) {
        assert!(tag.terms >= tag.evidence.len() && tag.terms > 0, "{tag:?}");
    }
    // Where others fill the most topics that an article gets, the next ones say so.
    let few = TopicSettings {
        max_topics: 1,
        max_evidence: 1,
        ..TopicSettings::default()
    };
    let few = TopicTagger::new(&few).unwrap();
    let few = few.tag(&document("Football match", text), "en");
    assert_eq!((few.tags.len(), &few.tags[0].id), (1, &tags.tags[0].id));
    assert_eq!(few.near_misses[0].id, tags.tags[1].id);
    assert_eq!(few.near_misses[0].missed, Some(Missed::Full));
    assert!(few.tags[0].terms > 1 && few.tags[0].evidence.len() == 1);
}
