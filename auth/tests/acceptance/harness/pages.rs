//! The pages of the app, without a framework.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::{Event, PendingCookies, SetCookie, Sse, Streamed};
use apply_cookies_auth::{Auth, Identity, SignInError, Visitor};
use async_stream::stream;
use futures_util::Stream;
use futures_util::future::poll_immediate;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How recently somebody must have shown who they are, for the vault.
pub(crate) const RECENT: Duration = Duration::from_secs(300);

/// What somebody types in.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    password: String,
    /// In place of both.
    id_token: Option<String>,
}

/// What a session gets.
#[derive(Deserialize)]
pub(crate) struct Promotion {
    role: String,
    /// The person is signed out everywhere while the new roles are read.
    #[serde(default)]
    ended_meanwhile: bool,
}

/// `Send`, as some frameworks need it.
pub(crate) type Events = Streamed<Pin<Box<dyn Stream<Item = Event> + Send>>, Sse>;

fn events<S>(pending: PendingCookies, stream: impl FnOnce(PendingCookies) -> S) -> Events
where
    S: Stream<Item = Event> + Send + 'static,
{
    pending
        .sse(|pending| -> Pin<Box<dyn Stream<Item = Event> + Send>> { Box::pin(stream(pending)) })
}

pub(crate) fn greeting(who: Option<&Identity>) -> String {
    match who {
        Some(who) => format!("{}, {}", who.subject(), who.roles().join(" ")),
        None => "nobody".to_owned(),
    }
}

/// Signs in inside the stream, and says what became of it.
pub(crate) fn sign_in(visitor: Visitor, pending: PendingCookies, typed: Typed) -> Events {
    events(pending, |pending| {
        stream! {
            yield Event::data("open");
            let auth = visitor.auth();
            let checked = match &typed.id_token {
                Some(token) => auth.check_firebase(&visitor, token).await,
                None => auth.check_password(&visitor, &typed.name, &typed.password).await,
            };
            let me = match checked {
                Ok(me) => me,
                Err(refusal) => return yield Event::data(refusal.to_string()),
            };
            yield match auth.sign_in(&pending, me).push().await {
                Ok(receipt) => Event::data(format!("{:?}", receipt.await)),
                Err(error) => Event::data(error.to_string()),
            };
        }
    })
}

/// Signs out inside the stream.
pub(crate) fn sign_out(visitor: Visitor, pending: PendingCookies) -> Events {
    events(pending, |pending| {
        stream! {
            yield Event::data("open");
            yield match visitor.auth().sign_out(&pending).push().await {
                Ok(receipt) => Event::data(format!("{:?}", receipt.await)),
                Err(error) => Event::data(error.to_string()),
            };
        }
    })
}

/// The same, later.
pub(crate) fn sign_out_later(visitor: Visitor, pending: PendingCookies, door: Arc<Door>) -> Events {
    events(pending, |pending| {
        stream! {
            yield Event::data("open");
            door.pass().await;
            yield match visitor.auth().sign_out(&pending).push().await {
                Ok(receipt) => Event::data(format!("{:?}", receipt.await)),
                Err(error) => Event::data(error.to_string()),
            };
        }
    })
}

/// Offers a sign-in at the provider `acme`, and says who has.
pub(crate) fn offer(visitor: Visitor, pending: PendingCookies) -> Events {
    events(pending, |pending| {
        stream! {
            let popup = match visitor.auth().popup_sign_in("acme", &pending) {
                Ok(popup) => popup,
                Err(error) => return yield Event::data(error.to_string()),
            };
            yield popup.event();
            match popup.identity().await {
                Ok(me) => {
                    yield Event::data(format!("welcome {}", me.name()));
                    // What is set now is this browser's too.
                    let set = pending.set(SetCookie::new("cart", me.subject().to_owned()));
                    yield match set {
                        Ok(receipt) => Event::data(format!("{:?}", receipt.await)),
                        Err(error) => Event::data(error.to_string()),
                    };
                    yield Event::data(format!("ended: {:?}", me.ended().await));
                }
                Err(refusal) => yield Event::data(refusal.to_string()),
            }
        }
    })
}

/// Offers a sign-in, and does not wait.
pub(crate) fn offer_briefly(visitor: Visitor, pending: PendingCookies) -> Events {
    events(pending, |pending| {
        stream! {
            let popup = visitor.auth().popup_sign_in("acme", &pending);
            yield popup.as_ref().unwrap().event();
        }
    })
}

/// Says so when the session has ended.
pub(crate) fn watch(who: Identity, pending: PendingCookies) -> Events {
    events(pending, |_| {
        stream! {
            let mut ended = Box::pin(who.ended());
            // It hears of the end before it says that it does.
            let why = poll_immediate(&mut ended).await;
            yield Event::data("watching");
            let why = match why {
                Some(why) => why,
                None => ended.await,
            };
            yield Event::data(format!("ended: {why:?}"));
        }
    })
}

/// Signs in whoever the request proves to be, as an app does that gives a cookie for it.
pub(crate) async fn adopt(auth: &Auth, who: Identity, pending: PendingCookies) -> String {
    said(auth.sign_in(&pending, who).push().await)
}

/// Signs in whoever is asked for, as the app's own step.
pub(crate) async fn enter(auth: &Auth, subject: &str, pending: PendingCookies) -> String {
    let who = Identity::new("auth0", subject).unwrap();
    said(auth.sign_in(&pending, who).push().await)
}

pub(crate) async fn keep(auth: &Auth, pending: PendingCookies) -> String {
    said(auth.keep(&pending).push().await)
}

pub(crate) async fn rotate(auth: &Auth, pending: PendingCookies, to: Promotion) -> String {
    let rotation = match auth.rotate(&pending).await {
        Ok(rotation) => rotation,
        Err(error) => return error.to_string(),
    };
    if to.ended_meanwhile {
        auth.end_all_of("password", "ada").await.unwrap();
    }
    said(rotation.roles([to.role]).push().await)
}

fn said<T>(pushed: Result<T, SignInError>) -> String {
    pushed.map_or_else(|error| error.to_string(), |_| "done".to_owned())
}

/// Where requests wait until the test lets them through.
pub(crate) struct Door {
    waiting: Semaphore,
    open: Semaphore,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            waiting: Semaphore::new(0),
            open: Semaphore::new(0),
        }
    }
}

impl Door {
    pub(crate) async fn pass(&self) -> &'static str {
        self.waiting.add_permits(1);
        self.open.acquire().await.unwrap().forget();
        "passed"
    }

    /// Returns once a request stands before it.
    pub(crate) fn wait_for_one(&self) {
        while self
            .waiting
            .try_acquire()
            .map(SemaphorePermit::forget)
            .is_err()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn let_one_through(&self) {
        self.open.add_permits(1);
    }
}

/// What the app would show the provider, to read the person's calendar there.
pub(crate) async fn calendar(auth: &Auth, who: &Identity) -> String {
    match auth.provider_tokens(who).await {
        Ok(tokens) => tokens.access_token().to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}
