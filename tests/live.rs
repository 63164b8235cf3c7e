//! `newsstage tap` and `newsstage top` on a running instance: the real worker, on the broker of the demo.

#[path = "cli/program.rs"]
#[expect(dead_code, reason = "not every program of the tests needs all of it")]
mod program;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use program::{Ran, program, run};
use serde_json::{Value, json};

/// Codes that a terminal would obey, or that would turn a line around.
const HOSTILE: &str =
    "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}b\u{2066}\u{61c}c\u{e0041}\u{0}\r";
const STORY: &str = "The army shelled the border town on Monday and soldiers crossed the river before dawn, officials said. \
    The ministry of defence said its troops had withdrawn from two villages after the ceasefire collapsed. \
    Residents told reporters that the market, the school and the only pharmacy of the valley were hit by rockets.";

fn articles() -> Vec<Value> {
    let story = |id: &str, title: &str| json!({"id": id, "title": title, "text": STORY, "url": format!("https://{id}.example/1"), "sitename": format!("The {id} Post")});
    vec![
        story("first", "Army shells border town"),
        story("copy", "Border town shelled by army"),
        json!({"id": "ar", "title": "الجيش يقصف بلدة حدودية", "text": "قال وزير الدفاع إن الجيش انسحب من بلدتين حدوديتين بعد انهيار وقف إطلاق النار، وإن القوات عادت إلى مواقعها السابقة قرب النهر."}),
        json!({"id": format!("hostile {HOSTILE}"), "title": HOSTILE, "text": format!("{HOSTILE} Parliament met on Tuesday and voted."), "sitename": HOSTILE}),
    ]
}

/// A running instance.
struct Instance {
    child: Child,
    /// Kept open, so that the instance can go on to write.
    _out: BufReader<ChildStdout>,
    address: String,
    _folder: tempfile::TempDir,
}

impl Instance {
    fn start(articles: &[Value], listen: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("articles.ndjson");
        let lines: String = articles
            .iter()
            .map(|article| format!("{article}\n"))
            .collect();
        std::fs::File::create(&file)
            .and_then(|mut f| f.write_all(lines.as_bytes()))
            .expect("a file");
        let mut command = program();
        command
            .args(["demo", "--live", listen, "--pace", "1ms", "--articles"])
            .arg(&file);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(out.read_line(&mut line).expect("a line") > 0, "it ended");
            if let Some(url) = line
                .trim()
                .strip_suffix("/live")
                .filter(|url| url.starts_with("http"))
            {
                break url.to_owned();
            }
        };
        Self {
            child,
            _out: out,
            address,
            _folder: folder,
        }
    }

    fn ask(&self, command: &str, arguments: &[&str]) -> Ran {
        let mut all = vec![command, "--admin", &self.address];
        all.extend(arguments);
        run(&all)
    }

    fn tap(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = vec!["--json", "--history", "1000"];
        all.extend(arguments);
        let out = self.ask("tap", &all).success();
        out.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    fn spawn(&self, command: &str, arguments: &[&str]) -> Child {
        let mut started = program();
        started
            .args([command, "--admin", &self.address])
            .args(arguments);
        started
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -s {name} {}", child.id())])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

fn ids(cards: &[Value]) -> Vec<&str> {
    cards
        .iter()
        .map(|card| card["id"].as_str().expect("an id"))
        .collect()
}

#[track_caller]
fn assert_harmless(text: &str) {
    let hostile = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
    };
    let found: Vec<char> = text.chars().filter(hostile).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
}

#[test]
fn tap_shows_what_was_published_and_filters_it() {
    let instance = Instance::start(&articles(), "127.0.0.1:0");
    let all = instance.tap(&["--count", "4"]);
    assert_eq!(all.len(), 4);
    assert_eq!(ids(&all)[..3], ["first", "copy", "ar"]);
    let copy = &all[1];
    assert_eq!(copy["enrichment"]["dedup"]["of"], "first");
    assert_eq!(copy["enrichment"]["language"]["code"], "en");
    assert_eq!(copy["source_name"], "The copy Post");
    assert_eq!(copy["one_in"], 1);
    let hostile = format!("hostile {HOSTILE}");
    assert_eq!(
        all[3]["id"].as_str().expect("an id").trim(),
        hostile.trim(),
        "escaped, not changed"
    );
    for (arguments, expected) in [
        (&["--language", "ar"][..], "ar"),
        (&["--verdict", "exact"], "copy"),
        (&["--source", "copy po"], "copy"),
        (&["--text", "parliament"], hostile.trim()),
        (
            &[
                "--topic",
                "conflict",
                "--verdict",
                "unique",
                "--language",
                "en",
            ],
            "first",
        ),
    ] {
        let found = instance.tap(&[arguments, &["--count", "1"]].concat());
        assert_eq!(ids(&found)[0].trim(), expected, "{arguments:?}");
    }
    assert_eq!(instance.tap(&["--count", "0"]), Vec::<Value>::new());
}

#[test]
fn nothing_an_article_says_drives_the_terminal() {
    let instance = Instance::start(&articles(), "127.0.0.1:0");
    let text = instance
        .ask("tap", &["--history", "9", "--count", "4"])
        .success();
    assert_harmless(&text);
    assert!(text.contains("\\u{1b}[2J"), "{text}");
    assert!(text.contains("  of first, same content\n"), "{text}");
    assert!(text.contains("الجيش يقصف بلدة حدودية"), "{text}");
    assert_harmless(&instance.ask("tap", &["--json", "--count", "4"]).success());
    assert_harmless(
        &instance
            .ask("top", &["--once", "--interval", "100ms"])
            .success(),
    );
}

#[test]
fn top_shows_the_figures_of_the_instance() {
    let instance = Instance::start(&articles(), "127.0.0.1:0");
    assert_eq!(instance.tap(&["--count", "4"]).len(), 4);
    let text = instance
        .ask("top", &["--once", "--interval", "100ms"])
        .success();
    for part in [
        &format!("newsstage {}", env!("CARGO_PKG_VERSION")),
        &instance.address,
        "Verdicts, ",
        "unique ",
        "75.0%",
        "exact ",
        "25.0%",
        "ar ",
        "Lag by partition",
        "conflict, war and peace",
        "index 4 articles",
        "p50 ",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    // Without a terminal, one picture after the other, until it is told to end.
    let mut child = instance.spawn("top", &["--interval", "100ms"]);
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    let heads = lines
        .by_ref()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("newsstage "));
    assert_eq!(heads.take(3).count(), 3);
    signal(&child, "TERM");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn tap_ends_in_order_and_waits_for_an_instance_that_restarts() {
    let instance = Instance::start(&articles()[..1], "127.0.0.1:0");
    let listen = instance.address.trim_start_matches("http://").to_owned();
    let mut child = instance.spawn("tap", &["--json"]);
    let mut out = BufReader::new(child.stdout.take().expect("output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert!(line.contains("\"id\":\"first\""), "{line}");
    drop(instance);
    let mut errors = BufReader::new(child.stderr.take().expect("errors"));
    let mut said = String::new();
    errors.read_line(&mut said).expect("a line");
    assert!(said.contains("is away"), "{said}");
    let _again = Instance::start(&articles()[2..3], &listen);
    line.clear();
    out.read_line(&mut line).expect("a line");
    assert!(line.contains("\"id\":\"ar\""), "{line}");
    signal(&child, "INT");
    assert_eq!(
        child.wait().expect("it ends").code(),
        Some(0),
        "Ctrl-C is no failure"
    );
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("the rest");
    assert!(rest.contains("is back"), "{rest}");
}

#[test]
fn an_instance_that_does_not_answer_is_told_with_its_address() {
    // Bound and not listening any more: nobody else has it.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    drop(taken);
    for command in ["tap", "top"] {
        let told = run(&[command, "--admin", &address]).failure(69);
        assert!(told.contains(&address), "{told}");
        let told = run(&[command, "--admin", "https://127.0.0.1:1"]).failure(64);
        assert!(told.contains("http and nothing else"), "{told}");
    }
    let told = run(&["tap", "--verdict", "copied"]).failure(64);
    assert!(told.contains("near"), "{told}");
    let told = run(&["tap", "--topic", "medtop:99999999"]).failure(64);
    assert!(told.contains("medtop:99999999 is no topic"), "{told}");
}

#[test]
fn tap_says_that_nothing_matches_yet() {
    let instance = Instance::start(&articles()[..1], "127.0.0.1:0");
    let mut child = instance.spawn("tap", &["--text", "no such words"]);
    let mut errors = BufReader::new(child.stderr.take().expect("errors"));
    let mut said = String::new();
    errors.read_line(&mut said).expect("a line");
    assert_eq!(said, "waiting: nothing matches yet\n");
    signal(&child, "INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn the_demo_is_ready_once_articles_come() {
    let instance = Instance::start(&articles()[..1], "127.0.0.1:0");
    assert_eq!(instance.tap(&["--count", "1"]).len(), 1);
    let address = instance.address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("it answers");
    let asked = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
