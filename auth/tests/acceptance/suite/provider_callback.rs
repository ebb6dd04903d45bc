//! What is wrong with a callback. Each is one change to one that succeeds.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{App, BINDING, SIGNED_IN};
use crate::harness::there::{ATTEMPT, Asked, There};
use crate::harness::{ADA, Browser, Claims, Log, WRONG};
use crate::hostile::Answer;
use crate::support::http::Response;

/// What an attacker makes of an address.
type Change = Box<dyn Fn(String) -> String>;

struct Scene {
    there: There,
    other: There,
    app: App,
}

impl Scene {
    fn set() -> Self {
        let (there, other) = (There::start(), There::start());
        let app = App::with(|builder, _| {
            builder
                .provider(there.oidc())
                .provider(other.called("other"))
        });
        Self { there, other, app }
    }

    /// A browser whose attempt has an answer.
    fn begun(&self) -> (Browser, Asked) {
        let mut browser = self.app.browser();
        browser.get("/");
        let asked = browser.leave("/auth/sign-in/acme?return_to=%2Fapp");
        self.there.gives(&asked, &json!({}));
        (browser, asked)
    }
}

fn assert_refused(browser: &mut Browser, answer: &Response, code: &str) {
    assert!(answer.status >= 400, "{code}: {}", answer.status);
    assert!(
        answer.body.contains(&format!("<code>{code}</code>")),
        "{code}: {}",
        answer.body
    );
    assert!(answer.header("location").is_none());
    assert!(!browser.jar.contains_key(SIGNED_IN), "{code}");
    assert!(!browser.is_in());
}

#[test]
fn a_callback_that_is_not_exactly_this_attempts_signs_nobody_in() {
    let scene = Scene::set();
    let change = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        move |path: String| {
            assert!(path.contains(&from), "{from}");
            path.replacen(&from, &to, 1)
        }
    };
    let other = scene
        .other
        .server
        .issuer()
        .replace(':', "%3A")
        .replace('/', "%2F");
    let own = scene
        .there
        .server
        .issuer()
        .replace(':', "%3A")
        .replace('/', "%2F");
    let attacks: Vec<(&str, Change)> = vec![
        ("state", Box::new(change("state=", "nothing="))),
        ("state", Box::new(change("state=", "state=x"))),
        ("state", Box::new(|path| format!("{path}&state=again"))),
        ("state", Box::new(|path| format!("{path}&code=again"))),
        ("state", Box::new(|path| format!("{path}&c%6Fde=again"))),
        ("state", Box::new(|path| format!("{path}&iss=again"))),
        ("state", Box::new(change("code=", "token="))),
        (
            "issuer-mixed-up",
            Box::new(change("/callback/acme", "/callback/other")),
        ),
        // The other provider says so itself.
        (
            "issuer-mixed-up",
            Box::new({
                let (path, iss) = (
                    change("/callback/acme", "/callback/other"),
                    change(&own, &other),
                );
                move |address| iss(path(address))
            }),
        ),
        ("issuer-mixed-up", Box::new(change(&own, &other))),
        ("issuer-mixed-up", Box::new(change("iss=", "was="))),
        (
            "issuer-mixed-up",
            Box::new(change(&own, &format!("{own}%2F"))),
        ),
        (
            "cancelled",
            Box::new(change("code=a-code", "error=access_denied")),
        ),
        (
            "cancelled",
            Box::new(|path| format!("{path}&error=access_denied")),
        ),
        (
            "provider-refused",
            Box::new(change("code=a-code", "error=invalid_scope")),
        ),
    ];
    for (code, attack) in attacks {
        let (mut browser, asked) = scene.begun();
        let path = attack(scene.there.back(&asked));
        let before = scene.there.exchanges();
        let answer = browser.come(&path);
        assert_refused(&mut browser, &answer, code);
        assert_eq!(
            scene.there.exchanges(),
            before,
            "{code}: no code is exchanged"
        );
        let (mut browser, asked) = scene.begun();
        assert_eq!(browser.come(&scene.there.back(&asked)).status, 303);
        assert!(browser.is_in());
    }
}

#[test]
fn a_callback_is_worth_nothing_in_another_browser() {
    let scene = Scene::set();
    for foreign in [false, true] {
        let (mut own, asked) = scene.begun();
        let mut thief = scene.app.browser();
        thief.get("/");
        if foreign {
            // It has begun one of its own, and renames the cookie.
            thief.leave("/auth/sign-in/acme");
            let theirs = thief.jar.iter().find(|(name, _)| name.starts_with(ATTEMPT));
            let value = theirs.unwrap().1.clone();
            let name = own
                .jar
                .keys()
                .find(|name| name.starts_with(ATTEMPT))
                .unwrap();
            thief.jar.insert(name.clone(), value);
        }
        let answer = thief.come(&scene.there.back(&asked));
        assert_refused(&mut thief, &answer, "attempt-missing");
        assert_eq!(
            own.come(&scene.there.back(&asked)).status,
            303,
            "and it is not spent"
        );
    }
}

#[test]
fn an_attempt_ends_with_the_browsers_binding() {
    let scene = Scene::set();
    let (mut browser, asked) = scene.begun();
    assert_eq!(browser.come(&scene.there.back(&asked)).status, 303);
    for is_same in [true, false] {
        let asked = browser.leave("/auth/sign-in/acme");
        scene.there.gives(&asked, &json!({}));
        let mut browser = browser.clone();
        browser.jar.remove(SIGNED_IN);
        if is_same {
            assert_eq!(browser.come(&scene.there.back(&asked)).status, 303);
        } else {
            browser.jar.remove(BINDING);
            let answer = browser.come(&scene.there.back(&asked));
            assert_refused(&mut browser, &answer, "attempt-missing");
        }
    }
}

#[test]
fn an_attempt_ends_after_ten_minutes() {
    let scene = Scene::set();
    for (minutes, code) in [(9, None), (10, Some("attempt-expired"))] {
        let (mut browser, asked) = scene.begun();
        scene.app.forward(Duration::from_secs(minutes * 60));
        scene.there.forward(minutes * 60);
        scene.there.gives(&asked, &json!({}));
        let answer = browser.come(&scene.there.back(&asked));
        match code {
            None => assert_eq!(answer.status, 303, "{}", answer.body),
            Some(code) => assert_refused(&mut browser, &answer, code),
        }
    }
}

#[test]
fn sixty_four_callbacks_at_once_with_one_code_are_one_exchange() {
    // APPLY_COOKIES_CALLBACKS=200 is the full run.
    let rounds = std::env::var("APPLY_COOKIES_CALLBACKS").map_or(5, |all| all.parse().unwrap());
    let scene = Scene::set();
    for _ in 0..rounds {
        scene.app.forward(Duration::from_secs(64));
        scene.there.forward(64);
        let (browser, asked) = scene.begun();
        let path = scene.there.back(&asked);
        let before = scene.there.exchanges();
        let gate = Barrier::new(64);
        let signed_in: usize = std::thread::scope(|scope| {
            let one = || {
                let mut browser = browser.clone();
                gate.wait();
                let answer = browser.come(&path);
                assert!(matches!(answer.status, 303 | 400 | 429), "{}", answer.body);
                usize::from(browser.jar.contains_key(SIGNED_IN))
            };
            let all: Vec<_> = (0..64).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(scene.there.exchanges() - before, 1);
        assert_eq!(signed_in, 1);
    }
}

#[test]
fn somebody_who_goes_back_or_reloads_is_led_on_if_they_are_signed_in() {
    let scene = Scene::set();
    let (mut browser, asked) = scene.begun();
    let path = scene.there.back(&asked);
    assert_eq!(browser.come(&path).status, 303);
    for _ in 0..2 {
        let again = browser.come(&path);
        assert_eq!(
            again.header("location"),
            Some("https://app.example/app"),
            "{}",
            again.body
        );
    }
    assert_eq!(scene.there.exchanges(), 1);
    browser.jar.remove(SIGNED_IN);
    let answer = browser.come(&path);
    assert_refused(&mut browser, &answer, "attempt-missing");
}

/// The answer was lost: the browser still has the attempt's cookie.
#[test]
fn an_attempt_whose_answer_was_lost_begins_anew_by_itself_once() {
    let scene = Scene::set();
    let (browser, asked) = scene.begun();
    let mut unheard = browser.clone();
    assert_eq!(unheard.come(&scene.there.back(&asked)).status, 303);
    let mut browser = browser;
    let again = Asked::of(&browser.come(&scene.there.back(&asked)));
    assert_ne!(again.get("state"), asked.get("state"));
    assert_eq!(browser.attempts(), 1);
    // That one is used as well.
    scene.there.gives(&again, &json!({}));
    let mut unheard = browser.clone();
    let led = unheard.come(&scene.there.back(&again));
    assert_eq!(
        led.header("location"),
        Some("https://app.example/app"),
        "{}",
        led.body
    );
    let answer = browser.come(&scene.there.back(&again));
    assert_refused(&mut browser, &answer, "attempt-used");
}

#[test]
fn a_provider_that_does_not_answer_is_asked_once_more_and_one_that_says_no_is_not() {
    let scene = Scene::set();
    scene.there.answers("/token", Answer::cut());
    let (mut browser, asked) = {
        let mut browser = scene.app.browser();
        let asked = browser.leave("/auth/sign-in/acme");
        (browser, asked)
    };
    let again = Asked::of(&browser.come(&scene.there.back(&asked)));
    let answer = browser.come(&scene.there.back(&again));
    assert_eq!(answer.status, 502);
    assert_refused(&mut browser, &answer, "provider-unreachable");
    let (mut browser, asked) = scene.begun();
    let no = Answer::json(&json!({"error": "invalid_grant"}));
    scene.there.answers("/token", Answer { status: 400, ..no });
    let answer = browser.come(&scene.there.back(&asked));
    assert_refused(&mut browser, &answer, "exchange-failed");
}

#[test]
fn those_whose_codes_are_worth_nothing_wait_and_passwords_do_not_wait_for_them() {
    let there = There::start();
    let app = App::with(|auth, accounts| auth.passwords(accounts).provider(there.oidc()));
    let no = Answer::json(&json!({"error": "invalid_grant"}));
    there.answers("/token", Answer { status: 400, ..no });
    let worthless = || {
        let mut browser = app.browser();
        let asked = browser.leave("/auth/sign-in/acme");
        browser.come(&there.back(&asked)).status
    };
    let heard = (0..1000).take_while(|_| worthless() == 502).count();
    assert!(heard >= 100, "{heard}");
    assert_eq!(worthless(), 429);
    assert_eq!(there.exchanges(), heard);
    let mut browser = app.browser();
    assert_eq!(browser.sign_in("nobody", WRONG).status, 401);
    browser.sign_in(ADA.0, ADA.1);
    assert!(browser.is_in());
}

#[test]
fn codes_that_come_together_count_before_the_first_is_judged() {
    let scene = Scene::set();
    let no = Answer::json(&json!({"error": "invalid_grant"}));
    let after = Duration::from_millis(20);
    let status = 400;
    (scene.there).answers(
        "/token",
        Answer {
            status,
            after,
            ..no
        },
    );
    let begun = || {
        let mut browser = scene.app.browser();
        let asked = browser.leave("/auth/sign-in/acme");
        (browser, asked)
    };
    let all: Vec<_> = (0..200).map(|_| begun()).collect();
    let (gate, start) = (Barrier::new(all.len()), Instant::now());
    let one = |(mut browser, asked): (Browser, Asked)| {
        gate.wait();
        browser.come(&scene.there.back(&asked)).status
    };
    let one = &one;
    let seen: Vec<_> = std::thread::scope(|scope| {
        let spawned = |begun| scope.spawn(move || one(begun));
        let all: Vec<_> = all.into_iter().map(spawned).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let come_back = usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
    let exchanges = scene.there.exchanges();
    assert!(exchanges <= 100 + come_back, "{exchanges}");
    let is_no = |code: &u16| matches!(code, 429 | 502 | 503);
    assert!(seen.contains(&429) && seen.iter().all(is_no), "{seen:?}");
}

#[test]
fn finished_attempts_leave_room_in_the_replay_store_for_everything_else() {
    let there = There::start();
    let app = App::with(|auth, accounts| {
        let auth = auth.passwords(accounts).provider(there.oidc());
        auth.attempts_in_store(3)
    });
    let begun = || {
        let mut browser = app.browser();
        let asked = browser.leave("/auth/sign-in/acme");
        there.gives(&asked, &json!({}));
        (browser, there.back(&asked))
    };
    let (browser, path) = begun();
    assert_eq!(browser.clone().come(&path).status, 303);
    // Used again, it takes no more room.
    for _ in 0..5 {
        Asked::of(&browser.clone().come(&path));
    }
    let no = Answer::json(&json!({"error": "invalid_grant"}));
    for _ in 0..2 {
        let (mut browser, path) = begun();
        let status = 400;
        there.answers(
            "/token",
            Answer {
                status,
                ..no.clone()
            },
        );
        assert_eq!(browser.come(&path).status, 502);
    }
    let (mut late, path) = begun();
    let answer = late.come(&path);
    assert_refused(&mut late, &answer, "unavailable");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert_eq!(there.exchanges(), 3);

    let mut ada = app.browser();
    let mut stream = ada.open("/sse-in?name=ada&password=correct+horse");
    assert_eq!(ada.next(&mut stream).unwrap(), "open");
    assert_eq!(ada.next(&mut stream).unwrap(), "Released");
    assert!(app.signed_in(ADA).is_in());
    // It was not claimed: with more room it goes on.
    let same = app.restarted(|auth, _| auth.provider(there.oidc()));
    late.address = same.address;
    assert_eq!(late.come(&path).status, 303);
    // Those before are over by now.
    app.forward(Duration::from_secs(1200));
    there.forward(1200);
    let (mut browser, path) = begun();
    assert_eq!(browser.come(&path).status, 303);
}

#[test]
fn what_the_provider_says_is_shown_as_its_words_and_only_under_a_state_of_ours() {
    let scene = Scene::set();
    let said = "%3Cscript%3E1%3C%2Fscript%3E".to_owned() + &"x".repeat(300);
    let error = format!("error=server_error&error_description={said}");
    let (mut browser, asked) = scene.begun();
    let path = scene.there.back(&asked).replace("code=a-code", &error);
    let answer = browser.come(&path);
    assert!(answer.body.contains("&lt;script&gt;1") && !answer.body.contains("<script>"));
    assert!(
        answer.body.contains("The sign-in service says") && !answer.body.contains(&"x".repeat(190))
    );
    let answer = browser.come(&path.replace("state=", "state=x"));
    assert_refused(&mut browser, &answer, "state");
    assert!(!answer.body.contains("&lt;script&gt;"));
    let (mut browser, asked) = scene.begun();
    let answer = browser.fetch(&scene.there.back(&asked).replace("code=a-code", "error=x"));
    assert_eq!(
        (answer.status, &*answer.problem()),
        (400, "provider-refused")
    );
}

#[test]
fn a_page_that_is_loaded_ahead_spends_no_attempt() {
    let scene = Scene::set();
    let (mut browser, asked) = scene.begun();
    let ahead = [
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
        "Sec-Purpose: prefetch",
    ];
    assert_eq!(
        browser
            .ask("GET", &scene.there.back(&asked), &ahead, "")
            .status,
        503
    );
    assert_eq!(browser.come(&scene.there.back(&asked)).status, 303);
}

#[test]
fn no_store_no_sign_in_and_the_attempt_is_kept() {
    let scene = Scene::set();
    let (mut browser, asked) = scene.begun();
    scene.app.store.be_down(true);
    let answer = browser.come(&scene.there.back(&asked));
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("unavailable"));
    scene.app.store.be_down(false);
    assert_eq!(browser.come(&scene.there.back(&asked)).status, 303);
}

#[test]
fn nothing_secret_of_a_sign_in_is_in_the_log() {
    const TEST: &str = "nothing_secret_of_a_sign_in_is_in_the_log";
    Log::of_a_process(module_path!(), TEST, |log| {
        let scene = Scene::set();
        let (mut browser, asked) = scene.begun();
        let attempt: Vec<_> = browser.jar.values().cloned().collect();
        let path = scene
            .there
            .back(&asked)
            .replace("a-code", "8f14e45fceea167a");
        assert_eq!(browser.come(&path).status, 303);
        let (mut failed, asked_again) = scene.begun();
        failed.come(&scene.there.back(&asked_again).replace("iss=", "was="));
        let text = log.text();
        assert!(text.contains("signed in") && text.contains("issuer-mixed-up"));
        let exchange = &scene.there.server.asked("/token")[0];
        let verifier = exchange.body.split("code_verifier=").nth(1).unwrap();
        let verifier = verifier.split('&').next().unwrap();
        let secrets = [
            asked.get("state"),
            asked.get("nonce"),
            verifier,
            "8f14e45fceea167a",
            "ada@example.com",
        ];
        let jar = browser.jar.values().chain(&attempt).map(String::as_str);
        for secret in jar.chain(secrets).filter(|secret| secret.len() > 8) {
            assert!(!text.contains(secret), "{secret}");
        }
    });
}

#[test]
fn attempts_that_a_store_has_not_taken_count_for_none_however_often_they_come() {
    let (there, claims) = (There::start(), Claims::new());
    let app = App::on_claims(claims.clone(), |auth, _| {
        auth.provider(there.oidc()).attempts_in_store(1)
    });
    let mut browser = app.browser();
    let asked = browser.leave("/auth/sign-in/acme");
    there.gives(&asked, &json!({}));
    claims.be_down(true);
    for _ in 0..5 {
        let answer = browser.come(&there.back(&asked));
        assert_refused(&mut browser, &answer, "unavailable");
    }
    claims.be_down(false);
    assert_eq!(browser.come(&there.back(&asked)).status, 303);
    assert_eq!(there.exchanges(), 1);
}
