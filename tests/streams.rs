//! The promises of `PendingCookies`, over real sockets: nothing that a handler sets is lost
//! without a word.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::cookie::Cookie as ActixCookie;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, error, rt};
use apply_cookies::{DeleteCookie, Event, PendingCookies, PushError, SetCookie, testing};
use async_stream::stream;
use futures_util::StreamExt;
use support::http::{Connection, Response, post_as};
use support::{SESSION_LINE, Server, cookie_header};

/// What a handler's pushes returned, seen from the test.
type Outcomes = Data<Mutex<Vec<Result<(), PushError>>>>;

fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

fn server(routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static) -> (Server, Outcomes) {
    let outcomes = Outcomes::from(Arc::new(Mutex::new(Vec::new())));
    let data = outcomes.clone();
    let server = Server::start_with(
        |builder| builder,
        move |config: &mut ServiceConfig| {
            config.app_data(data);
            routes(config);
        },
    );
    (server, outcomes)
}

fn get(server: &Server, path: &str, headers: &[&str]) -> Response {
    Connection::open(server.address).request("GET", path, headers, b"")
}

/// The value of the binding cookie that a response sets.
fn binding(response: &Response) -> Option<String> {
    response
        .all("set-cookie")
        .into_iter()
        .find_map(|line| line.strip_prefix("__Host-apply-cookies="))
        .map(|line| line.split(';').next().unwrap().to_owned())
}

/// Redeems every token of a stream as its browser would, and gives the lines.
fn redeem(server: &Server, response: &Response) -> Vec<String> {
    let cookie = match binding(response) {
        Some(value) => format!("Cookie: __Host-apply-cookies={value}"),
        None => cookie_header(1),
    };
    testing::tokens(&response.body)
        .into_iter()
        .flat_map(|token| {
            let answer = post_as(server.address, &cookie, token, None);
            assert_eq!(answer.status, 204);
            answer
                .all("set-cookie")
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn before_the_headers_leave_an_operation_is_an_ordinary_set_cookie() {
    async fn plain(pending: PendingCookies) -> HttpResponse {
        pending.set(session()).unwrap();
        pending.delete_cookie("old").unwrap();
        pending.set(ActixCookie::new("theme", "dark")).unwrap();
        HttpResponse::Ok().body("done")
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(plain));
    });
    let response = get(&server, "/", &[]);
    assert_eq!(
        response.all("set-cookie"),
        [
            SESSION_LINE,
            "old=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly",
            "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax",
        ]
    );
    assert_eq!(response.header("cache-control"), Some("private"));
}

#[test]
fn an_sse_stream_carries_what_is_set_while_it_runs() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        pending.set(SetCookie::new("early", "1")).unwrap();
        let cookies = pending.clone();
        pending.sse(stream! {
            yield Event::data("checking");
            cookies.set(session()).unwrap();
            yield Event::data("welcome");
            cookies.set(SetCookie::new("last", "1")).unwrap();
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let response = get(&server, "/", &[]);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    assert_eq!(
        response.header("cache-control"),
        Some("no-store, no-transform")
    );
    assert_eq!(response.header("content-encoding"), Some("identity"));
    assert!(
        response
            .all("set-cookie")
            .contains(&"early=1; Path=/; Secure; HttpOnly; SameSite=Lax")
    );
    let events: Vec<&str> = response.body.split("\n\n").collect();
    assert_eq!(events[0], "data: checking");
    assert!(events[1].starts_with("event: apply-cookies\ndata: {\"token\":\"e1."));
    assert_eq!(events[2], "data: welcome");
    assert!(
        events[3].starts_with("event: apply-cookies\n"),
        "the last flush"
    );
    assert_eq!(
        redeem(&server, &response),
        [
            SESSION_LINE,
            "last=1; Path=/; Secure; HttpOnly; SameSite=Lax"
        ]
    );
}

#[test]
fn what_is_set_while_the_stream_waits_travels_at_once() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        // Another task sets the cookie while the stream itself has nothing to say.
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(50)).await;
            cookies.set(session()).unwrap();
        });
        pending.sse(stream! {
            rt::time::sleep(Duration::from_secs(30)).await;
            yield Event::data("never seen");
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let mut connection = Connection::open(server.address);
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut response = connection.head();
    response.body = connection.chunk().unwrap();
    assert_eq!(redeem(&server, &response), [SESSION_LINE]);
}

fn is_send_static<T: Send + 'static>() {}

#[test]
fn a_handle_works_in_any_thread() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let set = std::thread::spawn(move || cookies.set(session()));
            yield Event::data(format!("{:?}", set.join().unwrap()));
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    assert_eq!(redeem(&server, &get(&server, "/", &[])), [SESSION_LINE]);

    is_send_static::<PendingCookies>();
    is_send_static::<apply_cookies::Frames>();
    is_send_static::<apply_cookies::ApplyCookies>();
}

#[test]
fn streamed_html_carries_elements_behind_its_chunks() {
    async fn page(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.html(stream! {
            cookies.set(session()).unwrap();
            yield "<!doctype html><p>one</p>";
            yield "";
            yield "<p>two</p>";
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(page));
    });
    let response = get(&server, "/", &[]);
    assert_eq!(
        response.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        response
            .body
            .starts_with("<!doctype html><p>one</p><apply-cookies token=\"e1.")
    );
    assert!(
        response.body.ends_with("\"></apply-cookies><p>two</p>"),
        "{}",
        response.body
    );
    assert_eq!(redeem(&server, &response), [SESSION_LINE]);
}

#[test]
fn a_carrier_by_hand_carries_until_it_is_closed() {
    async fn frames(pending: PendingCookies) -> HttpResponse {
        let mut frames = pending.frames();
        let cookies = pending.clone();
        rt::spawn(async move {
            cookies.set(session()).unwrap();
            cookies.set(SetCookie::new("b", "2")).unwrap();
            cookies.close();
        });
        HttpResponse::Ok()
            .content_type("text/plain")
            .streaming(stream! {
                while let Some(frame) = frames.next().await {
                    yield Ok::<_, Error>(web::Bytes::from(frame.to_websocket_text() + "\n"));
                }
            })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(frames));
    });
    let response = get(&server, "/", &[]);
    assert!(
        response
            .body
            .starts_with("{\"type\":\"apply-cookies\",\"token\":\"e1.")
    );
    assert_eq!(response.body.lines().count(), 1, "one token for one poll");
    assert_eq!(redeem(&server, &response).len(), 2);
}

#[test]
fn a_websocket_carries_cookies_in_text_messages() {
    async fn socket(
        pending: PendingCookies,
        request: HttpRequest,
        body: web::Payload,
    ) -> Result<HttpResponse, Error> {
        let (response, mut socket, _) = actix_ws::handle(&request, body)?;
        let mut frames = pending.frames();
        // Pushed before the handshake's headers leave: not every browser takes cookies there.
        pending
            .set(session())
            .map_err(error::ErrorInternalServerError)?;
        rt::spawn(async move {
            while let Some(frame) = frames.next().await {
                if socket.text(frame.to_websocket_text()).await.is_err() {
                    break;
                }
            }
        });
        Ok(response)
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(socket));
    });
    let mut connection = Connection::open(server.address);
    connection.send(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    let mut response = connection.head();
    assert_eq!(response.status, 101);
    assert_eq!(
        response.all("set-cookie").len(),
        1,
        "the binding and nothing else"
    );
    response.body = connection.websocket_text();
    assert_eq!(redeem(&server, &response), [SESSION_LINE]);
}

#[test]
fn a_push_that_cannot_be_delivered_is_an_error() {
    async fn no_carrier(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(50)).await;
            outcomes.lock().unwrap().push(pending.set(session()));
        });
        HttpResponse::Ok().finish()
    }
    async fn over(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(50)).await;
            outcomes.lock().unwrap().push(cookies.set(session()));
        });
        pending.sse(stream! { yield Event::data("bye"); })
    }
    async fn closed(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        pending.close();
        outcomes.lock().unwrap().push(pending.set(session()));
        HttpResponse::Ok().finish()
    }
    async fn dropped(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        drop(pending.frames());
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(50)).await;
            outcomes.lock().unwrap().push(pending.set(session()));
        });
        HttpResponse::Ok().finish()
    }
    let (server, outcomes) = server(|config| {
        config
            .route("/no-carrier", web::get().to(no_carrier))
            .route("/over", web::get().to(over))
            .route("/closed", web::get().to(closed))
            .route("/dropped", web::get().to(dropped));
    });
    for (path, expected) in [
        ("/no-carrier", PushError::NoCarrier),
        ("/over", PushError::Closed),
        ("/closed", PushError::Closed),
        ("/dropped", PushError::NoCarrier),
    ] {
        get(&server, path, &[]);
        assert_eq!(wait_for(&outcomes), Err(expected), "{path}");
    }
}

#[test]
fn a_browser_that_leaves_closes_the_carrier() {
    async fn endless(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        rt::spawn(async move {
            loop {
                rt::time::sleep(Duration::from_millis(20)).await;
                let outcome = cookies.set(session());
                if outcome.is_err() {
                    outcomes.lock().unwrap().push(outcome);
                    break;
                }
            }
        });
        pending.sse(stream! {
            loop {
                rt::time::sleep(Duration::from_millis(20)).await;
                yield Event::comment("still here");
            }
        })
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(endless));
    });
    let mut connection = Connection::open(server.address);
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.head();
    drop(connection);
    assert_eq!(wait_for(&outcomes), Err(PushError::Closed));
}

fn wait_for(outcomes: &Outcomes) -> Result<(), PushError> {
    for _ in 0..500 {
        if let Some(outcome) = outcomes.lock().unwrap().pop() {
            return outcome;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the handler never pushed");
}

#[test]
fn a_handler_that_fails_sets_nothing() {
    async fn fails(pending: PendingCookies) -> Result<HttpResponse, Error> {
        pending.set(session()).unwrap();
        Err(error::ErrorBadRequest("half-way"))
    }
    async fn refuses(pending: PendingCookies) -> HttpResponse {
        pending.delete_cookie("session").unwrap();
        HttpResponse::Unauthorized().finish()
    }
    let (server, _) = server(|config| {
        config
            .route("/fails", web::get().to(fails))
            .route("/refuses", web::get().to(refuses));
    });
    assert!(get(&server, "/fails", &[]).all("set-cookie").is_empty());
    assert_eq!(
        get(&server, "/refuses", &[]).all("set-cookie").len(),
        1,
        "an answer is no failure"
    );
}

#[test]
fn what_browsers_would_drop_is_refused_when_it_is_pushed() {
    async fn push(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let mut outcomes = outcomes.lock().unwrap();
        outcomes.push(pending.set(SetCookie::new("bad name", "v")));
        outcomes.push(pending.set(SetCookie::new("a", "v").domain("elsewhere.example")));
        outcomes.push(pending.delete_cookie(DeleteCookie::new("a").domain("elsewhere.example")));
        outcomes.push(pending.set(SetCookie::new("__Host-apply-cookies", "v")));
        outcomes.push(pending.set(SetCookie::new("a", "v").domain("app.example")));
        HttpResponse::Ok().finish()
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(push));
    });
    let response = get(&server, "/", &[]);
    let fields: Vec<String> = outcomes
        .lock()
        .unwrap()
        .iter()
        .map(|outcome| match outcome {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string().split(':').next().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(fields, ["name", "domain", "domain", "name", "ok"]);
    assert_eq!(response.all("set-cookie").len(), 1);
}

#[test]
fn over_plain_http_secure_cookies_are_refused_and_the_binding_has_another_name() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        assert!(cookies.set(session()).is_err());
        pending.sse(stream! {
            cookies.set(session().secure(false)).unwrap();
            yield Event::data("done");
        })
    }
    let server = Server::start_with(
        |_| {
            apply_cookies::ApplyCookies::builder(
                apply_cookies::Secrets::new(support::SECRET).unwrap(),
            )
            .origin("http://app.example")
            .allow_insecure_http()
        },
        |config| {
            config.route("/", web::get().to(events));
        },
    );
    let response = get(&server, "/", &[]);
    let line = response.header("set-cookie").unwrap();
    assert!(
        line.starts_with("apply-cookies=") && !line.contains("Secure"),
        "{line}"
    );
    let value = line.split(';').next().unwrap();
    let token = testing::tokens(&response.body)[0];
    let post = |cookie: String| {
        Connection::open(server.address).request(
            "POST",
            "/__apply-cookies",
            &["Origin: http://app.example", support::http::FORM, &cookie],
            format!("t={token}").as_bytes(),
        )
    };
    assert_eq!(
        post(format!("Cookie: __Host-{value}")).status,
        403,
        "no fallback between names"
    );
    assert_eq!(post(format!("Cookie: {value}")).status, 204);
}

#[test]
fn a_later_operation_on_a_cookie_replaces_the_earlier_one() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.set(SetCookie::new("a", "1")).unwrap();
            cookies.set(SetCookie::new("b", "1")).unwrap();
            cookies.delete_cookie("a").unwrap();
            cookies.set(SetCookie::new("a", "1").path("/other")).unwrap();
            yield Event::data("done");
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let lines = redeem(&server, &get(&server, "/", &[]));
    let starts: Vec<&str> = lines
        .iter()
        .map(|line| line.split("; ").next().unwrap())
        .collect();
    assert_eq!(starts, ["b=1", "a=", "a=1"]);
}

#[test]
fn more_than_fits_travels_as_several_tokens_and_too_much_is_an_error() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            for n in 0..45 {
                cookies.set(SetCookie::new(format!("c{n}"), "v")).unwrap();
            }
            yield Event::data("many");
            for n in 0..3 {
                cookies.set(SetCookie::new(format!("large{n}"), "v".repeat(4000))).unwrap();
            }
            yield Event::data("large");
            for n in 0..256 {
                cookies.set(SetCookie::new(format!("c{n}"), "v")).unwrap();
            }
            let full = cookies.set(SetCookie::new("one-more", "v"));
            yield Event::data(full.unwrap_err().to_string());
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let response = get(&server, "/", &[]);
    let parts: Vec<&str> = response.body.split("data: many").collect();
    assert_eq!(testing::tokens(parts[0]).len(), 3, "20 + 20 + 5");
    let parts: Vec<&str> = parts[1].split("data: large").collect();
    assert_eq!(testing::tokens(parts[0]).len(), 3);
    assert!(parts[1].contains("256 operations wait"));
    assert_eq!(redeem(&server, &response).len(), 45 + 3 + 256);
}

#[test]
fn streams_give_the_browser_a_binding_and_nothing_else_does() {
    async fn html(pending: PendingCookies) -> HttpResponse {
        pending.set(session()).unwrap();
        HttpResponse::Ok()
            .insert_header(("cache-control", "public, max-age=60"))
            .content_type("text/html; charset=utf-8")
            .body("<p>hello</p>")
    }
    async fn streamed(pending: PendingCookies) -> HttpResponse {
        pending.html(stream! { yield "<!doctype html>"; })
    }
    async fn events(pending: PendingCookies) -> HttpResponse {
        pending.sse(stream! { yield Event::data("hello"); })
    }
    let (server, _) = server(|config| {
        config
            .route("/html", web::get().to(html))
            .route("/streamed", web::get().to(streamed))
            .route("/events", web::get().to(events));
    });
    // A slow page must not replace what another tab has got meanwhile.
    let page = get(&server, "/html", &[]);
    assert!(binding(&page).is_none());
    assert_eq!(page.header("cache-control"), Some("private, max-age=60"));

    let elsewhere = "Sec-Fetch-Site: cross-site";
    let navigation = [
        elsewhere,
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
    ];
    for path in ["/streamed", "/events"] {
        assert!(binding(&get(&server, path, &[])).is_some());
        let bound = get(&server, path, &[&cookie_header(1)]);
        assert!(binding(&bound).is_none(), "never overwritten");
        assert!(binding(&get(&server, path, &navigation)).is_some());
        assert!(binding(&get(&server, path, &[elsewhere])).is_none());
    }
}

#[test]
fn a_stream_that_another_site_opened_refuses_pushes() {
    async fn events(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            outcomes.lock().unwrap().push(cookies.set(session()));
            yield Event::data("hello");
        })
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let response = get(
        &server,
        "/",
        &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"],
    );
    assert!(testing::tokens(&response.body).is_empty());
    assert_eq!(wait_for(&outcomes), Err(PushError::Unbound));
}

#[test]
fn a_token_belongs_to_the_browser_that_opened_the_stream() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.set(session()).unwrap();
            yield Event::data("hello");
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    let response = get(&server, "/", &[&cookie_header(1)]);
    let token = testing::tokens(&response.body)[0];
    let refused = post_as(server.address, &cookie_header(2), token, None);
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (403, "wrong-browser")
    );
    assert_eq!(
        post_as(server.address, &cookie_header(1), token, None).status,
        204
    );
}

#[test]
fn a_fresh_process_redeems_its_own_tokens_at_once() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.set(session()).unwrap();
            yield Event::data("hello");
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(events));
    });
    server.set_clock(support::NOW - 60_000); // the very moment at which the store began
    assert_eq!(redeem(&server, &get(&server, "/", &[])), [SESSION_LINE]);
}

#[test]
fn a_handler_that_is_dropped_before_it_answers_takes_nothing_more() {
    async fn stuck(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        let mut frames = pending.frames();
        rt::spawn(async move {
            // Ends only when nothing can be carried any more.
            while frames.next().await.is_some() {}
            outcomes.lock().unwrap().push(cookies.set(session()));
        });
        rt::time::sleep(Duration::from_secs(30)).await;
        HttpResponse::Ok().finish()
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(stuck));
    });
    let mut connection = Connection::open(server.address);
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::thread::sleep(Duration::from_millis(100));
    connection.reset();
    assert_eq!(wait_for(&outcomes), Err(PushError::Closed));
}

#[test]
fn a_carrier_that_comes_after_the_headers_needs_a_browser_with_a_binding() {
    async fn late(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/plain")
            .streaming(stream! {
                let mut frames = pending.frames();
                let pushed = pending.set(session());
                let bound = pushed.is_ok();
                outcomes.lock().unwrap().push(pushed);
                if bound {
                    let frame = frames.next().await.unwrap();
                    yield Ok::<_, Error>(web::Bytes::from(frame.to_sse()));
                }
            })
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(late));
    });
    get(&server, "/", &[]);
    assert_eq!(wait_for(&outcomes), Err(PushError::LateCarrier));
    let response = get(&server, "/", &[&cookie_header(1)]);
    assert_eq!(wait_for(&outcomes), Ok(()));
    assert_eq!(redeem(&server, &response), [SESSION_LINE]);
}

#[test]
fn routes_beside_the_endpoint_are_not_taken_for_it() {
    async fn plain(pending: PendingCookies) -> HttpResponse {
        pending.set(session()).unwrap();
        HttpResponse::Ok().finish()
    }
    let (server, _) = server(|config| {
        config.route("/__apply-cookies-status", web::get().to(plain));
    });
    let response = get(&server, "/__apply-cookies-status", &[]);
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
}

#[test]
fn a_socket_that_a_page_of_another_origin_opens_gets_no_binding_and_carries_nothing() {
    async fn events(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            outcomes.lock().unwrap().push(cookies.set(session()));
            yield Event::data("hello");
        })
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(events));
    });
    // A WebSocket handshake carries an Origin and no Sec-Fetch-Site; so does this request.
    let response = get(&server, "/", &["Origin: https://evil.example"]);
    assert!(binding(&response).is_none());
    assert_eq!(wait_for(&outcomes), Err(PushError::Unbound));
    assert!(binding(&get(&server, "/", &["Origin: https://app.example"])).is_some());
}

#[test]
fn nothing_stands_in_front_of_a_streamed_pages_doctype() {
    async fn page(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.html(stream! {
            cookies.set(session()).unwrap();
            rt::time::sleep(Duration::from_millis(50)).await;
            yield "<!doctype html>";
        })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(page));
    });
    let response = get(&server, "/", &[]);
    assert!(
        response.body.starts_with("<!doctype html><apply-cookies"),
        "{}",
        response.body
    );
    assert_eq!(redeem(&server, &response), [SESSION_LINE]);
}

#[test]
fn a_second_middleware_on_the_way_in_changes_nothing() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.set(session()).unwrap();
            yield Event::data("hello");
        })
    }
    rt::System::new().block_on(async {
        let cookies = apply_cookies::ApplyCookies::dev();
        let app = actix_web::App::new().wrap(cookies.middleware()).service(
            web::scope("/inner")
                .wrap(cookies.middleware())
                .route("/events", web::get().to(events)),
        );
        let app = actix_web::test::init_service(app).await;
        let request = actix_web::test::TestRequest::get().uri("/inner/events");
        let response = actix_web::test::call_service(&app, request.to_request()).await;
        assert_eq!(response.headers().get_all("set-cookie").count(), 1);
        assert_eq!(testing::redeem(&cookies, response).await, [SESSION_LINE]);
    });
}

#[test]
fn what_carries_tokens_is_never_cached() {
    async fn by_hand(pending: PendingCookies) -> HttpResponse {
        let mut frames = pending.frames();
        HttpResponse::Ok()
            .insert_header(("cache-control", "public, max-age=600"))
            .insert_header(("cdn-cache-control", "max-age=600"))
            .streaming(stream! {
                while let Some(frame) = frames.next().await {
                    yield Ok::<_, Error>(web::Bytes::from(frame.to_sse()));
                }
            })
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(by_hand));
    });
    let response = get(&server, "/", &[&cookie_header(1)]);
    assert_eq!(
        response.header("cache-control"),
        Some("no-store, no-transform")
    );
    assert_eq!(response.header("cdn-cache-control"), None);
}

#[test]
fn a_head_request_has_no_body_that_could_carry() {
    async fn events(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        let cookies = pending.clone();
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(50)).await;
            outcomes.lock().unwrap().push(cookies.set(session()));
        });
        pending.sse(stream! { yield Event::data("hello"); })
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::head().to(events));
    });
    let mut connection = Connection::open(server.address);
    connection.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.head();
    assert_eq!(wait_for(&outcomes), Err(PushError::Closed));
}

#[test]
fn headers_take_no_more_cookies_than_proxies_do() {
    async fn many(pending: PendingCookies, outcomes: Outcomes) -> HttpResponse {
        for n in 0..3 {
            let cookie = SetCookie::new(format!("c{n}"), "v".repeat(2900));
            outcomes.lock().unwrap().push(pending.set(cookie));
        }
        HttpResponse::Ok().finish()
    }
    let (server, outcomes) = server(|config| {
        config.route("/", web::get().to(many));
    });
    assert_eq!(get(&server, "/", &[]).all("set-cookie").len(), 2);
    let outcomes = outcomes.lock().unwrap().clone();
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(PushError::HeadersFull)]);
}

#[test]
fn a_redirect_that_was_made_as_an_error_keeps_its_cookies() {
    async fn redirects(pending: PendingCookies) -> Result<HttpResponse, Error> {
        pending.set(session()).unwrap();
        let to = HttpResponse::SeeOther()
            .insert_header(("location", "/"))
            .finish();
        Err(error::InternalError::from_response("signed in", to).into())
    }
    let (server, _) = server(|config| {
        config.route("/", web::get().to(redirects));
    });
    let response = get(&server, "/", &[]);
    assert_eq!(
        (response.status, response.all("set-cookie")),
        (303, vec![SESSION_LINE])
    );
}

#[test]
fn without_the_middleware_the_handler_says_so() {
    async fn events(_: PendingCookies) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    rt::System::new().block_on(async {
        let app =
            actix_web::test::init_service(actix_web::App::new().route("/", web::get().to(events)))
                .await;
        let request = actix_web::test::TestRequest::get().uri("/").to_request();
        let response = actix_web::test::call_service(&app, request).await;
        assert_eq!(response.status(), 500);
        let body = actix_web::test::read_body(response).await;
        assert!(String::from_utf8_lossy(&body).contains(".wrap(cookies.middleware())"));
    });
}
