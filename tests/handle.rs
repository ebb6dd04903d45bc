//! A request without any framework, as an adapter sees it: what its handle reads and sets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use apply_cookies::replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, HorizonFuture, ReplayStore,
};
use apply_cookies::web::{Asked, Ended, Exchange, Fields};
use apply_cookies::{
    ApplyCookies, Clock, DeleteCookie, Outcome, PendingCookies, PendingState, PushError, Secrets,
    SetCookie,
};
use bytes::Bytes;
use futures_util::FutureExt;

/// A browser's binding.
const BINDING: &str = "__Host-apply-cookies=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A header map as plain as can be.
#[derive(Default)]
struct Map(Vec<(&'static str, Bytes)>);

impl Fields for Map {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        let named = self.0.iter().filter(move |(one, _)| *one == name);
        named.map(|(_, value)| &value[..])
    }

    fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(one, _)| chosen(one))
    }

    fn set(&mut self, name: &'static str, value: Bytes) {
        self.remove(name);
        self.append(name, value);
    }

    fn append(&mut self, name: &'static str, value: Bytes) {
        self.0.push((name, value));
    }

    fn remove_each(&mut self, chosen: impl Fn(&str) -> bool) {
        self.0.retain(|(one, _)| !chosen(one));
    }
}

impl Map {
    fn texts(&self, name: &'static str) -> Vec<&str> {
        let values = self.all(name).map(std::str::from_utf8);
        values.map(Result::unwrap).collect()
    }
}

fn deployment() -> ApplyCookies {
    ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .build()
        .unwrap()
}

/// A request with these `Cookie` fields.
fn begin(apply: &ApplyCookies, cookies: &[&'static str]) -> Exchange {
    let fields = cookies.iter().map(|field| ("cookie", Bytes::from(*field)));
    let fields = Map(fields.collect());
    let asked = Asked {
        method: "GET",
        path: "/",
        fields: &fields,
    };
    Exchange::begin(apply, asked)
}

/// Whether the head of a stream gives the browser of a request with these fields a binding.
async fn binds(fields: &[(&'static str, &'static str)]) -> bool {
    let fields = fields
        .iter()
        .map(|(name, value)| (*name, Bytes::from(*value)));
    let fields = Map(fields.collect());
    let asked = Asked {
        method: "GET",
        path: "/",
        fields: &fields,
    };
    let exchange = Exchange::begin(&deployment(), asked);
    let pending = exchange.slot().pending();
    let _frames = pending.frames();
    let binds = !answer(exchange).await.texts("set-cookie").is_empty();
    assert_eq!(
        pending.is_foreign(),
        !binds,
        "another page may change nothing"
    );
    binds
}

#[tokio::test]
async fn of_fields_that_stand_twice_the_strictest_decides_on_the_binding() {
    const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
    const FOREIGN: (&str, &str) = ("sec-fetch-site", "cross-site");
    const LISTED: (&str, &str) = ("origin", "https://app.example");
    const UNLISTED: (&str, &str) = ("origin", "https://evil.example");
    assert!(binds(&[OWN, LISTED]).await);
    assert!(!binds(&[FOREIGN, OWN]).await);
    assert!(!binds(&[OWN, FOREIGN]).await);
    assert!(!binds(&[LISTED, UNLISTED]).await);
}

#[tokio::test]
async fn a_stream_that_has_failed_names_no_encoding_either() {
    for ended in [Ended::Answered, Ended::Failed] {
        let exchange = begin(&deployment(), &[]);
        let _frames = exchange.slot().pending().frames();
        let mut fields = Map::default();
        fields.append("content-encoding", Bytes::from("identity"));
        exchange.answered(ended, 503, &mut fields).await;
        assert_eq!(fields.texts("content-encoding"), [""; 0], "{ended:?}");
    }
}

/// Its answer, which the handler has given.
async fn answer(exchange: Exchange) -> Map {
    let mut fields = Map::default();
    exchange.answered(Ended::Answered, 200, &mut fields).await;
    fields
}

/// What a handler sees of the browser's cookies after it has written some.
fn seen(
    cookies: &[&'static str],
    write: impl FnOnce(&PendingCookies) -> Result<(), PushError>,
) -> String {
    let exchange = begin(&deployment(), cookies);
    let pending = exchange.slot().pending();
    write(&pending).unwrap();
    String::from_utf8(pending.cookie_fields()).unwrap()
}

#[test]
fn all_cookies_of_the_request_are_one_field() {
    assert_eq!(seen(&[], |_| Ok(())), "");
    assert_eq!(seen(&[""], |_| Ok(())), "");
    assert_eq!(seen(&["a=1; b=2"], |_| Ok(())), "a=1; b=2");
    assert_eq!(seen(&["a=1", "b=2;c=3 "], |_| Ok(())), "a=1; b=2; c=3");
    // They are the browser's, however odd.
    assert_eq!(
        seen(&["a=1; a=2; flag; =x"], |_| Ok(())),
        "a=1; a=2; flag; =x"
    );
}

#[test]
fn what_was_written_is_in_place_of_what_was_sent() {
    let set = |name: &'static str| {
        seen(&["a=1; b=2", "c=3"], move |pending| {
            pending.set(SetCookie::new(name, "9")).map(drop)
        })
    };
    assert_eq!(set("b"), "a=1; c=3; b=9");
    assert_eq!(set("d"), "a=1; b=2; c=3; d=9");
    // Names of cookies have a case.
    assert_eq!(set("B"), "a=1; b=2; c=3; B=9");

    let twice = seen(&["a=1"], |pending| {
        pending.set(SetCookie::new("a", "2"))?;
        pending.set(SetCookie::new("b", "1"))?;
        pending.set(SetCookie::new("a", "3")).map(drop)
    });
    assert_eq!(twice, "b=1; a=3");
    let alone = seen(&[], |pending| {
        pending.set(SetCookie::new("a", "1")).map(drop)
    });
    assert_eq!(alone, "a=1");
}

#[test]
fn what_was_deleted_is_not_there() {
    let delete = |cookie: DeleteCookie<'static>| {
        seen(&["a=1; b=2"], move |pending| {
            pending.delete_cookie(cookie).map(drop)
        })
    };
    assert_eq!(delete(DeleteCookie::new("a")), "b=2");
    // Another cookie of the same name.
    assert_eq!(delete(DeleteCookie::new("a").path("/old")), "a=1; b=2");
    let domain = DeleteCookie::new("a").domain("app.example");
    assert_eq!(delete(domain), "a=1; b=2");

    let set_again = seen(&["a=1"], |pending| {
        pending.delete_cookie("a")?;
        pending.set(SetCookie::new("a", "2")).map(drop)
    });
    assert_eq!(set_again, "a=2");
}

#[tokio::test]
async fn what_has_left_with_the_headers_or_in_a_token_is_still_seen() {
    let exchange = begin(&deployment(), &["a=1"]);
    let pending = exchange.slot().pending();
    let mut frames = pending.frames();
    pending.set(SetCookie::new("b", "2")).unwrap();
    answer(exchange).await;
    pending.set(SetCookie::new("c", "3")).unwrap();
    assert_eq!(frames.take_ready().len(), 1);
    assert_eq!(pending.cookie_fields(), b"a=1; b=2; c=3");
}

#[tokio::test]
async fn an_answer_depends_on_cookies_that_were_read_all_at_once() {
    let apply = deployment();
    let exchange = begin(&apply, &["a=1"]);
    let _ = exchange.slot().pending().cookie_fields();
    assert_eq!(answer(exchange).await.texts("vary"), ["Cookie"]);
    let untouched = begin(&apply, &["a=1"]);
    assert_eq!(answer(untouched).await.texts("vary"), [""; 0]);
}

#[cfg(feature = "cookie")]
#[tokio::test]
async fn a_cookie_of_the_crate_cookie_is_pushed_with_safe_attributes() {
    use cookie::time::Duration;
    use cookie::{Cookie, SameSite};

    let exchange = begin(&deployment(), &[]);
    let pending = exchange.slot().pending();
    pending.set(Cookie::new("theme", "dark")).unwrap();
    let open = Cookie::build(("accent", "teal"))
        .path("/shop")
        .http_only(false)
        .same_site(SameSite::Strict)
        .max_age(Duration::hours(1));
    pending.set(open.build()).unwrap();
    let refused = pending.set(Cookie::new("theme", "a; Domain=evil.example"));
    assert!(matches!(refused, Err(PushError::Invalid(_))));
    assert_eq!(
        answer(exchange).await.texts("set-cookie"),
        [
            "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax",
            "accent=teal; Path=/shop; Max-Age=3600; Secure; SameSite=Strict",
        ]
    );
}

/// A deployment whose clock counts how often it is read.
fn counting() -> (ApplyCookies, Arc<AtomicUsize>) {
    let reads = Arc::new(AtomicUsize::new(0));
    let counter = reads.clone();
    let clock = Clock::from_fn(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Clock::system().now()
    });
    let apply = ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .clock(clock);
    (apply.build().unwrap(), reads)
}

#[tokio::test]
async fn a_receipt_that_nobody_awaits_gets_no_deadline() {
    let (apply, reads) = counting();
    let before = reads.load(Ordering::SeqCst);
    for n in 0..100 {
        let exchange = begin(&apply, &[]);
        let cookie = SetCookie::new(format!("c{n}"), "1");
        let receipt = exchange.slot().pending().set(cookie).unwrap();
        assert_eq!(receipt.outcome(), None);
        answer(exchange).await;
        assert!(receipt.outcome().is_some());
    }
    // Whoever sets a deadline looks at the clock, and so does the thread that keeps them.
    assert_eq!(reads.load(Ordering::SeqCst), before);

    let exchange = begin(&apply, &[]);
    let receipt = exchange.slot().pending().set(SetCookie::new("a", "1"));
    assert_eq!(receipt.unwrap().settled().now_or_never(), None);
    assert!(reads.load(Ordering::SeqCst) > before);
}

#[tokio::test]
async fn a_push_after_a_wait_that_was_too_long_has_a_receipt_of_its_own() {
    let apply = ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .lifetime(Duration::from_millis(200))
        .build()
        .unwrap();
    let exchange = begin(&apply, &[]);
    let pending = exchange.slot().pending();
    let first = pending.set(SetCookie::new("a", "1")).unwrap();
    // The handler waits for itself.
    assert_eq!(first.clone().await, Outcome::Expired);
    let second = pending.set(SetCookie::new("b", "2")).unwrap();
    assert_eq!(second.outcome(), None);
    let left = answer(exchange).await;
    assert_eq!(left.texts("set-cookie").len(), 2);
    assert_eq!(second.outcome(), Some(Outcome::Released));
    assert_eq!(first.outcome(), Some(Outcome::Expired));
}

/// A store that never answers.
struct Silent;

impl ReplayStore for Silent {
    fn claim(&self, _: Claim) -> ClaimFuture<'_> {
        ClaimFuture::new(std::future::pending())
    }

    fn raise_barrier(&self, _: Barrier) -> BarrierFuture<'_> {
        BarrierFuture::new(std::future::pending())
    }

    fn listen(&self, _: Weak<dyn ClaimListener>) {}

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::new(std::future::pending())
    }
}

#[tokio::test]
async fn a_response_that_is_given_up_during_its_barrier_takes_nothing_more() {
    let apply = ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .replay_store(Arc::new(Silent))
        .build()
        .unwrap();
    let exchange = begin(&apply, &[BINDING]);
    let pending = exchange.slot().pending();
    let mut frames = pending.frames();
    let sign_out = pending.sign_out().delete_cookie("session").push().unwrap();
    let mut fields = Map::default();
    let mut leaving = Box::pin(exchange.answered(Ended::Answered, 200, &mut fields));
    assert_eq!(leaving.as_mut().now_or_never(), None);
    let waiting = pending.set(SetCookie::new("a", "1")).unwrap();
    drop(leaving);
    assert_eq!(sign_out.outcome(), Some(Outcome::Undeliverable));
    assert_eq!(waiting.outcome(), Some(Outcome::Undeliverable));
    assert_eq!(pending.state(), PendingState::Closed);
    let late = pending.set(SetCookie::new("b", "1"));
    assert!(matches!(late, Err(PushError::Closed)));
    assert_eq!(frames.take_ready().len(), 0);
    // What never reached the browser is not seen.
    assert_eq!(pending.cookie_fields(), b"");
}

#[test]
fn the_binding_of_a_request_is_for_a_worker_that_mints_later() {
    let apply = deployment();
    let of = |cookies: &[&'static str]| {
        let fields = cookies.iter().map(|field| ("cookie", Bytes::from(*field)));
        apply.binding_of(&Map(fields.collect()))
    };
    let text = BINDING.split_once('=').unwrap().1;
    let found = of(&["a=b", BINDING]).map(|binding| binding.to_text());
    assert_eq!(found.as_deref(), Some(text));
    assert!(of(&["a=b"]).is_none());
    assert!(of(&[BINDING, BINDING]).is_none());
}
