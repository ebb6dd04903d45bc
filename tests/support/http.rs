//! A client for HTTP/1.1 that sends exactly the bytes it is given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::ORIGIN;

pub struct Connection<S = TcpStream> {
    stream: BufReader<S>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The one value of a field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} stands {} times", all.len());
        all.first().copied()
    }

    /// The `type` of a problem document.
    pub fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(document["status"], self.status);
        document["type"].as_str().unwrap().to_owned()
    }

    /// Everything except the date, for comparing answers. Order counts only between fields of the
    /// same name.
    pub fn without_date(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self.headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        self
    }
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// Ends the connection with a reset, as a browser that is killed does.
    pub fn reset(self) {
        let socket = socket2::Socket::from(self.stream.into_inner());
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl<S: Read + Write> Connection<S> {
    /// A connection of any kind.
    pub fn over(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends bytes that the server may refuse to read. Returns whether the connection still stands.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.get_mut().write_all(bytes).is_ok()
    }

    pub fn request(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Response {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            head += "Host: app.example\r\n";
        }
        for header in headers {
            head += header;
            head += "\r\n";
        }
        if !body.is_empty() || method == "POST" {
            head += "Content-Length: ";
            head += &body.len().to_string();
            head += "
";
        }
        head += "\r\n";
        self.send(&[head.as_bytes(), body].concat());
        self.response()
    }

    /// Reads the head of a response, and its body.
    pub fn response(&mut self) -> Response {
        let mut response = self.head();
        let length = response
            .header("content-length")
            .map(|text| text.parse::<u64>().unwrap());
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                response.body += &chunk;
            }
        } else if let Some(length) = length {
            (&mut self.stream)
                .take(length)
                .read_to_string(&mut response.body)
                .unwrap();
        }
        response
    }

    /// Reads the head of a response only.
    pub fn head(&mut self) -> Response {
        let status_line = self.line();
        let status = status_line
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no status in {status_line:?}"))
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        Response {
            status,
            headers,
            body: String::new(),
        }
    }

    /// The next chunk of a chunked body; `None` at its end.
    pub fn chunk(&mut self) -> Option<String> {
        let size = u64::from_str_radix(&self.line(), 16).unwrap();
        let mut chunk = String::new();
        (&mut self.stream)
            .take(size)
            .read_to_string(&mut chunk)
            .unwrap();
        self.line();
        (size > 0).then_some(chunk)
    }

    /// The next text message of a WebSocket, of less than 64 KiB (RFC 6455 §5.2).
    pub fn websocket_text(&mut self) -> String {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 0x81, "one whole text message");
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).unwrap();
                u64::from(u16::from_be_bytes(length))
            }
            short => u64::from(short),
        };
        let mut text = String::new();
        (&mut self.stream)
            .take(length)
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// Whether the server closes the connection. A read that times out is not a close.
    pub fn is_closed(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// The form that the client module posts.
pub fn form(token: &str, redemption: Option<&str>) -> String {
    match redemption {
        Some(redemption) => format!("t={token}&r={redemption}"),
        None => format!("t={token}"),
    }
}

pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8";

pub fn origin_header() -> String {
    format!("Origin: {ORIGIN}")
}

/// Posts a token as browser 1 does, on a connection of its own.
pub fn post(address: SocketAddr, token: &str, redemption: Option<&str>) -> Response {
    post_as(address, &super::cookie_header(1), token, redemption)
}

/// Posts a token with another `Cookie` header.
pub fn post_as(
    address: SocketAddr,
    cookie: &str,
    token: &str,
    redemption: Option<&str>,
) -> Response {
    Connection::open(address).request(
        "POST",
        "/__apply-cookies",
        &[&origin_header(), FORM, cookie],
        form(token, redemption).as_bytes(),
    )
}
