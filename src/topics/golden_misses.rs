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

/// A long article about many things gets the topic of which there is most, where that is sure.
#[test]
fn the_best_topic_needs_no_share_when_it_is_sure() {
    let text = "The parliament debated the budget of the ministry for nine hours, and the prime minister answered the opposition. \
        The members of parliament voted on the bill after a speech by the president of the senate. \
        A judge in court heard the murder trial. The hospital treated patients with a vaccine. Schools and teachers waited \
        for exams. The football league began. Shares fell on the stock exchange. The church held a mass. Farmers feared drought \
        and climate change. Scientists launched a satellite. The army shelled the front line. Firefighters fought the blaze \
        after the earthquake. Workers went on strike. The museum opened an exhibition of paintings. \
        Doctors warned of an epidemic, and a student sued the university for fraud.";
    let with = |sure: f32| {
        let settings = TopicSettings {
            sure,
            ..TopicSettings::default()
        };
        let tagger = TopicTagger::new(&settings).unwrap();
        tagger.tag(&document("The day in short", text), "en")
    };
    let never = with(1.0);
    assert!(never.tags.is_empty(), "{:?}", never.tags);
    let usual = with(TopicSettings::default().sure);
    let broad: Vec<&str> = usual.tags.iter().map(|tag| tag.label.as_str()).collect();
    assert_eq!(broad.first(), Some(&"politics"), "{usual:?}");
    let best = &usual.tags[0];
    assert_eq!(
        (best.id.clone(), best.score),
        (never.near_misses[0].id.clone(), never.near_misses[0].score)
    );
    // The others still need their share.
    assert!(
        usual
            .near_misses
            .iter()
            .any(|tag| tag.missed == Some(Missed::Score("topics.threshold")))
    );
}
