//! Sends requests over several connections that stay open, and asks the server for its time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::ORIGIN;

/// Requests in a round.
pub(crate) const REQUESTS: usize = 512;

/// Requests in flight at a time, each on its own connection.
const CONNECTIONS: usize = 16;

/// The content of one request.
pub(crate) struct Post {
    pub(crate) token: String,
    /// Its binding cookie; with one, it also has a redemption id.
    pub(crate) browser: Option<String>,
}

impl Post {
    fn request(&self, path: &str) -> String {
        let cookie = self.browser.as_ref().map_or_else(String::new, |text| {
            format!("cookie: __Host-apply-cookies={text}\r\n")
        });
        let retry = self
            .browser
            .as_ref()
            .map_or("", |_| "&r=0123456789012345678901");
        let body = format!("t={}{retry}", self.token);
        format!(
            "POST {path} HTTP/1.1\r\nhost: app.example\r\norigin: {ORIGIN}\r\n\
             sec-fetch-site: same-origin\r\n{cookie}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

pub(crate) struct Driver {
    connections: Vec<TcpStream>,
}

impl Driver {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let connect = |_| {
            let connection = TcpStream::connect(server).expect("it listens");
            connection.set_nodelay(true).expect("a socket");
            connection
        };
        Self {
            connections: (0..CONNECTIONS).map(connect).collect(),
        }
    }

    /// Posts all of them, and returns the server's microseconds for each.
    pub(crate) fn round(&mut self, path: &str, posts: &[Post]) -> f64 {
        let begun = self.time();
        for some in posts.chunks(CONNECTIONS) {
            for (connection, post) in self.connections.iter_mut().zip(some) {
                let request = post.request(path);
                connection
                    .write_all(request.as_bytes())
                    .expect("it is read");
            }
            for (connection, _) in self.connections.iter_mut().zip(some) {
                let head = read_head(connection);
                assert!(head.starts_with("HTTP/1.1 204"), "{head}");
                assert_eq!(head.matches("set-cookie: ").count(), 3, "{head}");
            }
        }
        let count = u32::try_from(posts.len()).expect("few");
        (self.time() - begun) / f64::from(count)
    }

    /// The processor time of the server's one worker, in microseconds.
    fn time(&mut self) -> f64 {
        let connection = &mut self.connections[0];
        connection
            .write_all(b"GET /time HTTP/1.1\r\nhost: app.example\r\n\r\n")
            .expect("it is read");
        let head = read_head(connection);
        let field = head.lines().find_map(|line| line.strip_prefix("x-time: "));
        field.and_then(|text| text.parse().ok()).expect("a time")
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
    String::from_utf8(head)
        .expect("text")
        .to_ascii_lowercase()
        .replacen("http/1.1", "HTTP/1.1", 1)
}
