//! The vectors of SPEC §14 that this crate answers: `bindings.json` and `frames.json`.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;

use apply_cookies::protocol::BindingCookie;
use apply_cookies::web::{Asked, Fields};
use apply_cookies::{ApplyCookies, FrameForm, Secrets};
use bytes::Bytes;
use serde_json::Value;

/// The cases of a file.
fn cases(file: &str, fewest: usize) -> Vec<Value> {
    let path = format!("{}/protocol/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let table: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap().clone();
    assert!(cases.len() >= fewest, "only {} cases", cases.len());
    cases
}

/// A request's fields, which nobody changes here.
struct Request(Vec<(&'static str, Vec<u8>)>);

impl Fields for Request {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        let of_name = self.0.iter().filter(move |(known, _)| *known == name);
        of_name.map(|(_, value)| &value[..])
    }

    fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(name, _)| chosen(name))
    }

    fn set(&mut self, _: &'static str, _: Bytes) {}

    fn append(&mut self, _: &'static str, _: Bytes) {}

    fn remove_each(&mut self, _: impl Fn(&str) -> bool) {}
}

impl Request {
    fn of(case: &Value) -> Self {
        let bytes = |text: &str| -> Vec<u8> {
            text.chars()
                .map(|byte| u8::try_from(byte).unwrap())
                .collect()
        };
        let cookies = case["cookie"].as_array().unwrap().iter();
        let mut fields: Vec<_> = cookies
            .map(|cookie| ("cookie", bytes(cookie.as_str().unwrap())))
            .collect();
        for (name, key) in [
            ("origin", "origin"),
            ("sec-fetch-site", "sec_fetch_site"),
            ("sec-fetch-mode", "sec_fetch_mode"),
            ("sec-fetch-dest", "sec_fetch_dest"),
        ] {
            fields.extend(case[key].as_str().map(|value| (name, bytes(value))));
        }
        Self(fields)
    }
}

#[test]
fn a_head_gives_a_browser_its_binding_as_the_vectors_say() {
    for case in cases("bindings.json", 50) {
        let comment = &case["comment"];
        let secrets = Secrets::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap();
        let origins = case["origins"].as_array().unwrap().iter();
        let apply = origins
            .map(|origin| origin.as_str().unwrap())
            .fold(ApplyCookies::builder(secrets), |builder, origin| {
                builder.origin(origin)
            })
            .build()
            .unwrap();
        let fields = Request::of(&case);
        let asked = Asked {
            method: case["method"].as_str().unwrap(),
            path: "/",
            fields: &fields,
        };
        let fresh = || BindingCookie::parse(case["fresh"].as_str().unwrap().as_bytes()).unwrap();
        let head = apply.bind_head(asked, fresh);
        assert_eq!(head.why.as_str(), case["why"], "{comment}");
        let binding = head.binding.map(|binding| binding.to_text());
        assert_eq!(binding.as_deref(), case["binding"].as_str(), "{comment}");
        assert_eq!(
            head.set_cookie.as_deref(),
            case["set_cookie"].as_str(),
            "{comment}"
        );
    }
}

#[test]
fn each_kind_of_stream_has_its_frame_as_the_vectors_say() {
    for case in cases("frames.json", 3) {
        let token = case["token"].as_str().unwrap();
        for (form, name) in [
            (FrameForm::Sse, "sse"),
            (FrameForm::WebSocket, "websocket"),
            (FrameForm::Html, "html"),
        ] {
            assert_eq!(form.frame(token), case[name], "{}", case["comment"]);
        }
    }
}
