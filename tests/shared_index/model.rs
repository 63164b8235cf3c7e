//! The shared index gives the verdicts of the embedded one.

use std::cell::Cell;

use newsstage::dedup::{DedupIndex, DedupSettings};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::desk::{Desk, NOW, Sheet, article, open, prose, settings};
use crate::support::valkey::{Mode, Valkey};

/// What an article is made of.
#[derive(Debug, Clone)]
struct Recipe {
    story: u64,
    site: usize,
    /// Paragraphs of the story that it leaves out from the end.
    cut: usize,
    /// A paragraph of its own, and one that its site has everywhere.
    own: Option<u64>,
    tail: bool,
    id: Option<u8>,
    /// The message is an earlier one again.
    again: Option<prop::sample::Index>,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    (
        0..12_u64,
        0..4_usize,
        0..5_usize,
        prop::option::weighted(0.4, 100..10_000_u64),
        any::<bool>(),
        prop::option::weighted(0.3, 0..6_u8),
        prop::option::weighted(0.1, any::<prop::sample::Index>()),
    )
        .prop_map(|(story, site, cut, own, tail, id, again)| Recipe {
            story,
            site,
            cut,
            own,
            tail,
            id,
            again,
        })
}

impl Recipe {
    fn value(&self, number: usize) -> String {
        let mut paragraphs: Vec<String> = (0..6 - self.cut as u64)
            .map(|part| prose(self.story * 100 + part, 40))
            .collect();
        paragraphs.extend(self.own.map(|seed| prose(seed, 40)));
        if self.tail {
            paragraphs.push(prose(1_000_000 + self.site as u64, 30));
        }
        let id = self
            .id
            .map_or_else(|| format!("n{number}"), |id| format!("id{id}"));
        article(&id, self.site, &paragraphs.join("\n\n"))
    }
}

/// Batches of messages, the same for both.
fn batches(desk: &Desk, recipes: &[Recipe], sizes: &[usize]) -> Vec<Vec<Sheet>> {
    let mut places: Vec<(i64, String)> = Vec::new();
    let (mut batches, mut sizes) = (vec![Vec::new()], sizes.iter().cycle());
    let mut room = *sizes.next().expect("a size");
    for (number, recipe) in recipes.iter().enumerate() {
        let known = recipe.again.filter(|_| !places.is_empty());
        let place = match known {
            Some(index) => index.get(&places).clone(),
            None => {
                places.push((number as i64, recipe.value(number)));
                (number as i64, recipe.value(number))
            }
        };
        let open: &mut Vec<Sheet> = batches.last_mut().expect("a batch");
        // Kafka gives no message twice in a batch.
        if open.iter().any(|sheet| sheet.position.offset == place.0) {
            continue;
        }
        open.push(desk.sheet(0, place.0, &place.1));
        if open.len() >= room {
            batches.push(Vec::new());
            room = *sizes.next().expect("a size");
        }
    }
    batches
}

fn same_verdicts(mode: Mode, cases: u32) {
    let server = Valkey::start(mode);
    let cases_run = Cell::new(0);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (
        prop::collection::vec(recipe(), 1..120),
        prop::collection::vec(1..40_usize, 1..5),
    );
    let result = TestRunner::new(config).run(&strategy, |(recipes, sizes)| {
        cases_run.set(cases_run.get() + 1);
        let case: usize = cases_run.get();
        let mut settings = settings(&server, mode);
        settings.shared.prefix = format!("newsstage-{case}");
        // Few buckets and many shards, or the other way round.
        settings.shared.shards = [1, 3, 16][case % 3].try_into().expect("not zero");
        if mode == Mode::Tls {
            settings.shared.prefix = "newsstage".to_owned();
            settings.shared.shards = 16.try_into().expect("not zero");
        }
        let desk = Desk::new(settings);
        let mut shared = open(&desk.settings);
        let mut embedded = DedupIndex::in_memory(&DedupSettings::default());
        for (batch, number) in batches(&desk, &recipes, &sizes).iter().zip(0..) {
            let now = NOW + number * 1_000;
            let expected = desk.judge(&mut embedded, batch, now).expect("in memory");
            let found = desk
                .judge(&mut shared, batch, now)
                .expect("the server answers");
            prop_assert_eq!(found, expected);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn one_server_gives_the_verdicts_of_the_embedded_index() {
    same_verdicts(Mode::Single, 40);
}

#[test]
fn a_cluster_of_three_nodes_gives_the_verdicts_of_the_embedded_index() {
    same_verdicts(Mode::Cluster, 12);
}

#[test]
fn a_server_with_tls_and_an_acl_user_gives_the_verdicts_of_the_embedded_index() {
    same_verdicts(Mode::Tls, 1);
}

/// More copies than a list has room for in one chunk, and then in all.
#[test]
fn a_story_with_many_copies_keeps_its_first_and_its_last() {
    let server = Valkey::start(Mode::Single);
    let desk = Desk::new(settings(&server, Mode::Single));
    let mut shared = open(&desk.settings);
    let mut embedded = DedupIndex::in_memory(&DedupSettings::default());
    let body = prose(7, 200);
    for number in 0..120 {
        let value = article(&format!("copy{number}"), number, &body);
        let sheets = [desk.sheet(0, number as i64, &value)];
        let now = NOW + number as i64;
        let expected = desk.judge(&mut embedded, &sheets, now).expect("in memory");
        let found = desk
            .judge(&mut shared, &sheets, now)
            .expect("the server answers");
        assert_eq!(found, expected, "copy {number}");
    }
    assert_eq!(shared.len(), 120);
}

/// Buckets split as articles come, and old postings go.
#[test]
fn buckets_stay_small_as_the_index_grows_and_turns_over() {
    let server = Valkey::start(Mode::Single);
    let mut settings = settings(&server, Mode::Single);
    settings.shared.shards = 1.try_into().expect("not zero");
    settings.window = "1h".parse().expect("a window");
    let desk = Desk::new(settings);
    let mut shared = open(&desk.settings);
    let mut offset = 0;
    let mut now = NOW;
    let mut batch = |now: i64| {
        let sheets: Vec<Sheet> = (0..100)
            .map(|_| {
                offset += 1;
                let seed = offset as u64;
                let value = article(&format!("a{offset}"), 1, &prose(seed * 31, 150));
                desk.sheet(0, offset, &value)
            })
            .collect();
        let verdicts = desk.judge(&mut shared, &sheets, now).expect("answers");
        assert!(verdicts.iter().all(|verdict| verdict.of.is_none()));
    };
    let meta = |field: &str| -> u64 { server.ask(&["HGET", "{newsstage:00}meta", field]) };
    for _ in 0..20 {
        batch(now);
    }
    let (buckets, postings) = (meta("buckets"), meta("postings"));
    assert!(postings > 20_000, "{postings}");
    assert!(buckets * 50 > postings, "{buckets} buckets for {postings}");
    let name = |bucket: u64| format!("{{newsstage:00}}p{bucket:x}");
    let held = |buckets: u64| -> Vec<u64> {
        let length = |bucket| server.ask::<u64>(&["STRLEN", &name(bucket)]);
        (0..buckets).map(length).collect()
    };
    let lengths = held(buckets);
    // Entries of 13 bytes, and one in each that says when it was written. The count follows samples.
    let there = lengths.iter().sum::<u64>() / 13 - buckets;
    assert!(
        there.abs_diff(postings) < there / 8,
        "{there} counted as {postings}"
    );
    let longest = lengths.iter().max().expect("a bucket");
    assert!(*longest < 100 * 13, "{longest} bytes");
    for bucket in 0..buckets {
        let seconds: i64 = server.ask(&["TTL", &name(bucket)]);
        assert!((1..2 * 3_600).contains(&seconds), "ends in {seconds} s");
    }
    // For an hour there is twice as much. Four windows later what was there at the beginning is gone, and no more is kept than comes
    // in a window and a quarter, with one entry in each bucket for its time.
    for _ in 0..80 {
        now += 180_000;
        batch(now);
    }
    let after = held(meta("buckets")).iter().sum::<u64>() / 13;
    assert!(
        after < postings * 3 / 2,
        "{postings} postings became {after}"
    );
    assert!(meta("postings") < postings * 3 / 2, "and are counted so");
    assert!(
        meta("buckets") < buckets * 5 / 2,
        "buckets grow with what is there"
    );
}
