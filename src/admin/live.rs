//! `/live`: a page on which people see articles as they pass, and the feed behind it.
//!
//! `GET /live/events` answers server-sent events without end: `hello` once, then an `article` for each card of
//! [`crate::live`], and `missed` when this viewer was too slow. A viewer that comes back with `Last-Event-ID` goes on where
//! it was; `?history=N` asks for the last cards first. Nothing here can change anything, the text of articles is never
//! markup, and no other site may read it: there are no CORS headers, and only names that mean this address are answered.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body::Frame;
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::AdminState;
use super::host::is_own_name;
use crate::config::LiveConfig;
use crate::live::{Live, View};
use crate::metrics::Metrics;
use crate::topics;

/// How often the feed looks for new cards: often enough for eyes, and one wake-up for many cards.
const LOOK: Duration = Duration::from_millis(200);
/// Silence after which a comment is sent, so that neither side takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The most cards in one piece of the answer.
const MOST: usize = 32;
const OFF: &str = "the live view is off; the setting admin.live.enabled switches it on\n";
const FULL: &str = "too many viewers; the setting admin.live.viewers allows more\n";

/// What the page may do: load its own parts, and ask this address. Scripts cannot make markup of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The parts of the page: path, content type, content.
const FILES: [(&str, &str, &str); 8] = [
    ("/live", HTML, include_str!("live/index.html")),
    ("/live/live.css", CSS, include_str!("live/live.css")),
    ("/live/dom.js", SCRIPT, include_str!("live/dom.js")),
    ("/live/live.js", SCRIPT, include_str!("live/live.js")),
    ("/live/cards.js", SCRIPT, include_str!("live/cards.js")),
    ("/live/stories.js", SCRIPT, include_str!("live/stories.js")),
    ("/live/charts.js", SCRIPT, include_str!("live/charts.js")),
    (
        "/live/icon.svg",
        "image/svg+xml",
        include_str!("live/icon.svg"),
    ),
];
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What the live view needs of the process.
#[derive(Debug, Clone, Default)]
pub struct LiveState {
    live: Live,
    seats: Arc<Seats>,
    hosts: Arc<[String]>,
    /// The first event of every viewer.
    hello: Arc<str>,
    /// Tells the cards of this process from those of an earlier one.
    instance: i64,
}

impl LiveState {
    /// The view by these settings. `started_ms` is the time in milliseconds since 1970.
    pub fn new(live: Live, settings: &LiveConfig, metrics: Metrics, started_ms: i64) -> Self {
        let labels: serde_json::Map<String, serde_json::Value> = topics::labels()
            .map(|(id, label)| (id, label.into()))
            .collect();
        let hello = json!({
            "version": env!("CARGO_PKG_VERSION"), "rate": settings.rate, "buffer": settings.buffer, "topics": labels,
        });
        Self {
            live,
            seats: Arc::new(Seats {
                taken: AtomicUsize::new(0),
                most: settings.viewers,
                metrics: Some(metrics),
            }),
            hosts: settings.hosts.clone().into(),
            hello: format!("retry: 2000\nevent: hello\ndata: {hello}\n\n").into(),
            instance: started_ms,
        }
    }

    /// Whether it is served.
    pub(super) fn is_on(&self) -> bool {
        self.live.is_on()
    }

    /// Host names by which it may be asked for.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }
}

/// The paths of the live view; where it is off, a word on how to switch it on.
pub(super) fn routes(state: &LiveState) -> Router<AdminState> {
    if !state.is_on() {
        let off = || async { (StatusCode::NOT_FOUND, OFF) };
        return Router::new()
            .route("/live", get(off))
            .route("/live/events", get(off));
    }
    let mut router = Router::new().route("/live/events", get(events));
    for (path, kind, content) in FILES {
        router = router.route(
            path,
            get(move || async move { ([(header::CONTENT_TYPE, kind)], content) }),
        );
    }
    router.layer(middleware::from_fn_with_state(state.clone(), protect))
}

/// Refuses what another site may have caused, and says what a browser may do with the answer.
async fn protect(State(state): State<LiveState>, request: Request, next: Next) -> Response {
    let mut response = match refuse(&state, &request) {
        Some(answer) => answer.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

fn refuse(state: &LiveState, request: &Request) -> Option<(StatusCode, &'static str)> {
    if !is_own_name(request, &state.hosts) {
        let text = "articles are not served by this host name; admin.live.hosts allows more\n";
        return Some((StatusCode::FORBIDDEN, text));
    }
    // A link may lead to the page; nothing but the page may read the rest.
    let site = request.headers().get("sec-fetch-site");
    let own = site.is_none_or(|site| site == "same-origin" || site == "none");
    if request.uri().path() != "/live" && !own {
        return Some((StatusCode::FORBIDDEN, "not for other sites\n"));
    }
    None
}

async fn events(State(state): State<AdminState>, uri: Uri, headers: HeaderMap) -> Response {
    let live = state.live;
    let Some(seat) = Seat::take(&live.seats) else {
        let headers = [(header::RETRY_AFTER, "10")];
        return (StatusCode::SERVICE_UNAVAILABLE, headers, FULL).into_response();
    };
    let cursor = resumed(&headers, live.instance)
        .unwrap_or_else(|| live.live.cursor(history(uri.query().unwrap_or_default())));
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        first: Some(Bytes::from(live.hello.to_string())),
        live: live.live,
        instance: live.instance,
        cursor,
        more: false,
        looks,
        spoke: Instant::now(),
        _seat: seat,
    };
    let kind = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")];
    (kind, Body::new(feed)).into_response()
}

/// The cards asked for by `history=N`; all there are without it.
fn history(query: &str) -> usize {
    let asked = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("history="));
    asked
        .and_then(|number| number.parse().ok())
        .unwrap_or(usize::MAX)
}

/// Where a viewer goes on that has seen cards of this process before.
fn resumed(headers: &HeaderMap, instance: i64) -> Option<u64> {
    let last = headers.get("last-event-id")?.to_str().ok()?;
    let (of, number) = last.rsplit_once('-')?;
    let number: u64 = number.parse().ok()?;
    (of == instance.to_string()).then(|| number.saturating_add(1))
}

/// How many viewers there are and may be.
#[derive(Debug, Default)]
struct Seats {
    taken: AtomicUsize,
    most: usize,
    metrics: Option<Metrics>,
}

/// The place of one viewer.
struct Seat(Arc<Seats>);

impl Seat {
    fn take(seats: &Arc<Seats>) -> Option<Self> {
        let more = |taken: usize| (taken < seats.most).then_some(taken + 1);
        let order = Ordering::AcqRel;
        let before = seats
            .taken
            .fetch_update(order, Ordering::Acquire, more)
            .ok()?;
        seats.say(before + 1);
        Some(Self(seats.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let before = self.0.taken.fetch_sub(1, Ordering::AcqRel);
        self.0.say(before.saturating_sub(1));
    }
}

impl Seats {
    fn say(&self, viewers: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.set_live_viewers(viewers);
        }
    }
}

/// An answer without end. It is asked for more only when the client has taken what there was, so a slow client costs
/// memory nowhere: its cursor stays behind, and what leaves the ring meanwhile is missed.
struct Feed {
    first: Option<Bytes>,
    live: Live,
    instance: i64,
    cursor: u64,
    /// Whether more cards were there than fit the last piece.
    more: bool,
    looks: Interval,
    spoke: Instant,
    _seat: Seat,
}

impl Feed {
    fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let view = self.live.read(self.cursor, MOST);
        self.cursor = view.next;
        self.more = view.shown.len() >= MOST;
        let text = events_of(&view, self.instance);
        if !text.is_empty() {
            return Some(text.into());
        }
        (self.spoke.elapsed() >= HEARTBEAT).then(|| Bytes::from_static(b":\n\n"))
    }
}

impl http_body::Body for Feed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if self.first.is_none() && !self.more {
                ready!(self.looks.poll_tick(cx));
            }
            if let Some(bytes) = self.next() {
                self.spoke = Instant::now();
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }
}

/// The events of a view. JSON holds no line breaks, which alone could end an event early.
fn events_of(view: &View, instance: i64) -> String {
    let mut text = String::new();
    if view.missed > 0 {
        text += &format!("event: missed\ndata: {{\"articles\":{}}}\n\n", view.missed);
    }
    for shown in &view.shown {
        let members = shown.card.strip_prefix('{').unwrap_or("}");
        text += &format!(
            "id: {instance}-{}\nevent: article\ndata: {{\"at\":{},\"one_in\":{},{members}\n\n",
            shown.number, shown.at_ms, shown.one_in
        );
    }
    text
}
