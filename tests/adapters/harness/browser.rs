//! A browser in a few lines: it reads a response, and sends back its cookies and tokens.

use super::adapter::Adapter;
use super::server::Server;
use crate::support::http::{Connection, Response, post_as};
use crate::support::{browser, cookie_header};

impl<A: Adapter> Server<A> {
    /// Redeems every token of a stream as its browser would, and returns the lines.
    pub(crate) fn redeem(&self, response: &Response) -> Vec<String> {
        let cookie = match binding(response) {
            Some(value) => format!("Cookie: __Host-apply-cookies={value}"),
            None => cookie_header(1),
        };
        let mut lines = Vec::new();
        for token in tokens(&response.body) {
            let answer = post_as(self.address, &cookie, token, None);
            assert_eq!(answer.status, 204);
            lines.extend(answer.all("set-cookie").into_iter().map(str::to_owned));
        }
        lines
    }
}

/// The tokens of a stream, in any form of a frame: in quotes, where nothing else starts like one.
pub(crate) fn tokens(body: &str) -> Vec<&str> {
    body.split('"')
        .filter(|quoted| quoted.starts_with("e1.") || quoted.starts_with("s1."))
        .collect()
}

/// The only token of a stream.
pub(crate) fn one_token(response: &Response) -> String {
    let tokens = tokens(&response.body);
    assert_eq!(tokens.len(), 1, "{}", response.body);
    tokens[0].to_owned()
}

/// The value of the binding cookie that a response sets.
pub(crate) fn binding(response: &Response) -> Option<String> {
    response
        .all("set-cookie")
        .into_iter()
        .find_map(|line| line.strip_prefix("__Host-apply-cookies="))
        .map(|line| line.split(';').next().unwrap().to_owned())
}

/// Name and value of a `Set-Cookie` line, which is what browsers send back.
pub(crate) fn pair(line: &str) -> &str {
    line.split(';').next().unwrap()
}

/// The `Cookie` field that a browser sends after this response.
pub(crate) fn jar(response: &Response) -> String {
    let pairs: Vec<&str> = response.all("set-cookie").into_iter().map(pair).collect();
    format!("Cookie: {}", pairs.join("; "))
}

/// A `Cookie` field with browser `n`'s binding added.
pub(crate) fn browser_and(n: u8, cookies: &str) -> String {
    format!("{cookies}; __Host-apply-cookies={}", browser(n).to_text())
}

impl Connection {
    /// Asks for a WebSocket, and returns the answer's head.
    pub(crate) fn handshake(&mut self, path: &str, headers: &[&str]) -> Response {
        let upgrade = [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ];
        let fields = [&upgrade, headers].concat().join("\r\n");
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").as_bytes());
        self.head()
    }
}
