//! Why the process ends, told by its exit code and its last words.

use crate::scene::{Scene, article, id_of};
use crate::support::client::Outgoing;
use crate::support::process::{PATIENCE, Stage, program};
use crate::support::topics;

#[track_caller]
fn last_words(stage: &Stage) -> String {
    let log = stage.log();
    let last = log
        .iter()
        .rev()
        .find(|line| line.message() == Some("stopping"))
        .expect("a last word");
    assert_eq!(last.level(), Some("ERROR"));
    last.text_field("error").expect("a reason").to_owned()
}

#[test]
fn a_missing_topic_or_broker_at_the_start_is_code_69() {
    // Nothing listens on the discard port; this one takes its half minute while the others are tried.
    let nowhere = Scene::on("127.0.0.1:9");
    let mut unreachable = nowhere.config.start();
    for (key, name) in [("output.topic", "enriched"), ("dead_letter.topic", "dead")] {
        let mut scene = Scene::new(1);
        let missing = topics::unique(&format!("no-{name}"));
        scene.config.set(key, missing.as_str());
        let mut stage = scene.config.start();
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(69), "{key}");
        let words = last_words(&stage);
        assert!(
            words.contains(key) && words.contains(&missing) && words.contains("does not exist"),
            "{words}"
        );
    }
    assert_eq!(unreachable.wait_exit(PATIENCE).code(), Some(69));
}

#[test]
fn a_wrong_setting_is_code_78_and_a_wrong_argument_64() {
    let mut scene = Scene::on("127.0.0.1:9");
    scene.config.set("kafka.brokerz", "x");
    let mut stage = scene.config.start();
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(78));
    assert!(
        stage
            .log()
            .iter()
            .any(|line| line.text.contains("kafka.brokerz"))
    );
    let status = program()
        .arg("run")
        .arg("--no-such")
        .output()
        .expect("it runs")
        .status;
    assert_eq!(status.code(), Some(64));
}

#[test]
fn of_two_processes_with_one_transactional_id_the_older_ends_with_code_76() {
    let mut scene = Scene::new(2);
    scene
        .config
        .set("kafka.transactional_id", topics::unique("shared-id"))
        .set("kafka.session_timeout", "3s");
    let mut older = scene.start();
    let mut sent = 0;
    let mut feed = || {
        let articles: Vec<Outgoing> = (0..4)
            .map(|n| article(&format!("a{}", sent + n), 3).to((n % 2) as i32))
            .collect();
        sent += articles.len();
        scene.send(&articles);
        sent
    };
    scene.wait_done(feed());
    let mut younger = scene.config.replica();
    younger.set("kafka.instance", "two");
    let mut younger = younger.start();
    younger.wait_for_message("partitions assigned", PATIENCE);
    let exit = crate::support::eventually(PATIENCE, || {
        feed();
        older.try_exit()
    });
    assert_eq!(exit.expect("the older one ends").code(), Some(76));
    assert!(
        last_words(&older).contains("fatal"),
        "{}",
        last_words(&older)
    );
    // The younger goes on alone, and the readers saw everything once.
    let total = feed();
    scene.wait_done(total);
    assert!(younger.try_exit().is_none());
    let mut ids: Vec<String> = scene.outputs(total).iter().map(id_of).collect();
    assert_eq!(ids.len(), total);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), total, "once each");
}
