//! Parts of an app that ask how, and how recently, somebody has shown the provider who they are.

use serde_json::json;

use super::App;
use crate::harness::there::{Asked, There};

fn path(location: &str) -> &str {
    location.strip_prefix("https://app.example").unwrap()
}

#[test]
fn whoever_has_not_shown_enough_goes_there_again_and_comes_back() {
    let there = There::start();
    let app = App::with(|builder, _| builder.provider(there.oidc()));
    let mut browser = app.browser();
    assert_eq!(browser.sign_in_there(&there, "/auth/sign-in").status, 303);
    assert!(browser.is_in());
    let refused = browser.fetch("/vault");
    assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));
    let sent = browser.get("/vault?door=2");
    let asked = browser.leave(path(sent.header("location").unwrap()));
    assert_eq!(
        (asked.get("acr_values"), asked.get("max_age")),
        ("mfa", "300")
    );
    // The provider has asked for less.
    there.gives(&asked, &json!({"acr": "password"}));
    let less = browser.come(&there.back(&asked));
    assert_eq!(less.status, 401, "{}", less.body);
    assert!(less.body.contains("token-invalid"));
    let again = |browser: &mut crate::harness::Browser| -> Asked {
        let sent = browser.get("/vault?door=2");
        browser.leave(path(sent.header("location").unwrap()))
    };
    let asked = again(&mut browser);
    there.gives(&asked, &json!({"acr": "mfa"}));
    let back = browser.come(&there.back(&asked));
    assert_eq!(
        back.header("location"),
        Some("https://app.example/vault?door=2")
    );
    assert_eq!(browser.get("/vault?door=2").body, "vault");
    // It does not last.
    app.forward(std::time::Duration::from_secs(361));
    there.forward(361);
    let asked = again(&mut browser);
    there.gives(&asked, &json!({"acr": "mfa"}));
    assert_eq!(browser.come(&there.back(&asked)).status, 303);
    assert_eq!(browser.get("/vault").body, "vault");
}
