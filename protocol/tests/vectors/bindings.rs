//! `bindings.json`: whether the head of a response gives the browser a binding (SPEC §9.1). What
//! decides it is in the crate `apply-cookies`, whose tests check this file.

use serde_json::{Value, json};

use crate::support::browser;

const HTTPS: &str = "https://app.example";

/// A request with these fields, and what is decided.
struct Case {
    comment: &'static str,
    origins: &'static [&'static str],
    method: &'static str,
    cookie: Vec<String>,
    origin: Option<&'static str>,
    /// `Sec-Fetch-Site`, `-Mode` and `-Dest`.
    fetch: [Option<&'static str>; 3],
    why: &'static str,
}

/// A stream that a page of the app opens; it has no binding.
fn stream(comment: &'static str, why: &'static str) -> Case {
    Case {
        comment,
        origins: &[HTTPS],
        method: "GET",
        cookie: Vec::new(),
        origin: None,
        fetch: [Some("same-origin"), Some("cors"), Some("empty")],
        why,
    }
}

impl Case {
    fn cookie(mut self, field: impl Into<String>) -> Self {
        self.cookie.push(field.into());
        self
    }

    fn fetch(self, site: &'static str, mode: &'static str, dest: &'static str) -> Self {
        let present = |field: &'static str| Some(field).filter(|field| !field.is_empty());
        let fetch = [site, mode, dest].map(present);
        Self { fetch, ..self }
    }

    fn origin(self, origin: &'static str) -> Self {
        let origin = Some(origin);
        Self { origin, ..self }
    }

    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn origins(self, origins: &'static [&'static str]) -> Self {
        Self { origins, ..self }
    }

    fn write(self) -> Value {
        let fresh = browser(9).to_text();
        let any_https = self.origins.iter().any(|one| one.starts_with("https://"));
        let (binding, set_cookie) = match self.why {
            "present" => (Some(browser(1).to_text()), None),
            "made" if any_https => (
                Some(fresh.clone()),
                Some(format!(
                    "__Host-apply-cookies={fresh}; Path=/; Secure; HttpOnly; SameSite=Lax"
                )),
            ),
            "made" => (
                Some(fresh.clone()),
                Some(format!(
                    "apply-cookies={fresh}; Path=/; HttpOnly; SameSite=Lax"
                )),
            ),
            _ => (None, None),
        };
        let [site, mode, dest] = self.fetch;
        json!({
            "comment": self.comment, "origins": self.origins, "method": self.method,
            "cookie": self.cookie, "origin": self.origin, "sec_fetch_site": site,
            "sec_fetch_mode": mode, "sec_fetch_dest": dest, "fresh": fresh,
            "binding": binding, "set_cookie": set_cookie, "why": self.why,
        })
    }
}

pub(crate) fn table() -> Value {
    let cases = [cookies(), places(), plain_http()].into_iter().flatten();
    json!({
        "comment": "whether a response's head gives the browser a binding (SPEC §9.1)",
        "cases": cases.map(Case::write).collect::<Vec<_>>(),
    })
}

fn cookies() -> Vec<Case> {
    let one = format!("__Host-apply-cookies={}", browser(1).to_text());
    let named = |name: &str| format!("{name}={}", browser(1).to_text());
    vec![
        stream("no cookie", "made"),
        stream("other cookies", "made").cookie("a=b; session=c"),
        stream("a binding", "present").cookie(&*one),
        stream("a binding among others", "present").cookie(format!("a=b; {one}; c=d")),
        stream("a binding in the second field", "present")
            .cookie("a=b")
            .cookie(&*one),
        stream("blanks around it", "present").cookie(format!("a=b;\t {one} \t;c=d")),
        stream("twice, with one value", "duplicate").cookie(format!("{one}; {one}")),
        stream("twice, in two fields", "duplicate")
            .cookie(&*one)
            .cookie("__Host-apply-cookies="),
        stream("twice, and neither well formed", "duplicate")
            .cookie("__Host-apply-cookies=a; __Host-apply-cookies=b"),
        stream("empty", "made").cookie("__Host-apply-cookies="),
        stream("a character too many", "made").cookie(format!("{one}A")),
        stream("padded", "made").cookie(format!("{one}=")),
        stream("in quotes", "made").cookie(one.replace('=', "=\"") + "\""),
        stream("unused bits", "made").cookie(format!("{}F", &one[..one.len() - 1])),
        stream("the name in lower case", "made").cookie(named("__host-apply-cookies")),
        stream("the name encoded", "made").cookie(named("%5F%5FHost-apply-cookies")),
        stream("the name without its prefix", "made").cookie(named("apply-cookies")),
        stream("both names, and the other one malformed", "present")
            .cookie(format!("{one}; apply-cookies=x; apply-cookies=y")),
    ]
}

fn places() -> Vec<Case> {
    let one = format!("__Host-apply-cookies={}", browser(1).to_text());
    vec![
        stream("no browser, or an old one", "made").fetch("", "", ""),
        stream("a POST of an own page", "made")
            .method("POST")
            .origin(HTTPS),
        stream("a socket of an own page", "made")
            .fetch("", "", "")
            .origin(HTTPS),
        stream("typed into the address bar", "made").fetch("none", "navigate", "document"),
        stream("a link of another site", "made").fetch("cross-site", "navigate", "document"),
        stream("a link of the same site", "made").fetch("same-site", "navigate", "document"),
        stream("a form of another site", "cross-site")
            .fetch("cross-site", "navigate", "document")
            .method("POST"),
        stream("a HEAD that navigates", "cross-site")
            .fetch("cross-site", "navigate", "document")
            .method("HEAD"),
        stream("a frame in another site", "cross-site").fetch("cross-site", "navigate", "iframe"),
        stream("a frame in the same site", "cross-site").fetch("same-site", "navigate", "iframe"),
        stream("a frame in an own page", "made").fetch("same-origin", "navigate", "iframe"),
        stream("a frame that nobody's page opens", "made").fetch("none", "navigate", "frame"),
        stream("a stream of another site", "cross-site").fetch("cross-site", "cors", "empty"),
        stream("a stream of the same site", "cross-site").fetch("same-site", "cors", "empty"),
        stream("an image in another site", "cross-site").fetch("cross-site", "no-cors", "image"),
        stream("an unknown site", "cross-site").fetch("Same-Origin", "cors", "empty"),
        stream("from nobody, and no navigation", "cross-site").fetch("none", "cors", "empty"),
        stream("from nobody, to something else", "cross-site").fetch("none", "navigate", "embed"),
        stream("a link of another site without a destination", "cross-site").fetch(
            "cross-site",
            "navigate",
            "",
        ),
        stream("a stream from a foreign origin", "origin").origin("https://evil.example"),
        stream("a socket from a foreign origin", "origin")
            .fetch("", "", "")
            .origin("https://evil.example"),
        stream("a link with a foreign origin", "origin")
            .fetch("cross-site", "navigate", "document")
            .origin("https://evil.example"),
        stream("an origin in another case", "origin").origin("HTTPS://app.example"),
        stream("an origin with its port", "origin").origin("https://app.example:443"),
        stream("an origin with another scheme", "origin").origin("http://app.example"),
        stream("an origin with a slash", "origin").origin("https://app.example/"),
        stream("an empty origin", "origin").origin(""),
        stream("null, from an own page", "made")
            .method("POST")
            .origin("null"),
        stream("null, from elsewhere", "origin")
            .fetch("cross-site", "cors", "empty")
            .origin("null"),
        stream("null, and nothing more", "origin")
            .fetch("", "", "")
            .origin("null"),
        stream("one of several origins", "made")
            .origins(&["https://one.example", HTTPS])
            .origin(HTTPS),
        stream("a binding, whoever asks", "present")
            .fetch("cross-site", "cors", "empty")
            .origin("https://evil.example")
            .cookie(&*one),
        stream("several, whoever asks", "duplicate")
            .fetch("cross-site", "cors", "empty")
            .cookie(format!("{one}; {one}")),
        stream("malformed, from a foreign origin", "origin")
            .origin("https://evil.example")
            .cookie("__Host-apply-cookies=x"),
    ]
}

fn plain_http() -> Vec<Case> {
    const LOCAL: &[&str] = &["http://localhost:8080"];
    const MIXED: &[&str] = &["http://localhost:8080", HTTPS];
    let named = |name: &str| format!("{name}={}", browser(1).to_text());
    vec![
        stream("none on plain http", "made")
            .origins(LOCAL)
            .fetch("", "", ""),
        stream("a binding on plain http", "present")
            .origins(LOCAL)
            .cookie(named("apply-cookies")),
        stream("the name of https on plain http", "made")
            .origins(LOCAL)
            .cookie(named("__Host-apply-cookies")),
        stream("none, where one origin of two is https", "made").origins(MIXED),
        stream("the name of plain http there", "made")
            .origins(MIXED)
            .cookie(named("apply-cookies")),
        stream("a page on plain http there", "made")
            .origins(MIXED)
            .origin("http://localhost:8080"),
        stream("another port", "origin")
            .origins(LOCAL)
            .origin("http://localhost:8081"),
    ]
}
