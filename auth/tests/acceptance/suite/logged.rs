//! The log.

use apply_cookies_auth::AccessToken;

use super::App;
use crate::harness::{ADA, BOB, Browser, Log, WRONG};

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
