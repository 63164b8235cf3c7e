//! Liveness and readiness.

use super::*;

const LIMIT: i64 = 60_000;

/// Everything is ready at time 0, and there is no work.
fn running() -> Health {
    let health = Health::new(0, LIMIT);
    Part::ALL.iter().for_each(|part| health.set_ready(*part));
    health.set_broker_up(true, 0);
    health
}

#[test]
fn a_new_process_is_alive_and_says_what_it_waits_for() {
    let health = Health::new(0, LIMIT);
    assert_eq!(health.live(LIMIT), Ok(()));
    let reasons = "config: starting; dedup index: starting; source: starting; no broker reachable";
    assert_eq!(health.ready(), Err(reasons.to_owned()));
}

#[test]
fn a_start_that_hangs_is_not_alive() {
    let health = Health::new(0, LIMIT);
    assert!(health.live(LIMIT + 1).is_err());
}

#[test]
fn each_part_is_needed_by_name() {
    for part in Part::ALL {
        let health = running();
        assert_eq!(health.ready(), Ok(()));
        health.set_not_ready(part, "being tested");
        assert_eq!(health.ready(), Err(format!("{part}: being tested")));
        health.set_ready(part);
        assert_eq!(health.ready(), Ok(()));
    }
}

#[test]
fn a_process_is_ready_exactly_when_nothing_blocks_it() {
    type Change = fn(&Health);
    let changes: [(&[Blocker], Change); 6] = [
        (&[Blocker::Config], |h| h.set_not_ready(Part::Config, "x")),
        (&[Blocker::Index], |h| h.set_not_ready(Part::Index, "x")),
        (&[Blocker::Source], |h| h.set_not_ready(Part::Source, "x")),
        (&[Blocker::Broker], |h| h.set_broker_up(false, 0)),
        (&[Blocker::Breaker], |h| h.open_breaker("x")),
        (&[Blocker::Draining], Health::set_draining),
    ];
    for (expected, change) in changes {
        let health = running();
        assert_eq!(health.blockers(), []);
        change(&health);
        assert_eq!(health.blockers(), expected);
        assert!(health.ready().is_err(), "{expected:?}");
    }
    let new = Health::new(0, LIMIT).blockers();
    assert_eq!(
        new,
        [
            Blocker::Config,
            Blocker::Index,
            Blocker::Source,
            Blocker::Broker
        ]
    );
}

#[test]
fn a_poll_loop_that_stands_still_is_not_alive() {
    let health = running();
    health.tick_poll(1_000);
    assert_eq!(health.live(1_000 + LIMIT), Ok(()));
    let error = health.live(1_001 + LIMIT).expect_err("stalled");
    assert!(
        error.contains("poll loop") && error.contains("60 s"),
        "{error}"
    );
    health.tick_poll(2_000 + LIMIT);
    assert_eq!(health.live(2_000 + LIMIT), Ok(()));
}

#[test]
fn lag_without_progress_is_not_alive() {
    let health = running();
    health.set_lag(true, 1_000);
    health.tick_poll(1_001 + LIMIT);
    let error = health.live(1_001 + LIMIT).expect_err("stalled");
    assert!(error.contains("lag"), "{error}");
    assert_eq!(
        health.ready(),
        Ok(()),
        "stalling is the business of liveness"
    );
    health.progress(1_001 + LIMIT);
    assert_eq!(health.live(1_001 + LIMIT), Ok(()));
}

#[test]
fn idleness_is_not_a_stall_and_work_that_arrives_has_its_full_time() {
    let health = running();
    let late = 100 * LIMIT;
    health.tick_poll(late);
    assert_eq!(health.live(late), Ok(()));
    health.set_lag(true, late);
    assert_eq!(health.live(late), Ok(()));
    health.set_lag(true, late + LIMIT);
    health.tick_poll(late + LIMIT + 1);
    assert!(
        health.live(late + LIMIT + 1).is_err(),
        "lag that lasts is not new work"
    );
    health.set_lag(false, late + LIMIT + 1);
    assert_eq!(health.live(late + LIMIT + 1), Ok(()));
}

#[test]
fn a_broker_that_is_away_makes_unready_but_never_dead() {
    let health = running();
    health.set_lag(true, 0);
    health.set_broker_up(false, 10);
    let late = 100 * LIMIT;
    health.tick_poll(late);
    assert_eq!(health.live(late), Ok(()));
    assert_eq!(health.ready(), Err("no broker reachable".to_owned()));
    health.set_broker_up(true, late);
    assert_eq!(
        health.live(late),
        Ok(()),
        "the time begins anew when it is back"
    );
    assert_eq!(health.ready(), Ok(()));
    health.set_broker_up(true, late + LIMIT);
    health.tick_poll(late + LIMIT + 1);
    assert!(
        health.live(late + LIMIT + 1).is_err(),
        "up twice is not back again"
    );
}

#[test]
fn an_open_breaker_makes_unready_but_not_dead() {
    let health = running();
    health.set_lag(true, 0);
    health.open_breaker("9 of 10 messages are dead letters");
    let late = 100 * LIMIT;
    health.tick_poll(late);
    assert_eq!(health.live(late), Ok(()));
    assert_eq!(
        health.ready(),
        Err("breaker open: 9 of 10 messages are dead letters".to_owned())
    );
    health.close_breaker(late);
    assert_eq!(health.live(late), Ok(()));
    assert_eq!(health.ready(), Ok(()));
}

#[test]
fn draining_is_unready_and_left_in_peace() {
    let health = running();
    health.set_lag(true, 0);
    health.set_draining();
    assert_eq!(health.live(100 * LIMIT), Ok(()));
    assert_eq!(health.ready(), Err("draining".to_owned()));
}

#[test]
fn a_clock_that_jumps_does_not_overflow() {
    let health = Health::new(i64::MIN, LIMIT);
    assert!(health.live(i64::MAX).is_err());
    health.tick_poll(i64::MAX);
    assert_eq!(health.live(0), Ok(()), "a tick in the future is a tick");
}
