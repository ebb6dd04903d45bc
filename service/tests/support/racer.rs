//! Clients that race: many connections that post the same tokens under their own ids, to a service
//! that may be killed at any moment.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use apply_cookies::protocol::{Binding, Lifetime, Nonce, Sealing, TokenHeader, UnixMillis, seal};
use rand::Rng;
use rand::seq::SliceRandom;

use super::service::ORIGIN;
use super::support::http::{FORM, form};
use super::support::{SESSION, batch, browser, cookie_header, ring};

/// Connections at a time.
pub const CLIENTS: usize = 64;

/// Tokens of another process, valid for the next hour.
pub fn tokens(count: usize) -> Vec<String> {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let now = UnixMillis::new(u64::try_from(since_1970).unwrap()).unwrap();
    let lifetime = Lifetime::from_millis(3_600_000).unwrap();
    let (ring, batch) = (ring(), batch(SESSION));
    (0..count)
        .map(|_| {
            let mut random = [0; 32];
            rand::rng().fill_bytes(&mut random);
            let (nonce, iv) = random.split_at(16);
            let nonce = Nonce::from_random(nonce.try_into().unwrap());
            let mut header = TokenHeader::new(nonce, now, lifetime);
            header.binding = Some(Binding::new(&ring, &browser(1)));
            let sealing = Sealing::Encrypted {
                iv: iv.try_into().unwrap(),
            };
            seal(&ring, sealing, &header, &batch).into_string()
        })
        .collect()
}

/// Which client got which token.
#[derive(Default)]
pub struct Owners {
    released: Mutex<HashMap<usize, String>>,
    doubles: AtomicU64,
    posts: AtomicU64,
    failures: AtomicU64,
}

impl Owners {
    fn note(&self, token: usize, redemption: &str, status: u16) {
        self.posts.fetch_add(1, Ordering::Relaxed);
        match status {
            204 => {
                let mut released = self.released.lock().unwrap();
                let owner = released
                    .entry(token)
                    .or_insert_with(|| redemption.to_owned());
                if owner != redemption {
                    self.doubles.fetch_add(1, Ordering::Relaxed);
                }
            }
            409 => {}
            _ => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Tokens that were released.
    pub fn released(&self) -> usize {
        self.released.lock().unwrap().len()
    }

    /// Tokens that were released under two ids.
    pub fn doubles(&self) -> u64 {
        self.doubles.load(Ordering::Relaxed)
    }

    /// Answers in all.
    pub fn posts(&self) -> u64 {
        self.posts.load(Ordering::Relaxed)
    }

    /// Answers that were neither 204 nor 409.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// Posts these tokens from all clients at once, each in its own order and under its own ids.
/// Returns when all are done, or when the service is gone.
pub fn race(address: SocketAddr, tokens: &[String], which: &[usize], owners: &Owners) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut order = which.to_vec();
                order.shuffle(&mut rand::rng());
                let id = NEXT.fetch_add(1, Ordering::Relaxed);
                let Ok(mut client) = Client::open(address) else {
                    return;
                };
                for token in order {
                    let redemption = format!("racer-{id}-{token}");
                    match client.post(&tokens[token], &redemption) {
                        Ok(status) => owners.note(token, &redemption, status),
                        Err(_) => return,
                    }
                }
            });
        }
    });
}

/// A connection that may break.
struct Client(BufReader<TcpStream>);

impl Client {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn post(&mut self, token: &str, redemption: &str) -> io::Result<u16> {
        let form = form(token, Some(redemption));
        let request = format!(
            "POST /__apply-cookies HTTP/1.1\r\nHost: app.example\r\nOrigin: {ORIGIN}\r\n{FORM}\r\n{}\r\nContent-Length: {}\r\n\r\n{form}",
            cookie_header(1),
            form.len()
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut (&mut self.0).take(length), &mut io::sink())?;
        Ok(status)
    }

    /// A whole line: half of one comes from a service that was killed.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
