//! Claims → who somebody is.

use super::super::person::identity;
use super::*;
use crate::identity::Identity;
use RefusalCode::TokenInvalid;

fn settings() -> Oidc {
    let secret = ClientSecret::new("secret").unwrap();
    Oidc::discover("test", "https://id.example", "the-client", secret)
}

fn person(settings: &Oidc, id_token: &Value, user_info: Option<&Value>) -> Identity {
    let user_info = user_info.map(|claims| claims.as_object().unwrap());
    identity(settings, "ada", id_token.as_object().unwrap(), user_info).unwrap()
}

#[tokio::test]
async fn a_claim_of_the_wrong_type_is_refused() {
    let attacks: &[Attack] = &[
        ("the claim email is not a text", TokenInvalid, |s| {
            s.claims["email"] = json!(["a@b.c"])
        }),
        ("the claim name is not a text", TokenInvalid, |s| {
            s.claims["name"] = json!({})
        }),
        (
            "the claim realm_access → roles is neither a text nor an array of texts",
            TokenInvalid,
            |s| s.claims["realm_access"]["roles"] = json!({"admin": true}),
        ),
        (
            "the claim realm_access → roles is neither a text nor an array of texts",
            TokenInvalid,
            |s| s.claims["realm_access"]["roles"] = json!(["editor", 1]),
        ),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn a_sign_in_proves_who_somebody_is() {
    let stage = Stage::new();
    let proved = Scene::good(&stage).sign_in(&stage).await.unwrap();
    let who = &proved.who;
    assert_eq!((who.provider(), who.subject()), ("test", "248289761001"));
    assert_eq!(
        (who.name(), who.verified_email()),
        ("Ada Lovelace", Some("ada@example.com"))
    );
    assert_eq!(who.roles(), ["editor"]);
    // Chosen claims alone.
    assert_eq!(who.claims().len(), 1);
    assert_eq!(proved.sid.as_deref(), Some("08a5019c"));
    assert_eq!(proved.auth_time, Some(at(NOW - 20)));
    assert_eq!(proved.acr.as_deref(), Some("urn:mfa"));
    assert_eq!(proved.id_token.split('.').count(), 3);
}

#[test]
fn an_address_is_verified_by_true_alone_or_by_a_provider_that_vouches() {
    let is_verified = |settings: &Oidc, said: Value| {
        let claims = json!({"email": "ada@Company.com", "email_verified": said});
        let who = person(settings, &claims, None);
        assert_eq!(who.email(), Some("ada@Company.com"));
        who.email_verified()
    };
    for said in [
        json!(false),
        json!(null),
        json!("true"),
        json!(1),
        json!([true]),
        json!("yes"),
    ] {
        assert!(!is_verified(&settings(), said.clone()), "{said}");
        assert!(is_verified(&settings().vouches_for_email(), said));
    }
    assert!(is_verified(&settings(), json!(true)));
    // It may vouch for these domains.
    for (domains, is_in) in [
        (&["company.com"][..], true),
        (&["other.org", " COMPANY.com "], true),
        (&["evilcompany.com"], false),
        (&["com"], false),
        (&["ompany.com"], false),
        (&[], false),
    ] {
        assert_eq!(
            is_verified(&settings().email_domains(domains), json!(true)),
            is_in,
            "{domains:?}"
        );
        let vouching = settings().vouches_for_email().email_domains(domains);
        assert_eq!(is_verified(&vouching, json!(false)), is_in, "{domains:?}");
    }
}

#[test]
fn user_info_adds_to_the_id_token_and_never_overrules_it() {
    let settings = settings().claims(["team", "level"]).roles(["roles"]);
    let id_token = json!({"name": "Ada", "team": "a", "roles": ["viewer"]});
    let user_info =
        json!({"sub": "ada", "name": "Eve", "team": "b", "level": 3, "roles": ["admin"]});
    let who = person(&settings, &id_token, Some(&user_info));
    assert_eq!(
        (who.name(), who.roles()),
        ("Ada", &["viewer".to_owned()][..])
    );
    assert_eq!(
        (who.claim("team"), who.claim("level")),
        (Some(&json!("a")), Some(&json!(3)))
    );

    let verified = |id_token: Value, user_info: Value| {
        let who = person(&settings, &id_token, Some(&user_info));
        who.verified_email().map(str::to_owned)
    };
    let (ada, eve) = (json!({"email": "ada@a.org"}), json!({"email": "eve@a.org"}));
    let saying = |mut claims: Value, verified: bool| {
        claims["email_verified"] = verified.into();
        claims
    };
    let is = Some("ada@a.org".to_owned());
    assert_eq!(verified(json!({}), saying(ada.clone(), true)), is);
    assert_eq!(verified(ada.clone(), saying(ada.clone(), true)), is);
    assert_eq!(
        verified(saying(ada.clone(), true), saying(ada.clone(), false)),
        is
    );
    assert_eq!(
        verified(saying(ada.clone(), false), saying(ada.clone(), true)),
        None
    );
    // Another address is verified, or none.
    assert_eq!(verified(ada.clone(), saying(eve, true)), None);
    assert_eq!(verified(ada, json!({"email_verified": true})), None);
}
