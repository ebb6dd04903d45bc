//! What goes out, and how much of what comes back is taken.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use apply_cookies::UnixMillis;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use super::loopback::{Loopback, response};
use super::*;

fn ours() -> Outgoing {
    Outgoing::new(None).unwrap()
}

async fn refusal(outgoing: &Outgoing, answer: Vec<u8>) -> String {
    let provider = Loopback::start(answer).await;
    let reply = outgoing.get(&provider.url, None).await;
    assert_eq!(provider.asked(), 1);
    reply
        .err()
        .map_or_else(|| "accepted".to_owned(), |why| why.to_string())
}

#[tokio::test]
async fn a_request_says_what_it_wants_and_who_asks() {
    let provider = Loopback::start(response(200, &[], "{}")).await;
    let reply = ours().get(&provider.url, Some("t0ken")).await.unwrap();
    assert_eq!((reply.status(), reply.body()), (200, &b"{}"[..]));
    let request = provider.latest();
    assert!(request.starts_with("GET /keys HTTP/1.1\r\n"), "{request}");
    for line in [
        "accept: application/json\r\n",
        "authorization: Bearer t0ken\r\n",
        "user-agent: apply-cookies/",
    ] {
        assert!(request.contains(line), "{request}");
    }
    assert!(!request.contains("accept-encoding"), "{request}");
}

#[tokio::test]
async fn a_form_is_posted_with_id_and_secret_encoded_as_in_a_form() {
    let provider = Loopback::start(response(400, &[], r#"{"error":"x"}"#)).await;
    let form = [("code", "a b&c"), ("state", "é")];
    let reply = ours()
        .post_form(&provider.url, &form, Some(("my:id", "s+cret %")))
        .await;
    // What the provider says against it is read.
    assert_eq!(reply.unwrap().body(), br#"{"error":"x"}"#);
    let request = provider.latest();
    let basic = BASE64_STANDARD.encode("my%3Aid:s%2Bcret+%25");
    for part in [
        "POST /keys HTTP/1.1\r\n".to_owned(),
        "content-type: application/x-www-form-urlencoded\r\n".to_owned(),
        format!("authorization: Basic {basic}\r\n"),
        "\r\n\r\ncode=a+b%26c&state=%C3%A9".to_owned(),
    ] {
        assert!(request.contains(&part), "{request}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let ours = ours();
    let elsewhere = Loopback::start(response(200, &[], "{}")).await;
    for status in [300, 301, 302, 303, 307, 308, 304] {
        let to = format!("location: {}", elsewhere.url);
        let why = refusal(&ours, response(status, &[&to], "")).await;
        assert_eq!(why, "a redirect, which is not followed");
    }
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn a_body_is_read_up_to_64_kib() {
    let ours = ours();
    let most = "x".repeat(BODY_MAX);
    assert_eq!(refusal(&ours, response(200, &[], &most)).await, "accepted");
    assert_eq!(
        refusal(&ours, response(200, &[], &format!("{most}x"))).await,
        TOO_LONG
    );
    // Without a length, and without an end.
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = format!(
        "{head}{}",
        format!("1000\r\n{}\r\n", "x".repeat(4096)).repeat(17)
    );
    assert_eq!(refusal(&ours, endless.into_bytes()).await, TOO_LONG);
}

#[tokio::test]
async fn only_https_is_spoken_outside_of_this_machine() {
    let never = |_: HttpRequest| -> HttpFuture<'_> { panic!("sent") };
    let outgoing = Outgoing::new(Some(Arc::new(App(never)))).unwrap();
    for url in [
        "http://id.example/keys",
        "http://127.0.0.1.example/keys",
        "http://localhost.example/",
        "http://10.0.0.1/",
        "ftp://localhost/",
        "file:///etc/passwd",
        "https://user@id.example/",
        "https://:secret@id.example/",
    ] {
        let url = url.parse().unwrap();
        assert!(!is_allowed(&url));
        assert!(outgoing.get(&url, None).await.is_err(), "{url}");
    }
    for url in [
        "https://id.example/keys",
        "http://localhost:8080/",
        "http://app.localhost/",
        "http://127.9.9.9/",
        "http://[::1]:1/",
    ] {
        assert!(is_allowed(&url.parse().unwrap()), "{url}");
    }
}

/// An app's own client.
struct App<F>(F);

impl<F: Fn(HttpRequest) -> HttpFuture<'static> + Send + Sync + 'static> HttpClient for App<F> {
    fn send(&self, request: HttpRequest) -> HttpFuture<'_> {
        (self.0)(request)
    }
}

async fn of_app(status: u16, length: usize) -> Result<Reply, Unreachable> {
    let answer = move |_| -> HttpFuture<'static> {
        Box::pin(async move { Ok(HttpResponse::new(status, Vec::new(), vec![b'x'; length])) })
    };
    let url = "https://id.example/".parse().unwrap();
    let outgoing = Outgoing::new(Some(Arc::new(App(answer)))).unwrap();
    outgoing.get(&url, None).await
}

#[tokio::test]
async fn an_apps_own_client_is_held_to_the_same_limits() {
    assert!(of_app(200, BODY_MAX).await.is_ok());
    assert!(of_app(200, BODY_MAX + 1).await.is_err());
    for status in [0, 99, 101, 199, 300, 302, 399, 600, 999] {
        assert!(of_app(status, 2).await.is_err(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_five_seconds() {
    let never = |_| -> HttpFuture<'static> { Box::pin(std::future::pending()) };
    let outgoing = Outgoing::new(Some(Arc::new(App(never)))).unwrap();
    let url = "https://id.example/".parse().unwrap();
    // The clock of the test, which moves when everybody waits.
    let begun = Instant::now();
    let why = outgoing.get(&url, None).await.err().unwrap();
    assert_eq!(why.to_string(), "no answer within 5 s");
    assert!((TIME_MAX..TIME_MAX + Duration::from_secs(1)).contains(&begun.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_is_cut_off() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n";
        socket.write_all(head).await.unwrap();
        while socket.write_all(b"x").await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
        }
    });
    let reply = ours().get(&url.parse().unwrap(), None).await;
    assert!(reply.is_err());
    assert!(sent.load(Ordering::SeqCst) < 10);
}

#[tokio::test]
async fn freshness_is_max_age_less_age() {
    let reply = |fields: &[(&str, &str)]| {
        let fields = fields
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        Reply(HttpResponse::new(200, fields.collect(), Vec::new()))
    };
    let max_age = |value| {
        let age = reply(&[("Cache-Control", value)]).max_age();
        age.map(|age| age.as_secs())
    };
    assert_eq!(
        max_age("public, max-age=21600, must-revalidate"),
        Some(21600)
    );
    assert_eq!(max_age("MAX-AGE=\"60\""), Some(60));
    assert_eq!(max_age("max-age=60, max-age=30"), Some(30));
    assert_eq!(max_age("max-age=99999999999999999999"), Some(LONG));
    for none in [
        "no-store",
        "max-age",
        "max-age=",
        "max-age=-1",
        "s-maxage=5",
        "max-age=1.5",
    ] {
        assert_eq!(max_age(none), None, "{none}");
    }
    let aged = reply(&[("cache-control", "max-age=100"), ("age", "30")]);
    assert_eq!(aged.max_age(), Some(Duration::from_secs(70)));
    let stale = reply(&[("cache-control", "max-age=100"), ("age", "300")]);
    assert_eq!(stale.max_age(), Some(Duration::ZERO));
    let wait = reply(&[("Retry-After", "7")]).retry_after();
    assert_eq!(wait, Some(Duration::from_secs(7)));
    assert_eq!(
        reply(&[("retry-after", "Fri, 31 Dec 1999")]).retry_after(),
        None
    );
    let json = reply(&[("Content-Type", "Application/JSON; charset=utf-8")]);
    assert_eq!(json.media_type().as_deref(), Some("application/json"));
}

#[tokio::test]
async fn what_fails_is_said_without_address_and_secret() {
    // Nobody listens there: the port was free a moment ago.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?secret=hidden", port.local_addr().unwrap());
    drop(port);
    let mut request = HttpRequest::new("POST", &url.parse().unwrap());
    request.add("authorization", Zeroizing::new("hidden".to_owned()));
    request.body = Zeroizing::new(b"hidden".to_vec());
    assert_eq!(format!("{request:?}"), "HttpRequest(POST, ..)");
    let why = ours().send(request).await.err().unwrap();
    let said = format!("{why} {why:?}");
    assert!(
        said.contains("refused") && !said.contains("hidden"),
        "{said}"
    );
    let response = HttpResponse::new(200, vec![("a".into(), "hidden".into())], b"hidden".to_vec());
    assert_eq!(format!("{response:?}"), "HttpResponse(200, ..)");
}

#[test]
fn a_file_of_certificates_must_have_one() {
    for pem in [
        &b""[..],
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
    ] {
        let name = format!("apply-cookies-{}-{}.pem", std::process::id(), pem.len());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, pem).unwrap();
        let why = Outgoing::trusting(&file).err().unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(why.contains(".pem: "), "{why}");
        let gone = Outgoing::trusting(&file).err().unwrap();
        assert!(gone.contains(".pem: "), "{gone}");
    }
}

/// OpenSSL's server, which ends with this.
struct Tls {
    server: Child,
    folder: PathBuf,
    url: Url,
}

impl Tls {
    /// With a certificate from an authority that nobody knows; `ca.pem` is that of the authority.
    fn start() -> Self {
        let name = format!("apply-cookies-outgoing-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.current_dir(&folder).args(arguments.split(' '));
            command.stdin(Stdio::null()).stderr(Stdio::null());
            command
        };
        let new = "req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256";
        let authority = "-subj /CN=authority -keyout ca.key -out ca.pem";
        let server = "-subj /CN=localhost -keyout key.pem -out cert.pem -CA ca.pem -CAkey ca.key \
                      -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost";
        for certificate in [authority, server] {
            let made = openssl(&format!("{new} {certificate}")).status().unwrap();
            assert!(made.success());
        }
        let mut server = openssl("s_server -accept 0 -cert cert.pem -key key.pem -www")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned));
        let port = line.unwrap().rsplit_once(':').unwrap().1.to_owned();
        let url = format!("https://localhost:{port}/").parse().unwrap();
        Self {
            server,
            folder,
            url,
        }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _gone = (self.server.kill(), self.server.wait());
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_companys_own_authority_is_trusted_where_its_file_is_named() {
    let tls = Tls::start();
    let file = tls.folder.join("ca.pem");
    let reply = Outgoing::trusting(&file).unwrap().get(&tls.url, None).await;
    assert_eq!(reply.unwrap().status(), 200);
    let why = ours().get(&tls.url, None).await.err().unwrap().to_string();
    assert!(why.contains("UnknownIssuer"), "{why}");
    // Another name than that of the certificate.
    let address = tls.url.as_str().replace("localhost", "127.0.0.1");
    let reply = Outgoing::trusting(&file)
        .unwrap()
        .get(&address.parse().unwrap(), None)
        .await;
    let why = reply.err().unwrap().to_string();
    assert!(why.contains("certificate"), "{why}");
}

#[tokio::test]
async fn a_document_lasts_no_longer_because_the_clock_was_set_back() {
    let server = Loopback::start(response(200, &[], "[]")).await;
    let bounds = Bounds {
        within: 2_000,
        fresh: (60_000, 60_000),
        grace: 0,
        away: 0,
        between: 5_000,
    };
    let list = Cached::new(server.url.clone(), ours(), bounds, |json| Ok(json.len()));
    let at = |seconds: u64| UnixMillis::from_secs(1_795_000_000 + seconds).unwrap();
    assert_eq!(*list.get(Budget::Open, at(3600)).await.unwrap(), 2);
    server.answer(response(500, &[], ""));
    assert!(list.get(Budget::Open, at(0)).await.is_err());
    server.answer(response(200, &[], "[1]"));
    assert_eq!(*list.get(Budget::Open, at(5)).await.unwrap(), 3);
}
