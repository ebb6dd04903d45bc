//! The log.

use apply_cookies_auth::AccessToken;

use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::App;
use crate::harness::{ADA, BOB, Browser, Layout, Log, WRONG};
use crate::support::ORIGIN;

const TOKEN: &str = "0123456789abcdef-of-the-app";
const PLANTED: &str = "a secret that was planted";

#[test]
fn the_log_says_what_happened_and_no_password_token_or_cookie() {
    Log::of_a_process(
        module_path!(),
        "the_log_says_what_happened_and_no_password_token_or_cookie",
        |log| {
            let mut browsers = Vec::new();
            let app = App::with(|auth, accounts| {
                let token = AccessToken::chosen(TOKEN).unwrap();
                auth.passwords(accounts).access_token(token)
            });
            let mut browser = app.browser();
            browser.get("/app");
            browser.fetch("/app");
            browser.sign_in(ADA.0, WRONG);
            browser.sign_in(ADA.0, ADA.1);
            browsers.push(browser.clone());
            browser.fetch("/admin");
            let mut stream = browser.open("/sse-in?name=bob&password=battery+staple");
            browser.next(&mut stream).unwrap();
            assert_eq!(browser.next(&mut stream).unwrap(), "Released");
            browsers.push(browser.clone());
            app.store.be_down(true);
            browser.fetch("/app");
            app.store.be_down(false);
            let mut stream = browser.open("/sse-out");
            browser.next(&mut stream).unwrap();
            assert_eq!(browser.next(&mut stream).unwrap(), "Released");
            browsers.push(browser);
            let mut visitor = app.browser();
            visitor.get(&format!("/app?access_token={TOKEN}"));
            visitor.get("/app?access_token=hunter2");
            let bearer = format!("Authorization: Bearer {TOKEN}");
            visitor.ask("GET", "/app", &[&bearer], "");
            visitor.ask("GET", "/app", &["Authorization: Bearer hunter2"], "");
            browsers.push(visitor.clone());
            visitor.sign_out();
            browsers.push(visitor);

            let text = log.text();
            for event in [
                "signed in",
                "signed out",
                "refused code=\"wrong-password\"",
                "refused code=\"role-missing\"",
                "refused code=\"signed-out\"",
                "refused code=\"token-invalid\"",
                "refused code=\"unavailable\"",
            ] {
                assert!(text.contains(event), "{event} in\n{text}");
            }
            let kept = browsers.iter().flat_map(Browser::secrets);
            let known = [
                ADA.1,
                BOB.1,
                WRONG,
                TOKEN,
                "correct+horse",
                "battery+staple",
            ];
            let secrets: Vec<&str> = kept.chain(known).collect();
            assert!(
                secrets.len() > known.len() + 8,
                "cookies, bindings and tokens"
            );
            let found = |text: &str, secret: &str| text.contains(secret);
            tracing::info!("{PLANTED}");
            assert!(
                found(&log.text(), PLANTED),
                "the search finds what is there"
            );
            for secret in secrets {
                assert!(!found(&text, secret), "{secret} in\n{text}");
            }
        },
    );
}

#[test]
fn strangers_cannot_fill_the_log() {
    Log::of_a_process(module_path!(), "strangers_cannot_fill_the_log", |log| {
        let app = App::start();
        let mut browser = app.signed_in(ADA);
        let mut strangers = || {
            for _ in 0..20 {
                app.browser()
                    .get("/auth/sign-in?return_to=%2F%2Fevil.example");
                app.send("GET", "/", &["X-Forwarded-For: 192.0.2.1"], "");
                app.store.be_down(true);
                assert_eq!(browser.fetch("/app").status, 503);
                app.store.be_down(false);
            }
        };
        let kinds = [
            ("WARN", "return_to is refused"),
            ("WARN", "X-Forwarded-For"),
            ("ERROR", "code=\"unavailable\""),
        ];
        let said = |level: &str, words: &str| {
            let text = log.text();
            let lines = text.lines().filter(|line| line.contains(words));
            let lines = lines.filter(|line| line.contains(&format!(" {level} ")));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        strangers();
        for (level, words) in kinds {
            assert_eq!(said(level, words).len(), 1, "{words}");
        }
        app.forward(Duration::from_secs(61));
        strangers();
        for (level, words) in kinds {
            let lines = said(level, words);
            assert_eq!(lines.len(), 2, "{words}");
            assert!(lines[1].contains("left_out=19"), "{}", lines[1]);
        }
    });
}

#[test]
fn nothing_is_said_of_a_proxy_that_is_trusted() {
    let test = "nothing_is_said_of_a_proxy_that_is_trusted";
    Log::of_a_process(module_path!(), test, |log| {
        let app = App::with(|auth, accounts| auth.passwords(accounts).trusted_proxy("127.0.0.0/8"));
        app.send("GET", "/", &["X-Forwarded-For: 192.0.2.1"], "");
        assert!(!log.text().contains("X-Forwarded-For"), "{}", log.text());
    });
}

#[test]
fn a_forgotten_middleware_is_an_error_and_a_count() {
    let test = "a_forgotten_middleware_is_an_error_and_a_count";
    Log::of_a_process(module_path!(), test, |log| {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        recorder.install().unwrap();
        let app = App::built(&[ORIGIN], Layout::Forgotten, |auth, accounts| {
            auth.passwords(accounts)
        });
        for path in ["/app", "/keep", "/admin"] {
            assert_eq!(app.send("GET", path, &[], "").status, 500, "{path}");
        }
        let said = log.text();
        assert!(said.contains(" ERROR ") && said.contains("auth."), "{said}");
        let counted = snapshotter.snapshot().into_vec();
        let count = counted.iter().find_map(|(key, _, _, value)| match value {
            DebugValue::Counter(count) => {
                let name = "apply_cookies_auth_middleware_missing_total";
                (key.key().name() == name).then_some(*count)
            }
            _ => None,
        });
        assert_eq!(count, Some(3));
    });
}

#[test]
fn nobody_can_fill_the_log_without_a_role() {
    let test = "nobody_can_fill_the_log_without_a_role";
    Log::of_a_process(module_path!(), test, |log| {
        let app = App::start();
        let mut ada = app.signed_in(ADA);
        let said = || {
            let all = log.text();
            let lines = all.lines();
            let lines =
                lines.filter(|line| line.contains(" INFO ") && line.contains("role-missing"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        for _ in 0..20 {
            assert_eq!(ada.fetch("/admin").status, 403);
        }
        assert_eq!(said().len(), 1, "{:?}", said());
        app.forward(Duration::from_secs(61));
        ada.fetch("/admin");
        assert!(said()[1].contains("left_out=19"), "{:?}", said());
    });
}

#[test]
fn strangers_cannot_fill_the_log_at_info() {
    let test = "strangers_cannot_fill_the_log_at_info";
    Log::of_a_process(module_path!(), test, |log| {
        let app = App::start();
        let before = log.text().len();
        for _ in 0..100 {
            app.send("GET", "/app", &[], "");
        }
        let said = log.text();
        let lines = said[before..]
            .lines()
            .filter(|line| line.contains(" INFO ") && line.contains("refused code="));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
    });
}
