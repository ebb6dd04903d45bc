//! Cookies as arguments of handlers.

use apply_cookies::Secrets;

use super::{Server, sign_in};
use crate::harness::extractors::{EVERY_CLASS, OPTIONAL, RENEWED, REQUIRED};
use crate::harness::{Script, browser_and, jar};
use crate::support::{NOW, SECRET};

#[test]
fn the_next_handler_reads_what_a_handler_sets() {
    let server = Server::start(sign_in());
    let response = server.get("/in", &[]);
    let lines = response.all("set-cookie");
    assert!(lines[0].starts_with("session=ce1."), "{lines:?}");
    assert!(lines[0].ends_with("; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"));
    assert!(lines[1].starts_with("__Host-cart=cs1."));
    assert_eq!(
        lines[2],
        "theme={%22dark%22:true%2C%22ratio%22:0.5}; Path=/; Secure; SameSite=Lax"
    );
    assert!(lines[3].starts_with("reexported=cs1."));
    let shown = server.get(EVERY_CLASS, &[&jar(&response)]);
    assert_eq!(shown.body, "ada:sent 3:sent true:sent");
}

#[test]
fn cookies_that_each_come_in_their_own_field_are_all_read() {
    // As browsers send them over HTTP/2 (RFC 9113 §8.2.3).
    let server = Server::start(sign_in());
    let sent = jar(&server.get("/in", &[]));
    let pairs = sent.trim_start_matches("Cookie: ").split("; ");
    let fields: Vec<String> = pairs.map(|pair| format!("Cookie: {pair}")).collect();
    assert!(fields.len() > 3);
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let shown = server.get(EVERY_CLASS, &fields);
    assert_eq!(shown.body, "ada:sent 3:sent true:sent");
}

#[test]
fn an_unreadable_cookie_gives_the_default_and_never_an_error() {
    let server = Server::start(sign_in());
    let good = jar(&server.get("/in", &[]));
    let deep = format!("theme={}", "[".repeat(4000));
    for (cookies, shown) in [
        (String::new(), ":absent 0:absent false:absent"),
        (
            good.replace("ce1.", "ce1.A"),
            ":unknown-key 3:sent true:sent",
        ),
        (
            good.replace("session=", "Session="),
            ":absent 3:sent true:sent",
        ),
        (
            good.replace("session=", "session=x; session="),
            ":duplicate 3:sent true:sent",
        ),
        (
            good.replace("__Host-cart=", "%5F%5FHost-cart="),
            "ada:sent 0:absent true:sent",
        ),
        (
            good.replace("__Host-cart=", "\u{2000}__Host-cart="),
            "ada:sent 0:absent true:sent",
        ),
        (
            good.replace(":true", ":5"),
            "ada:sent 3:sent false:wrong-type",
        ),
        (format!("Cookie: {deep}"), ":absent 0:absent false:too-deep"),
        (
            "Cookie: theme=null; session={%22username%22:%22root%22}".to_owned(),
            ":malformed 0:absent false:wrong-type",
        ),
        (
            "Cookie: theme={%22dark%22:true%2C%22ratio%22:NaN}".to_owned(),
            ":absent 0:absent false:not-json",
        ),
        (
            "Cookie: theme={%22dark%22:true%2C%22dark%22:true}".to_owned(),
            ":absent 0:absent false:duplicate-key",
        ),
    ] {
        let headers = if cookies.is_empty() { "X: y" } else { &cookies };
        let response = server.get(EVERY_CLASS, &[headers]);
        assert_eq!(response.status, 200, "{cookies}");
        assert_eq!(response.body, shown, "{cookies}");
    }
}

#[test]
fn a_handler_that_needs_a_cookie_is_not_called_without_one() {
    let server = Server::start(sign_in());
    let good = jar(&server.get("/in", &[]));
    let with = server.get(REQUIRED, &[&good]);
    assert_eq!((with.status, &*with.body), (200, "ada"));
    for bad in [
        "X: y".to_owned(),
        "Cookie: session=".to_owned(),
        good.replace("ce1.", "ce1.A"),
        good.replace("session=", "session=x; session="),
        browser_and(1, "Cookie: other=1"),
    ] {
        let response = server.get(REQUIRED, &[&bad]);
        assert_eq!((response.status, &*response.body), (401, ""), "{bad}");
        assert_eq!(response.header("vary"), Some("Cookie"));
    }
}

#[test]
fn an_optional_cookie_is_some_only_where_one_can_be_read() {
    let server = Server::start(sign_in());
    let good = jar(&server.get("/in", &[]));
    assert_eq!(server.get(OPTIONAL, &[&good]).body, "ada");
    for bad in ["X: y".to_owned(), good.replace("ce1.", "ce1.A")] {
        let response = server.get(OPTIONAL, &[&bad]);
        assert_eq!((response.status, &*response.body), (200, "nobody"), "{bad}");
        assert_eq!(response.header("vary"), Some("Cookie"));
    }
}

#[test]
fn two_cookie_fields_are_one_list() {
    let server = Server::start(sign_in());
    let cookies = jar(&server.get("/in", &[]));
    let (first, second) = cookies.split_once("; ").unwrap();
    let second = format!("Cookie: {second}");
    assert_eq!(
        server.get(EVERY_CLASS, &[first, &second]).body,
        "ada:sent 3:sent true:sent"
    );
}

#[test]
fn a_session_expires_with_its_max_age() {
    let server = Server::start(sign_in());
    let cookies = jar(&server.get("/in", &[]));
    server.set_clock(NOW + 3_600_000);
    assert_eq!(
        server.get(EVERY_CLASS, &[&cookies]).body,
        ":expired 3:sent true:sent"
    );
}

#[test]
fn each_value_has_an_iv_of_its_own() {
    let server = Server::start(sign_in());
    let iv = || {
        let jar = jar(&server.get("/in", &[]));
        jar.split("ce1.").nth(1).unwrap()[17..38].to_owned()
    };
    assert_ne!(iv(), iv());
}

#[test]
fn a_cookie_of_a_previous_secret_is_read_and_reissued() {
    const NEW: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";
    let old = Server::start(sign_in());
    let cookies = jar(&old.get("/in", &[]));
    let secrets = Secrets::new(NEW).unwrap().previous(SECRET).unwrap();
    let new = Server::of_secrets(secrets).start(Script::default());
    new.set_clock(NOW + 60_000);
    let renewed = new.get(RENEWED, &[&cookies]);
    assert_eq!(renewed.body, "ada");
    let lines = renewed.all("set-cookie");
    assert!(lines[0].starts_with("session=ce1."));
    // With its original expiry.
    assert!(lines[0].contains("; Max-Age=3540; "), "{lines:?}");
    // The new cookie is under the new key, so it is left alone.
    let again = new.get(RENEWED, &[&jar(&renewed)]);
    assert_eq!(again.body, "ada");
    assert_eq!(again.all("set-cookie"), [""; 0]);
}
