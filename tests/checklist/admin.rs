//! What the stage tells of itself while it works.

use crate::scene::{Scene, article};
use crate::support::client::Outgoing;
use crate::support::process::PATIENCE;
use crate::support::wait_for;

/// The names in the table of `docs/metrics.md`.
fn documented_metrics() -> Vec<String> {
    let text = include_str!("../../docs/metrics.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next())
        .filter(|name| !name.contains(['(', ' ']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_working_stage_serves_every_documented_metric_and_true_figures() {
    let scene = Scene::new(2);
    let mut stage = scene.config.start();
    assert_eq!(
        stage.get("/livez").expect("an answer").status,
        200,
        "alive from the start"
    );
    stage.wait_ready(PATIENCE);
    let mut sent: Vec<Outgoing> = (0..30)
        .map(|n| article(&format!("a{n}"), 60).to(n % 2))
        .collect();
    sent.push(Outgoing::keyed("bad", "{").to(0));
    sent.push(Outgoing::tombstone("gone").to(1));
    scene.send(&sent);
    scene.wait_done(sent.len());
    let mut lag = || stage.metric("newsstage_consumer_lag_messages", &[]);
    wait_for("lag of nothing", PATIENCE, || lag() == Some(0.0));
    for (name, labels, value) in [
        ("newsstage_messages_consumed_total", "", 32.0),
        ("newsstage_messages_produced_total", "kind=\"output\"", 30.0),
        (
            "newsstage_messages_produced_total",
            "kind=\"dead_letter\"",
            1.0,
        ),
        (
            "newsstage_messages_produced_total",
            "kind=\"tombstone\"",
            1.0,
        ),
        ("newsstage_dead_letters_total", "reason=\"not_json\"", 1.0),
        ("newsstage_articles_language_total", "language=\"en\"", 30.0),
        ("newsstage_transactions_total", "result=\"aborted\"", 0.0),
        ("newsstage_assigned_partitions", "", 2.0),
        ("newsstage_inflight_messages", "", 0.0),
        ("newsstage_dedup_entries", "", 30.0),
        ("newsstage_breaker_open", "", 0.0),
    ] {
        assert_eq!(
            stage.metric(name, &[labels]),
            Some(value),
            "{name}{{{labels}}}"
        );
    }
    let exposition = stage.get("/metrics").expect("an answer");
    assert!(
        exposition
            .head
            .to_lowercase()
            .contains("application/openmetrics-text"),
        "{}",
        exposition.head
    );
    let names = documented_metrics();
    assert!(names.len() > 25, "{names:?}");
    // Has a series for each query that was over its budget, and there is none.
    let absent = "newsstage_query_over_budget_total";
    assert!(names.iter().any(|name| name == absent));
    for name in names.into_iter().filter(|name| name != absent) {
        // Exposed without the ending that tells the kind.
        let base = name.trim_end_matches("_total").trim_end_matches("_info");
        assert!(
            exposition.body.contains(&format!("# HELP {base} ")),
            "{name} is not served"
        );
    }
    for path in ["/livez", "/readyz", "/"] {
        assert_eq!(stage.get(path).expect("an answer").status, 200, "{path}");
    }
    assert_eq!(stage.get("/config").expect("an answer").status, 404);
}
