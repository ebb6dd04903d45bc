//! A provider on this machine, for tests: answers whatever it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

pub(crate) struct Loopback {
    pub(crate) url: Url,
    asked: Arc<AtomicUsize>,
    answers: watch::Sender<Answers>,
    latest: watch::Receiver<String>,
}

#[derive(Default)]
struct Answers {
    once: Option<Vec<u8>>,
    always: Option<Vec<u8>>,
}

impl Loopback {
    /// Gives this answer, byte for byte, until it is told another.
    pub(crate) async fn start(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, changes) = watch::channel(Answers::default());
        answers.send_modify(|answers| answers.always = Some(answer));
        let next = answers.clone();
        let (request, latest) = watch::channel(String::new());
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (mut changes, next) = (changes.clone(), next.clone());
                let (count, request) = (Arc::clone(&count), request.clone());
                tokio::spawn(async move {
                    request.send_replace(read(&mut socket).await);
                    count.fetch_add(1, Ordering::SeqCst);
                    let mut bytes = None;
                    while bytes.is_none() {
                        next.send_if_modified(|answers| {
                            bytes = answers.once.take().or_else(|| answers.always.clone());
                            false
                        });
                        if bytes.is_none() {
                            changes.changed().await.unwrap();
                        }
                    }
                    let _gone = socket.write_all(&bytes.unwrap()).await;
                });
            }
        });
        let url = format!("http://127.0.0.1:{port}/keys").parse().unwrap();
        Self {
            url,
            asked,
            answers,
            latest,
        }
    }

    /// From now on gives this answer.
    pub(crate) fn answer(&self, answer: Vec<u8>) {
        self.answers
            .send_modify(|answers| answers.always = Some(answer));
    }

    /// Gives this answer to one request.
    pub(crate) fn answer_once(&self, answer: Vec<u8>) {
        self.answers
            .send_modify(|answers| answers.once = Some(answer));
    }

    /// Answers nobody until it is told an answer.
    pub(crate) fn hold(&self) {
        self.answers.send_modify(|answers| answers.always = None);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it has been asked so often.
    pub(crate) async fn until_asked(&self, times: usize) {
        let asked = async {
            while self.asked() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), asked).await;
        assert!(in_time.is_ok(), "asked {} times", self.asked());
    }

    /// The latest request, whole.
    pub(crate) fn latest(&self) -> String {
        self.latest.borrow().clone()
    }
}

async fn read(socket: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = socket.read(&mut part).await.unwrap();
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let expected = lengths
            .next()
            .map_or(0, |(_, value)| value.parse().unwrap());
        if body.len() >= expected {
            return text;
        }
    }
}

/// An answer with this status, these lines of its head, and this body.
pub(crate) fn response(status: u16, fields: &[&str], body: &str) -> Vec<u8> {
    let fields: String = fields.iter().flat_map(|field| [field, "\r\n"]).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{fields}\r\n{body}"
    )
    .into_bytes()
}
