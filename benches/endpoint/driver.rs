//! Sends requests over several connections, which stay open if the server lets them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Requests in flight at a time, each on its own connection.
const CONNECTIONS: usize = 16;

/// Longer than any answer takes, so that a server which does not answer is noticed.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// The content of one request.
pub(crate) struct Post {
    pub(crate) token: String,
    /// Its binding cookie; with one, it also has a redemption id.
    pub(crate) browser: Option<String>,
}

impl Post {
    /// As a browser on a page of this origin sends it.
    pub(crate) fn request(&self, origin: &str, path: &str) -> String {
        let (_, host) = origin.split_once("://").expect("a scheme");
        let cookie = self.browser.as_ref().map_or_else(String::new, |text| {
            format!("cookie: __Host-apply-cookies={text}\r\n")
        });
        let retry = self
            .browser
            .as_ref()
            .map_or("", |_| "&r=0123456789012345678901");
        let body = format!("t={}{retry}", self.token);
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\n\
             sec-fetch-site: same-origin\r\n{cookie}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

pub(crate) struct Driver {
    server: SocketAddr,
    /// Opened when there is something to send: a server with one worker that reads from one
    /// connection at a time would wait for an idle one.
    connections: [Option<TcpStream>; CONNECTIONS],
}

impl Driver {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            connections: [const { None }; CONNECTIONS],
        }
    }

    /// Sends all of them, the next on a connection as soon as the last one is answered there. Each
    /// answer must be a 204 with three cookies.
    pub(crate) fn post(&mut self, requests: &[String]) {
        for (nth, request) in requests.iter().enumerate() {
            if nth >= CONNECTIONS {
                self.expect_cookies(nth % CONNECTIONS);
            }
            self.send(nth % CONNECTIONS, request);
        }
        for nth in requests.len().saturating_sub(CONNECTIONS)..requests.len() {
            self.expect_cookies(nth % CONNECTIONS);
        }
    }

    fn expect_cookies(&mut self, nth: usize) {
        let head = self.head(nth);
        assert!(head.starts_with("http/1.1 204"), "{head}");
        assert_eq!(head.matches("\r\nset-cookie: ").count(), 3, "{head}");
    }

    /// The head of an answer without a body, in lower case.
    #[allow(dead_code, reason = "one of two benchmarks uses it")]
    pub(crate) fn get(&mut self, path: &str) -> String {
        self.send(
            0,
            &format!("GET {path} HTTP/1.1\r\nhost: app.example\r\n\r\n"),
        );
        self.head(0)
    }

    fn send(&mut self, nth: usize, request: &str) {
        let connection = self.connections[nth].get_or_insert_with(|| {
            let connection = TcpStream::connect(self.server).expect("it listens");
            connection.set_nodelay(true).expect("a socket");
            connection
                .set_read_timeout(Some(ANSWERED_WITHIN))
                .expect("a socket");
            connection
        });
        connection
            .write_all(request.as_bytes())
            .expect("it is read");
    }

    fn head(&mut self, nth: usize) -> String {
        let connection = self.connections[nth].as_mut().expect("asked");
        let head = read_head(connection);
        if head.contains("\r\nconnection: close\r\n") {
            self.connections[nth] = None;
        }
        head
    }
}

/// Reads an answer without a body.
fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut part = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        let length = connection.read(&mut part).expect("an answer");
        assert!(length > 0, "the connection is closed");
        head.extend_from_slice(&part[..length]);
    }
    head.make_ascii_lowercase();
    String::from_utf8(head).expect("text")
}
