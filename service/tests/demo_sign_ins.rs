//! The demo's page of sign-ins, by running it: a name and a password in one connection, a window in
//! another.

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use support::http::{Connection, Response};

/// Ends with the test.
struct Demo(Child, SocketAddr);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> Demo {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apply-cookies"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let output = child.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut url).unwrap();
    let address = url.trim().strip_prefix("http://").unwrap();
    let address = address.trim_end_matches('/').parse().unwrap();
    Demo(child, address)
}

/// The cookies of one browser.
struct Browser {
    address: SocketAddr,
    jar: Vec<(String, String)>,
}

impl Browser {
    fn new(demo: &Demo) -> Self {
        let mut browser = Self {
            address: demo.1,
            jar: Vec::new(),
        };
        let bound = browser.post("/__apply-cookies/bind", "");
        assert_eq!(bound.status, 204, "{bound:?}");
        browser
    }

    fn fields(&self) -> Vec<String> {
        let cookies = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        vec![
            format!("Origin: http://{}", self.address),
            "Sec-Fetch-Site: same-origin".to_owned(),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
            format!("Cookie: {}", cookies.collect::<Vec<_>>().join("; ")),
        ]
    }

    fn open(&self, path: &str) -> Connection {
        let mut connection = Connection::open(self.address);
        let fields = self.fields().join("\r\n");
        connection
            .send(format!("GET {path} HTTP/1.1\r\nHost: demo\r\n{fields}\r\n\r\n").as_bytes());
        connection
    }

    fn get(&self, path: &str) -> Response {
        self.open(path).response()
    }

    fn post(&mut self, path: &str, form: &str) -> Response {
        let fields = self.fields();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let mut connection = Connection::open(self.address);
        let answer = connection.request("POST", path, &fields, form.as_bytes());
        for line in answer.all("set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.jar.retain(|(other, _)| other != name);
            if !value.is_empty() {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Posts to a stream, and then the token that it brings, if it brings one.
    fn follow(&mut self, path: &str, form: &str) -> Option<String> {
        let stream = self.post(path, form).body;
        let (_, token) = stream.split_once("\"token\":\"")?;
        let token = token.split('"').next()?.to_owned();
        let applied = self.post("/__apply-cookies", &format!("t={token}&r=once-and-again"));
        assert_eq!(applied.status, 204, "{applied:?}");
        Some(stream)
    }

    fn statuses(&self) -> [u16; 2] {
        ["/sign-in/notes", "/sign-in/ledger"].map(|path| self.get(path).status)
    }
}

#[test]
fn a_password_in_a_stream_opens_the_pages_and_a_sign_out_ends_the_other_window() {
    let demo = start();
    let mut browser = Browser::new(&demo);
    assert_eq!(browser.statuses(), [401, 401]);

    assert_eq!(
        browser.follow("/sign-in/enter", "name=grace&password=wrong"),
        None
    );
    assert_eq!(browser.statuses(), [401, 401]);

    let form = "name=grace&password=nanoseconds+of+wire";
    assert!(browser.follow("/sign-in/enter", form).is_some());
    assert_eq!(browser.statuses(), [200, 403]);

    let mut window = browser.open("/sign-in/watch");
    assert_eq!(window.head().status, 200);
    let who = window.chunk().unwrap();
    assert!(who.contains("Grace Hopper"), "{who}");

    let copy = Browser {
        address: browser.address,
        jar: browser.jar.clone(),
    };
    assert!(browser.follow("/sign-in/leave", "").is_some());
    let ended = window.chunk().unwrap();
    assert!(ended.contains("event: ended"), "{ended}");
    assert_eq!(window.chunk(), None);
    assert_eq!(browser.statuses(), [401, 401]);
    assert_eq!(copy.statuses(), [401, 401]);
}

#[test]
fn the_one_with_the_role_sees_both_pages_and_another_browser_sees_none() {
    let demo = start();
    let mut browser = Browser::new(&demo);
    let form = "name=ada&password=analytical+engine";
    assert!(browser.follow("/sign-in/enter", form).is_some());
    assert_eq!(browser.statuses(), [200, 200]);

    let mut other = Browser::new(&demo);
    let session = browser.jar.iter().find(|(name, _)| name == "signed-in");
    other.jar.push(session.unwrap().clone());
    assert_eq!(other.statuses(), [401, 401]);
}
