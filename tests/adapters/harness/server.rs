//! A server of an adapter, and a clock that the test controls.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::replay::ReplayStore;
use apply_cookies::{ApplyCookies, Builder, Clock, Secrets};

use super::adapter::{Adapter, Running, Site, Surroundings};
use super::notes::Notes;
use super::script::Script;
use crate::support::http::{Connection, Response};
use crate::support::{NOW, ORIGIN, SECRET, at, cookie_header};

pub(crate) struct Server<A> {
    pub(crate) address: SocketAddr,
    pub(crate) notes: Arc<Notes>,
    clock: Arc<AtomicU64>,
    _running: Running,
    adapter: PhantomData<A>,
}

impl<A: Adapter> Server<A> {
    /// A server with our endpoint, and no page.
    pub(crate) fn bare() -> Self {
        Self::start(Script::default())
    }

    pub(crate) fn start(script: Script) -> Self {
        Self::with(|builder| builder).start(script)
    }

    /// With another configuration.
    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder + 'static) -> Setup<A> {
        Setup {
            secrets: Secrets::new(SECRET).unwrap(),
            change: Box::new(change),
            surroundings: Surroundings::Layer,
            adapter: PhantomData,
        }
    }

    pub(crate) fn with_store(store: Arc<dyn ReplayStore>) -> Setup<A> {
        Self::with(|builder| builder.replay_store(store))
    }

    pub(crate) fn in_surroundings(surroundings: Surroundings) -> Setup<A> {
        Setup {
            surroundings,
            ..Self::with(|builder| builder)
        }
    }

    pub(crate) fn of_secrets(secrets: Secrets) -> Setup<A> {
        Setup {
            secrets,
            ..Self::with(|builder| builder)
        }
    }

    /// Sets the clock of issuer, redeemer and store.
    pub(crate) fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::SeqCst);
    }

    /// On a connection of its own.
    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> Response {
        self.open().request("GET", path, headers, b"")
    }

    /// As browser 1, which has a binding.
    pub(crate) fn get_bound(&self, path: &str) -> Response {
        self.get(path, &[&cookie_header(1)])
    }

    pub(crate) fn open(&self) -> Connection {
        Connection::open(self.address)
    }
}

/// A server that is not started yet.
pub(crate) struct Setup<A> {
    secrets: Secrets,
    change: Box<dyn FnOnce(Builder) -> Builder>,
    surroundings: Surroundings,
    adapter: PhantomData<A>,
}

impl<A: Adapter> Setup<A> {
    /// A server with our endpoint, and no page.
    pub(crate) fn bare(self) -> Server<A> {
        self.start(Script::default())
    }

    /// The memory of its store begins a minute before [`NOW`].
    pub(crate) fn start(self, script: Script) -> Server<A> {
        let clock = Arc::new(AtomicU64::new(NOW - 60_000));
        let hands = clock.clone();
        let builder = ApplyCookies::builder(self.secrets)
            .origin(ORIGIN)
            .clock(Clock::from_fn(move || at(hands.load(Ordering::SeqCst))));
        let cookies = (self.change)(builder).build().unwrap();
        clock.store(NOW, Ordering::SeqCst);
        let notes = Arc::new(Notes::default());
        let running = A::serve(Site {
            cookies,
            surroundings: self.surroundings,
            script,
            notes: notes.clone(),
        });
        Server {
            address: running.address,
            notes,
            clock,
            _running: running,
            adapter: PhantomData,
        }
    }
}
