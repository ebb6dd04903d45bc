//! `/v1/receipts`: one by id, the first of many, and every one from now on.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::rt::time::{Instant, interval_at};
use actix_web::web::{Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies::protocol::ReceiptId;
use apply_cookies::protocol::strict_json::printable;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;

use super::super::json::{Json, answer};
use super::super::problem::Problem;
use super::super::state::Api;
use super::table::{Outcome, Settled};

/// The most ids of one question.
pub(in super::super) const IDS_MAX: usize = 256;

/// The longest wait, in milliseconds.
pub(in super::super) const WAIT_MAX: u64 = 60_000;

/// How often a stream shows that it is alive.
const PING: Duration = Duration::from_secs(15);

/// What became of a token.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(in super::super) struct Receipt {
    /// `released`: the cookies were given out. `expired`: the token was posted too late. `unknown`:
    /// neither has been heard of.
    #[cfg_attr(test, schema(value_type = super::super::schema::State))]
    state: &'static str,
    /// When, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    at: Option<u64>,
    /// `failed`: for the lifetime of a token, a sign-in that is on its way can undo this sign-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(value_type = super::super::schema::Barrier, required = false))]
    barrier: Option<&'static str>,
}

/// A receipt that is settled.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(in super::super) struct Settlement {
    id: String,
    #[serde(flatten)]
    receipt: Receipt,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(in super::super) struct SettledReceipts {
    settled: Vec<Settlement>,
}

impl From<Option<Settled>> for Receipt {
    fn from(settled: Option<Settled>) -> Self {
        let (state, barrier) = match settled.map(|settled| settled.outcome) {
            None => ("unknown", None),
            Some(Outcome::Released) => ("released", None),
            Some(Outcome::ReleasedWithoutBarrier) => ("released", Some("failed")),
            Some(Outcome::Expired) => ("expired", None),
        };
        Self {
            state,
            at: settled.map(|settled| settled.at),
            barrier,
        }
    }
}

impl From<(ReceiptId, Settled)> for Settlement {
    fn from((id, settled): (ReceiptId, Settled)) -> Self {
        Self {
            id: id.to_text(),
            receipt: Some(settled).into(),
        }
    }
}

/// What became of one token.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/v1/receipts/{id}",
    operation_id = "receipt",
    params(
        ("id" = String, Path, description = "The receipt's id.", pattern = "^[A-Za-z0-9_-]{21}[AQgw]$"),
        ("wait_ms" = Option<u64>, Query, description = "How long to wait for it, in milliseconds.", nullable = false, minimum = 0, maximum = 60_000),
    ),
    responses(
        (status = 200, description = "The receipt, as far as it is known.", body = Receipt),
        (status = 400, description = "The id, or the wait, is malformed.", body = Problem, content_type = "application/problem+json"),
        super::super::schema::OfAll,
    ),
))]
pub(in super::super) async fn get(
    api: Data<Api>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wait = wait_of(request.query_string())?;
    let id = parse(&id).ok_or_else(|| wrong_id().field("id"))?;
    let settled = api.receipts().wait(&[id], patience(wait)?).await;
    let settled = settled.first().map(|(_, settled)| *settled);
    Ok(answer(&Receipt::from(settled)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(in super::super) struct Wait {
    /// Those that are asked for.
    #[cfg_attr(test, schema(max_items = 256, pattern = "^[A-Za-z0-9_-]{21}[AQgw]$"))]
    ids: Vec<String>,
    /// How long to wait for the first of them, in milliseconds.
    #[serde(default)]
    #[cfg_attr(test, schema(minimum = 0, maximum = 60_000))]
    wait_ms: u64,
}

/// What became of many tokens.
///
/// Answers when the first of them is settled, or at the end of the wait, with those that are settled.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/receipts",
    operation_id = "receipts",
    request_body = Wait,
    responses(
        (status = 200, description = "Those that are settled; the others are unknown.", body = SettledReceipts),
        super::super::schema::OfPosts,
    ),
))]
pub(in super::super) async fn list(
    api: Data<Api>,
    Json { value, .. }: Json<Wait>,
) -> Result<HttpResponse, Problem> {
    let Wait { ids, wait_ms } = value;
    if ids.len() > IDS_MAX {
        return Err(Problem::invalid(format!("must be at most {IDS_MAX}")).field("ids"));
    }
    let ids = (ids.iter().enumerate())
        .map(|(n, text)| parse(text).ok_or_else(|| wrong_id().field("ids").item(n)))
        .collect::<Result<Vec<_>, _>>()?;
    let settled = api.receipts().wait(&ids, patience(wait_ms)?).await;
    Ok(answer(&SettledReceipts {
        settled: settled.into_iter().map(Settlement::from).collect(),
    }))
}

/// The wait that a query asks for.
fn wait_of(query: &str) -> Result<u64, Problem> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query).map_err(|_| wrong_wait())?;
    let mut wait = None;
    for (name, value) in pairs.into_inner() {
        let refuse = |detail| Err(Problem::invalid(detail).field(printable(&name)));
        if name != "wait_ms" {
            return refuse("is not a known field");
        }
        if wait.is_some() {
            return refuse("appears twice");
        }
        // Not what `parse` takes beyond digits.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        wait = Some(number.ok_or_else(wrong_wait)?);
    }
    Ok(wait.unwrap_or(0))
}

fn parse(id: &str) -> Option<ReceiptId> {
    ReceiptId::parse(id.as_bytes())
}

fn wrong_id() -> Problem {
    Problem::invalid("must be the 22 characters of a receipt's id")
}

fn wrong_wait() -> Problem {
    Problem::invalid(format!("must be from 0 to {WAIT_MAX}")).field("wait_ms")
}

fn patience(wait_ms: u64) -> Result<Duration, Problem> {
    if wait_ms > WAIT_MAX {
        return Err(wrong_wait());
    }
    Ok(Duration::from_millis(wait_ms))
}

/// Every receipt that is settled from now on, as server-sent events.
///
/// `event: receipt` has a settlement as its data. `event: lost` with `{"missed": 17}` says that this
/// reader was too slow for so many: ask for what is still open. A comment comes first, from which on
/// nothing is missed, and every 15 seconds.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/v1/receipts/events",
    operation_id = "receiptEvents",
    responses(
        (status = 200, description = "The stream. It ends when the service stops.", body = String, content_type = "text/event-stream"),
        super::super::schema::OfAll,
    ),
))]
pub(in super::super) async fn events(api: Data<Api>) -> HttpResponse {
    let mut receipts = api.receipts().subscribe();
    let events = async_stream::stream! {
        yield Ok::<_, Infallible>(Bytes::from_static(b": open\n\n"));
        let mut ping = interval_at(Instant::now() + PING, PING);
        loop {
            let next = tokio::select! {
                next = receipts.recv() => next,
                _ = ping.tick() => {
                    yield Ok(Bytes::from_static(b": ping\n\n"));
                    continue;
                }
                () = api.receipts().closed() => return,
            };
            match next {
                Ok(settled) => yield Ok(event("receipt", &Settlement::from(settled))),
                Err(RecvError::Lagged(missed)) => yield Ok(event("lost", &Lost { missed })),
                Err(RecvError::Closed) => return,
            }
        }
    };
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream").streaming(events)
}

/// The reader was too slow, and has not been told of so many.
#[derive(Serialize)]
struct Lost {
    missed: u64,
}

fn event(name: &str, data: &impl Serialize) -> Bytes {
    // Both can be written as JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}
