//! Pages of other sites, and of neighbouring subdomains, for which browsers send cookies along.

use super::App;
use crate::harness::ADA;
use crate::support::http::origin_header;

const SIBLING: &str = "Origin: https://evil.app.example";

#[test]
fn a_page_of_another_origin_changes_nothing_of_who_is_signed_in() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let socket = ["Connection: Upgrade", "Upgrade: websocket", SIBLING];
    let form = [
        SIBLING,
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Mode: navigate",
    ];
    let events = [SIBLING, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"];
    let null = ["Origin: null", "Sec-Fetch-Site: cross-site", "X-Nothing: 1"];
    let picture = [
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Mode: no-cors",
        "X-Nothing: 1",
    ];
    for (method, fields) in [
        ("GET", socket),
        ("POST", form),
        ("GET", events),
        ("POST", null),
        ("GET", picture),
    ] {
        let streams = ["/sse-in?name=bob&password=battery+staple", "/sse-out"];
        let streams = streams.into_iter().filter(|_| fields != socket);
        for path in ["/keep", "/rotate?role=admin"].into_iter().chain(streams) {
            let said = browser.ask(method, path, &fields, "").body;
            assert!(said.contains("another origin"), "{path} {fields:?}: {said}");
        }
        assert_eq!(browser.fetch("/app").body, "ada, ", "{fields:?}");
        assert_eq!(app.store.revoked(), 0, "{fields:?}");
    }
}

#[test]
fn own_pages_programs_and_people_who_follow_a_link_do() {
    let app = App::start();
    let own = origin_header();
    for (method, fields) in [
        (
            "POST",
            [&*own, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"],
        ),
        ("POST", [&*own, "X-Nothing: 1", "Accept: */*"]),
        (
            "GET",
            [
                "Sec-Fetch-Site: same-origin",
                "Sec-Fetch-Mode: cors",
                "X-Nothing: 1",
            ],
        ),
        (
            "GET",
            [
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Mode: navigate",
                "Sec-Fetch-Dest: document",
            ],
        ),
        ("POST", ["Accept: */*", "X-Nothing: 1", "X-Nothing: 2"]),
    ] {
        let mut browser = app.signed_in(ADA);
        assert_eq!(
            browser.ask(method, "/keep", &fields, "").body,
            "done",
            "{fields:?}"
        );
    }
}
