use apply_cookies::Origin;

use super::*;
use crate::return_to::ReturnPlaces;

const HOSTILE: &str = "\"><script>alert(1)</script><b x='&amp;";
const ID: RefusalId = RefusalId::new([1; 5]);

fn places() -> ReturnPlaces {
    let origin = |text| Origin::parse(text).unwrap();
    ReturnPlaces::of(&origin("https://app.example"))
        .and_then(|places| places.and(&origin("https://docs.example")))
        .unwrap()
}

fn every_page(pages: &Pages, text: &str) -> Vec<Reply> {
    let place = places().read("/a?b=\"'<>&c").unwrap();
    let who = Identity::new("password", "ada")
        .unwrap()
        .with_name(text)
        .with_email(text.to_owned() + "@", true);
    let refusal = Refusal::new(RefusalCode::WrongPassword);
    let mut all = vec![
        SignInPage::to(&place).password().among(pages),
        SignInPage::to(&place)
            .password()
            .access_token()
            .name(text)
            .refused(&refusal, ID)
            .among(pages),
        SignInPage::to(&place).access_token().among(pages),
        pages.sign_out(&who, &place),
        pages.signed_out(),
    ];
    let refusals = RefusalCode::ALL
        .iter()
        .map(|code| Refusal::new(*code).because(text.to_owned()));
    all.extend(refusals.map(|refusal| pages.refusal(&refusal, ID, &place)));
    all
}

#[test]
fn what_people_wrote_is_text_on_every_page() {
    let pages = Pages::new(format!("/{HOSTILE}")).named(HOSTILE);
    for page in every_page(&pages, HOSTILE) {
        assert!(
            !page.body.contains("<script") && !page.body.contains("<b x"),
            "{}",
            page.body
        );
        // Only the literals of this crate have quotation marks.
        assert_eq!(page.body.matches('"').count() % 2, 0);
        assert!(!page.body.contains("b=\"'<>"), "{}", page.body);
    }
}

#[test]
fn every_page_runs_no_script_and_cannot_be_framed() {
    for page in every_page(&Pages::new("/auth"), "Ada") {
        let policy = page.field("content-security-policy").unwrap();
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
        assert_eq!(page.field("referrer-policy"), Some("same-origin"));
        assert_eq!(page.field("cache-control"), Some("no-store"));
        assert_eq!(page.field("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
        // Nothing is loaded, and nothing is styled by an attribute, which the policy would ignore.
        for bad in ["<script", "<link", "<img", " style=", " src=", " onclick"] {
            assert!(!page.body.contains(bad), "{bad}: {}", page.body);
        }
    }
}

#[test]
fn a_form_may_end_at_a_listed_host_only_if_it_leads_there() {
    let pages = Pages::new("/auth");
    let place = places().read("https://docs.example/start").unwrap();
    let page = SignInPage::to(&place).password().among(&pages);
    let policy = page.field("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https://docs.example;"),
        "{policy}"
    );
    assert!(
        page.body
            .contains(r#"name="return_to" value="https://docs.example/start""#)
    );
}

#[test]
fn a_refused_sign_in_keeps_the_name_and_says_why() {
    let home = places().home();
    let refusal = Refusal::throttled(std::time::Duration::from_secs(30));
    let page = SignInPage::to(&home)
        .password()
        .name("ada")
        .refused(&refusal, ID)
        .among(&Pages::new("/auth"));
    assert_eq!((page.status, page.field("retry-after")), (429, Some("30")));
    for part in [
        r#"value="ada""#,
        "Try again in 30 seconds.",
        "throttled",
        &ID.to_string(),
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
}

#[test]
fn a_refusal_shows_code_sentence_and_id_and_a_way_on() {
    let pages = Pages::new("/auth");
    let place = places().read("/a?b&c").unwrap();
    for code in RefusalCode::ALL {
        let refusal = Refusal::new(*code).because("only for the log");
        let page = pages.refusal(&refusal, ID, &place);
        assert_eq!(page.status, code.status());
        for part in [code.as_str(), &refusal.sentence(), &ID.to_string()] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(
            page.body
                .contains(r#"href="/auth/sign-in?return_to=%2Fa%3Fb%26c""#)
        );
        assert!(!page.body.contains("only for the log"));
        let try_again = page.body.contains(">Try again</a>");
        assert_eq!(try_again, *code != RefusalCode::SignedOut);
        let another = page.body.contains("Use another account");
        assert_eq!(another, refusal.is_about_the_account(), "{code:?}");
    }
}
