use apply_cookies::Origin;

use super::screens::{is_about_a_provider, is_about_the_account};
use super::*;
use crate::identity::Identity;
use crate::refusal::{RefusalCode, RefusalId};
use crate::return_to::{ReturnPlaces, ReturnTo};

const HOSTILE: &str = "\"><script>alert(1)</script><b x='&amp;";
const ID: RefusalId = RefusalId([1; 5]);

fn places() -> ReturnPlaces {
    let origin = |text| Origin::parse(text).unwrap();
    let others = [origin("https://docs.example")];
    ReturnPlaces::new(&origin("https://app.example"), &others).unwrap()
}

fn pages(prefix: &str, name: Option<&str>) -> Pages {
    Pages {
        name: name.map(str::to_owned),
        has_providers: true,
        prefix: prefix.to_owned(),
        has_sign_in: true,
    }
}

/// The page of an app that takes passwords and a token.
fn page<'a>(place: &'a ReturnTo, name: &'a str, refused: Option<&'a Refusal>) -> SignInPage<'a> {
    SignInPage {
        place,
        providers: &[],
        password: true,
        access_token: true,
        anybody: false,
        name,
        refused: refused.map(|refusal| (refusal, ID)),
    }
}

fn body(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn field<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let field = answer.fields.iter().find(|(one, _)| *one == name)?;
    Some(std::str::from_utf8(&field.1).unwrap())
}

fn every_page(pages: &Pages, text: &str) -> Vec<Answer> {
    let place = places().read("/a?b=\"'<>&c").unwrap();
    let who = Identity::new("password", "ada")
        .unwrap()
        .with_name(text)
        .with_email(text.to_owned() + "@", true);
    let refusal = Refusal::new(RefusalCode::WrongPassword);
    let only_token = SignInPage {
        password: false,
        ..page(&place, text, Some(&refusal))
    };
    let links = [(format!("/auth/sign-in/acme?return_to={text}"), text)];
    let providers = SignInPage {
        providers: &links,
        ..page(&place, "", None)
    };
    let anybody = SignInPage {
        anybody: true,
        ..page(&place, text, None)
    };
    let mut all = vec![
        pages.sign_in(&page(&place, "", None)),
        pages.sign_in(&page(&place, text, Some(&refusal))),
        pages.sign_in(&only_token),
        pages.sign_in(&anybody),
        pages.sign_in(&providers),
        pages.sign_out(&who, &place, None),
        pages.signed_out(None),
        pages.signed_out(Some(text)),
        pages.sign_out_of_basic(),
    ];
    let refusals = RefusalCode::ALL
        .iter()
        .map(|code| Refusal::new(*code).because(text.to_owned()));
    all.extend(refusals.map(|refusal| pages.refusal(&refusal, ID, &place, None)));
    #[cfg(feature = "providers")]
    {
        let refusal = Refusal::new(RefusalCode::Cancelled).in_words(text);
        all.extend([
            pages.refusal(&refusal, ID, &place, None),
            pages.going_on(&place),
        ]);
    }
    all
}

#[test]
fn text_stays_text() {
    let text = Text("\" onclick='x'</b><script>&amp;\0\u{202e}");
    assert_eq!(
        text.to_string(),
        "&quot; onclick=&#39;x&#39;&lt;/b&gt;&lt;script&gt;&amp;amp;\u{fffd}\u{202e}"
    );
}

#[test]
fn what_people_wrote_is_text_on_every_page() {
    let pages = pages(&format!("/{HOSTILE}"), Some(HOSTILE));
    for page in every_page(&pages, HOSTILE) {
        assert!(
            !body(&page).contains("<script") && !body(&page).contains("<b x"),
            "{}",
            body(&page)
        );
        // Only the literals of this crate have quotation marks.
        assert_eq!(body(&page).matches('"').count() % 2, 0);
        assert!(!body(&page).contains("b=\"'<>"), "{}", body(&page));
    }
}

#[test]
fn every_page_runs_no_script_and_cannot_be_framed() {
    for page in every_page(&pages("/auth", None), "Ada") {
        let policy = field(&page, "content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "form-action 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(field(&page, "referrer-policy"), Some("same-origin"));
        assert_eq!(field(&page, "cache-control"), Some("no-store"));
        assert_eq!(field(&page, "x-content-type-options"), Some("nosniff"));
        assert_eq!(
            field(&page, "content-type"),
            Some("text/html; charset=utf-8")
        );
        // Nothing is loaded, and nothing is styled by an attribute, which the policy would ignore.
        for bad in ["<script", "<link", "<img", " style=", " src=", " onclick"] {
            assert!(!body(&page).contains(bad), "{bad}: {}", body(&page));
        }
    }
}

#[test]
fn whoever_opens_a_page_in_a_window_has_no_hold_on_it_and_no_key_held_down_signs_anybody_out() {
    let (pages, home) = (pages("/auth", None), places().home());
    let sign_out = pages.sign_out(&Identity::new("password", "ada").unwrap(), &home, None);
    assert!(!body(&sign_out).contains("autofocus"));
    for page in [
        sign_out,
        pages.sign_in(&page(&home, "", None)),
        pages.signed_out(None),
    ] {
        let policy = field(&page, "cross-origin-opener-policy");
        assert_eq!(policy, Some("same-origin"));
    }
}

#[test]
fn a_form_may_end_at_a_listed_host_only_if_it_leads_there() {
    let pages = pages("/auth", None);
    let place = places().read("https://docs.example/start").unwrap();
    let page = pages.sign_in(&page(&place, "", None));
    let policy = field(&page, "content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https://docs.example;"),
        "{policy}"
    );
    assert!(body(&page).contains(r#"name="return_to" value="https://docs.example/start""#));
}

#[test]
fn a_refused_sign_in_keeps_the_name_and_says_why() {
    let home = places().home();
    let refusal = Refusal::throttled(std::time::Duration::from_secs(30));
    let page = pages("/auth", None).sign_in(&page(&home, "ada", Some(&refusal)));
    assert_eq!(
        (page.status, field(&page, "retry-after")),
        (429, Some("30"))
    );
    for part in [
        r#"value="ada""#,
        "Try again in 30 seconds.",
        "throttled",
        &ID.to_string(),
    ] {
        assert!(body(&page).contains(part), "{part}: {}", body(&page));
    }
}

#[test]
fn a_refusal_shows_code_sentence_and_id_and_a_way_on() {
    let pages = pages("/auth", None);
    let place = places().read("/a?b&c").unwrap();
    for code in RefusalCode::ALL {
        let refusal = Refusal::new(*code).because("only for the log");
        let page = pages.refusal(&refusal, ID, &place, None);
        assert_eq!(page.status, code.status());
        for part in [code.as_str(), &refusal.sentence(), &ID.to_string()] {
            assert!(body(&page).contains(part), "{part}: {}", body(&page));
        }
        let sign_in = r#"href="/auth/sign-in?return_to=%2Fa%3Fb%26c"#;
        assert!(body(&page).contains(sign_in));
        assert!(!body(&page).contains("only for the log"));
        let try_again = body(&page).contains(">Try again</a>");
        assert_eq!(try_again, *code != RefusalCode::SignedOut);
        let another = body(&page).contains("Use another account");
        let may_help = is_about_the_account(*code) || is_about_a_provider(*code);
        assert_eq!(another, may_help, "{code:?}");
        let asks = body(&page).contains(&format!("{sign_in}&amp;account=other"));
        assert_eq!(asks, another, "{code:?}");
    }
}
