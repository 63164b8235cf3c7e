//! The admin address: health for the orchestrator, metrics for Prometheus. Read-only.
//!
//! `GET /livez` and `GET /readyz` answer 200 `ok`, or 503 and the reason; `GET /metrics` answers
//! OpenMetrics text. There is no authentication: the default address is loopback, and nothing
//! served holds secrets, nor article text unless the live view (`/live`) is switched on.

mod connection;
mod host;
mod live;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::health::Health;
use crate::metrics::Metrics;
use connection::BoundedListener;
use host::HostCheck;
pub use live::LiveState;

/// How long a client may take for a request, and a connection may be idle.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long open requests may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(2);
/// The longest path and query in bytes.
const MAX_URI_BYTES: usize = 1024;
/// The most bytes of header names and values in a request.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The content type of OpenMetrics text.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PATHS: &str = "newsstage

/livez    200 while the process makes progress, else 503 and the reason
/readyz   200 while the process does its share, else 503 and the reason
/metrics  OpenMetrics text for Prometheus
";
const LIVE_PATHS: &str =
    "/live     articles as they pass, for a browser; newsstage tap shows them in a terminal
";

/// What the admin address shows.
#[derive(Debug, Clone)]
pub struct AdminState {
    /// Served at `/metrics`.
    pub metrics: Metrics,
    /// Served at `/livez` and `/readyz`.
    pub health: Health,
    /// The clock that [`Health`] is told, in milliseconds since 1970.
    pub clock: fn() -> i64,
    /// The setting `admin.listen`; its host is accepted in requests beside the loopback names.
    pub listen: String,
    /// Served at `/live`, where it is on.
    pub live: LiveState,
}

/// Listens on the address of the setting `admin.listen`, e.g. `127.0.0.1:9464` or `[::]:9464`.
///
/// # Errors
/// The address is malformed, unknown, taken or not allowed; the message names the setting.
pub async fn bind(listen: &str) -> io::Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                " (another process has this port; choose another, or 0 for any)"
            }
            io::ErrorKind::PermissionDenied => " (ports below 1024 need a privilege)",
            io::ErrorKind::InvalidInput => " (expected HOST:PORT, e.g. 127.0.0.1:9464)",
            _ => "",
        };
        io::Error::new(
            error.kind(),
            format!("admin.listen = {listen:?}: cannot listen: {error}{advice}"),
        )
    })
}

/// Serves until `stop` is done, and a moment longer for requests that are being answered.
///
/// # Errors
/// The listener has no local address.
pub async fn serve<F>(listener: TcpListener, state: AdminState, stop: F) -> io::Result<()>
where
    F: Future<Output = ()>,
{
    serve_within(listener, state, stop, PATIENCE, GRACE).await
}

/// [`serve`] with its limits.
async fn serve_within<F>(
    listener: TcpListener,
    state: AdminState,
    stop: F,
    patience: Duration,
    grace: Duration,
) -> io::Result<()>
where
    F: Future<Output = ()>,
{
    let check = HostCheck::new(listener.local_addr()?, &state.listen, state.live.hosts());
    let listener = BoundedListener::new(listener, patience);
    let (stopping, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router(state, check)).with_graceful_shutdown(async move {
        // Ends when the sender is dropped.
        stopped.await.ok();
    });
    let deadline = async move {
        stop.await;
        drop(stopping);
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = async { server.await } => result,
        () = deadline => Ok(()),
    }
}

fn router(state: AdminState, check: HostCheck) -> Router {
    let paths = match state.live.is_on() {
        true => [PATHS, LIVE_PATHS].concat(),
        false => PATHS.to_owned(),
    };
    Router::new()
        .route(
            "/",
            get(|| async { ([(header::CONTENT_TYPE, TEXT)], paths) }),
        )
        .merge(live::routes(&state.live))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found; see /\n") })
        .method_not_allowed_fallback(|| async {
            (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n")
        })
        .layer(middleware::from_fn_with_state(check, guard))
        .with_state(state)
}

async fn live(State(state): State<AdminState>) -> Response {
    verdict(state.health.live((state.clock)()))
}

async fn ready(State(state): State<AdminState>) -> Response {
    verdict(state.health.ready())
}

async fn metrics(State(state): State<AdminState>) -> Response {
    state.metrics.set_not_ready(&state.health.blockers());
    (
        [(header::CONTENT_TYPE, OPENMETRICS)],
        state.metrics.encode(),
    )
        .into_response()
}

fn verdict(health: Result<(), String>) -> Response {
    match health {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

/// Refuses what no honest client sends, and marks every answer as not to be cached or guessed at.
async fn guard(State(check): State<HostCheck>, request: Request, next: Next) -> Response {
    let mut response = match refuse(&check, &request) {
        Some((status, text)) => (status, text).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let value = axum::http::HeaderValue::from_static;
    headers.insert(header::CACHE_CONTROL, value("no-store"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        value("nosniff"),
    );
    response
}

/// Why a request is not answered, if it is not.
fn refuse(check: &HostCheck, request: &Request) -> Option<(StatusCode, &'static str)> {
    let path = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if path > MAX_URI_BYTES {
        return Some((StatusCode::URI_TOO_LONG, "the path is too long\n"));
    }
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > MAX_HEADER_BYTES {
        return Some((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the headers are too large\n",
        ));
    }
    let empty = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .is_none_or(|length| length == "0");
    if !empty || request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Some((
            StatusCode::PAYLOAD_TOO_LARGE,
            "no request here takes a body\n",
        ));
    }
    check.refuse(request)
}
