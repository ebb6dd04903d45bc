//! Thousands of connections that do nothing, or as little as they can, while honest clients redeem:
//! nobody fails, and memory stays as it is.
//!
//! `APPLY_COOKIES_FAULTS=full` sets the full counts; `scripts/faults` sets it.

#![cfg(target_os = "linux")]

#[path = "support/racer.rs"]
mod racer;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use racer::{Owners, post_once, tokens};
use rustix::process::{Resource, getrlimit, setrlimit};
use service::Service;
use unix::{Sockets, get};

fn count(short: usize, full: usize) -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

/// What a connection sends at once, and what it then drips, a byte at a time.
const KINDS: [(&str, &str); 4] = [
    ("", ""),
    (
        "",
        "POST /__apply-cookies HTTP/1.1\r\nHost: app.example\r\nX-Slow: 1",
    ),
    ("GET /healthz HTTP/1.1\r\nHost: app.example\r\n\r\n", ""),
    (
        "POST /__apply-cookies HTTP/1.1\r\nHost: app.example\r\nOrigin: https://127.0.0.1:9\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 2000\r\n\r\n",
        "t=e1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ),
];

/// A connection that holds its place as long as it is let, and comes again.
struct Slow {
    stream: Option<TcpStream>,
    kind: usize,
    dripped: usize,
}

impl Slow {
    fn new(kind: usize) -> Self {
        Self {
            stream: None,
            kind: kind % KINDS.len(),
            dripped: 0,
        }
    }

    /// Opens it if it is closed, and sends another byte.
    fn turn(&mut self, address: SocketAddr) {
        let (first, drip) = KINDS[self.kind];
        let closed = self
            .stream
            .as_mut()
            .is_none_or(|stream| match stream.read(&mut [0; 512]) {
                Ok(0) => true,
                Ok(_) => false,
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            });
        if closed {
            self.dripped = 0;
            self.stream = TcpStream::connect(address).ok();
            if let Some(stream) = &mut self.stream {
                stream.set_nonblocking(true).unwrap();
                let _ = stream.write_all(first.as_bytes());
            }
        } else if let (Some(stream), Some(byte)) =
            (&mut self.stream, drip.as_bytes().get(self.dripped))
        {
            let _ = stream.write(&[*byte]);
            self.dripped += 1;
        }
    }
}

/// Redeems as many tokens from eight clients. Returns each one's time, sorted.
fn redeem(address: SocketAddr, number: usize) -> Vec<Duration> {
    let tokens = tokens(number);
    let (next, owners) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let one = Owners::default();
                    post_once(address, token, "once", &one);
                    let mut all = owners.lock().unwrap();
                    all.0 += one.with(204);
                    all.1.push(begun.elapsed());
                }
            });
        }
    });
    let (released, mut times) = owners.into_inner().unwrap();
    assert_eq!(released, number as u64, "every honest client was answered");
    times.sort_unstable();
    times
}

fn memory(sockets: &Sockets) -> (u64, u64) {
    let (_, numbers) = get(&sockets.path("api"), "/metrics");
    let of = |name: &str| {
        let line = numbers.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers"
    )]
    let whole = |number: f64| number as u64;
    (
        whole(of("process_resident_memory_bytes")) / 1024,
        whole(of(r#"apply_cookies_http_connections{listener="public"}"#)),
    )
}

#[test]
fn slow_connections_keep_nobody_out() {
    let (slow, honest) = (count(1000, 5000), count(400, 5000));
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let sockets = Sockets::new();
    let service = Service::start_quiet(&["--api-listen", &sockets.address("api")]);
    service.wait_until_ready();
    let address = service.address;
    let without = redeem(address, honest);
    let (before, _) = memory(&sockets);
    let stop = AtomicBool::new(false);
    let (with, first, last, open) = std::thread::scope(|scope| {
        for part in 0..2 {
            let stop = &stop;
            scope.spawn(move || {
                let mut all: Vec<_> = (0..slow / 2)
                    .map(|number| Slow::new(number + part))
                    .collect();
                while !stop.load(Ordering::Relaxed) {
                    for one in &mut all {
                        one.turn(address);
                    }
                    std::thread::sleep(Duration::from_millis(250));
                }
            });
        }
        // Until nearly all stand: some are always on their way back.
        for _ in 0..600 {
            if memory(&sockets).1 >= slow as u64 * 9 / 10 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let open = memory(&sockets).1;
        let with = redeem(address, honest);
        // Each connection's buffers are there once it has come again.
        std::thread::sleep(Duration::from_secs(count(4, 60) as u64));
        let (first, _) = memory(&sockets);
        std::thread::sleep(Duration::from_secs(count(8, 120) as u64));
        let (last, _) = memory(&sockets);
        stop.store(true, Ordering::Relaxed);
        (with, first, last, open)
    });
    let at = |times: &[Duration], percent: usize| {
        times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3
    };
    println!(
        "table: {open} slow connections of {slow}, {honest} honest redemptions from 8 clients | 0 failed; without: {:.1} ms median, {:.1} ms p99; with: {:.1} ms median, {:.1} ms p99; memory {before} KiB before, {first} KiB at first, {last} KiB at last",
        at(&without, 50),
        at(&without, 99),
        at(&with, 50),
        at(&with, 99),
    );
    assert!(open >= slow as u64 * 9 / 10, "{open}");
    assert!(
        last < first + first / 5,
        "memory grows: {first} KiB, then {last} KiB"
    );
}
