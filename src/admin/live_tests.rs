//! The live view over HTTP.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tests::{HANGS, Server, assert_status, start_showing};
use crate::config::LiveConfig;
use crate::live::Live;

fn settings() -> LiveConfig {
    LiveConfig {
        enabled: true,
        ..LiveConfig::default()
    }
}

async fn start(settings: LiveConfig) -> (Server, Live) {
    start_showing(&settings).await
}

fn cards(ids: &[&str]) -> Vec<Arc<str>> {
    let card = |id: &&str| Arc::from(format!("{{\"id\":\"{id}\"}}"));
    ids.iter().map(card).collect()
}

/// A viewer of the feed.
struct Viewer {
    stream: TcpStream,
    read: String,
}

impl Viewer {
    async fn new(server: &Server, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(server.address)
            .await
            .expect("connection");
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("written");
        Self {
            stream,
            read: String::new(),
        }
    }

    /// Reads until a text is there, and returns all that came so far.
    async fn until(&mut self, text: &str) -> &str {
        let reading = async {
            let mut bytes = [0; 4096];
            while !self.read.contains(text) {
                let count = self.stream.read(&mut bytes).await.expect("bytes");
                assert!(count > 0, "ended without {text}: {}", self.read);
                self.read += &String::from_utf8_lossy(&bytes[..count]);
            }
        };
        timeout(HANGS, reading)
            .await
            .unwrap_or_else(|_| panic!("waited for {text}"));
        &self.read
    }
}

#[tokio::test]
async fn it_is_off_until_it_is_switched_on() {
    let (server, _) = start(LiveConfig::default()).await;
    for path in ["/live", "/live/events"] {
        let answer = server.ask("GET", path).await;
        assert_status(&answer, 404);
        assert!(answer.contains("admin.live.enabled"), "{answer}");
    }
    assert_status(&server.ask("GET", "/live/live.js").await, 404);
    assert!(!server.ask("GET", "/").await.contains("/live "));
    server.end().await;
}

#[tokio::test]
async fn the_page_and_its_parts_are_served_with_a_policy() {
    let (server, _) = start(settings()).await;
    for (path, kind) in [
        ("/live", "text/html"),
        ("/live/live.css", "text/css"),
        ("/live/live.js", "text/javascript"),
        ("/live/dom.js", "text/javascript"),
        ("/live/icon.svg", "image/svg+xml"),
    ] {
        let answer = server.ask("GET", path).await;
        assert_status(&answer, 200);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        for header in [
            &format!("content-type: {kind}"),
            "content-security-policy: default-src 'none'; script-src 'self'",
            "require-trusted-types-for 'script'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: no {header} in {head}");
        }
        assert!(!head.contains("access-control"), "{head}");
        assert!(!body.is_empty());
        // Nothing is fetched from elsewhere.
        assert!(
            !body
                .replace("http://www.w3.org/2000/svg", "")
                .contains("http"),
            "{path}"
        );
    }
    assert!(server.ask("GET", "/").await.contains("/live "));
    for method in ["POST", "PUT", "DELETE"] {
        assert_status(&server.ask(method, "/live").await, 405);
    }
    server.end().await;
}

/// No way from a text to markup: the page makes text nodes only.
#[test]
fn scripts_make_no_markup_of_text() {
    for script in [
        include_str!("live/live.js"),
        include_str!("live/dom.js"),
        include_str!("live/cards.js"),
        include_str!("live/stories.js"),
        include_str!("live/charts.js"),
    ] {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
            "srcdoc",
        ] {
            assert!(!script.contains(way), "{way}");
        }
    }
}

#[tokio::test]
async fn a_viewer_gets_the_past_and_then_what_comes() {
    let (server, live) = start(settings()).await;
    live.show(cards(&["a", "b"]), 5);
    let mut viewer = Viewer::new(&server, "/live/events", "").await;
    let text = viewer.until("\"id\":\"b\"}").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(text.contains("event: hello\ndata: {"), "{text}");
    assert!(text.contains("\"medtop:11000000\":\"politics"), "{text}");
    assert!(
        text.contains("event: article\ndata: {\"at\":5,\"one_in\":1,\"id\":\"a\"}\n\n"),
        "{text}"
    );
    live.show(cards(&["c"]), 6);
    viewer.until("\"id\":\"c\"}").await;
    let mut late = Viewer::new(&server, "/live/events?history=1", "").await;
    let text = late.until("\"id\":\"c\"}").await;
    assert!(!text.contains("\"id\":\"b\""), "{text}");
    server.end().await;
}

#[tokio::test]
async fn a_viewer_that_comes_back_goes_on_where_it_was() {
    let (server, live) = start(LiveConfig {
        buffer: 2,
        ..settings()
    })
    .await;
    live.show(cards(&["a", "b", "c", "d"]), 5);
    // The server of this test started at 1 s past 1970.
    let mut viewer = Viewer::new(&server, "/live/events", "Last-Event-ID: 1000-3\r\n").await;
    let text = viewer.until("\"id\":\"d\"}").await;
    assert!(
        !text.contains("\"id\":\"c\"") && !text.contains("missed"),
        "{text}"
    );
    let mut slow = Viewer::new(&server, "/live/events", "Last-Event-ID: 1000-1\r\n").await;
    let text = slow.until("\"id\":\"d\"}").await;
    assert!(
        text.contains("event: missed\ndata: {\"articles\":1}\n\n"),
        "{text}"
    );
    // Numbers of another process mean nothing.
    let mut other = Viewer::new(&server, "/live/events", "Last-Event-ID: 7-4\r\n").await;
    other.until("\"id\":\"c\"}").await;
    server.end().await;
}

#[tokio::test]
async fn viewers_are_bounded_and_make_room() {
    let (server, live) = start(LiveConfig {
        viewers: 2,
        ..settings()
    })
    .await;
    live.show(cards(&["a"]), 5);
    let mut first = Viewer::new(&server, "/live/events", "").await;
    first.until("\"id\":\"a\"").await;
    let mut second = Viewer::new(&server, "/live/events", "").await;
    second.until("\"id\":\"a\"").await;
    let answer = server.ask("GET", "/live/events").await;
    assert_status(&answer, 503);
    assert!(answer.contains("admin.live.viewers"), "{answer}");
    assert!(
        server
            .metrics
            .encode()
            .contains("\nnewsstage_live_viewers 2\n")
    );
    assert_status(&server.ask("GET", "/livez").await, 200);
    drop(first);
    let freed = async {
        while !server
            .metrics
            .encode()
            .contains("\nnewsstage_live_viewers 1\n")
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(HANGS, freed)
        .await
        .expect("the place is free again");
    let mut third = Viewer::new(&server, "/live/events", "").await;
    third.until("\"id\":\"a\"").await;
    server.end().await;
}

#[tokio::test]
async fn other_sites_read_nothing() {
    let (server, _) = start(settings()).await;
    let ask = |path: &str, header: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n")
    };
    for site in ["cross-site", "same-site"] {
        let header = format!("Sec-Fetch-Site: {site}");
        assert_status(&server.exchange(&ask("/live/events", &header)).await, 403);
        assert_status(&server.exchange(&ask("/live/live.js", &header)).await, 403);
        // A link from a chat or a wiki may lead here.
        assert_status(&server.exchange(&ask("/live", &header)).await, 200);
    }
    let answer = server
        .exchange("GET /live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .await;
    assert_status(&answer, 403);
    server.end().await;
}
