//! `POST /v1/tokens`

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies::UnixMillis;
use apply_cookies::protocol::Lifetime;
use apply_cookies::protocol::strict_json::Object;
use serde::{Deserialize, Serialize};

use super::idempotency;
use super::json::Json;
use super::problem::Problem;
use super::state::{Api, Current};
use crate::minting::{TokenRequest, TokenResult};

/// The most requests of one call.
pub(super) const REQUESTS_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct TokenRequests {
    #[cfg_attr(test, schema(value_type = Vec<TokenRequest>, max_items = 64))]
    requests: Vec<Object<TokenRequest>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct TokenResults {
    /// In the order of the requests.
    results: Vec<TokenResult>,
}

/// Makes tokens.
///
/// What is wrong with one request is said in its result, and the others are minted. A request that
/// does not have the form of one makes the whole document wrong, and nothing is minted.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "makeTokens",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "The same key and body get the same answer until its tokens have expired. One to 64 bytes.",
        min_length = 1, max_length = 64, nullable = false, pattern = "^[!-~]+$",
    )),
    request_body = TokenRequests,
    responses(
        (status = 200, description = "A result for each request.", body = TokenResults),
        (status = 409, description = "The key belongs to another body.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No more keys are remembered.", body = Problem, content_type = "application/problem+json"),
        super::schema::OfPosts,
    ),
))]
pub(super) async fn mint(
    api: Data<Api>,
    request: HttpRequest,
    Json { value, bytes }: Json<TokenRequests>,
) -> Result<HttpResponse, Problem> {
    let current = api.current();
    let results = match idempotency::key(request.headers())? {
        None => make(&current, value)?.0,
        Some(key) => {
            let now = current.cookies.clock().now();
            (api.answers()).answer(key, &bytes, now, || make(&current, value))?
        }
    };
    let mut response = HttpResponse::Ok();
    Ok(response.content_type("application/json").body(results))
}

/// The answer, and when the last of its tokens expires.
fn make(
    current: &Current,
    TokenRequests { requests }: TokenRequests,
) -> Result<(Bytes, UnixMillis), Problem> {
    if requests.len() > REQUESTS_MAX {
        let refused = Problem::invalid(format!("must be at most {REQUESTS_MAX}"));
        return Err(refused.field("requests"));
    }
    // All are read before one is minted: a malformed one makes the whole document wrong.
    let mut orders = Vec::with_capacity(requests.len());
    for (item, Object(request)) in requests.into_iter().enumerate() {
        let order = current.mint.prepare(&request);
        match order {
            Err(refusal) if refusal.malformed => return Err(Problem::malformed(item, refusal)),
            order => orders.push((request.id, order)),
        }
    }
    let results = current.mint.mint(orders);
    let tokens = results.iter().flat_map(|result| &result.tokens).flatten();
    let last = tokens.map(|token| token.expires_at).max();
    let until = last.and_then(UnixMillis::new).unwrap_or_else(|| {
        let now = current.cookies.clock().now();
        now.plus(Lifetime::default().as_millis())
    });
    // Results can all be written as JSON. Boxed, because what is kept must not hold twice its bytes.
    let answer = serde_json::to_vec(&TokenResults { results }).unwrap_or_default();
    Ok((answer.into_boxed_slice().into(), until))
}
