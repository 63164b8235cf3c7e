//! The rules, one by one, and forgetting.

use super::*;

fn index() -> DedupIndex {
    DedupIndex::in_memory(&DedupSettings::default())
}

fn verdict(
    status: DedupStatus,
    cluster: &str,
    of: &str,
    method: Option<DedupMethod>,
) -> DedupVerdict {
    DedupVerdict {
        status,
        cluster: cluster.to_owned(),
        of: (!of.is_empty()).then(|| of.to_owned()),
        method,
        similarity: (status == DedupStatus::Exact).then_some(1.0),
        coverage: None,
        position_reused: false,
    }
}

fn unique(cluster: &str) -> DedupVerdict {
    verdict(DedupStatus::Unique, cluster, "", None)
}

fn exact(cluster: &str, of: &str, method: DedupMethod) -> DedupVerdict {
    verdict(DedupStatus::Exact, cluster, of, Some(method))
}

fn update(cluster: &str, of: &str, method: DedupMethod) -> DedupVerdict {
    verdict(DedupStatus::Update, cluster, of, Some(method))
}

#[test]
fn a_replay_gets_the_first_verdict() {
    let mut index = index();
    let story = print("a", "u/a", "story one");
    assert_eq!(judge(&mut index, &at(0, 0), &story, 0), unique("a"));
    assert_eq!(
        judge(&mut index, &at(0, 1), &print("b", "u/b", "story one"), 0),
        exact("a", "a", DedupMethod::Content)
    );
    for _ in 0..2 {
        assert_eq!(judge(&mut index, &at(0, 0), &story, 0), unique("a"));
        assert_eq!(
            judge(&mut index, &at(0, 1), &print("b", "u/b", "story one"), 0),
            exact("a", "a", DedupMethod::Content)
        );
    }
    assert_eq!(index.len(), 2);
}

#[test]
fn a_position_means_the_newest_message_there() {
    let mut index = index();
    judge(&mut index, &at(0, 0), &print("a", "", "story one"), 0);
    let anew = DedupVerdict {
        position_reused: true,
        ..unique("b")
    };
    assert_eq!(
        judge(&mut index, &at(0, 0), &print("b", "", "story two"), 0),
        anew
    );
    assert_eq!(
        judge(&mut index, &at(0, 0), &print("b", "", "story two"), 0),
        anew,
        "a replay of the new message"
    );
    let back = judge(&mut index, &at(0, 0), &print("a", "", "story one"), 0);
    assert_eq!(
        back,
        DedupVerdict {
            position_reused: true,
            ..exact("a", "a", DedupMethod::Id)
        }
    );
    // The same offset of another partition or topic is another position.
    assert!(!judge(&mut index, &at(1, 0), &print("c", "", "story three"), 0).position_reused);
    let elsewhere = Position {
        topic: "other".into(),
        ..at(0, 0)
    };
    assert!(!judge(&mut index, &elsewhere, &print("d", "", "story four"), 0).position_reused);
}

#[test]
fn versions_share_the_cluster_and_name_the_latest() {
    let mut index = index();
    assert_eq!(
        judge(&mut index, &at(0, 0), &print("a", "u/a", "first text"), 0),
        unique("a")
    );
    assert_eq!(
        judge(&mut index, &at(0, 1), &print("a", "u/a", "second text"), 0),
        update("a", "a", DedupMethod::Id)
    );
    assert_eq!(
        judge(&mut index, &at(0, 2), &print("b", "u/a", "third text"), 0),
        update("a", "a", DedupMethod::Url)
    );
    assert_eq!(
        judge(&mut index, &at(0, 3), &print("c", "u/a", "fourth text"), 0),
        update("a", "b", DedupMethod::Url)
    );
    assert_eq!(
        judge(&mut index, &at(0, 4), &print("c", "u/a", "fourth text"), 0),
        exact("a", "c", DedupMethod::Id)
    );
    assert_eq!(
        judge(&mut index, &at(0, 5), &print("d", "u/a", "fourth text"), 0),
        exact("a", "c", DedupMethod::Url)
    );
    // An older version again: nothing new to read.
    assert_eq!(
        judge(&mut index, &at(0, 6), &print("c", "u/a", "first text"), 0),
        exact("a", "a", DedupMethod::Content)
    );
}

#[test]
fn an_update_that_takes_another_story_s_text_stays_with_its_own() {
    let mut index = index();
    judge(&mut index, &at(0, 0), &print("a", "", "story one"), 0);
    judge(&mut index, &at(0, 1), &print("b", "", "story two"), 0);
    assert_eq!(
        judge(&mut index, &at(0, 2), &print("b", "", "story one"), 0),
        update("b", "b", DedupMethod::Id)
    );
    // The text keeps meaning the first article that had it.
    assert_eq!(
        judge(&mut index, &at(0, 3), &print("c", "", "story one"), 0),
        exact("a", "a", DedupMethod::Content)
    );
}

#[test]
fn a_copy_that_follows_the_original_s_update_is_a_copy_of_it() {
    let mut index = index();
    judge(&mut index, &at(0, 0), &print("a", "", "story one"), 0);
    assert_eq!(
        judge(&mut index, &at(0, 1), &print("b", "", "story one"), 0),
        exact("a", "a", DedupMethod::Content)
    );
    assert_eq!(
        judge(&mut index, &at(0, 2), &print("a", "", "story one, new"), 0),
        update("a", "a", DedupMethod::Id)
    );
    assert_eq!(
        judge(&mut index, &at(0, 3), &print("b", "", "story one, new"), 0),
        exact("a", "a", DedupMethod::Content)
    );
}

#[test]
fn short_texts_are_no_copies_but_tell_versions_apart() {
    let mut index = index();
    assert_eq!(
        judge(&mut index, &at(0, 0), &print("a", "", "hm"), 0),
        unique("a")
    );
    assert_eq!(
        judge(&mut index, &at(0, 1), &print("b", "", "hm"), 0),
        unique("b")
    );
    assert_eq!(
        judge(&mut index, &at(0, 2), &print("a", "", "hm"), 0),
        exact("a", "a", DedupMethod::Id)
    );
    assert_eq!(
        judge(&mut index, &at(0, 3), &print("a", "", "oh"), 0),
        update("a", "a", DedupMethod::Id)
    );
}

#[test]
fn clusters_of_articles_with_one_id_have_different_names() {
    let mut index = index();
    let feed = |host: &str, text: &str| {
        let mut print = print(host, "", text);
        print.identity.id = "1".to_owned();
        print
    };
    assert_eq!(
        judge(&mut index, &at(0, 0), &feed("coast", "story one"), 0),
        unique("1")
    );
    assert_eq!(
        judge(&mut index, &at(0, 1), &feed("hills", "story two"), 0),
        unique("1@articles/0/1")
    );
    assert_eq!(
        judge(&mut index, &at(0, 2), &feed("plain", "story two"), 0),
        exact("1@articles/0/1", "1", DedupMethod::Content)
    );
    assert_eq!(
        judge(&mut index, &at(0, 3), &feed("hills", "story two b"), 0),
        update("1@articles/0/1", "1", DedupMethod::Id)
    );
}

#[test]
fn overlong_ids_are_hashed_and_still_work() {
    let mut index = index();
    let long = "x".repeat(70_000);
    let first = judge(&mut index, &at(0, 0), &print(&long, "", "story one"), 0);
    assert!(first.cluster.starts_with("xxh3:"), "{}", first.cluster);
    assert_eq!(
        judge(&mut index, &at(0, 0), &print(&long, "", "story one"), 0),
        first
    );
    let copy = judge(&mut index, &at(0, 1), &print(&long, "", "story one"), 0);
    assert_eq!(copy.of.as_ref(), Some(&first.cluster));
}

#[test]
fn clusters_outlive_their_first_article() {
    let mut index = index();
    judge(&mut index, &at(0, 0), &print("a", "", "story one"), 0);
    judge(
        &mut index,
        &at(0, 1),
        &print("b", "", "story one"),
        10 * DAY_MS,
    );
    assert_eq!(
        index.expire(15 * DAY_MS).unwrap(),
        Expired {
            segments: 1,
            articles: 1
        }
    );
    assert_eq!(
        judge(
            &mut index,
            &at(0, 2),
            &print("c", "", "story one"),
            15 * DAY_MS
        ),
        exact("a", "b", DedupMethod::Content)
    );
    // The name is still in use, so another article with that id gets another one.
    assert_eq!(
        judge(
            &mut index,
            &at(0, 3),
            &print("a", "", "story two"),
            15 * DAY_MS
        ),
        unique("a@articles/0/3")
    );
    assert_eq!(index.expire(40 * DAY_MS).unwrap().articles, 3);
    assert_eq!((index.len(), index.oldest_ms()), (0, None));
    assert_eq!(
        judge(
            &mut index,
            &at(0, 4),
            &print("d", "", "story one"),
            40 * DAY_MS
        ),
        unique("d")
    );
}

#[test]
fn a_clock_that_runs_backwards_forgets_nothing() {
    let mut index = index();
    let now_ms = 1_800_000_000_000;
    for (number, time) in [now_ms, now_ms - DAY_MS, 0, i64::MIN, now_ms + 1, now_ms]
        .into_iter()
        .enumerate()
    {
        let offset = number as i64;
        if time <= now_ms {
            assert_eq!(index.expire(time).unwrap(), Expired::default(), "{time}");
        }
        judge(
            &mut index,
            &at(0, offset),
            &print(&format!("id {number}"), "", &format!("story {number}")),
            time,
        );
    }
    assert_eq!(index.len(), 6);
    assert_eq!(index.expire(i64::MAX).unwrap().articles, 6);
}
