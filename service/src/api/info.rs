//! `GET /v1/info`: what a package compares with its own settings when it starts.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::rt::time::timeout;
use actix_web::web::Data;
use apply_cookies::protocol::{StoreScope, limits};
use apply_cookies::{BindingPolicy, Readiness};
use serde::Serialize;

use super::idempotency::KEYS_MAX;
use super::json::{BODY_MAX, answer};
use super::receipts::{IDS_MAX, WAIT_MAX};
use super::state::Api;
use super::{cookies, tokens};

/// How long a store that several machines share may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct Info {
    /// Of the program.
    version: &'static str,
    /// Of tokens, values and the endpoint.
    protocol: u32,
    /// The service's clock, in milliseconds since 1970.
    now: u64,
    /// Path of the endpoint.
    prefix: String,
    /// The origins whose pages may post.
    origins: Vec<String>,
    /// Name of the binding cookie.
    binding_cookie: &'static str,
    /// Whether tokens must carry a binding.
    #[cfg_attr(test, schema(value_type = super::schema::Binding))]
    binding: &'static str,
    /// The ids of the keys that the secrets derive, that of the current secret first.
    key_ids: Vec<String>,
    /// Whether tokens that other processes issue now are let in.
    ready: bool,
    /// A token with this scope is let in at once, even while `ready` is false. Null if the store has
    /// none.
    scope: Option<String>,
    limits: Limits,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
struct Limits {
    /// Bytes of a request's body.
    body_bytes: usize,
    /// Requests of one `/v1/tokens`.
    requests: usize,
    /// Ids of one `/v1/receipts`.
    receipts: usize,
    /// Names of one `/v1/cookies/read`.
    names: usize,
    /// The longest wait for a receipt, in milliseconds.
    wait_ms: u64,
    /// Keys of `Idempotency-Key` at a time.
    idempotency_keys: usize,
    /// The longest lifetime of a token, in milliseconds.
    ttl_ms: u64,
    /// Operations of a token.
    operations: usize,
    /// Bytes of a token's text.
    token_bytes: usize,
    /// Bytes of the `Set-Cookie` lines of a token.
    set_cookie_bytes: usize,
    /// Bytes of a cookie's name and value together.
    name_value_bytes: usize,
    /// The longest `Max-Age`, in seconds.
    max_age: u32,
}

/// What a package compares with its own settings when it starts.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/v1/info",
    operation_id = "info",
    responses(
        (status = 200, description = "About the service.", body = Info),
        super::schema::OfAll,
    ),
))]
pub(super) async fn info(api: Data<Api>) -> HttpResponse {
    let current = api.current();
    let cookies = &current.cookies;
    let readiness = timeout(PATIENCE, cookies.readiness()).await;
    answer(&Info {
        version: env!("CARGO_PKG_VERSION"),
        protocol: 1,
        now: cookies.clock().now().get(),
        prefix: cookies.prefix().to_owned(),
        origins: (cookies.origins().iter())
            .map(|origin| origin.as_str().to_owned())
            .collect(),
        binding_cookie: cookies.binding_cookie(),
        binding: match cookies.binding() {
            BindingPolicy::Optional => "optional",
            _ => "required",
        },
        key_ids: cookies.key_ids().map(|id| id.to_string()).collect(),
        ready: matches!(readiness, Ok(Ok(Readiness::Ready))),
        scope: (cookies.replay_store().scope()).map(StoreScope::to_text),
        limits: Limits {
            body_bytes: BODY_MAX,
            requests: tokens::REQUESTS_MAX,
            receipts: IDS_MAX,
            names: cookies::NAMES_MAX,
            wait_ms: WAIT_MAX,
            idempotency_keys: KEYS_MAX,
            ttl_ms: cookies.issuer().longest_lifetime().as_millis(),
            operations: limits::OPERATIONS_MAX,
            token_bytes: limits::TOKEN_TEXT_MAX,
            set_cookie_bytes: limits::SET_COOKIE_LINES_MAX,
            name_value_bytes: limits::NAME_VALUE_MAX,
            max_age: limits::MAX_AGE_MAX,
        },
    })
}
