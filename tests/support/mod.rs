//! What several tests share: a real server on a loopback socket, and a client that writes its
//! requests byte by byte.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

pub mod http;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use apply_cookies::protocol::{
    Batch, Binding, BindingCookie, KeyRing, Lifetime, Nonce, Sealing, Secret as RootSecret,
    TokenHeader, UnixMillis, seal,
};
use apply_cookies::{ApplyCookies, Builder, Clock, Secrets};

pub const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
pub const ORIGIN: &str = "https://app.example";

/// The time at which most tests play, long after the store's horizon.
pub const NOW: u64 = 1_795_000_000_000;

pub struct Server {
    pub address: SocketAddr,
    pub cookies: ApplyCookies,
    clock: Arc<AtomicU64>,
    handle: actix_web::dev::ServerHandle,
}

impl Server {
    /// A server with our endpoint and nothing else.
    pub fn start() -> Self {
        Self::start_with(|builder| builder, |_| {})
    }

    /// A server with another configuration and further routes. Its store begins a minute before
    /// [`NOW`].
    pub fn start_with(
        change: impl FnOnce(Builder) -> Builder,
        routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::start_as(Secrets::new(SECRET).unwrap(), change, routes)
    }

    /// A server of other secrets.
    pub fn start_with_secret(
        secret: Secrets,
        routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::start_as(secret, |builder| builder, routes)
    }

    fn start_as(
        secret: Secrets,
        change: impl FnOnce(Builder) -> Builder,
        routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW - 60_000));
        let hands = clock.clone();
        let builder = ApplyCookies::builder(secret)
            .origin(ORIGIN)
            .clock(Clock::from_fn(move || at(hands.load(Ordering::SeqCst))));
        let cookies = change(builder).build().unwrap();
        clock.store(NOW, Ordering::SeqCst);
        let (started, starting) = mpsc::channel();
        let configured = cookies.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .wrap(configured.middleware())
                        .configure(routes.clone())
                })
                .workers(2)
                .shutdown_timeout(1)
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = starting.recv().unwrap();
        Self {
            address,
            cookies,
            clock,
            handle,
        }
    }

    /// Sets the clock of issuer, redeemer and store.
    pub fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Sent at once; the server's own thread acts on it.
        drop(self.handle.stop(false));
    }
}

pub fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

pub fn ring() -> KeyRing {
    KeyRing::new(&RootSecret::new(SECRET).unwrap(), &[]).unwrap()
}

pub fn browser(n: u8) -> BindingCookie {
    BindingCookie::from_random([n; 32])
}

pub fn cookie_header(n: u8) -> String {
    format!("Cookie: __Host-apply-cookies={}", browser(n).to_text())
}

/// A batch from its JSON form.
pub fn batch(operations: &str) -> Batch<'static> {
    apply_cookies::protocol::parse_batch(&format!("{{\"operations\":[{operations}]}}")).unwrap()
}

/// An encrypted token of another process, for browser 1, with changes.
pub fn token_with(operations: &str, change: impl FnOnce(&mut TokenHeader<'_>)) -> String {
    let nonce: [u8; 16] = rand();
    let mut header = TokenHeader::new(Nonce::from_random(nonce), at(NOW), Lifetime::default());
    header.binding = Some(Binding::new(&ring(), &browser(1)));
    change(&mut header);
    let sealing = Sealing::Encrypted { iv: rand() };
    seal(&ring(), sealing, &header, &batch(operations)).into_string()
}

/// An ordinary token for browser 1.
pub fn token() -> String {
    token_with(SESSION, |_| {})
}

pub const SESSION: &str = r#"{"op":"set","name":"session","value":"8f14e45f"}"#;
pub const SESSION_LINE: &str = "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax";

/// Numbers that differ from call to call; the tests need no more.
fn rand() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes
}
