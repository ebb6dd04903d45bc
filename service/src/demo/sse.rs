//! Sign in and out from inside a stream of server-sent events.

use std::time::Duration;

use actix_web::rt::time::sleep;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, Responder};
use apply_cookies::{Event, PendingCookies, SetCookie};
use async_stream::stream;
use serde::Deserialize;

use super::cookies::{SESSION, SIGNED_IN, read};
use super::own_page::OwnPage;
use super::state::Demo;
use super::steps::{self, Step};

/// As long as a real sign-in might take: the headers are gone by then.
const CHECKING: Duration = Duration::from_millis(600);

/// Longest name, in characters.
const NAME_MAX: usize = 40;

#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    name: String,
}

pub(super) async fn sign_in(
    _: OwnPage,
    request: HttpRequest,
    query: Query<SignIn>,
    cookies: PendingCookies,
    demo: Data<Demo>,
) -> impl Responder {
    let name = readable(&query.name);
    let old = read(&request, SESSION).map(str::to_owned);
    cookies.sse(|cookies| {
        stream! {
            let clock = demo.apply.clock();
            let mut frames = cookies.frames();
            yield Event::from(Step::started(clock));
            sleep(CHECKING).await;
            // A new id for every sign-in: nobody can have planted it before.
            let id = demo.sessions.begin(name);
            let pushed = cookies.set(SetCookie::new(SESSION, id.as_str()).max_age(SIGNED_IN));
            match (&pushed, old) {
                (Ok(_), Some(old)) => demo.sessions.end(&old),
                (Ok(_), None) => {}
                (Err(_), _) => demo.sessions.end(&id),
            }
            for part in steps::seal(pushed, &mut frames, clock) {
                yield part.into();
            }
            yield Step::done(clock).into();
        }
    })
}

pub(super) async fn sign_out(
    _: OwnPage,
    request: HttpRequest,
    cookies: PendingCookies,
    demo: Data<Demo>,
) -> impl Responder {
    // First end it on the server: deleting a cookie does not stop copies of it.
    if let Some(id) = read(&request, SESSION) {
        demo.sessions.end(id);
    }
    cookies.sse(|cookies| {
        stream! {
            let clock = demo.apply.clock();
            let mut frames = cookies.frames();
            yield Event::from(Step::started(clock));
            // A sign-in that is still on its way must not undo it.
            let pushed = cookies.sign_out().delete_cookie(SESSION).push();
            for part in steps::seal(pushed, &mut frames, clock) {
                yield part.into();
            }
            yield Step::done(clock).into();
        }
    })
}

/// The name as the page may show it.
fn readable(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX)
        .collect();
    match name.trim() {
        "" => "Somebody".to_owned(),
        name => name.to_owned(),
    }
}
