//! `/metrics`: what is counted, as Prometheus reads it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::middleware::Next;
use actix_web::rt::time::timeout;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpResponse};
use apply_cookies::Readiness;
use apply_cookies::actix::leave_unread;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::current::Current;
use super::process;
use crate::replay::Room;

/// How long a scrape waits for a store.
const PATIENCE: Duration = Duration::from_millis(500);

/// Seconds from 0.25 ms to 2.5 s.
const DURATIONS: [f64; 13] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// Seconds of a token's life.
const AGES: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// What the program counts, and what it looks up when it is asked.
#[derive(Clone)]
pub(super) struct Numbers(Arc<Inner>);

struct Inner {
    handle: PrometheusHandle,
    current: Current,
    room: Option<Room>,
}

/// Begins to count. Before this, nothing is.
pub(super) fn install() -> Result<PrometheusHandle, String> {
    let recorder = || -> Result<_, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for (name, buckets) in [
            ("apply_cookies_redemption_duration_seconds", &DURATIONS[..]),
            ("apply_cookies_replay_claim_duration_seconds", &DURATIONS),
            ("apply_cookies_token_age_seconds", &AGES),
        ] {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
        }
        Ok(builder.build_recorder())
    };
    let recorder = recorder().map_err(|error| error.to_string())?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
    describe();
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    gauge!("process_start_time_seconds").set(since.as_secs_f64());
    gauge!("apply_cookies_build_info", "version" => env!("CARGO_PKG_VERSION"), "protocol" => "1")
        .set(1);
    // There from the beginning, so that an alert on its rise sees the first one.
    for result in [
        "released",
        "retried",
        "used",
        "invalid",
        "expired",
        "wrong-browser",
    ] {
        counter!("apply_cookies_redemptions_total", "result" => result).increment(0);
    }
    for kind in ["full", "unavailable", "broken"] {
        counter!("apply_cookies_replay_errors_total", "kind" => kind).increment(0);
    }
    counter!("apply_cookies_barriers_failed_total").increment(0);
    Ok(handle)
}

fn describe() {
    describe_counter!("apply_cookies_redemptions_total", "Answers of the endpoint");
    describe_counter!(
        "apply_cookies_tokens_issued_total",
        "Tokens that this process minted"
    );
    describe_counter!(
        "apply_cookies_barriers_failed_total",
        "Sign-outs without their barrier"
    );
    describe_counter!("apply_cookies_bindings_total", "Answers to POST /bind");
    describe_counter!(
        "apply_cookies_replay_errors_total",
        "Claims that the replay store failed"
    );
    describe_counter!(
        "apply_cookies_api_requests_total",
        "Answers of the internal listener"
    );
    describe_counter!(
        "apply_cookies_key_uses_total",
        "Tokens opened, by the id of their key"
    );
    describe_histogram!(
        "apply_cookies_redemption_duration_seconds",
        "From a POST's body to its answer"
    );
    describe_histogram!(
        "apply_cookies_token_age_seconds",
        "Age of tokens when they are redeemed"
    );
    describe_histogram!(
        "apply_cookies_replay_claim_duration_seconds",
        "How long claims take"
    );
    describe_gauge!(
        "apply_cookies_replay_entries",
        "Entries of the replay store"
    );
    describe_gauge!(
        "apply_cookies_replay_capacity",
        "Entries that the replay store has room for"
    );
    describe_gauge!(
        "apply_cookies_replay_horizon_seconds",
        "Since when the replay store remembers"
    );
    describe_gauge!(
        "apply_cookies_ready",
        "1 while tokens of other processes are accepted"
    );
    describe_gauge!("apply_cookies_http_connections", "Open connections");
    describe_gauge!("apply_cookies_build_info", "The version");
}

impl Numbers {
    pub(super) fn new(handle: PrometheusHandle, current: Current, room: Option<Room>) -> Self {
        Self(Arc::new(Inner {
            handle,
            current,
            room,
        }))
    }

    /// What only shows when somebody looks.
    async fn look(&self) {
        let Inner { current, room, .. } = &*self.0;
        if let Some(room) = room {
            gauge!("apply_cookies_replay_entries").set(count(room.entries()));
            gauge!("apply_cookies_replay_capacity").set(count(room.capacity));
        }
        let ready = timeout(PATIENCE, current.readiness()).await;
        let ready = matches!(ready, Ok(Ok(Readiness::Ready)));
        gauge!("apply_cookies_ready").set(f64::from(u8::from(ready)));
        if let Some(cookies) = current.endpoints().first()
            && let Ok(Ok(horizon)) = timeout(PATIENCE, cookies.replay_store().horizon()).await
        {
            let since = Duration::from_millis(horizon.get());
            gauge!("apply_cookies_replay_horizon_seconds").set(since.as_secs_f64());
        }
        if let Some(bytes) = process::resident_memory() {
            gauge!("process_resident_memory_bytes").set(count(bytes));
        }
        if let Some(files) = process::open_files() {
            gauge!("process_open_fds").set(count(files));
        }
    }

    /// Empties what histograms have collected, which otherwise grows until the next scrape.
    pub(super) fn upkeep(&self) {
        self.0.handle.run_upkeep();
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers that are shown")]
fn count(number: usize) -> f64 {
    number as f64
}

pub(super) async fn metrics(numbers: Data<Numbers>, body: Payload) -> HttpResponse {
    numbers.look().await;
    let response = HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(numbers.0.handle.render());
    leave_unread(response, body.into_inner())
}

/// Counts the answers of the internal listener, by the route and not by the path.
pub(super) async fn count_answers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let answer = next.call(request).await?;
    let route = answer.request().match_pattern();
    let route = route.unwrap_or_else(|| "none".to_owned());
    let code = answer.status().as_u16().to_string();
    counter!("apply_cookies_api_requests_total", "route" => route, "code" => code).increment(1);
    Ok(answer)
}
