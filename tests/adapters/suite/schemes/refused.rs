//! What browsers keep on https only is an error on plain http, for every way to push it.

use apply_cookies::protocol::{Rule, SecureFor};
use apply_cookies::{
    ClassError, CookieClass, DeleteCookie, Event, PendingCookies, PushError, Receipt, SameSite,
    SetCookie,
};
use async_stream::stream;
use serde::{Deserialize, Serialize};

use super::{HTTPS, LOCAL, Server, deployment};
use crate::harness::{Ask, Reply, Script};

#[derive(CookieClass, Serialize, Deserialize)]
#[cookie(same_site = "None")]
struct Embedded {
    on: bool,
}

#[derive(CookieClass, Serialize, Deserialize)]
#[cookie(signed, prefix = "host", partitioned)]
struct Widget {
    on: bool,
}

type Push = fn(&PendingCookies) -> Result<Receipt, PushError>;

const PUSHES: [(SecureFor, Push); 9] = [
    (SecureFor::SameSiteNone, |p| {
        p.set(SetCookie::new("a", "v").same_site(SameSite::None))
    }),
    (SecureFor::SameSiteNone, |p| {
        p.set(
            SetCookie::new("a", "v")
                .same_site(SameSite::None)
                .secure(true),
        )
    }),
    (SecureFor::SameSiteNone, |p| {
        p.set(SetCookie::new("__Host-a", "v").same_site(SameSite::None))
    }),
    (SecureFor::SameSiteNone, |p| p.set(&Embedded { on: true })),
    (SecureFor::Partitioned, |p| {
        p.set(SetCookie::new("a", "v").partitioned(true))
    }),
    (SecureFor::Partitioned, |p| p.set(&Widget { on: true })),
    (SecureFor::Partitioned, |p| p.delete::<Widget>()),
    (SecureFor::Partitioned, |p| {
        p.delete_cookie(DeleteCookie::new("a").partitioned(true).secure(true))
    }),
    (SecureFor::Partitioned, |p| {
        p.batch()
            .set(SetCookie::new("b", "v"))
            .delete::<Widget>()
            .push()
    }),
];

#[test]
fn same_site_none_and_partitioned_need_https() {
    for (reason, push) in PUSHES {
        let pushed = |origins, path| {
            let script = Script::at("/head", move |ask: Ask| async move {
                ask.notes.pushed(push(&ask.pending));
                Reply::done()
            })
            .and("/stream", move |ask: Ask| async move {
                Reply::sse(ask.pending, move |cookies| {
                    stream! {
                        ask.notes.pushed(push(&cookies));
                        yield Event::data("done");
                    }
                })
            });
            let server = Server::with(deployment(origins)).start(script);
            server.get(path, &[]);
            server.notes.push()
        };
        for path in ["/head", "/stream"] {
            assert_eq!(pushed(&[HTTPS], path), Ok(()));
            let error = pushed(&[LOCAL], path).unwrap_err();
            assert!(error.to_string().contains("needs https"), "{error}");
            let invalid = match error {
                PushError::Class(refused) => match refused.error {
                    ClassError::Invalid(invalid) => invalid,
                    other => panic!("{other}"),
                },
                PushError::Invalid(invalid) => invalid,
                other => panic!("{other}"),
            };
            assert_eq!(invalid.rule(), Rule::NeedsHttps { by: reason });
        }
    }
}

#[test]
fn a_cookie_that_says_it_is_secure_is_refused_on_plain_http_outside_this_machine() {
    let script = Script::at("/", |ask: Ask| async move {
        ask.notes
            .pushed(ask.pending.set(SetCookie::new("a", "v").secure(true)));
        Reply::done()
    });
    let server = Server::with(deployment(&["http://app.example"])).start(script);
    server.get("/", &[]);
    assert_eq!(server.notes.push(), Err(PushError::SecureOverHttp));
}
