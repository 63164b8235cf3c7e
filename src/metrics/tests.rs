use proptest::prelude::*;

use super::*;

pub(super) fn metrics() -> Metrics {
    Metrics::new(&ProcessInfo {
        version: "1.2.3".to_owned(),
        revision: "abc".to_owned(),
        config_fingerprint: "sha256:00".to_owned(),
        started_ms: 1_700_000_000_500,
    })
}

/// One with every metric set at least once.
pub(super) fn exercised() -> Metrics {
    let m = metrics();
    m.consumed(3);
    m.produced(Produced::Output, 2);
    m.dead_letter(RejectCode::NotJson);
    m.dedup_status(DedupStatus::Exact);
    m.language("ar");
    m.topic("medtop:11000000");
    m.step(Step::Parse, 0.000_02);
    m.batch(3, 9_000);
    m.transaction(TransactionResult::Committed, 0.02);
    m.transaction_retry();
    m.end_to_end(1.5);
    m.rebalance(RebalanceEvent::Assigned);
    m.add_partition("news.raw", 0);
    m.set_lag("news.raw", 0, 7, Some(1.25));
    m.stale_dropped(4);
    m.set_inflight(5);
    m.set_producer_queue(6);
    m.set_dedup_index(10, 20, 30);
    m.set_breaker_open(true);
    m.set_not_ready(&[Blocker::Breaker]);
    m.query_over_budget("river");
    m.live_shown(8);
    m.live_dropped(9);
    m.set_live_viewers(2);
    m.config_reload(ConfigReload::Refused);
    m.progress(1_700_000_001_250);
    m
}

#[track_caller]
fn assert_line(text: &str, line: &str) {
    assert!(
        text.lines().any(|l| l == line),
        "no line `{line}` in:\n{text}"
    );
}

#[test]
fn every_method_shows_in_the_exposition() {
    let text = exercised().encode();
    for line in [
        "newsstage_build_info{version=\"1.2.3\",revision=\"abc\"} 1",
        "newsstage_config_info{fingerprint=\"sha256:00\"} 1",
        "newsstage_start_time_seconds 1700000000.5",
        "newsstage_messages_consumed_total 3",
        "newsstage_messages_produced_total{kind=\"output\"} 2",
        "newsstage_dead_letters_total{reason=\"not_json\"} 1",
        "newsstage_duplicates_total{kind=\"exact\"} 1",
        "newsstage_articles_language_total{language=\"ar\"} 1",
        "newsstage_articles_topic_total{topic=\"medtop:11000000\"} 1",
        "newsstage_step_duration_seconds_count{step=\"parse\"} 1",
        "newsstage_step_duration_seconds_bucket{le=\"0.00001\",step=\"parse\"} 0",
        "newsstage_step_duration_seconds_bucket{le=\"0.00003\",step=\"parse\"} 1",
        "newsstage_batch_messages_sum 3.0",
        "newsstage_batch_bytes_sum 9000.0",
        "newsstage_transaction_duration_seconds_sum 0.02",
        "newsstage_transactions_total{result=\"committed\"} 1",
        "newsstage_transaction_retries_total 1",
        "newsstage_end_to_end_duration_seconds_sum 1.5",
        "newsstage_consumer_lag_messages{topic=\"news.raw\",partition=\"0\"} 7",
        "newsstage_consumer_lag_seconds{topic=\"news.raw\",partition=\"0\"} 1.25",
        "newsstage_assigned_partitions 1",
        "newsstage_rebalances_total{event=\"assigned\"} 1",
        "newsstage_stale_messages_dropped_total 4",
        "newsstage_inflight_messages 5",
        "newsstage_producer_queue_messages 6",
        "newsstage_dedup_entries 10",
        "newsstage_dedup_disk_bytes 20",
        "newsstage_dedup_memory_bytes 30",
        "newsstage_breaker_open 1",
        "newsstage_not_ready{reason=\"breaker\"} 1",
        "newsstage_not_ready{reason=\"broker\"} 0",
        "newsstage_query_over_budget_total{query=\"river\"} 1",
        "newsstage_live_articles_total 8",
        "newsstage_live_dropped_articles_total 9",
        "newsstage_live_viewers 2",
        "newsstage_config_reloads_total{result=\"refused\"} 1",
        "newsstage_config_last_reload_successful 0",
        "newsstage_last_progress_timestamp_seconds 1700000001.25",
    ] {
        assert_line(&text, line);
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn fixed_label_values_start_at_zero() {
    let text = metrics().encode();
    for code in RejectCode::ALL {
        assert_line(
            &text,
            &format!("newsstage_dead_letters_total{{reason=\"{code}\"}} 0"),
        );
    }
    for step in Step::ALL {
        assert_line(
            &text,
            &format!(
                "newsstage_step_duration_seconds_count{{step=\"{}\"}} 0",
                step.as_str()
            ),
        );
    }
    for kind in ["exact", "near", "partial", "update"] {
        assert_line(
            &text,
            &format!("newsstage_duplicates_total{{kind=\"{kind}\"}} 0"),
        );
    }
    assert_line(&text, "newsstage_rebalances_total{event=\"lost\"} 0");
    assert_line(&text, "newsstage_transactions_total{result=\"aborted\"} 0");
}

#[test]
fn each_step_has_its_own_histogram() {
    let m = metrics();
    for (index, step) in Step::ALL.iter().enumerate() {
        (0..=index).for_each(|_| m.step(*step, 0.5));
    }
    let text = m.encode();
    for (index, step) in Step::ALL.iter().enumerate() {
        let line = format!(
            "newsstage_step_duration_seconds_count{{step=\"{}\"}} {}",
            step.as_str(),
            index + 1
        );
        assert_line(&text, &line);
    }
}

#[test]
fn a_unique_article_is_no_duplicate() {
    let m = metrics();
    m.dedup_status(DedupStatus::Unique);
    assert!(!m.encode().contains("unique"));
}

#[test]
fn a_removed_partition_disappears_and_does_not_come_back() {
    let m = metrics();
    m.add_partition("news.raw", 0);
    m.add_partition("news.raw", 1);
    m.set_lag("news.raw", 0, 5, Some(2.0));
    m.set_lag("news.raw", 1, 6, Some(3.0));
    m.remove_partition("news.raw", 1);
    m.set_lag("news.raw", 1, 9, Some(9.0));
    let text = m.encode();
    assert_line(
        &text,
        "newsstage_consumer_lag_messages{topic=\"news.raw\",partition=\"0\"} 5",
    );
    assert_line(&text, "newsstage_assigned_partitions 1");
    assert!(!text.contains("partition=\"1\""), "{text}");

    m.add_partition("news.raw", 1);
    m.set_lag("news.raw", 1, 2, None);
    let text = m.encode();
    assert_line(
        &text,
        "newsstage_consumer_lag_messages{topic=\"news.raw\",partition=\"1\"} 2",
    );
    assert!(!text.contains("newsstage_consumer_lag_seconds{topic=\"news.raw\",partition=\"1\"}"));
}

#[test]
fn an_unknown_age_removes_the_old_one() {
    let m = metrics();
    m.add_partition("t", 0);
    m.set_lag("t", 0, 5, Some(2.0));
    m.set_lag("t", 0, 5, None);
    assert!(!m.encode().contains("consumer_lag_seconds{"));
}

#[test]
fn partitions_are_counted_once() {
    let m = metrics();
    m.add_partition("t", 0);
    m.add_partition("t", 0);
    m.remove_partition("t", 7);
    assert_line(&m.encode(), "newsstage_assigned_partitions 1");
}

#[test]
fn values_from_data_are_bounded() {
    let m = metrics();
    for n in 0..MAX_LABEL_VALUES + 50 {
        m.language(&format!("x-{n}"));
    }
    m.language("x-0");
    m.language(&"y".repeat(1000));
    m.language("");
    let text = m.encode();
    let series = text
        .lines()
        .filter(|l| l.starts_with("newsstage_articles_language_total{"))
        .count();
    assert_eq!(series, MAX_LABEL_VALUES + 1);
    assert_line(
        &text,
        "newsstage_articles_language_total{language=\"other\"} 52",
    );
    assert_line(
        &text,
        "newsstage_articles_language_total{language=\"x-0\"} 2",
    );
}

#[test]
fn skewed_clocks_count_as_zero() {
    let m = metrics();
    m.end_to_end(-3.0);
    m.end_to_end(f64::NAN);
    m.end_to_end(f64::INFINITY);
    let text = m.encode();
    assert_line(&text, "newsstage_end_to_end_duration_seconds_count 3");
    assert_line(&text, "newsstage_end_to_end_duration_seconds_sum 0.0");
}

#[test]
fn clones_share_their_values() {
    let m = metrics();
    m.clone().consumed(2);
    assert_line(&m.encode(), "newsstage_messages_consumed_total 2");
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_measured() {
    let text = metrics().encode();
    let value = |name: &str| {
        let line = text
            .lines()
            .find(|l| l.starts_with(name))
            .unwrap_or_default();
        line.rsplit(' ')
            .next()
            .and_then(|v| v.parse::<f64>().ok())
            .unwrap_or(-1.0)
    };
    assert!(value("process_resident_memory_bytes ") > 100_000.0);
    assert!(value("process_cpu_seconds_total ") >= 0.0);
    assert!(value("process_open_fds ") >= 3.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the label value, the exposition stays one sample per line.
    #[test]
    fn hostile_label_values_stay_inside_their_quotes(value in "\\PC{0,40}|[\"\\\\\n{},= a]{0,40}") {
        let m = metrics();
        m.language("und");
        m.language(OTHER);
        let before = m.encode().lines().count();
        m.language(&value);
        let more = usize::from(!value.is_empty() && value.len() <= 64);
        prop_assert_eq!(m.encode().lines().count(), before + more);
    }
}
