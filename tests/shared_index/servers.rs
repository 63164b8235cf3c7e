//! The server as such: who may connect, what `check` says, how much memory is taken.

use newsstage::config::Secret;
use newsstage::dedup::{DedupIndex, inspect};

use crate::desk::{Desk, NOW, Sheet, article, open, prose, settings};
use crate::support::process::{StageConfig, program};
use crate::support::valkey::{Mode, Valkey};

#[test]
fn a_wrong_password_or_certificate_is_an_error_that_says_so_and_shows_no_secret() {
    let server = Valkey::start(Mode::Tls);
    let right = settings(&server, Mode::Tls);
    let mut wrong = right.clone();
    wrong.shared.password = Some(Secret::new("canary-77"));
    let mut index = DedupIndex::open(&wrong, NOW).expect("opens").0;
    let error = index.claim(NOW).expect_err("refused").to_string();
    assert!(!error.contains("canary"), "{error}");
    let mut wrong = right.clone();
    wrong.shared.tls.ca_file = None;
    let mut index = DedupIndex::open(&wrong, NOW).expect("opens").0;
    index
        .claim(NOW)
        .expect_err("the certificate is not trusted");
    drop(open(&right));
}

#[test]
fn check_sees_the_servers() {
    let server = Valkey::start(Mode::Cluster);
    let settings = settings(&server, Mode::Cluster);
    let (servers, shards) = inspect(&settings.shared).expect("answers");
    assert_eq!((servers.len(), shards), (3, None));
    assert!(
        servers
            .iter()
            .all(|server| server.policy == "noeviction" && server.persistent)
    );
    drop(open(&settings));
    let (_, shards) = inspect(&settings.shared).expect("answers");
    assert_eq!(shards, Some(16));
}

#[test]
fn an_article_takes_less_than_two_kilobytes_of_the_server() {
    let server = Valkey::start(Mode::Single);
    let desk = Desk::new(settings(&server, Mode::Single));
    let mut index = open(&desk.settings);
    let memory = || -> u64 {
        let information: String = server.ask(&["INFO", "memory"]);
        let used = information
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        used.expect("used_memory").trim().parse().expect("a number")
    };
    let before = memory();
    let articles: i64 = 6_000;
    for batch in 0..articles / 500 {
        let sheets: Vec<Sheet> = (batch * 500..batch * 500 + 500)
            .map(|offset| {
                let value = article(&format!("a{offset}"), 1, &prose(offset as u64 * 77, 400));
                desk.sheet(0, offset, &value)
            })
            .collect();
        desk.judge(&mut index, &sheets, NOW + batch)
            .expect("answers");
    }
    let each = (memory() - before) / articles as u64;
    assert!(each < 2_000, "{each} bytes");
}

/// What `newsstage check` prints; there is no Kafka where it looks for one.
fn checked(config: &StageConfig) -> String {
    let mut command = program();
    command.arg("check").arg("--config").arg(config.write());
    let output = command.args(["--timeout", "1"]).output().expect("it runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn check_tells_a_person_what_is_wrong_with_the_server() {
    let server = Valkey::start(Mode::Single);
    let mut config = StageConfig::new("127.0.0.1:1", "group", ["raw", "out", "dead"]);
    config.set("dedup.backend", "valkey");
    config.set("dedup.shared.urls", server.urls());
    let text = checked(&config);
    assert!(
        text.contains("MiB in use") && text.contains("will be made"),
        "{text}"
    );
    drop(open(&settings(&server, Mode::Single)));
    server.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    server.ask::<()>(&["CONFIG", "SET", "appendonly", "no"]);
    config.set("dedup.shared.shards", 4);
    let text = checked(&config);
    for part in [
        "maxmemory-policy allkeys-lru",
        "set appendonly yes",
        "the index was made with 16",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    server.kill();
    let text = checked(&config);
    assert!(text.contains("the shared index is away"), "{text}");
}
