//! `testing::Browser`, by which apps test their streams.

use std::panic::AssertUnwindSafe;

use apply_cookies::protocol::{Batch, BindingCookie, Operation};
use apply_cookies::testing::{Browser, tokens};
use apply_cookies::{ApplyCookies, DeleteCookie, MintOptions, Secrets, SetCookie};
use futures_util::FutureExt;

const NOTHING: [(&str, &str); 0] = [];

fn deployment() -> ApplyCookies {
    ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .build()
        .unwrap()
}

/// A body that carries these operations to a browser, each in a token of its own.
fn body(
    apply: &ApplyCookies,
    browser: &BindingCookie,
    operations: impl IntoIterator<Item = Operation<'static>>,
) -> String {
    let tokens = operations.into_iter().map(|operation| {
        let batch = Batch::new(operation);
        let minted = apply
            .issuer()
            .mint(&batch, Some(browser), &MintOptions::default());
        let token = minted.into_token().into_string();
        format!("event: apply-cookies\ndata: {{\"token\":\"{token}\"}}\n\n")
    });
    tokens.collect()
}

fn set(name: &'static str, value: &'static str) -> Operation<'static> {
    SetCookie::new(name, value).try_into().unwrap()
}

#[tokio::test]
async fn cookies_of_headers_are_kept_replaced_and_deleted() {
    let mut browser = Browser::new(&deployment());
    assert_eq!(browser.cookie_field(), "");
    let fields = [
        ("Set-Cookie", "a=1; Path=/"),
        ("content-type", "b=no cookie"),
        ("set-cookie", "b=2"),
    ];
    let lines = browser.receive(fields, b"").await;
    assert_eq!(lines, ["a=1; Path=/", "b=2"]);
    assert_eq!(browser.cookie_field(), "a=1; b=2");
    let fields = [
        ("set-cookie", "a=3; Secure"),
        ("set-cookie", "b=; Path=/; MAX-AGE=0"),
        ("set-cookie", "c=4; Max-Age=01"),
    ];
    browser.receive(fields, b"").await;
    assert_eq!(browser.cookie_field(), "a=3; c=4");
    assert_eq!(browser.cookie("a"), Some("3"));
    assert_eq!(browser.cookie("b"), None);
}

#[tokio::test]
async fn tokens_are_redeemed_in_their_order() {
    let apply = deployment();
    let mut browser = Browser::new(&apply);
    let binding = browser.binding();
    assert_eq!(browser.binding(), binding, "it stays");
    let body = body(
        &apply,
        &binding,
        [
            set("a", "1"),
            set("b", "2"),
            DeleteCookie::new("a").try_into().unwrap(),
        ],
    );
    let fields = [("set-cookie", "a=0")];
    let lines = browser.receive(fields, body.as_bytes()).await;
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[0], "a=0");
    assert!(lines[2].starts_with("b=2; "));
    assert_eq!(browser.cookie("a"), None);
    assert_eq!(browser.cookie("b"), Some("2"));
}

#[tokio::test]
async fn the_binding_that_a_response_sets_is_the_browsers_and_no_line_of_the_app() {
    let apply = deployment();
    let binding = BindingCookie::from_random([7; 32]);
    let line = format!("__Host-apply-cookies={}; Path=/", binding.to_text());
    let body = body(&apply, &binding, [set("a", "1")]);
    let mut browser = Browser::new(&apply);
    let lines = browser
        .receive([("set-cookie", &*line)], body.as_bytes())
        .await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("a=1; "));
    assert_eq!(browser.binding(), binding);
}

#[tokio::test]
async fn on_plain_http_the_same_test_finds_the_same_cookies() {
    for (apply, binding) in [
        (deployment(), "__Host-apply-cookies="),
        (ApplyCookies::dev(), "apply-cookies="),
    ] {
        let mut browser = Browser::new(&apply);
        let own = browser.binding();
        assert!(browser.cookie_field().starts_with(binding));
        for name in ["a", "__Host-b", "__Secure-c", "__Http-d", "__Host-Http-e"] {
            let operation = apply
                .classes()
                .operation(SetCookie::new(name, "1"))
                .unwrap();
            let body = body(&apply, &own, [operation]);
            browser.receive(NOTHING, body.as_bytes()).await;
            assert_eq!(browser.cookie(name), Some("1"), "{name}");
            let gone = apply.classes().operation(DeleteCookie::new(name)).unwrap();
            let line = gone.to_set_cookie();
            browser.receive([("set-cookie", &*line)], b"").await;
            assert_eq!(browser.cookie(name), None, "{name}");
        }
    }
}

#[tokio::test]
async fn a_cookie_whose_name_begins_as_the_bindings_is_the_apps() {
    let mut browser = Browser::new(&deployment());
    let fields = [("set-cookie", "__Host-apply-cookies-demo=1; Path=/; Secure")];
    let lines = browser.receive(fields, b"").await;
    assert_eq!(lines, ["__Host-apply-cookies-demo=1; Path=/; Secure"]);
}

/// Whether a body makes the test fail.
async fn fails(browser: &mut Browser, body: &str) -> bool {
    let received = browser.receive(NOTHING, body.as_bytes());
    let panic = AssertUnwindSafe(received).catch_unwind().await.err();
    panic.is_some_and(|said| {
        let said = said.downcast_ref::<String>().unwrap();
        said.starts_with("a token of the response was refused: ")
    })
}

#[tokio::test]
async fn a_token_that_is_refused_fails_the_test() {
    let apply = deployment();
    let mut browser = Browser::new(&apply);
    let own = body(&apply, &browser.binding(), [set("a", "1")]);
    let other = BindingCookie::from_random([7; 32]);
    let others = body(&apply, &other, [set("a", "2")]);
    assert!(fails(&mut browser, &others).await);
    assert_eq!(browser.cookie("a"), None);
    assert!(!fails(&mut browser, &own).await);
    assert!(fails(&mut browser, &own).await, "it is used");
    assert_eq!(browser.cookie("a"), Some("1"));
}

#[tokio::test]
async fn debug_shows_names_and_no_value() {
    let mut browser = Browser::new(&deployment());
    browser.receive([("set-cookie", "a=secret")], b"").await;
    let shown = format!("{browser:?}");
    assert!(shown.contains("\"a\""), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn only_what_is_in_a_frame_is_a_token() {
    let page =
        r#"<img src="s1.jpg"><p class="e1.x"><apply-cookies token="e1.abc"></apply-cookies>"#;
    assert_eq!(tokens(page), ["e1.abc"]);
    let event =
        "event: apply-cookies\ndata: {\"token\":\"s1.abc\"}\n\ndata: {\"file\":\"s1.txt\"}\n\n";
    assert_eq!(tokens(event), ["s1.abc"]);
}
