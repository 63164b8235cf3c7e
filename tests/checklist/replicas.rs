//! Replicas that come and go, under every rebalance protocol, and static members that come back.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::scene::{Scene, article, id_of};
use crate::support::client::Outgoing;
use crate::support::process::{LogLine, PATIENCE, Signal, Stage};
use crate::support::wait_for;

const PARTITIONS: i32 = 4;

/// The partitions that a log line names, as `partitions="[0, 1]"` or a list.
fn partitions(line: &LogLine) -> BTreeSet<i32> {
    let text = line
        .field("partitions")
        .map(ToString::to_string)
        .unwrap_or_default();
    let numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    numbers
        .map(|part| part.parse().expect("a partition"))
        .collect()
}

fn lines(stage: &Stage, message: &str) -> Vec<LogLine> {
    stage
        .log()
        .into_iter()
        .filter(|line| line.message() == Some(message))
        .collect()
}

#[track_caller]
fn wait_owned(stage: &mut Stage, count: i32) {
    wait_for(&format!("{count} partitions"), PATIENCE, || {
        stage.metric("newsstage_assigned_partitions", &[]) == Some(f64::from(count))
    });
}

/// How many partitions the stage shows lag for.
fn lag_series(stage: &mut Stage) -> usize {
    let body = stage
        .get("/metrics")
        .map(|reply| reply.body)
        .unwrap_or_default();
    body.lines()
        .filter(|line| line.starts_with("newsstage_consumer_lag_messages{"))
        .count()
}

/// Articles keep coming while a second replica joins and leaves. At least once, where only draining before a partition
/// is given back keeps its articles from being done twice.
fn nothing_is_done_twice_while_replicas_join_and_leave(protocol: &str) -> Vec<LogLine> {
    let mut scene = Scene::new(PARTITIONS as u16);
    scene
        .config
        .set("delivery", "at_least_once")
        .set("kafka.rebalance", protocol);
    scene
        .config
        .set("batch.messages", 40)
        .set("batch.linger", "20ms")
        .set("kafka.session_timeout", "6s");
    let (stop, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let feed = || {
        while !stop.load(Ordering::Acquire) {
            let from = sent.load(Ordering::Acquire);
            let articles: Vec<Outgoing> = (from..from + 40)
                .map(|n| article(&format!("a{n}"), 60).to(n as i32 % PARTITIONS))
                .collect();
            scene.send(&articles);
            sent.store(from + 40, Ordering::Release);
        }
    };
    let first = std::thread::scope(|scope| {
        let feeder = scope.spawn(feed);
        // Ends the feeder also when a wait below panics.
        let guard = StopOnDrop(&stop);
        let mut first = scene.start();
        let mut replica = scene.config.replica();
        replica.set("kafka.instance", "two");
        let mut second = replica.start();
        wait_owned(&mut second, PARTITIONS / 2);
        wait_owned(&mut first, PARTITIONS / 2);
        wait_for("both to work", PATIENCE, || {
            [&mut first, &mut second].into_iter().all(|stage| {
                stage.metric("newsstage_messages_produced_total", &["kind=\"output\""]) > Some(40.0)
            })
        });
        wait_for("lag of the own partitions alone", PATIENCE, || {
            lag_series(&mut first) == 2 && lag_series(&mut second) == 2
        });
        second.signal(Signal::Terminate);
        assert_eq!(second.wait_exit(PATIENCE).code(), Some(0));
        wait_owned(&mut first, PARTITIONS);
        drop(guard);
        feeder.join().expect("all was sent");
        first
    });
    let total = sent.load(Ordering::Acquire);
    scene.wait_done(total);
    let ids: Vec<String> = scene.outputs(total).iter().map(id_of).collect();
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        total,
        "nothing is lost"
    );
    assert_eq!(ids.len(), total, "nothing is done twice");
    let revoked: Vec<LogLine> = lines(&first, "partitions revoked")
        .into_iter()
        .filter(|l| !partitions(l).is_empty())
        .collect();
    for line in &revoked {
        assert_eq!(
            line.field("finished"),
            Some(&serde_json::Value::Bool(true)),
            "drained: {}",
            line.text
        );
        let waited = line
            .field("waited_ms")
            .and_then(serde_json::Value::as_u64)
            .expect("a time");
        assert!(waited < 25_000, "within the budget: {}", line.text);
    }
    revoked
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn cooperative_replicas_give_back_only_what_moves_and_finish_it_before() {
    let revoked = nothing_is_done_twice_while_replicas_join_and_leave("cooperative");
    assert_eq!(revoked.len(), 1, "{revoked:?}");
    assert_eq!(
        partitions(&revoked[0]).len(),
        2,
        "two partitions moved, the others stayed: {revoked:?}"
    );
}

#[test]
fn replicas_of_the_new_protocol_give_back_only_what_moves_and_finish_it_before() {
    let revoked = nothing_is_done_twice_while_replicas_join_and_leave("consumer");
    let moved: usize = revoked.iter().map(|line| partitions(line).len()).sum();
    assert_eq!(moved, 2, "{revoked:?}");
}

#[test]
fn eager_replicas_finish_everything_before_they_give_it_back() {
    let revoked = nothing_is_done_twice_while_replicas_join_and_leave("eager");
    assert!(
        revoked.iter().all(|line| partitions(line).len() >= 2),
        "{revoked:?}"
    );
    assert_eq!(
        partitions(&revoked[0]).len(),
        PARTITIONS as usize,
        "{revoked:?}"
    );
}

#[test]
fn a_static_member_comes_back_to_its_partitions_and_nobody_notices() {
    let mut scene = Scene::new(PARTITIONS as u16);
    scene
        .config
        .set("kafka.static_membership", true)
        .set("kafka.session_timeout", "30s");
    let mut stays = scene.start();
    let mut replica = scene.config.replica();
    replica.set("kafka.instance", "two");
    let mut leaves = replica.start();
    wait_owned(&mut leaves, PARTITIONS / 2);
    wait_owned(&mut stays, PARTITIONS / 2);
    let before = partitions(
        lines(&leaves, "partitions assigned")
            .last()
            .expect("an assignment"),
    );
    let rebalances = |stage: &mut Stage| stage.metric("newsstage_rebalances_total", &[]);
    let seen = rebalances(&mut stays);
    leaves.signal(Signal::Terminate);
    assert_eq!(leaves.wait_exit(PATIENCE).code(), Some(0));
    // Work for every partition while it is away.
    let sent: Vec<Outgoing> = (0..40)
        .map(|n| article(&format!("a{n}"), 3).to(n % PARTITIONS))
        .collect();
    scene.send(&sent);
    let mut back = replica.start();
    wait_owned(&mut back, PARTITIONS / 2);
    let after = partitions(
        lines(&back, "partitions assigned")
            .last()
            .expect("an assignment"),
    );
    assert_eq!(after, before, "the same partitions");
    scene.wait_done(sent.len());
    assert_eq!(rebalances(&mut stays), seen, "no rebalance for the other");
    assert_eq!(scene.outputs(sent.len()).len(), sent.len());
}

#[test]
fn of_two_static_members_with_one_name_the_older_ends_with_code_76() {
    let mut scene = Scene::new(2);
    scene
        .config
        .set("kafka.static_membership", true)
        .set("delivery", "at_least_once");
    let mut older = scene.start();
    let younger = scene.config.replica();
    let mut younger = younger.start();
    assert_eq!(older.wait_exit(PATIENCE).code(), Some(76));
    scene.send(&[article("a0", 3).to(0), article("a1", 3).to(1)]);
    scene.wait_done(2);
    wait_owned(&mut younger, 2);
}
