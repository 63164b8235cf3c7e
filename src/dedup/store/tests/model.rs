//! Whatever happens in whatever order, the index says what a plain list would.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// So many articles, a day's fraction later, then a flush.
    Batch(u8, u16),
    Expire,
    Settle,
    Reopen,
    /// Pushed, but not flushed before the process ends.
    Crash(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1_u8..30, 0_u16..400).prop_map(|(articles, minutes)| Step::Batch(articles, minutes)),
        2 => Just(Step::Expire),
        2 => Just(Step::Settle),
        2 => Just(Step::Reopen),
        1 => (1_u8..9).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 1..40)
}

fn run(steps: &[Step], max_articles: usize, window: &str, on_disk: bool) {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: max_articles.try_into().unwrap(),
        window: window.parse().unwrap(),
        ..settings(folder.path())
    };
    let mut index = match on_disk {
        true => open(&settings),
        false => Embedded::in_memory(&settings),
    };
    let (mut numbers, mut now_ms) = (Vec::new(), 0);
    let mut arrivals = std::collections::HashMap::new();
    for step in steps {
        match step {
            Step::Batch(articles, minutes) => {
                now_ms += i64::from(*minutes) * 60_000;
                for _ in 0..*articles {
                    let number = index.next_article();
                    assert_eq!(push(&mut index, number, now_ms), number);
                    numbers.push(number);
                    arrivals.insert(number, now_ms);
                }
                index.set_meta(number_bytes(&numbers));
                index.flush().unwrap();
            }
            Step::Expire => {
                let before = index.len();
                let expired = index.expire(now_ms).unwrap();
                assert_eq!(before - index.len(), expired.articles);
                let gone: Vec<u64> = numbers.drain(..expired.articles).collect();
                // Never too early: too old, or too many; and of too many only as much as must be.
                let over = before.saturating_sub(max_articles);
                let window_ms = settings.window.as_millis();
                let young = gone
                    .iter()
                    .filter(|number| arrivals[number] + window_ms > now_ms)
                    .count();
                assert!(young == 0 || over > 0, "{expired:?} {before}");
            }
            Step::Settle => index.settle().unwrap(),
            Step::Reopen | Step::Crash(_) if !on_disk => {}
            Step::Reopen | Step::Crash(_) => {
                if let Step::Crash(articles) = step {
                    (0..*articles).for_each(|_| {
                        let number = index.next_article();
                        push(&mut index, number, now_ms);
                    });
                }
                drop(index);
                let (opened, report) = try_open_at(&settings, now_ms).unwrap();
                index = opened;
                assert_eq!((report.torn, report.damage), (None, Vec::new()));
                let end = numbers.last().map_or(index.next_article(), |last| last + 1);
                assert_eq!(
                    index.next_article(),
                    end,
                    "what was flushed is there, and nothing else"
                );
                // What was expired, but not yet deleted, is back or was expired again.
                let first = end - index.len() as u64;
                let young = numbers
                    .iter()
                    .filter(|number| **number < first)
                    .filter(|number| arrivals[number] + settings.window.as_millis() > now_ms)
                    .count();
                assert!(young == 0 || index.len() + report.expired > max_articles);
                numbers = (first..end).collect();
            }
        }
        assert_holds(&index, &numbers);
        if !index.meta().is_empty() {
            assert!(number_bytes(&numbers).is_empty() || index.meta() == last_meta(&index));
        }
    }
    index.settle().unwrap();
    assert_holds(&index, &numbers);
}

/// A meta blob that tells which article came last.
fn number_bytes(numbers: &[u64]) -> Vec<u8> {
    numbers
        .last()
        .map_or(Vec::new(), |last| last.to_le_bytes().to_vec())
}

fn last_meta(index: &Embedded) -> [u8; 8] {
    (index.next_article() - 1).to_le_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_on_disk_is_a_list(steps in steps(), capacity in 20_usize..400) {
        run(&steps, capacity, "2d", true);
    }

    #[test]
    fn the_index_in_memory_is_a_list(steps in steps(), capacity in 20_usize..400) {
        run(&steps, capacity, "2d", false);
    }
}

#[test]
fn many_heads_become_at_most_eight_segments() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DedupSettings {
        max_articles: 3_000.try_into().unwrap(),
        ..settings(folder.path())
    };
    let mut index = open(&settings);
    fill(&mut index, 0..2_900, 8);
    index.settle().unwrap();
    assert!(
        (5..=8).contains(&index.sealed().segments()),
        "{}",
        index.sealed().segments()
    );
    assert_holds(&index, &(0..2_900).collect::<Vec<_>>());
    drop(index);
    let (index, report) = try_open(&settings).unwrap();
    assert_eq!(report.articles, 2_900);
    assert_holds(&index, &(0..2_900).collect::<Vec<_>>());
}
