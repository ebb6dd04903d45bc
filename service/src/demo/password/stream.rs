//! Signs in and out inside a stream that answers a POST.

use actix_web::Responder;
use actix_web::web::{Data, Form};
use apply_cookies::{Event, PendingCookies};
use apply_cookies_auth::{Refusal, RefusalCode, Visitor};
use async_stream::stream;
use serde::Deserialize;

use super::super::own_page::OwnPage;
use super::super::state::Demo;
use super::super::steps::{self, Step};

#[derive(Deserialize)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

pub(super) async fn enter(
    _: OwnPage,
    form: Form<SignIn>,
    visitor: Visitor,
    cookies: PendingCookies,
    demo: Data<Demo>,
) -> impl Responder {
    cookies.sse(|cookies| {
        stream! {
            let clock = demo.apply.clock();
            let mut frames = cookies.frames();
            yield Event::from(Step::started(clock));
            let auth = visitor.auth();
            let pushed = match auth.check_password(&visitor, &form.name, &form.password).await {
                Ok(who) => auth.sign_in(&cookies, who).push().await.map_err(Refusal::from),
                Err(refusal) => Err(refusal),
            };
            let pushed = pushed.map_err(|refusal| refusal.sentence().into_owned());
            for part in steps::seal(pushed, &mut frames, clock) {
                yield part.into();
            }
            yield Step::done(clock).into();
        }
    })
}

pub(super) async fn leave(
    _: OwnPage,
    visitor: Visitor,
    cookies: PendingCookies,
    demo: Data<Demo>,
) -> impl Responder {
    cookies.sse(|cookies| {
        stream! {
            let clock = demo.apply.clock();
            let mut frames = cookies.frames();
            yield Event::from(Step::started(clock));
            let pushed = match visitor.identity() {
                // Ends the session everywhere, and raises the barrier.
                Some(_) => visitor.auth().sign_out(&cookies).push().await.map_err(Refusal::from),
                None => Err(RefusalCode::SignedOut.into()),
            };
            let pushed = pushed.map_err(|refusal| match refusal.code() {
                RefusalCode::SignedOut => "Nobody is signed in.".to_owned(),
                _ => refusal.sentence().into_owned(),
            });
            for part in steps::seal(pushed, &mut frames, clock) {
                yield part.into();
            }
            yield Step::done(clock).into();
        }
    })
}
