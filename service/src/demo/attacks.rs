//! Tokens for the page's visitors to misuse.

use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};
use apply_cookies::protocol::{Batch, BindingCookie, Operation};
use apply_cookies::{Event, MintOptions, PendingCookies, SetCookie};
use async_stream::stream;
use serde_json::json;

use super::cookies::{PRACTICE, SESSION};
use super::own_page::OwnPage;
use super::state::Demo;

const MINUTE: Duration = Duration::from_secs(60);

/// A token of this visitor for a cookie without meaning, to replay and to forge.
pub(super) async fn practice(_: OwnPage, cookies: PendingCookies) -> impl Responder {
    cookies.sse(|cookies| {
        stream! {
            yield match cookies.set(SetCookie::new(PRACTICE, "harmless").max_age(MINUTE)) {
                Ok(_) => Event::data("pushed"),
                Err(error) => Event::data(error.to_string()),
            };
        }
    })
}

/// The token that an attacker would like a visitor's page to redeem: it signs in as the attacker.
/// It is bound to the attacker's browser, which here does not exist.
pub(super) async fn stranger(
    _: OwnPage,
    demo: Data<Demo>,
) -> Result<HttpResponse, actix_web::Error> {
    let sign_in = Operation::try_from(SetCookie::new(SESSION, "mallory"))
        .map_err(actix_web::error::ErrorInternalServerError)?;
    let attacker = BindingCookie::from_random(rand::random());
    let minted = demo.apply.issuer().mint(
        &Batch::new(sign_in),
        Some(&attacker),
        &MintOptions::default(),
    );
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "token": minted.token().as_str() })))
}
