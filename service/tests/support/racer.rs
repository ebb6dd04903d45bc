//! Clients that race: many connections that post the same tokens under their own ids, to one service
//! or several, each of which may be killed at any moment.

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
    tokens_from(count, Duration::ZERO)
}

/// Tokens of another process, whose clock is ahead.
pub fn tokens_from(count: usize, ahead: Duration) -> Vec<String> {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap() + ahead;
    let since_1970 = since_1970.as_millis();
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
    answers: Mutex<HashMap<u16, u64>>,
}

impl Owners {
    fn note(&self, token: usize, redemption: &str, status: u16) {
        *self.answers.lock().unwrap().entry(status).or_default() += 1;
        if status == 204 {
            let mut released = self.released.lock().unwrap();
            let owner = released
                .entry(token)
                .or_insert_with(|| redemption.to_owned());
            if owner != redemption {
                self.doubles.fetch_add(1, Ordering::Relaxed);
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
        self.answers.lock().unwrap().values().sum()
    }

    /// Answers with this status.
    pub fn with(&self, status: u16) -> u64 {
        let answers = self.answers.lock().unwrap();
        answers.get(&status).copied().unwrap_or_default()
    }

    /// Answers that were neither 204 nor 409.
    pub fn failures(&self) -> u64 {
        self.posts() - self.with(204) - self.with(409)
    }
}

/// Posts these tokens from all clients at once, each in its own order and under its own ids, spread
/// evenly over the services. Whoever loses one asks the next, under the same id. Returns when all
/// are done, or when every service is gone.
pub fn race(services: &[SocketAddr], tokens: &[String], which: &[usize], owners: &Owners) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || {
                let mut order = which.to_vec();
                order.shuffle(&mut rand::rng());
                let id = NEXT.fetch_add(1, Ordering::Relaxed);
                let mut next = services.iter().cycle().skip(number);
                let mut client = None;
                for token in order {
                    let redemption = format!("racer-{id}-{token}");
                    let status = services.iter().find_map(|_| {
                        if client.is_none() {
                            client = Client::open(*next.next()?).ok();
                        }
                        let status = client.as_mut()?.post(&tokens[token], &redemption).ok();
                        if status.is_none() {
                            client = None;
                        }
                        status
                    });
                    match status {
                        Some(status) => owners.note(token, &redemption, status),
                        None => return,
                    }
                }
            });
        }
    });
}

/// Posts a token on a connection of its own under this id, if anybody listens.
pub fn post_once(address: SocketAddr, token: &str, redemption: &str, owners: &Owners) {
    let posted = Client::open(address).and_then(|mut client| client.post(token, redemption));
    if let Ok(status) = posted {
        owners.note(0, redemption, status);
    }
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
