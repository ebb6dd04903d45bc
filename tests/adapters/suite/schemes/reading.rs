//! Cookies that handlers read: under the name that they are written under.

use apply_cookies::{PendingCookies, Secrets, SetCookie};

use super::{HTTPS, LOCAL, Server, Visit, deployment};
use crate::harness::extractors::{Cart, EVERY_CLASS, RENEWED, REQUIRED, Session, Theme};
use crate::harness::{Ask, Reply, Script, jar};
use crate::support::SECRET;

async fn set_all(ask: Ask) -> Reply {
    write(&ask.pending);
    Reply::done()
}

fn write(pending: &PendingCookies) {
    pending.set(&Session::of("ada")).unwrap();
    pending.set(&Cart { items: 3 }).unwrap();
    pending.set(&Visit { page: 4 }).unwrap();
    pending
        .set(&Theme {
            dark: true,
            ratio: 0.5,
        })
        .unwrap();
    pending.set(SetCookie::new("__Secure-raw", "5")).unwrap();
}

/// All that was written, read in every way that the handle has.
fn read(pending: &PendingCookies) -> String {
    let raw = |name| String::from_utf8(pending.get_raw(name).unwrap_or_default()).unwrap();
    format!(
        "{} {} {} {} {}",
        pending
            .get::<Session>()
            .map_or_else(|_| String::new(), |session| session.username.clone()),
        pending.get::<Cart>().map_or(0, |cart| cart.items),
        pending.get::<Visit>().map_or(0, |visit| visit.page),
        pending.get::<Theme>().is_ok_and(|theme| theme.dark),
        raw("__Secure-raw"),
    )
}

#[test]
fn what_was_written_is_read_by_the_same_code_over_both_schemes() {
    for (origins, names) in [
        (
            &[HTTPS],
            "session __Host-cart __Host-Http-visit theme __Secure-raw",
        ),
        (&[LOCAL], "session cart visit theme raw"),
    ] {
        let script = Script::at("/in", set_all)
            .and("/seen", |ask: Ask| async move {
                Reply::text(read(&ask.pending))
            })
            .and("/own", |ask: Ask| async move {
                write(&ask.pending);
                let seen = read(&ask.pending);
                ask.pending.delete::<Cart>().unwrap();
                ask.pending.delete_cookie("__Secure-raw").unwrap();
                let field = String::from_utf8(ask.pending.cookie_fields()).unwrap();
                let named = field
                    .split("; ")
                    .map(|pair| pair.split('=').next().unwrap());
                let named = named.collect::<Vec<_>>().join(" ");
                Reply::text(format!("{seen}, {}, {named}", read(&ask.pending)))
            });
        let server = Server::with(deployment(origins)).start(script);
        let sent = jar(&server.get("/in", &[]));
        let pairs = sent.trim_start_matches("Cookie: ").split("; ");
        let written: Vec<&str> = pairs.map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(written.join(" "), names);

        assert_eq!(
            server.get("/seen", &[&sent]).body,
            "ada 3 4 true 5",
            "{origins:?}"
        );
        let every = server.get(EVERY_CLASS, &[&sent]);
        assert_eq!(every.body, "ada:sent 3:sent true:sent", "{origins:?}");
        assert_eq!(server.get(REQUIRED, &[&sent]).body, "ada", "{origins:?}");
        // A handler sees its own writes and deletions, over what the request brought.
        let own = server.get("/own", &[&sent]).body;
        let mut kept = names
            .split(' ')
            .filter(|name| !name.ends_with("cart") && !name.ends_with("raw"));
        let kept: Vec<&str> = kept.by_ref().collect();
        assert_eq!(
            own,
            format!("ada 3 4 true 5, ada 0 4 true , {}", kept.join(" "))
        );
    }
}

#[test]
fn a_value_of_one_name_is_not_one_of_the_other() {
    let server = |origins| Server::with(deployment(origins)).start(Script::at("/in", set_all));
    let (https, http) = (server(&[HTTPS]), server(&[LOCAL]));
    let written = |server: &Server| jar(&server.get("/in", &[]));
    let (secure, plain) = (written(&https), written(&http));
    // Neither under the name that it has, nor under the one that it should have.
    let renamed = plain.replace("; cart=", "; __Host-cart=");
    for sent in [&plain, &renamed] {
        assert!(
            !https.get(EVERY_CLASS, &[sent]).body.contains("3:sent"),
            "{sent}"
        );
    }
    let renamed = secure.replace("__Host-cart=", "cart=");
    for sent in [&secure, &renamed] {
        assert!(
            !http.get(EVERY_CLASS, &[sent]).body.contains("3:sent"),
            "{sent}"
        );
    }
}

#[test]
fn a_cookie_that_is_reissued_is_written_as_it_is_set() {
    const NEW: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";
    for (origins, secure) in [(&[HTTPS], true), (&[LOCAL], false)] {
        let old = Server::with(deployment(origins)).start(Script::at("/in", set_all));
        let sent = jar(&old.get("/in", &[]));
        let new = Server::with(move |_| {
            let secrets = Secrets::new(NEW).unwrap().previous(SECRET).unwrap();
            apply_cookies::ApplyCookies::builder(secrets).origin(origins[0])
        });
        let new = new.start(Script::at("/visit", |ask: Ask| async move {
            let visit = ask.pending.get::<Visit>().unwrap();
            assert!(visit.is_under_previous_key());
            ask.pending.reissue(&visit).unwrap();
            Reply::done()
        }));
        for (path, name) in [(RENEWED, "session"), ("/visit", "__Host-Http-visit")] {
            let renewed = new.get(path, &[&sent]);
            let line = renewed.header("set-cookie").unwrap();
            let name = if secure {
                name
            } else {
                name.trim_start_matches("__Host-Http-")
            };
            assert!(line.starts_with(&format!("{name}=ce1.")), "{line}");
            assert_eq!(line.contains("; Secure"), secure, "{line}");
        }
    }
}
