//! A client for HTTP/2 without TLS, by prior knowledge.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{Method, Request, Version};
use bytes::Bytes;
use flate2::write::GzDecoder;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::support::http::{FORM, Response, form, origin_header};

pub(crate) struct Client {
    runtime: Runtime,
    requests: SendRequest<Bytes>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let requests = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            let (requests, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            requests
        });
        Self { runtime, requests }
    }

    pub(crate) fn get(&mut self, path: &str, fields: &[&str]) -> Response {
        self.begin(request(Method::GET, path, fields), Some(b""))
            .rest()
    }

    /// Posts a token as the page does, with the binding of this `Cookie` field.
    pub(crate) fn redeem(&mut self, cookie: &str, token: &str, id: Option<&str>) -> Response {
        let fields = [&origin_header(), FORM, cookie];
        let body = form(token, id);
        self.begin(
            request(Method::POST, "/__apply-cookies", &fields),
            Some(body.as_bytes()),
        )
        .rest()
    }

    /// Posts without sending the body that it announces.
    pub(crate) fn announce(&mut self, fields: &[&str]) -> Response {
        self.begin(request(Method::POST, "/__apply-cookies", fields), None)
            .rest()
    }

    /// Opens a WebSocket (RFC 8441), and reads whatever it brings.
    pub(crate) fn websocket(&mut self, path: &str, fields: &[&str]) -> Response {
        let mut requests = self.requests.clone();
        self.runtime.block_on(async {
            while !requests.is_extended_connect_protocol_enabled() {
                // The server's settings are still under way.
                sleep(Duration::from_millis(2)).await;
                requests = requests.ready().await.unwrap();
            }
        });
        let fields = [&["Sec-WebSocket-Version: 13"], fields].concat();
        let mut request = request(Method::CONNECT, path, &fields);
        request
            .extensions_mut()
            .insert(Protocol::from_static("websocket"));
        self.begin(request, None).rest()
    }

    /// Sends a request, and gives its answer once its head is there. A body that is `None` is
    /// neither sent nor ended.
    pub(crate) fn begin(&mut self, request: Request<()>, body: Option<&[u8]>) -> Answer<'_> {
        let body = body.map(Bytes::copy_from_slice);
        let requests = self.requests.clone();
        let (response, sending) = self.runtime.block_on(async move {
            let mut requests = requests.ready().await.unwrap();
            let ends = body.as_ref().is_some_and(Bytes::is_empty);
            let (response, mut sending) = requests.send_request(request, ends).unwrap();
            if let Some(body) = body.filter(|body| !body.is_empty()) {
                // A server may have answered already, and closed the stream: its answer counts.
                let _sent = sending.send_data(body, true);
            }
            let response = timeout(LIMIT, response).await.expect("no answer came");
            (response.unwrap(), sending)
        });
        let (head, incoming) = response.into_parts();
        let fields = head.headers.iter();
        let fields = fields.map(|(name, value)| {
            let value = value.to_str().unwrap().to_owned();
            (name.as_str().to_owned(), value)
        });
        Answer {
            runtime: &self.runtime,
            head: Response {
                status: head.status.as_u16(),
                headers: fields.collect(),
                body: String::new(),
            },
            incoming,
            _sending: sending,
        }
    }
}

/// No test waits for longer.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer whose body may still be under way.
pub(crate) struct Answer<'c> {
    runtime: &'c Runtime,
    pub(crate) head: Response,
    incoming: RecvStream,
    /// To drop it would end the request.
    _sending: SendStream<Bytes>,
}

impl Answer<'_> {
    /// What arrives next of the body; `None` at its end.
    pub(crate) fn chunk(&mut self) -> Option<Bytes> {
        let incoming = &mut self.incoming;
        self.runtime.block_on(async {
            let chunk = timeout(LIMIT, incoming.data()).await;
            let chunk = chunk.expect("the body never ended")?.unwrap();
            let flow = incoming.flow_control();
            flow.release_capacity(chunk.len()).unwrap();
            Some(chunk)
        })
    }

    /// All of the body. What is not text in it is lost.
    pub(crate) fn rest(mut self) -> Response {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk() {
            body.extend_from_slice(&chunk);
        }
        self.head.body = String::from_utf8_lossy(&body).into_owned();
        self.head
    }

    /// All of the body in the encoding that its head names, and at each chunk what has arrived by
    /// then.
    pub(crate) fn decoded(mut self, mut look: impl FnMut(&str)) -> Response {
        let zipped = match self.head.header("content-encoding") {
            None => false,
            Some("gzip") => true,
            Some(other) => panic!("an encoding that was not asked for: {other}"),
        };
        let mut plain = Vec::new();
        let mut decoder = GzDecoder::new(Vec::new());
        while let Some(chunk) = self.chunk() {
            if zipped {
                decoder.write_all(&chunk).unwrap();
                decoder.flush().unwrap();
                plain.clone_from(decoder.get_ref());
            } else {
                plain.extend_from_slice(&chunk);
            }
            look(std::str::from_utf8(&plain).unwrap());
        }
        self.head.body = String::from_utf8(plain).unwrap();
        self.head
    }
}

/// A request of HTTP/2 with fields that are written as in HTTP/1.1.
pub(crate) fn request(method: Method, path: &str, fields: &[&str]) -> Request<()> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://app.example{path}"))
        .version(Version::HTTP_2);
    for field in fields {
        let (name, value) = field.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(()).unwrap()
}
