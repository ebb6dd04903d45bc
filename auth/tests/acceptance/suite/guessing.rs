//! Who guesses waits.

use std::time::Duration;

use apply_cookies::{Origin, Secrets};
use apply_cookies_auth::{
    AccessToken, Account, AccountFuture, AccountSource, Accounts, PasswordHash,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, BOB, WRONG, cookie_of, sign_in_form};
use crate::support::http::{FORM, origin_header};

#[test]
fn who_guesses_waits_even_with_the_right_password_and_reads_for_how_long() {
    let app = App::start();
    let mut stranger = app.browser();
    for _ in 0..5 {
        assert_eq!(stranger.sign_in(ADA.0, WRONG).status, 401);
    }
    let page = stranger.sign_in(ADA.0, ADA.1);
    assert_eq!(page.status, 429);
    assert!(page.body.contains("throttled"), "{}", page.body);
    assert!(cookie_of(&page, SIGNED_IN).is_none());
    let wait: u64 = page.header("retry-after").unwrap().parse().unwrap();
    let refused = stranger.fetch_post("/auth/sign-in", &sign_in_form(ADA.0, ADA.1));
    assert_eq!((refused.status, &*refused.problem()), (429, "throttled"));
    let mut stream = stranger.open("/sse-in?name=ada&password=correct+horse");
    assert_eq!(stranger.next(&mut stream).unwrap(), "open");
    assert!(stranger.next(&mut stream).unwrap().starts_with("throttled"));
    assert_eq!(
        stranger.sign_in(BOB.0, BOB.1).status,
        303,
        "another account"
    );
    app.forward(Duration::from_secs(wait));
    assert_eq!(stranger.sign_in(ADA.0, ADA.1).status, 303);
}

#[test]
fn strangers_who_guess_do_not_slow_down_the_browsers_of_the_owner() {
    let app = App::start();
    let mut owner = app.signed_in(ADA);
    assert_eq!(owner.sign_out().status, 200);
    let mut stranger = app.browser();
    while stranger.sign_in(ADA.0, WRONG).status != 429 {}
    assert_eq!(stranger.sign_in(ADA.0, ADA.1).status, 429);
    assert_eq!(owner.sign_in(ADA.0, ADA.1).status, 303);
}

#[test]
fn behind_a_trusted_proxy_each_person_is_counted_and_elsewhere_nobody_is_believed() {
    let own = origin_header();
    let guess = |app: &App, address: &str| {
        let address = format!("X-Forwarded-For: {address}");
        let form = sign_in_form(ADA.0, WRONG);
        app.send("POST", "/auth/sign-in", &[&own, FORM, &address], &form)
            .status
    };
    for (is_trusted, elsewhere) in [(true, 401), (false, 429)] {
        let app = App::with(|auth, accounts| {
            let auth = auth.passwords(accounts);
            if is_trusted {
                auth.trusted_proxy("127.0.0.1")
            } else {
                auth
            }
        });
        for _ in 0..5 {
            assert_eq!(guess(&app, "192.0.2.1"), 401);
        }
        assert_eq!(guess(&app, "192.0.2.1"), 429);
        assert_eq!(guess(&app, "192.0.2.2"), elsewhere);
        assert_eq!(guess(&app, "198.51.100.7, 192.0.2.1"), 429, "a made-up hop");
    }
}

#[test]
fn who_guesses_makes_the_store_of_revocations_write_nothing() {
    let app = App::with(|auth, accounts| {
        let token = AccessToken::random();
        auth.passwords(accounts).access_token(token)
    });
    let mut stranger = app.browser();
    for _ in 0..20 {
        stranger.sign_in(ADA.0, WRONG);
    }
    assert_eq!(app.store.asked(), 5, "those that were verified");
    for _ in 0..20 {
        stranger.post("/auth/sign-in", &format!("access_token={WRONG}"));
        stranger.get(&format!("/app?access_token={WRONG}"));
    }
    assert_eq!(app.store.asked(), 5);
}

#[test]
fn who_signs_in_again_and_again_cannot_fill_the_store_of_revocations() {
    let secrets = Secrets::random();
    let token = || AccessToken::from_secret(&secrets, "app");
    let app = App::with(|auth, accounts| {
        let auth = auth.passwords(accounts).access_token(token());
        auth.trusted_proxy("127.0.0.1")
    });
    let (form, own) = (
        format!("access_token={}", text_of(&token())),
        origin_header(),
    );
    let mut browser = app.browser();
    let mut sign_in = |form: &str, from: &str| {
        let from = format!("X-Forwarded-For: {from}");
        browser
            .ask("POST", "/auth/sign-in", &[&own, FORM, &from], form)
            .status
    };
    let tries = 500;
    let begun = (0..tries)
        .filter(|_| sign_in(&form, "192.0.2.1") == 204)
        .count();
    // As many at once, and one in each second that this takes.
    assert!((300..tries).contains(&begun), "{begun}");
    assert!(app.store.revoked() < begun);
    assert_eq!(sign_in(&form, "192.0.2.2"), 204, "another network");
    let bearer = format!("Authorization: Bearer {}", text_of(&token()));
    let from = "X-Forwarded-For: 192.0.2.1";
    assert_eq!(app.send("GET", "/app", &[&bearer, from], "").status, 200);
    // An account is one person's, wherever they are.
    let ada = sign_in_form(ADA.0, ADA.1);
    let networks = (0..tries).map(|number| format!("198.51.100.{}", number % 250));
    let begun = networks
        .filter(|network| sign_in(&ada, network) == 204)
        .count();
    assert!((300..tries).contains(&begun), "{begun}");
    assert_eq!(sign_in(&sign_in_form(BOB.0, BOB.1), "192.0.2.1"), 204);
}

/// A token of 256 bits cannot be guessed, so nobody waits who has it.
#[test]
fn strangers_who_guess_at_a_random_token_do_not_hold_up_whoever_has_it() {
    let secrets = Secrets::random();
    let derived = || AccessToken::from_secret(&secrets, "app");
    let chosen = || AccessToken::chosen("a token that a person has thought of").unwrap();
    let app_of = |token| App::with(|auth, _| auth.access_token(token));
    for (app, token, is_heard) in [
        (app_of(derived()), derived(), true),
        (app_of(chosen()), chosen(), false),
    ] {
        let bearer = |text: &str| {
            let bearer = format!("Authorization: Bearer {text}");
            app.send("GET", "/app", &[&bearer], "").status
        };
        while bearer(WRONG) != 429 {}
        let text = text_of(&token);
        let expected = if is_heard { [200, 204] } else { [429, 429] };
        // The chosen one has blanks, which Bearer does not take.
        let basic = format!(
            "Authorization: Basic {}",
            BASE64_STANDARD.encode(format!(":{text}"))
        );
        let by_header = app.send("GET", "/app", &[&basic], "").status;
        let form = format!("access_token={text}");
        let by_page = app.browser().fetch_post("/auth/sign-in", &form).status;
        assert_eq!([by_header, by_page], expected);
        assert_eq!(bearer(WRONG), 429, "a guess still waits");
    }
}

fn text_of(token: &AccessToken) -> String {
    let origin = Origin::parse("https://app.example").unwrap();
    let link = token.link(&origin, "/").to_string();
    let (_, text) = link.split_once('=').unwrap();
    text.replace("%20", " ")
}

/// A database that finds names whatever their case, as many do unless they are asked not to.
struct Folded;

impl AccountSource for Folded {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        let hash = "scrypt:128:1:1$XfsFaPWPasREYMVh$aa392a1293b1db65b0687476107af752f68462480bbb547fcfa55b697df293f7818c742ae587473c12b2037154c84a34ba99b8a216a7b13bb9836c11d1db0b8e";
        let found = (name.to_lowercase() == "ada")
            .then(|| Account::new("ada", PasswordHash::parse(hash).unwrap()));
        Box::pin(std::future::ready(Ok(found)))
    }
}

#[test]
fn spellings_of_a_name_share_its_limits() {
    let app = App::with(|auth, _| {
        auth.passwords(Accounts::from_source(Folded))
            .trusted_proxy("127.0.0.1")
    });
    let try_as = |name: &str, number: usize, password: &str| {
        let forwarded = format!("X-Forwarded-For: 10.{}.{}.1", number / 200, number % 200);
        let fields = [
            &*forwarded,
            "Origin: https://app.example",
            "Content-Type: application/x-www-form-urlencoded",
        ];
        app.send(
            "POST",
            "/auth/sign-in",
            &fields,
            &format!("name={name}&password={password}"),
        )
        .status
    };
    let spellings = ["ada", "Ada", "aDa", "adA", "ADa", "aDA", "AdA", "ADA"];
    let mut verified = 0;
    for number in 0..800 {
        verified += usize::from(try_as(spellings[number % 8], number, WRONG) == 401);
    }
    assert!(
        verified <= 110,
        "{verified} guesses at one account in an hour, by 800 networks"
    );
}
