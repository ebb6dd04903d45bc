//! Sockets in a folder of their own, and requests to them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::service::ORIGIN;
use super::support::cookie_header;
use super::support::http::{FORM, form};

/// Removed at the end of the test. In the system's temporary folder, because the path of a socket
/// has at most 107 bytes.
pub struct Sockets(PathBuf);

impl Sockets {
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ac-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// As a setting writes it.
    pub fn address(&self, name: &str) -> String {
        format!("unix:{}", self.path(name).display())
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The status and the body of an answer.
pub fn ask(socket: &Path, method: &str, path: &str, fields: &[&str], body: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).unwrap();
    let fields = fields.concat();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

pub fn get(socket: &Path, path: &str) -> (u16, String) {
    ask(socket, "GET", path, &[], "")
}

/// Posts a token as browser 1 does.
pub fn post(socket: &Path, token: &str) -> u16 {
    let fields = [
        &*format!("Origin: {ORIGIN}\r\n"),
        &*format!("{FORM}\r\n"),
        &*format!("{}\r\n", cookie_header(1)),
    ];
    let form = form(token, Some("a-redemption-id"));
    ask(socket, "POST", "/__apply-cookies", &fields, &form).0
}
