use super::*;

fn scrape(started: u32, consumed: u32, rows: &str) -> Scrape {
    Scrape::parse(&format!(
        "newsstage_build_info{{version=\"1.2.3\",revision=\"x\"}} 1\nnewsstage_start_time_seconds {started}\n\
         newsstage_messages_consumed_total {consumed}\n{rows}"
    ))
}

#[test]
fn rates_are_over_seconds_and_shares_over_a_minute() {
    let mut history = History::default();
    for second in 0..120 {
        let rows = format!(
            "newsstage_messages_produced_total{{kind=\"output\"}} {}\nnewsstage_duplicates_total{{kind=\"near\"}} {}\n\
             newsstage_articles_language_total{{language=\"en\"}} {}\n",
            second * 10,
            second,
            second * 10
        );
        history.push(
            100_000 + i64::from(second) * 1000,
            scrape(90, second * 10, &rows),
        );
    }
    let figures = history.figures().unwrap();
    assert_eq!((figures.read, figures.written), (Some(10.0), Some(10.0)));
    assert_eq!(figures.over, Some(60.0));
    assert_eq!(
        figures.verdicts,
        [("unique".to_owned(), 540.0), ("near".to_owned(), 60.0)]
    );
    assert_eq!(figures.languages, [("en".to_owned(), 600.0)]);
    assert_eq!((figures.up, figures.version.as_str()), (129.0, "1.2.3"));
    assert!(history.scrapes.len() <= 62);
}

#[test]
fn a_single_scrape_has_totals_and_no_rates() {
    let mut history = History::default();
    let rows = "newsstage_messages_produced_total{kind=\"output\"} 4\nnewsstage_dead_letters_total{reason=\"too_deep\"} 2\n";
    history.push(100_000, scrape(90, 6, rows));
    let figures = history.figures().unwrap();
    assert_eq!((figures.read, figures.over), (None, None));
    assert_eq!(figures.verdicts, [("unique".to_owned(), 4.0)]);
    assert_eq!(figures.dead_letters, [("too_deep".to_owned(), 2.0)]);
}

#[test]
fn another_process_begins_anew() {
    let mut history = History::default();
    history.push(100_000, scrape(90, 5000, ""));
    history.push(101_000, scrape(100, 3, ""));
    assert_eq!(
        history.figures().unwrap().read,
        None,
        "no rate over two processes"
    );
    history.push(102_000, scrape(100, 5, ""));
    assert_eq!(history.figures().unwrap().read, Some(2.0));
}

#[test]
fn a_quiet_minute_shows_the_whole_life() {
    let mut history = History::default();
    let rows = "newsstage_messages_produced_total{kind=\"output\"} 7\n";
    history.push(100_000, scrape(90, 7, rows));
    history.push(110_000, scrape(90, 7, rows));
    let figures = history.figures().unwrap();
    assert_eq!((figures.over, figures.read), (None, Some(0.0)));
    assert_eq!(figures.verdicts, [("unique".to_owned(), 7.0)]);
}

#[test]
fn quantiles_are_those_of_prometheus() {
    let bucket = "newsstage_end_to_end_duration_seconds_bucket";
    let text = |a: u32, b: u32, c: u32| {
        format!(
            "{bucket}{{le=\"0.1\"}} {a}\n{bucket}{{le=\"1.0\"}} {b}\n{bucket}{{le=\"+Inf\"}} {c}\n"
        )
    };
    let none = Scrape::default();
    let found = quantiles(&Scrape::parse(&text(50, 100, 100)), &none, bucket).unwrap();
    assert!(
        (found[0] - 0.1).abs() < 1e-9 && (found[1] - 0.82).abs() < 1e-9,
        "{found:?}"
    );
    let found = quantiles(&Scrape::parse(&text(0, 50, 100)), &none, bucket).unwrap();
    assert_eq!((found[0], found[2]), (1.0, f64::INFINITY));
    let then = Scrape::parse(&text(10, 10, 10));
    assert_eq!(quantiles(&then, &then, bucket), None);
    assert_eq!(quantiles(&none, &none, bucket), None);
}

#[test]
fn the_partition_that_lags_most_comes_first() {
    let rows = "newsstage_consumer_lag_messages{topic=\"raw\",partition=\"0\"} 1\n\
                newsstage_consumer_lag_messages{topic=\"raw\",partition=\"1\"} 9\n\
                newsstage_consumer_lag_seconds{topic=\"raw\",partition=\"1\"} 2.5\n";
    let mut history = History::default();
    history.push(1000, scrape(0, 0, rows));
    let lag = history.figures().unwrap().lag;
    assert_eq!(
        lag,
        [
            ("raw/1".to_owned(), 9.0, Some(2.5)),
            ("raw/0".to_owned(), 1.0, None)
        ]
    );
}
