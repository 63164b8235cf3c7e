//! People look at the stage while it works, and it does not mind.

use crate::scene::{Scene, article};
use crate::support::process::{PATIENCE, program};

#[test]
fn the_live_view_shows_committed_articles_and_is_off_by_default() {
    let mut scene = Scene::new(2);
    let mut plain = scene.start();
    assert_eq!(plain.get("/live").expect("an answer").status, 404);
    let mut told = program();
    told.args(["tap", "--admin", &plain.admin_address()]);
    let told = told.output().expect("it runs");
    assert_eq!(told.status.code(), Some(69));
    assert!(String::from_utf8_lossy(&told.stderr).contains("admin.live.enabled"));
    drop(plain);
    scene
        .config
        .set("admin.live.enabled", true)
        .set("admin.live.rate", 1000);
    let mut stage = scene.start();
    stage.wait_ready(PATIENCE);
    let sent: Vec<_> = (0..20)
        .map(|n| article(&format!("a{n}"), 60).to(n % 2))
        .collect();
    scene.send(&sent);
    let mut tap = program();
    tap.args([
        "tap",
        "--json",
        "--history",
        "99",
        "--count",
        "20",
        "--admin",
        &stage.admin_address(),
    ]);
    let tapped = tap.output().expect("it runs");
    assert!(tapped.status.success());
    let text = String::from_utf8(tapped.stdout).expect("UTF-8");
    let mut seen: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|card| {
            assert_eq!(card["enrichment"]["input"]["topic"], scene.input);
            card["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 20);
    // What is shown is committed.
    assert_eq!(scene.outputs(20).len(), 20);
    assert_eq!(
        stage.metric("newsstage_live_articles_total", &[]),
        Some(20.0)
    );
    assert_eq!(stage.get("/live").expect("an answer").status, 200);
}
