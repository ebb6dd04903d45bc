//! Logout tokens, which anybody can send.

use super::*;
use RefusalCode::TokenInvalid;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token in place of the ID token.
fn good(stage: &Stage) -> Scene {
    let mut scene = Scene::good(stage);
    scene.header["typ"] = "logout+jwt".into();
    scene.claims = json!({
        "iss": stage.provider.issuer(), "sub": "248289761001", "aud": "the-client",
        "iat": NOW - 1, "nbf": NOW - 1, "exp": NOW + 120, "jti": "bWJq", "sid": "08a5019c",
        "events": { EVENT: {} },
    });
    scene
}

#[tokio::test]
async fn a_logout_token_says_whose_sessions_are_over() {
    let stage = Stage::new();
    let scene = good(&stage);
    let over = |subject: Option<&str>, sid: Option<&str>| LoggedOut {
        subject: subject.map(str::to_owned),
        sid: sid.map(str::to_owned),
        at: at(NOW - 1).plus(999),
    };
    let both = over(Some("248289761001"), Some("08a5019c"));
    assert_eq!(scene.log_out(&stage).await.unwrap(), both);

    let mut of_person = good(&stage);
    of_person.without("sid");
    assert_eq!(
        of_person.log_out(&stage).await.unwrap(),
        over(Some("248289761001"), None)
    );
    let mut of_session = good(&stage);
    of_session.without("sub");
    assert_eq!(
        of_session.log_out(&stage).await.unwrap(),
        over(None, Some("08a5019c"))
    );

    // As providers send them that are older than the type, and than `exp`.
    let mut older = good(&stage);
    older.without("exp");
    for kind in [json!("JWT"), json!("LOGOUT+JWT")] {
        older.header["typ"] = kind;
        assert_eq!(older.log_out(&stage).await.unwrap(), both);
    }
    older.header = json!({"alg": "RS256", "kid": "rsa"});
    assert_eq!(older.log_out(&stage).await.unwrap(), both);
}

#[tokio::test]
async fn nothing_else_is_taken_for_one() {
    let attacks: &[Attack] = &[
        (
            "the logout token: typ is that of another kind of token",
            TokenInvalid,
            |s| {
                s.header["typ"] = "at+jwt".into();
            },
        ),
        (
            "the logout token: typ is that of another kind of token",
            TokenInvalid,
            |s| {
                s.header["typ"] = "secevent+jwt".into();
            },
        ),
        (
            "the logout token: the algorithm is not one of those allowed",
            TokenInvalid,
            |s| {
                s.header["alg"] = "none".into();
            },
        ),
        (
            "the logout token: the signature is wrong",
            TokenInvalid,
            |s| s.key = signer::RSA_NEXT,
        ),
        (
            "the logout token: no key has the token's kid",
            TokenInvalid,
            |s| {
                s.header["kid"] = "made-up".into();
            },
        ),
        (
            "the logout token: the token has not three parts",
            TokenInvalid,
            |s| {
                s.id_token = |_| String::new();
            },
        ),
        (
            "the logout token: the token is longer than 16 KiB",
            TokenInvalid,
            |s| {
                s.id_token = |token| token + &"x".repeat(16 * 1024);
            },
        ),
        ("twice", TokenInvalid, |s| {
            s.claims_text = |text| text.replacen('{', r#"{"sub":"somebody-else","#, 1);
        }),
        (
            "the logout token: iss is another issuer",
            TokenInvalid,
            |s| {
                s.claims["iss"] = "https://evil.example".into();
            },
        ),
        ("the logout token: iss is absent", TokenInvalid, |s| {
            s.without("iss")
        }),
        (
            "the logout token: aud is another client",
            TokenInvalid,
            |s| {
                s.claims["aud"] = "another-client".into();
            },
        ),
        (
            "the logout token: aud has an audience that is not listed",
            TokenInvalid,
            |s| {
                s.claims["aud"] = json!(["the-client", "another-client"]);
            },
        ),
        ("the logout token: aud is absent", TokenInvalid, |s| {
            s.without("aud")
        }),
        ("the logout token: iat is missing", TokenInvalid, |s| {
            s.without("iat")
        }),
        ("the logout token: iat is not a time", TokenInvalid, |s| {
            s.claims["iat"] = "now".into()
        }),
        (
            "the logout token: iat is more than two minutes ago, or in the future",
            TokenInvalid,
            |s| {
                s.claims["iat"] = (NOW - 121).into();
            },
        ),
        (
            "the logout token: iat is more than two minutes ago, or in the future",
            TokenInvalid,
            |s| {
                s.claims["iat"] = (NOW + 61).into();
            },
        ),
        ("the logout token: exp has passed", TokenInvalid, |s| {
            s.claims["exp"] = (NOW - 60).into()
        }),
        ("the logout token: exp is not a time", TokenInvalid, |s| {
            s.claims["exp"] = "".into()
        }),
        (
            "the logout token: nbf is in the future",
            TokenInvalid,
            |s| {
                s.claims["nbf"] = (NOW + 61).into();
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.without("events");
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.claims["events"] = EVENT.into();
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.claims["events"] = json!([EVENT]);
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.claims["events"] = json!({ EVENT: true });
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.claims["events"] = json!({ EVENT: null });
            },
        ),
        (
            "the logout token: events has no back-channel logout",
            TokenInvalid,
            |s| {
                s.claims["events"] = json!({ format!("{EVENT}/"): {} });
            },
        ),
        (
            "the logout token: nonce is there: this is an ID token",
            TokenInvalid,
            |s| {
                s.claims["nonce"] = "n-0S6_WzA2Mj".into();
            },
        ),
        (
            "the logout token: nonce is there: this is an ID token",
            TokenInvalid,
            |s| {
                s.claims["nonce"] = json!(null);
            },
        ),
        (
            "the logout token: sub and sid are missing",
            TokenInvalid,
            |s| {
                s.without("sub");
                s.without("sid");
            },
        ),
        (
            "the logout token: sub or sid is not 1 to 255 bytes",
            TokenInvalid,
            |s| {
                s.claims["sub"] = "".into();
            },
        ),
        (
            "the logout token: sub or sid is not 1 to 255 bytes",
            TokenInvalid,
            |s| {
                s.claims["sid"] = "x".repeat(256).into();
            },
        ),
        ("the logout token: sub is not a text", TokenInvalid, |s| {
            s.claims["sub"] = 1.into()
        }),
        ("the logout token: sid is not a text", TokenInvalid, |s| {
            s.claims["sid"] = json!(["x"])
        }),
        (
            "the logout token: aud has an audience that is not listed",
            TokenInvalid,
            |s| {
                // An access token for another API, whose type says nothing.
                s.claims = json!({
                    "iss": s.claims["iss"], "sub": "248289761001", "aud": ["the-client", "billing"],
                    "iat": NOW, "exp": NOW + 120, "scope": "openid",
                });
            },
        ),
    ];
    let stage = Stage::new();
    for (place, (why, code, change)) in attacks.iter().enumerate() {
        let mut scene = good(&stage);
        scene.log_out(&stage).await.unwrap();
        change(&mut scene);
        let refusal = scene.log_out(&stage).await.err();
        let refusal = refusal.unwrap_or_else(|| panic!("attack {place} ended a session: {why}"));
        assert_eq!(refusal.code(), *code, "attack {place}");
        assert_said(refusal.why().unwrap(), why);
    }
}

#[tokio::test]
async fn neither_token_passes_for_the_other() {
    let stage = Stage::new();
    let mut id_token = Scene::good(&stage);
    id_token.claims["aud"] = "the-client".into();
    id_token.sign_in(&stage).await.unwrap();
    let refusal = id_token.log_out(&stage).await.unwrap_err();
    assert_eq!(
        refusal.why().unwrap(),
        "the logout token: events has no back-channel logout"
    );
    // Not even with an event slipped in, or without its nonce.
    id_token.claims["events"] = json!({ EVENT: {} });
    assert!(id_token.log_out(&stage).await.is_err());

    let mut logout = good(&stage);
    logout.header["typ"] = "JWT".into();
    logout.log_out(&stage).await.unwrap();
    let refusal = logout.sign_in(&stage).await.unwrap_err();
    assert_eq!(refusal.why().unwrap(), "the ID token: nonce is absent");
}
