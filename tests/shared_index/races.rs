//! Replicas that judge the same stories at the same time.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

use newsstage::config::TimeSpan;
use newsstage::dedup::{Claim, DedupIndex, DedupStatus, DedupVerdict, IndexError};

use crate::desk::{Desk, NOW, Sheet, article, open, prose, settings};
use crate::support::valkey::{Mode, Valkey};

/// Exactly one article of each story is unique, and all of a story share its cluster.
#[track_caller]
fn one_unique_each(stories: usize, verdicts: &[(usize, DedupVerdict)]) {
    let mut by_story: BTreeMap<usize, Vec<&DedupVerdict>> = BTreeMap::new();
    for (story, verdict) in verdicts {
        by_story.entry(*story).or_default().push(verdict);
    }
    assert_eq!(by_story.len(), stories);
    for (story, verdicts) in by_story {
        let unique = verdicts
            .iter()
            .filter(|verdict| verdict.status == DedupStatus::Unique)
            .count();
        assert_eq!(unique, 1, "story {story}: {verdicts:#?}");
        let clusters: std::collections::BTreeSet<&str> = verdicts
            .iter()
            .map(|verdict| verdict.cluster.as_str())
            .collect();
        assert_eq!(clusters.len(), 1, "story {story}: {clusters:?}");
    }
}

/// Replicas, each with its own copy of every story, in batches.
fn race(server: &Valkey, mode: Mode, replicas: usize, stories: usize, disturb: impl FnOnce()) {
    let desk = Desk::new(settings(server, mode));
    drop(open(&desk.settings));
    let start = Barrier::new(replicas + 1);
    let verdicts: Vec<(usize, DedupVerdict)> = std::thread::scope(|scope| {
        let (desk, start) = (&desk, &start);
        let threads: Vec<_> = (0..replicas)
            .map(|replica| {
                scope.spawn(move || {
                    let sheets: Vec<Sheet> = (0..stories)
                        .map(|story| {
                            let id = format!("s{story}r{replica}");
                            let value = article(&id, replica, &prose(story as u64, 120));
                            desk.sheet(replica as i32, story as i64, &value)
                        })
                        .collect();
                    let mut index = open(&desk.settings);
                    start.wait();
                    let mut out = Vec::new();
                    for (batch, number) in sheets.chunks(7).zip(0..) {
                        let verdicts = desk.judge_at_last(&mut index, batch, NOW + number);
                        let stories = batch.iter().map(|sheet| sheet.position.offset as usize);
                        out.extend(stories.zip(verdicts));
                    }
                    out
                })
            })
            .collect();
        start.wait();
        disturb();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a replica"))
            .collect()
    });
    assert_eq!(verdicts.len(), replicas * stories);
    one_unique_each(stories, &verdicts);
}

#[test]
fn of_many_replicas_one_is_first() {
    let server = Valkey::start(Mode::Single);
    race(&server, Mode::Single, 6, 140, || {});
}

#[test]
fn of_many_replicas_on_a_cluster_one_is_first() {
    let server = Valkey::start(Mode::Cluster);
    race(&server, Mode::Cluster, 4, 70, || {});
}

#[test]
fn a_server_that_is_killed_and_comes_back_loses_nothing_and_nothing_is_guessed() {
    let server = Valkey::start(Mode::Single);
    race(&server, Mode::Single, 3, 280, || {
        for pause in [60, 110, 170] {
            std::thread::sleep(Duration::from_millis(pause));
            server.kill();
            server.restart();
        }
    });
}

#[test]
fn a_node_of_a_cluster_that_is_killed_and_comes_back_loses_nothing() {
    let server = Valkey::start(Mode::Cluster);
    race(&server, Mode::Cluster, 3, 140, || {
        for node in 0..3 {
            std::thread::sleep(Duration::from_millis(80));
            server.kill_node(node);
            server.restart();
        }
    });
}

fn short_lease(server: &Valkey) -> Desk {
    let mut settings = settings(server, Mode::Single);
    settings.shared.lease = TimeSpan::from_millis(200);
    Desk::new(settings)
}

fn story(desk: &Desk, partition: i32) -> [Sheet; 1] {
    let value = article(&format!("p{partition}"), partition as usize, &prose(3, 120));
    [desk.sheet(partition, 0, &value)]
}

#[track_caller]
fn judged(desk: &Desk, index: &mut DedupIndex, sheets: &[Sheet]) -> DedupVerdict {
    desk.judge_at_last(index, sheets, NOW).remove(0)
}

#[test]
fn a_holder_that_stalled_past_its_lease_cannot_write() {
    let server = Valkey::start(Mode::Single);
    let desk = short_lease(&server);
    let (mut stalled, mut other) = (open(&desk.settings), open(&desk.settings));
    let sheets = story(&desk, 0);
    let verdict = desk
        .judge_only(&mut stalled, &sheets, NOW)
        .expect("answers")
        .remove(0);
    assert_eq!(verdict.status, DedupStatus::Unique);
    // The other waits until the lease is over, and is first.
    let first = judged(&desk, &mut other, &story(&desk, 1));
    assert_eq!(first.status, DedupStatus::Unique);
    let refused = stalled.finish().expect_err("fenced");
    assert!(matches!(refused, IndexError::Unavailable(_)), "{refused}");
    let again = judged(&desk, &mut stalled, &sheets);
    assert_eq!(
        (again.status, again.of),
        (DedupStatus::Exact, Some("p1".to_owned()))
    );
}

#[test]
fn what_a_stalled_holder_wrote_late_does_not_count() {
    let server = Valkey::start(Mode::Single);
    let desk = short_lease(&server);
    let (mut dead, mut other) = (open(&desk.settings), open(&desk.settings));
    desk.judge_only(&mut dead, &story(&desk, 0), NOW)
        .expect("answers");
    // Everything is written, but the process ends before the commit: what the server then holds is what `announce` said.
    let next: String = server.ask(&["HGET", "{newsstage:00}control", "next"]);
    let end = (next.parse::<u64>().expect("a number") + 1).to_string();
    server.ask::<()>(&[
        "HSET",
        "{newsstage:00}control",
        "open",
        &next,
        "open_end",
        &end,
    ]);
    std::mem::forget(dead);
    assert_eq!(
        judged(&desk, &mut other, &story(&desk, 1)).status,
        DedupStatus::Unique
    );
    let abandoned: Vec<String> = server.ask(&["LRANGE", "{newsstage:00}abandoned", "0", "-1"]);
    assert_eq!(abandoned, [format!("{next}:{end}")]);
    // Its replacement takes the partition over.
    let mut replacement = open(&desk.settings);
    let verdict = judged(&desk, &mut replacement, &story(&desk, 0));
    assert_eq!(verdict.of, Some("p1".to_owned()));
}

#[test]
fn a_message_that_was_judged_and_not_committed_keeps_its_verdict_when_another_replica_takes_it_over()
 {
    let server = Valkey::start(Mode::Single);
    let desk = Desk::new(settings(&server, Mode::Single));
    let (mut crashed, mut other) = (open(&desk.settings), open(&desk.settings));
    let first = judged(&desk, &mut crashed, &story(&desk, 0));
    drop(crashed);
    let copy = judged(&desk, &mut other, &story(&desk, 1));
    assert_eq!(copy.of, Some("p0".to_owned()));
    assert_eq!(
        judged(&desk, &mut other, &story(&desk, 0)),
        first,
        "it is itself"
    );
}

#[test]
fn one_replica_builds_an_index_and_the_others_wait() {
    let server = Valkey::start(Mode::Single);
    let mut settings = settings(&server, Mode::Single);
    settings.shared.lease = TimeSpan::from_millis(200);
    let index = || DedupIndex::open(&settings, NOW).expect("opens").0;
    let (mut one, mut two) = (index(), index());
    assert_eq!(one.claim(NOW).expect("answers"), Claim::Ours);
    assert_eq!(two.claim(NOW).expect("answers"), Claim::Others);
    let desk = Desk::new(settings.clone());
    let refused = desk
        .judge(&mut two, &story(&desk, 0), NOW)
        .expect_err("not yet");
    assert!(matches!(refused, IndexError::Emptied), "{refused}");
    desk.judge(&mut one, &story(&desk, 0), NOW)
        .expect("its own");
    one.restored().expect("answers");
    assert_eq!(two.claim(NOW).expect("answers"), Claim::Whole);
    assert_eq!(
        judged(&desk, &mut two, &story(&desk, 1)).of,
        Some("p0".to_owned())
    );
    // A builder that dies is replaced.
    server.ask::<()>(&["FLUSHALL"]);
    assert_eq!(one.claim(NOW).expect("answers"), Claim::Ours);
    drop(one);
    let taken = crate::support::eventually(Duration::from_secs(20), || {
        (two.claim(NOW).expect("answers") == Claim::Ours).then_some(())
    });
    assert!(taken.is_some(), "the claim ends");
}

#[test]
fn a_lost_index_or_shard_is_noticed_and_never_taken_for_empty() {
    let server = Valkey::start(Mode::Single);
    let desk = Desk::new(settings(&server, Mode::Single));
    let mut index = open(&desk.settings);
    judged(&desk, &mut index, &story(&desk, 0));
    server.ask::<()>(&["DEL", "{newsstage:05}meta"]);
    let lost = desk
        .judge(&mut index, &story(&desk, 1), NOW)
        .expect_err("a shard is lost");
    assert!(matches!(lost, IndexError::Emptied), "{lost}");
    assert_eq!(index.claim(NOW).expect("answers"), Claim::Ours);
    index.restored().expect("answers");
    judged(&desk, &mut index, &story(&desk, 2));
    server.ask::<()>(&["FLUSHALL"]);
    let lost = desk
        .judge(&mut index, &story(&desk, 3), NOW)
        .expect_err("all is lost");
    assert!(matches!(lost, IndexError::Emptied), "{lost}");
}

#[test]
fn an_index_with_another_number_of_shards_is_refused() {
    let server = Valkey::start(Mode::Single);
    let mut settings = settings(&server, Mode::Single);
    drop(open(&settings));
    settings.shared.shards = 4.try_into().expect("not zero");
    let (mut index, _) = DedupIndex::open(&settings, NOW).expect("opens");
    let refused = index.claim(NOW).expect_err("refused");
    assert!(
        !refused.may_pass() && refused.to_string().contains("dedup.shared.shards = 16"),
        "{refused}"
    );
}
