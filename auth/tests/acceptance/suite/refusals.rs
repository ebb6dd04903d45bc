//! Each refusal, on the page on which a person reads it.

use std::time::Duration;

use apply_cookies_auth::{Gate, RefusalCode, Rule, Rules};
use serde_json::{Value, json};

use super::{App, SIGNED_IN};
use crate::harness::there::{Asked, There};
use crate::harness::{ADA, BOB, Browser, WRONG, sign_in_form};
use crate::hostile::Answer;
use crate::support::http::{FORM, Response};

/// An app with everything that can refuse.
struct Scene {
    there: There,
    _other: There,
    app: App,
}

impl Scene {
    fn set() -> Self {
        Self::behind(Gate::new())
    }

    fn behind(gate: Gate) -> Self {
        let (there, other) = (There::start(), There::start());
        let rules = [
            Rule::new("/").unwrap().anyone(),
            Rule::new("/admin/*").unwrap().roles(["admin"]),
            Rule::new("/door").unwrap().methods(["POST"]),
        ];
        let app = App::with(|auth, accounts| {
            let auth = auth.passwords(accounts).gate(gate);
            let auth = auth.rules(Rules::new(rules).unwrap());
            let acme = there.oidc().claims(["notes"]);
            auth.provider(acme.email_domains(["example.com"]))
                .provider(other.called("other").email_domains(["example.com"]))
        });
        Self {
            there,
            _other: other,
            app,
        }
    }

    fn begun(&self) -> (Browser, Asked) {
        let mut browser = self.app.browser();
        let asked = browser.leave("/auth/sign-in/acme?return_to=%2Fapp");
        (browser, asked)
    }

    /// What a browser reads whose ID token has these claims too, or instead.
    fn given(&self, claims: &Value) -> Response {
        let (mut browser, asked) = self.begun();
        self.there.gives(&asked, claims);
        browser.come(&self.there.back(&asked))
    }

    /// What a browser reads where this is changed in the address of its callback.
    fn changed(&self, from: &str, to: &str) -> Response {
        let (mut browser, asked) = self.begun();
        self.there.gives(&asked, &json!({}));
        let path = self.there.back(&asked);
        assert!(path.contains(from), "{from}");
        browser.come(&path.replacen(from, to, 1))
    }

    /// What a browser reads where the token endpoint says this.
    fn told(&self, answer: Answer) -> Response {
        let (mut browser, asked) = self.begun();
        self.there.answers("/token", answer);
        let first = browser.come(&self.there.back(&asked));
        if first.status != 303 {
            return first;
        }
        // It has begun anew by itself.
        browser.come(&self.there.back(&Asked::of(&first)))
    }
}

/// Brings a refusal about.
#[allow(clippy::too_many_lines, reason = "a table")]
fn brought_about(code: RefusalCode) -> Response {
    use RefusalCode as Code;
    let scene = Scene::set();
    match code {
        Code::Cancelled => scene.changed("code=a-code", "error=access_denied"),
        Code::ProviderRefused => scene.changed("code=a-code", "error=invalid_scope"),
        Code::ProviderUnreachable => scene.told(Answer::cut()),
        Code::ExchangeFailed => scene.told(Answer {
            status: 400,
            ..Answer::json(&json!({"error": "invalid_grant"}))
        }),
        Code::AttemptMissing => {
            let (_, asked) = scene.begun();
            scene.app.browser().come(&scene.there.back(&asked))
        }
        Code::AttemptExpired => {
            let (mut browser, asked) = scene.begun();
            scene.app.forward(Duration::from_secs(600));
            browser.come(&scene.there.back(&asked))
        }
        Code::AttemptUsed => {
            let (mut browser, mut asked) = scene.begun();
            loop {
                scene.there.gives(&asked, &json!({}));
                // Whose answer is lost.
                browser.clone().come(&scene.there.back(&asked));
                let answer = browser.come(&scene.there.back(&asked));
                if answer.status != 303 {
                    break answer;
                }
                asked = Asked::of(&answer);
            }
        }
        Code::State => scene.changed("state=", "state=x"),
        Code::IssuerMixedUp => scene.changed("/callback/acme", "/callback/other"),
        Code::TokenInvalid => scene.given(&json!({"aud": "another-app"})),
        Code::Clock => scene.given(&json!({"exp": 1_700_000_000})),
        Code::NotInvited => Scene::behind(Gate::new().invited()).given(&json!({})),
        Code::EmailNotVerified => {
            let unverified = json!({"email_verified": false});
            Scene::behind(Gate::new().verified_email()).given(&unverified)
        }
        Code::NotAllowed => Scene::behind(Gate::new().domains(["agency.org"])).given(&json!({})),
        Code::RoleMissing => scene.app.signed_in(ADA).get("/admin"),
        Code::WrongPassword => scene.app.browser().sign_in(ADA.0, WRONG),
        Code::Throttled => loop {
            let answer = scene.app.browser().sign_in(BOB.0, WRONG);
            if answer.status != 401 {
                break answer;
            }
        },
        Code::IdentityTooLarge => {
            let answer = scene.given(&json!({"notes": "n".repeat(4_000)}));
            assert_eq!(scene.there.exchanges(), 1);
            answer
        }
        Code::SignedOut => {
            let (mut browser, asked) = scene.begun();
            scene.there.gives(&asked, &json!({}));
            browser.sign_in(ADA.0, ADA.1);
            let path = scene.there.back(&asked);
            browser.sign_out();
            browser.come(&path)
        }
        Code::Origin => {
            let fields = [
                "Origin: https://elsewhere.example",
                "Accept: text/html",
                FORM,
            ];
            let form = sign_in_form(ADA.0, ADA.1);
            let mut browser = scene.app.browser();
            browser.ask("POST", "/auth/sign-in", &fields, &form)
        }
        Code::Address => scene.app.signed_in(ADA).get("//admin"),
        Code::Form => scene.app.browser().post("/auth/sign-in", "name=ada"),
        Code::Method => scene.app.signed_in(ADA).get("/door"),
        Code::Unavailable => {
            let mut browser = scene.app.signed_in(ADA);
            scene.app.store.be_down(true);
            browser.get("/app")
        }
        new => panic!("say here how {} comes about", new.as_str()),
    }
}

#[test]
fn each_refusal_comes_about_and_a_person_reads_its_sentence_and_its_code() {
    for code in RefusalCode::ALL {
        let answer = brought_about(*code);
        let name = code.as_str();
        assert_eq!(answer.status, code.status(), "{name}: {}", answer.body);
        let media_type = answer.header("content-type").unwrap_or_default();
        assert!(media_type.starts_with("text/html"), "{name}: {media_type}");
        // Above the form, if there is one to try again with.
        let places = [format!("<code>{name}</code>"), format!("<small>{name} ·")];
        let is_said = places.iter().any(|place| answer.body.contains(place));
        assert!(is_said, "{name}: {}", answer.body);
        let signed_in = answer.all("set-cookie").into_iter();
        let mut signed_in = signed_in.filter(|line| line.starts_with(&format!("{SIGNED_IN}=")));
        assert!(signed_in.all(|line| line.contains("Max-Age=0")), "{name}");
    }
}
