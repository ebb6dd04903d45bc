//! The program with its internal API on a unix socket.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::service::{Service, program};
use super::support::browser;
use super::support::http::{Connection, Response};
use super::unix::Sockets;

pub const JSON: &str = "Content-Type: application/json";

pub struct Api {
    pub service: Service,
    socket: PathBuf,
    _sockets: Sockets,
}

impl Api {
    /// A service that has just started: tokens of other processes are not let in yet.
    pub fn start(args: &[&str]) -> Self {
        Self::start_as(args, Some("trace"))
    }

    pub fn start_quiet(args: &[&str]) -> Self {
        Self::start_as(args, Some("apply_cookies=info"))
    }

    fn start_as(args: &[&str], log: Option<&str>) -> Self {
        let sockets = Sockets::new();
        let address = sockets.address("api.sock");
        let mut program = program();
        let args = [&["--api-listen", &*address], args].concat();
        let service = Service::launch(&mut program, &args, log);
        Self {
            service,
            socket: sockets.path("api.sock"),
            _sockets: sockets,
        }
    }

    pub fn connect(&self) -> Connection<UnixStream> {
        let stream = UnixStream::connect(&self.socket).unwrap();
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        Connection::over(stream)
    }

    pub fn get(&self, path: &str) -> Response {
        self.connect().request("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.post_with(path, &[], body.to_string().as_bytes())
    }

    pub fn post_with(&self, path: &str, headers: &[&str], body: &[u8]) -> Response {
        let headers = [&[JSON], headers].concat();
        self.connect().request("POST", path, &headers, body)
    }

    /// The results of requests, which are not malformed.
    pub fn results(&self, requests: &Value) -> Vec<Value> {
        let answer = self.post("/v1/tokens", &json!({ "requests": requests }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        value(&answer)["results"].as_array().unwrap().clone()
    }

    /// A token that sets the cookie `session` of browser 1.
    pub fn token(&self) -> Value {
        self.mint(json!({}))
    }

    /// The same with other fields of its request.
    pub fn mint(&self, fields: Value) -> Value {
        let mut request = json!({ "binding": binding(), "operations": [session()] });
        let Value::Object(fields) = fields else {
            panic!("not an object");
        };
        request.as_object_mut().unwrap().extend(fields);
        self.results(&json!([request]))[0]["tokens"][0].clone()
    }
}

pub fn value(answer: &Response) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// Browser 1.
pub fn binding() -> String {
    browser(1).to_text()
}

pub fn session() -> Value {
    json!({ "op": "set", "name": "session", "value": "8f14e45f" })
}

pub fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap()
}
