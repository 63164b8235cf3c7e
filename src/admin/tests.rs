use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::config::LiveConfig;
use crate::health::Part;
use crate::live::Live;
use crate::metrics::ProcessInfo;

/// Far longer than anything here takes: a test that waits this long has failed.
pub(super) const HANGS: Duration = Duration::from_secs(20);

/// A server on a free port.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    health: Health,
    pub(super) metrics: Metrics,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

async fn start() -> Server {
    start_within(PATIENCE, GRACE).await
}

/// A server with a live view, and where that takes what it shows.
pub(super) async fn start_showing(settings: &LiveConfig) -> (Server, Live) {
    start_all(PATIENCE, GRACE, settings).await
}

async fn start_within(patience: Duration, grace: Duration) -> Server {
    start_all(patience, grace, &LiveConfig::default()).await.0
}

async fn start_all(patience: Duration, grace: Duration, live: &LiveConfig) -> (Server, Live) {
    let info = ProcessInfo {
        version: "1.2.3".to_owned(),
        revision: "abc".to_owned(),
        config_fingerprint: "sha256:00".to_owned(),
        started_ms: 0,
    };
    let (health, metrics) = (Health::new(0, 60_000), Metrics::new(&info));
    let shown = Live::new(live, metrics.clone(), 0);
    let listen = "127.0.0.1:0".to_owned();
    let listener = bind(&listen).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let state = AdminState {
        metrics: metrics.clone(),
        health: health.clone(),
        clock: || 1_000,
        listen,
        live: LiveState::new(shown.clone(), live, metrics.clone(), 1_000),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { stopped.await.unwrap_or(()) };
    let task = tokio::spawn(serve_within(listener, state, stopped, patience, grace));
    let server = Server {
        address,
        health,
        metrics,
        stop,
        task,
    };
    (server, shown)
}

impl Server {
    /// Sends bytes, and reads until the server closes.
    pub(super) async fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connection");
        // A server that has refused a request may have closed before it has read all of it.
        stream.write_all(request.as_bytes()).await.ok();
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer);
        timeout(HANGS, end).await.expect("the server closes").ok();
        String::from_utf8(answer).expect("UTF-8")
    }

    pub(super) async fn ask(&self, method: &str, path: &str) -> String {
        self.exchange(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
        .await
    }

    pub(super) async fn end(self) {
        drop(self.stop);
        let result = timeout(HANGS, self.task).await.expect("the server ends");
        result.expect("no panic").expect("no error");
    }
}

#[track_caller]
pub(super) fn assert_status(answer: &str, status: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "not {status}: {answer}"
    );
}

#[tokio::test]
async fn liveness_follows_the_poll_loop() {
    let server = start().await;
    let answer = server.ask("GET", "/livez").await;
    assert_status(&answer, 200);
    assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
    server.health.tick_poll(-60_000);
    let answer = server.ask("GET", "/livez").await;
    assert_status(&answer, 503);
    assert!(
        answer.contains("poll loop has stood still for 61 s"),
        "{answer}"
    );
    server.end().await;
}

#[tokio::test]
async fn readiness_gives_its_reasons() {
    let server = start().await;
    let answer = server.ask("GET", "/readyz").await;
    assert_status(&answer, 503);
    assert!(answer.contains("dedup index: starting"), "{answer}");
    for part in [Part::Config, Part::Index, Part::Source] {
        server.health.set_ready(part);
    }
    server.health.set_broker_up(true, 0);
    assert_status(&server.ask("GET", "/readyz").await, 200);
    server.end().await;
}

#[tokio::test]
async fn metrics_are_openmetrics() {
    let server = start().await;
    server.metrics.consumed(7);
    let answer = server.ask("GET", "/metrics").await;
    assert_status(&answer, 200);
    let lower = answer.to_ascii_lowercase();
    assert!(
        lower.contains(
            "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"
        ),
        "{answer}"
    );
    assert!(
        answer.contains("\nnewsstage_messages_consumed_total 7\n"),
        "{answer}"
    );
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    server.end().await;
}

#[tokio::test]
async fn metrics_tell_what_readiness_waits_for() {
    let server = start().await;
    for part in [Part::Config, Part::Source] {
        server.health.set_ready(part);
    }
    server.health.set_broker_up(true, 0);
    for (index, line) in [
        (Some("away"), "newsstage_not_ready{reason=\"index\"} 1\n"),
        (None, "newsstage_not_ready{reason=\"index\"} 0\n"),
    ] {
        match index {
            Some(reason) => server.health.set_not_ready(Part::Index, reason),
            None => server.health.set_ready(Part::Index),
        }
        let answer = server.ask("GET", "/metrics").await;
        assert!(answer.contains(line), "{answer}");
        assert!(
            answer.contains("newsstage_not_ready{reason=\"broker\"} 0\n"),
            "{answer}"
        );
    }
    server.end().await;
}

#[tokio::test]
async fn the_root_lists_every_path() {
    let server = start().await;
    let answer = server.ask("GET", "/").await;
    assert_status(&answer, 200);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert!(answer.contains(path), "{answer}");
    }
    assert!(
        answer.contains("x-content-type-options: nosniff\r\n"),
        "{answer}"
    );
    server.end().await;
}

#[tokio::test]
async fn nothing_else_is_served() {
    let server = start().await;
    for path in [
        "/debug",
        "/livez/",
        "/metrics/..",
        "/%2e%2e/etc/passwd",
        "//livez",
    ] {
        assert_status(&server.ask("GET", path).await, 404);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        assert_status(&server.ask(method, "/livez").await, 405);
    }
    let head = server.ask("HEAD", "/livez").await;
    assert_status(&head, 200);
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    server.end().await;
}

#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let server = start().await;
    let answer = server
        .exchange("GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .await;
    assert_status(&answer, 403);
    assert!(!answer.contains("newsstage_"), "{answer}");
    let port = server.address.port();
    let request =
        format!("GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_status(&server.exchange(&request).await, 200);
    server.end().await;
}

#[tokio::test]
async fn requests_are_bounded() {
    let server = start().await;
    let body =
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert_status(&server.exchange(body).await, 413);
    let chunked = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_status(&server.exchange(chunked).await, 413);
    assert_status(
        &server.ask("GET", &format!("/{}", "a".repeat(2000))).await,
        414,
    );
    let wide = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {}\r\n\r\n",
        "a".repeat(MAX_HEADER_BYTES)
    );
    assert_status(&server.exchange(&wide).await, 431);
    let many: String = (0..500).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    assert_status(&server.exchange(&many).await, 431);
    server.end().await;
}

#[tokio::test]
async fn nonsense_does_not_end_the_server() {
    let server = start().await;
    for bytes in [
        "\r\n\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "héllo\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address)
            .await
            .expect("connection");
        stream.write_all(bytes.as_bytes()).await.expect("written");
        stream.shutdown().await.expect("half closed");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        assert!(
            !String::from_utf8_lossy(&answer).contains(" 200 "),
            "{bytes:?}"
        );
    }
    assert_status(&server.ask("GET", "/livez").await, 200);
    server.end().await;
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_cut_off() {
    let server = start_within(Duration::from_millis(30), GRACE).await;
    // Half a request, and then nothing: only the server ends this.
    let answer = server.exchange("GET /livez HTTP/1.1\r\nHost: loc").await;
    assert!(!answer.contains(" 200 "), "{answer}");
    server.end().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("connection");
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("written");
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    server.end().await;
}

#[tokio::test]
async fn half_a_request_does_not_hold_up_the_end_for_long() {
    let server = start_within(Duration::from_secs(3600), Duration::from_millis(30)).await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("connection");
    stream.write_all(b"GET /livez HT").await.expect("written");
    server.end().await;
}

#[tokio::test]
async fn an_address_that_cannot_be_had_names_the_setting() {
    let taken = bind("127.0.0.1:0").await.expect("a free port");
    let listen = taken.local_addr().expect("an address").to_string();
    let error = bind(&listen).await.expect_err("taken").to_string();
    assert!(
        error.contains("admin.listen")
            && error.contains(&listen)
            && error.contains("another process"),
        "{error}"
    );
    for listen in ["", "9464", "127.0.0.1", "127.0.0.1:99999"] {
        let error = bind(listen).await.expect_err("malformed").to_string();
        assert!(
            error.contains("admin.listen") && error.contains("HOST:PORT"),
            "{error}"
        );
    }
}
