//! The app of the tests on one framework, and what a test can do to it from outside.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apply_cookies::{ApplyCookies, Clock, Secrets};
use apply_cookies_auth::{Accounts, Auth, AuthBuilder};
use futures_util::FutureExt;

use super::browser::Browser;
use super::pages::Door;
use super::people::{People, Table};
use super::store::{Claims, Store};
use crate::support::ORIGIN;
use crate::support::http::{Connection, Response};

/// One framework with the crate's adapter.
pub(crate) trait Framework: 'static {
    /// Serves the app of [`pages`](super::pages) on a loopback port of its own.
    fn serve(site: Site) -> Running;
}

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) auth: Auth,
    pub(crate) door: Arc<Door>,
    pub(crate) layout: Layout,
}

/// Where the middleware of the sign-ins is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Around the whole app.
    Whole,
    /// Around all of it, which is below `/inner`.
    Nested,
    /// Nowhere.
    Forgotten,
}

/// An app that is being served, until this is dropped.
pub(crate) struct Running {
    address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send>>,
}

impl Running {
    pub(crate) fn new(address: SocketAddr, stop: impl FnOnce() + Send + 'static) -> Self {
        let stop: Box<dyn FnOnce() + Send> = Box::new(stop);
        Self {
            address,
            stop: Some(stop),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

pub(crate) struct App<F> {
    pub(crate) address: SocketAddr,
    pub(crate) auth: Auth,
    pub(crate) people: Arc<People>,
    pub(crate) store: Arc<Store>,
    pub(crate) door: Arc<Door>,
    /// How far its clock is ahead, in milliseconds.
    ahead: Arc<AtomicU64>,
    _running: Running,
    framework: PhantomData<F>,
}

impl<F: Framework> App<F> {
    /// An app whose people have names and passwords.
    pub(crate) fn start() -> Self {
        Self::with(AuthBuilder::passwords)
    }

    /// An app with these sign-ins.
    pub(crate) fn with(sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder) -> Self {
        Self::built(&[ORIGIN], Layout::Whole, sign_ins)
    }

    /// An app on these origins.
    pub(crate) fn built(
        origins: &[&str],
        layout: Layout,
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let ahead = Arc::new(AtomicU64::new(0));
        let hands = ahead.clone();
        let clock =
            Clock::from_fn(move || Clock::system().now().plus(hands.load(Ordering::SeqCst)));
        let cookies = deployment(Secrets::random(), clock.clone(), origins);
        Self::of(&cookies, Store::new(clock), ahead, layout, sign_ins)
    }

    /// The same store and clock with these secrets, and the usual sign-ins.
    pub(crate) fn with_secrets(&self, secrets: Secrets) -> Self {
        let clock = self.auth.cookies().clock().clone();
        let cookies = deployment(secrets, clock, &[ORIGIN]);
        let (store, ahead) = (self.store.clone(), self.ahead.clone());
        Self::of(
            &cookies,
            store,
            ahead,
            Layout::Whole,
            AuthBuilder::passwords,
        )
    }

    /// The same deployment, store and clock with other sign-ins, as after a restart.
    pub(crate) fn restarted(
        &self,
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let (cookies, store) = (self.auth.cookies(), self.store.clone());
        Self::of(cookies, store, self.ahead.clone(), Layout::Whole, sign_ins)
    }

    /// The same, once this one has ended.
    pub(crate) fn restarted_afterwards(
        self,
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let (cookies, store) = (self.auth.cookies().clone(), self.store.clone());
        let ahead = self.ahead.clone();
        drop(self);
        Self::of(&cookies, store, ahead, Layout::Whole, sign_ins)
    }

    fn of(
        cookies: &ApplyCookies,
        store: Arc<Store>,
        ahead: Arc<AtomicU64>,
        layout: Layout,
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let people = People::new();
        let accounts = Accounts::from_source(Table(people.clone()));
        let builder = Auth::builder(cookies).revocations(store.clone());
        let auth = sign_ins(builder, accounts).build().unwrap();
        Self::serve(auth, people, store, ahead, layout)
    }

    /// An app whose claims are in this store.
    pub(crate) fn on_claims(
        claims: Arc<Claims>,
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let cookies = ApplyCookies::builder(Secrets::random()).origin(ORIGIN);
        let cookies = cookies.replay_store(claims).build().unwrap();
        let store = Store::new(Clock::system());
        Self::of(&cookies, store, Arc::default(), Layout::Whole, sign_ins)
    }

    /// An app on the cookies of development, with sign-ins that are not.
    pub(crate) fn on_dev_cookies(
        sign_ins: impl FnOnce(AuthBuilder, Accounts) -> AuthBuilder,
    ) -> Self {
        let cookies = ApplyCookies::dev();
        let store = Store::new(Clock::system());
        Self::of(&cookies, store, Arc::default(), Layout::Whole, sign_ins)
    }

    /// An app for development.
    pub(crate) fn dev() -> Self {
        let cookies = ApplyCookies::dev();
        let auth = Auth::dev(&cookies).unwrap();
        let store = Store::new(Clock::system());
        Self::serve(auth, People::new(), store, Arc::default(), Layout::Whole)
    }

    fn serve(
        auth: Auth,
        people: Arc<People>,
        store: Arc<Store>,
        ahead: Arc<AtomicU64>,
        layout: Layout,
    ) -> Self {
        let door = Arc::new(Door::default());
        let running = F::serve(Site {
            auth: auth.clone(),
            door: door.clone(),
            layout,
        });
        Self {
            address: running.address,
            auth,
            people,
            store,
            door,
            ahead,
            _running: running,
            framework: PhantomData,
        }
    }

    /// Moves the clock of cookies, sessions and store.
    pub(crate) fn forward(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.ahead.fetch_add(by, Ordering::SeqCst);
    }

    /// Ends all sessions of a person.
    pub(crate) fn end_all_of(&self, (name, _): (&str, &str)) {
        end_all_of(&self.auth, name);
    }

    /// Ends them while something else is being revoked.
    pub(crate) fn end_all_meanwhile_of(&self, (name, _): (&'static str, &str)) {
        let auth = self.auth.clone();
        (self.store).before_the_next(move || end_all_of(&auth, name));
    }

    /// A browser that was never here.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser that has signed in on the page.
    pub(crate) fn signed_in(&self, (name, password): (&str, &str)) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(name, password);
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// Sends a request with exactly these fields.
    pub(crate) fn send(&self, method: &str, path: &str, fields: &[&str], body: &str) -> Response {
        Connection::open(self.address).request(method, path, fields, body.as_bytes())
    }

    /// The same to a server of this name.
    pub(crate) fn send_to(
        &self,
        host: &str,
        method: &str,
        path: &str,
        fields: &[&str],
        body: &str,
    ) -> Response {
        let (length, fields) = (body.len(), fields.join("\r\n"));
        let fields = format!("Host: {host}\r\nContent-Length: {length}\r\n{fields}");
        let head = format!("{method} {path} HTTP/1.1\r\n{fields}\r\n\r\n");
        let mut connection = Connection::open(self.address);
        connection.send(format!("{head}{body}").as_bytes());
        connection.response()
    }
}

fn deployment(secrets: Secrets, clock: Clock, origins: &[&str]) -> ApplyCookies {
    let builder = ApplyCookies::builder(secrets).clock(clock);
    let builder = origins
        .iter()
        .fold(builder, |builder, origin| builder.origin(*origin));
    builder.build().unwrap()
}

fn end_all_of(auth: &Auth, name: &str) {
    // The store is in memory: its answers are ready.
    let ended = auth.end_all_of("password", name).now_or_never();
    ended.unwrap().unwrap();
}
