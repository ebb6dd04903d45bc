//! A provider that answers what a test says: also what a good one never sends. Loopback, one thread a
//! connection.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

#[allow(clippy::duplicate_mod, reason = "tests beside this one sign as well")]
#[path = "../signer/mod.rs"]
pub mod signer;

/// The most bytes of a request.
const REQUEST_MAX: u64 = 64 * 1024;

/// An answer to every request for a path.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How long it takes until it begins.
    pub after: Duration,
    /// The connection is closed instead.
    pub is_cut: bool,
}

impl Answer {
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            fields: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.into(),
            after: Duration::ZERO,
            is_cut: false,
        }
    }

    pub fn json(value: &Value) -> Self {
        Self::new(200, "application/json", value.to_string())
    }

    pub fn cut() -> Self {
        Self {
            is_cut: true,
            ..Self::new(200, "application/json", "")
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A request that has come.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /token`.
    pub line: String,
    /// Names in lower case.
    pub fields: BTreeMap<String, String>,
    pub body: String,
}

/// The provider. Ends when dropped.
pub struct Hostile {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<BTreeMap<String, Answer>>,
    asked: Mutex<Vec<Asked>>,
    is_over: AtomicBool,
}

impl Hostile {
    /// A provider with a good document and good keys, `RSA` and `P256`.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let inside = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inside.is_over.load(Ordering::SeqCst) {
                    break;
                }
                let (inside, Ok(stream)) = (inside.clone(), stream) else {
                    continue;
                };
                // What the client does to the connection is its own affair.
                std::thread::spawn(move || inside.serve(&stream));
            }
        });
        let provider = Self { address, shared };
        provider.set(
            "/.well-known/openid-configuration",
            Answer::json(&provider.document()),
        );
        let keys = signer::key_set(&[signer::RSA.jwk(), signer::P256.jwk()]);
        provider.set("/keys", Answer::new(200, "application/json", keys));
        provider
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A document with everything in it.
    pub fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer());
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "userinfo_endpoint": at("/userinfo"),
            "end_session_endpoint": at("/end-session"),
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })
    }

    /// What is answered to every request for this path from now on. Without one it is 404.
    pub fn set(&self, path: &str, answer: Answer) {
        self.shared
            .answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), answer);
    }

    /// The token endpoint gives this ID token, and the access token `an-access-token`.
    pub fn gives(&self, id_token: &str) {
        let tokens = json!({
            "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600,
            "id_token": id_token,
        });
        self.set("/token", Answer::json(&tokens));
    }

    /// All requests for this path so far.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        let is_it = |one: &&Asked| one.line.split(' ').nth(1) == Some(path);
        asked.iter().filter(is_it).cloned().collect()
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Whoever listens is woken.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, mut stream: &TcpStream) -> Option<()> {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .ok()?;
        let mut reader = BufReader::new(stream.take(REQUEST_MAX));
        let mut line = || {
            let mut text = String::new();
            reader.read_line(&mut text).ok()?;
            Some(text.trim_end().to_owned())
        };
        let first = line()?;
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = line()?.split_once(": ") {
            fields.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = fields.get("content-length").map_or("0", |length| length);
        let mut body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        let path = first.split(['?', ' ']).nth(1)?.to_owned();
        let line = first.trim_end_matches(" HTTP/1.1").to_owned();
        let body = String::from_utf8_lossy(&body).into_owned();
        self.asked
            .lock()
            .unwrap()
            .push(Asked { line, fields, body });
        let answer = self.answers.lock().unwrap().get(&path).cloned();
        let answer = answer.unwrap_or_else(|| Answer::new(404, "text/plain", "nothing here"));
        std::thread::sleep(answer.after);
        if answer.is_cut {
            return None;
        }
        let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", answer.status);
        for (name, value) in &answer.fields {
            write!(head, "{name}: {value}\r\n").ok()?;
        }
        write!(head, "content-length: {}\r\n\r\n", answer.body.len()).ok()?;
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(&answer.body).ok()
    }
}
