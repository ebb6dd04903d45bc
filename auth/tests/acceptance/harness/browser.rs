//! A browser: it keeps cookies, says who asks, and posts tokens.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crate::support::http::{Connection, FORM, Response, form, origin_header};

const NAVIGATION: [&str; 3] = [
    "Accept: text/html,application/xhtml+xml",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
];
const FETCH: [&str; 3] = [
    "Accept: */*",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-origin",
];

/// Cloned, it is a thief's that has copied all cookies.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) jar: BTreeMap<String, String>,
    tokens: Vec<String>,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            jar: BTreeMap::new(),
            tokens: Vec::new(),
        }
    }

    /// A person goes to a page.
    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.ask("GET", path, &NAVIGATION, "")
    }

    /// A script asks.
    pub(crate) fn fetch(&mut self, path: &str) -> Response {
        self.ask("GET", path, &FETCH, "")
    }

    /// A person sends a form.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Response {
        let origin = origin_header();
        self.ask(
            "POST",
            path,
            &[&NAVIGATION, &[&*origin, FORM][..]].concat(),
            body,
        )
    }

    /// A script sends a form.
    pub(crate) fn fetch_post(&mut self, path: &str, body: &str) -> Response {
        let origin = origin_header();
        self.ask(
            "POST",
            path,
            &[&FETCH, &[&*origin, FORM][..]].concat(),
            body,
        )
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Response {
        self.post("/auth/sign-in", &sign_in_form(name, password))
    }

    pub(crate) fn sign_out(&mut self) -> Response {
        self.post("/auth/sign-out", "")
    }

    /// Whether the page for people who are signed in lets it in.
    pub(crate) fn is_in(&mut self) -> bool {
        let answer = self.fetch("/app");
        assert!(matches!(answer.status, 200 | 401), "{}", answer.status);
        answer.status == 200
    }

    /// When its session ends, in milliseconds since 1970.
    pub(crate) fn ends_at(&mut self) -> u64 {
        let me: serde_json::Value = serde_json::from_str(&self.fetch("/auth/me").body).unwrap();
        me["expires_at"].as_u64().unwrap()
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
        body: &str,
    ) -> Response {
        let mut connection = Connection::open(self.address);
        self.ask_on(&mut connection, method, path, fields, body)
    }

    pub(crate) fn ask_on(
        &mut self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        fields: &[&str],
        body: &str,
    ) -> Response {
        let cookies = self.cookies();
        let fields = [fields, &[&*cookies]].concat();
        let response = connection.request(method, path, &fields, body.as_bytes());
        self.keep(&response);
        response
    }

    /// Opens a stream of events.
    pub(crate) fn open(&mut self, path: &str) -> Events {
        let mut connection = Connection::open(self.address);
        let fields = [&FETCH[..], &[&*self.cookies()]].concat().join("\r\n");
        let head = format!("GET {path} HTTP/1.1\r\nHost: app.example\r\n{fields}\r\n\r\n");
        connection.send(head.as_bytes());
        let head = connection.head();
        assert_eq!(head.status, 200, "{path}");
        self.keep(&head);
        Events {
            connection,
            text: String::new(),
            seen: VecDeque::new(),
        }
    }

    /// Reads the next event of the app, and posts the tokens before it.
    pub(crate) fn next(&mut self, events: &mut Events) -> Option<String> {
        while let Some(event) = events.next() {
            match event {
                Event::Token(token) => assert_eq!(self.redeem(&token, None).status, 204),
                Event::App(data) => return Some(data),
            }
        }
        None
    }

    /// Posts a token, as the client module does.
    pub(crate) fn redeem(&mut self, token: &str, redemption: Option<&str>) -> Response {
        let answer = self.redeem_unheard(token, redemption);
        self.keep(&answer);
        answer
    }

    /// Posts a token, and the answer is lost.
    pub(crate) fn redeem_unheard(&mut self, token: &str, redemption: Option<&str>) -> Response {
        self.tokens.push(token.to_owned());
        let (origin, cookies) = (origin_header(), self.cookies());
        let fields = [&FETCH[..], &[&origin, FORM, &cookies]].concat();
        let body = form(token, redemption);
        Connection::open(self.address).request("POST", "/__apply-cookies", &fields, body.as_bytes())
    }

    /// The `Cookie` field.
    pub(crate) fn cookies(&self) -> String {
        if self.jar.is_empty() {
            return "X-No-Cookie: 1".to_owned();
        }
        let pairs: Vec<_> = self.jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("Cookie: {}", pairs.join("; "))
    }

    /// Everything that nobody else may read.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.jar.values().chain(&self.tokens).map(String::as_str)
    }

    fn keep(&mut self, response: &Response) {
        for line in response.all("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

pub(crate) fn sign_in_form(name: &str, password: &str) -> String {
    let (name, password) = (name.replace(' ', "+"), password.replace(' ', "+"));
    format!("name={name}&password={password}&return_to=%2Fapp")
}

/// The `Set-Cookie` line of a response for this cookie.
pub(crate) fn cookie_of<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let mut lines = response.all("set-cookie").into_iter();
    lines.find(|line| line.split('=').next() == Some(name))
}

/// A stream of events that is open.
pub(crate) struct Events {
    connection: Connection,
    text: String,
    seen: VecDeque<Event>,
}

pub(crate) enum Event {
    Token(String),
    App(String),
}

impl Events {
    /// The next event; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.seen.pop_front() {
                return Some(event);
            }
            self.text += &self.connection.chunk()?;
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let data: String = event
                    .lines()
                    .filter_map(|line| line.strip_prefix("data: "))
                    .collect();
                if event.contains("event: apply-cookies\n") {
                    let frame: serde_json::Value = serde_json::from_str(&data).unwrap();
                    let token = frame["token"].as_str().unwrap().to_owned();
                    self.seen.push_back(Event::Token(token));
                } else if !data.is_empty() {
                    self.seen.push_back(Event::App(data));
                }
                self.text = rest.to_owned();
            }
        }
    }

    /// The next token.
    pub(crate) fn token(&mut self) -> String {
        loop {
            if let Event::Token(token) = self.next().expect("a token") {
                return token;
            }
        }
    }
}
