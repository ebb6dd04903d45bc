//! An app with several origins.

use super::App;
use crate::harness::{ADA, Layout, sign_in_form};
use crate::support::http::FORM;

const ORIGINS: [&str; 2] = ["https://app.example", "https://www.example:8443"];

fn app() -> App {
    App::built(&ORIGINS, Layout::Whole, |auth, accounts| {
        auth.passwords(accounts)
    })
}

#[test]
fn people_stay_on_the_origin_that_they_came_to_and_are_sent_to_no_other() {
    let app = app();
    for (host, origin) in [
        ("app.example", ORIGINS[0]),
        ("www.example:8443", ORIGINS[1]),
        ("WWW.example:8443", ORIGINS[1]),
        ("www.example", ORIGINS[0]),
        ("evil.example", ORIGINS[0]),
        ("www.example:8443.evil.example", ORIGINS[0]),
    ] {
        let sent = app.send_to(host, "GET", "/app?a", &["Accept: text/html"], "");
        let place = format!("{origin}/auth/sign-in?return_to=%2Fapp%3Fa");
        assert_eq!(sent.header("location"), Some(&*place), "{host}");
    }
}

#[test]
fn a_form_leads_back_to_the_origin_of_its_page() {
    let app = app();
    for origin in ORIGINS {
        let named = format!("Origin: {origin}");
        let fields = [&*named, FORM, "Sec-Fetch-Mode: navigate"];
        let form = sign_in_form(ADA.0, ADA.1);
        // A proxy may call the app by another name than people do.
        let sent = app.send_to("inside", "POST", "/auth/sign-in", &fields, &form);
        assert_eq!(sent.header("location"), Some(&*format!("{origin}/app")));
    }
}
