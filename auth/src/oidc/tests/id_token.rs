//! ID tokens that a good provider never sends.

use super::*;
use RefusalCode::{Clock, TokenInvalid};

#[tokio::test]
async fn a_token_that_is_not_signed_as_it_must_be_is_refused() {
    let attacks: &[Attack] = &[
        (
            "the ID token: the algorithm is not one of those allowed",
            TokenInvalid,
            |s| {
                s.header["alg"] = "none".into();
            },
        ),
        (
            "the ID token: the algorithm is not one of those allowed",
            TokenInvalid,
            |s| {
                s.header["alg"] = "None".into();
            },
        ),
        ("the ID token: alg is not a text", TokenInvalid, |s| {
            s.header["alg"] = json!(["RS256"]);
        }),
        (
            "the ID token: the algorithm is not one of those allowed",
            TokenInvalid,
            |s| {
                s.header["alg"] = "PS256".into(); // right, and not configured
            },
        ),
        (
            "the ID token: the algorithm is not one of those allowed",
            TokenInvalid,
            |s| {
                s.id_token = |token| {
                    // The public key as a shared secret.
                    let claims = token.split('.').nth(1).unwrap();
                    let claims = crate::jws::base64url(claims).unwrap();
                    let key = RSA.jwk().to_string();
                    signer::sign_with_secret(
                        key.as_bytes(),
                        r#"{"alg":"HS256","kid":"rsa"}"#,
                        claims,
                    )
                };
            },
        ),
        (
            "the ID token: the token has not three parts",
            TokenInvalid,
            |s| {
                s.id_token = |token| token.rsplit_once('.').unwrap().0.to_owned();
            },
        ),
        (
            "the ID token: the token has not three parts",
            TokenInvalid,
            |s| {
                s.id_token = |token| token.rsplit_once('.').unwrap().0.to_owned() + ".";
            },
        ),
        (
            "the ID token: the token has not three parts",
            TokenInvalid,
            |s| {
                s.id_token = |token| format!("{token}.e30");
            },
        ),
        ("the ID token: is not base64url", TokenInvalid, |s| {
            s.id_token = |token| token + "="
        }),
        ("the ID token: is not base64url", TokenInvalid, |s| {
            s.id_token = |token| token.replacen('.', " .", 1);
        }),
        ("the ID token: the signature is wrong", TokenInvalid, |s| {
            s.key = signer::RSA_NEXT
        }),
        ("the ID token: the signature is wrong", TokenInvalid, |s| {
            s.id_token = |token| {
                let (head, signature) = token.rsplit_once('.').unwrap();
                let claims = signer::base64url(r#"{"sub":"somebody-else"}"#);
                format!("{}.{claims}.{signature}", head.split_once('.').unwrap().0)
            };
        }),
        (
            "the ID token: no key has the token's kid",
            TokenInvalid,
            |s| {
                s.header["kid"] = "made-up".into();
            },
        ),
        (
            "the ID token: the key is not for this algorithm",
            TokenInvalid,
            |s| {
                s.header["kid"] = "p256".into();
            },
        ),
        ("the ID token: kid is not a text", TokenInvalid, |s| {
            s.header["kid"] = 1.into()
        }),
        (
            "the ID token: typ is that of another kind of token",
            TokenInvalid,
            |s| {
                s.header["typ"] = "at+jwt".into();
            },
        ),
        (
            "the ID token: typ is that of another kind of token",
            TokenInvalid,
            |s| {
                s.header["typ"] = "logout+jwt".into();
            },
        ),
        ("the ID token: the header has crit", TokenInvalid, |s| {
            s.header["crit"] = json!(["exp"])
        }),
        ("the ID token: the header has jwk", TokenInvalid, |s| {
            s.header["jwk"] = RSA.jwk()
        }),
        ("the ID token: the header has jku", TokenInvalid, |s| {
            s.header["jku"] = "https://evil.example/keys".into();
        }),
        ("the ID token: the header has x5c", TokenInvalid, |s| {
            s.header["x5c"] = json!([])
        }),
        ("twice", TokenInvalid, |s| {
            s.claims_text = |text| text.replacen('{', r#"{"sub":"somebody-else","#, 1);
        }),
        ("the ID token: is not a JSON object", TokenInvalid, |s| {
            s.claims_text = |text| format!("[{text}]");
        }),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn a_token_of_somebody_else_or_for_somebody_else_is_refused() {
    let attacks: &[Attack] = &[
        ("the ID token: iss is absent", TokenInvalid, |s| {
            s.without("iss")
        }),
        ("the ID token: iss is absent", TokenInvalid, |s| {
            s.claims["iss"] = "".into()
        }),
        ("the ID token: iss is another issuer", TokenInvalid, |s| {
            s.claims["iss"] = "https://evil.example".into();
        }),
        ("the ID token: iss is another issuer", TokenInvalid, |s| {
            s.claims["iss"] = format!("{}/", s.claims["iss"].as_str().unwrap()).into();
        }),
        ("the ID token: iss is not a text", TokenInvalid, |s| {
            s.claims["iss"] = json!([s.claims["iss"]]);
        }),
        ("the ID token: aud is absent", TokenInvalid, |s| {
            s.without("aud")
        }),
        (
            "the ID token: aud is neither a text nor a list of texts",
            TokenInvalid,
            |s| {
                s.claims["aud"] = 1.into();
            },
        ),
        (
            "the ID token: aud is neither a text nor a list of texts",
            TokenInvalid,
            |s| {
                s.claims["aud"] = json!([]);
            },
        ),
        (
            "the ID token: aud is neither a text nor a list of texts",
            TokenInvalid,
            |s| {
                s.claims["aud"] = json!(["the-client", 1]);
            },
        ),
        (
            "the ID token: aud is neither a text nor a list of texts",
            TokenInvalid,
            |s| {
                s.claims["aud"] = json!({"the-client": true});
            },
        ),
        ("the ID token: aud is another client", TokenInvalid, |s| {
            s.claims["aud"] = "the-clients".into();
        }),
        ("the ID token: aud is another client", TokenInvalid, |s| {
            s.claims["aud"] = "an-api".into()
        }),
        ("the ID token: aud is another client", TokenInvalid, |s| {
            s.claims["aud"] = "THE-CLIENT".into();
        }),
        (
            "the ID token: aud has an audience that is not listed",
            TokenInvalid,
            |s| {
                s.claims["aud"] = json!(["the-client", "another-api"]);
            },
        ),
        ("the ID token: azp is another client", TokenInvalid, |s| {
            s.claims["azp"] = "another-client".into();
        }),
        ("the ID token: azp is another client", TokenInvalid, |s| {
            s.claims["azp"] = "".into()
        }),
        (
            "the ID token: azp is missing beside several audiences",
            TokenInvalid,
            |s| {
                s.without("azp");
            },
        ),
        ("the ID token: azp is not a text", TokenInvalid, |s| {
            s.claims["azp"] = json!(["the-client"]);
        }),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn a_token_of_another_time_is_refused_with_both_times() {
    let attacks: &[Attack] = &[
        ("the ID token: exp is absent", TokenInvalid, |s| {
            s.without("exp")
        }),
        ("the ID token: exp is not a time", TokenInvalid, |s| {
            s.claims["exp"] = "9999999999".into()
        }),
        ("the ID token: exp is not a time", TokenInvalid, |s| {
            s.claims["exp"] = json!(-1)
        }),
        ("the ID token: exp is not a time", TokenInvalid, |s| {
            s.claims["exp"] = json!(1e300)
        }),
        ("the ID token: iat is absent", TokenInvalid, |s| {
            s.without("iat")
        }),
        ("the ID token: iat is not a time", TokenInvalid, |s| {
            s.claims["iat"] = true.into()
        }),
        ("the ID token: nbf is not a time", TokenInvalid, |s| {
            s.claims["nbf"] = "".into()
        }),
        (
            "the ID token: exp is 1794999940, and the clock of this server says 1795000000",
            Clock,
            |s| s.claims["exp"] = (NOW - 60).into(),
        ),
        (
            "the ID token: iat is 1795000061, and the clock of this server says 1795000000",
            Clock,
            |s| s.claims["iat"] = (NOW + 61).into(),
        ),
        (
            "the ID token: nbf is 1795000061, and the clock of this server says 1795000000",
            Clock,
            |s| s.claims["nbf"] = (NOW + 61).into(),
        ),
        (
            "the ID token: iat is 1794999909, and by the clock of this server the sign-in began at 1794999970",
            Clock,
            |s| s.claims["iat"] = (NOW - 91).into(),
        ),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn a_token_of_another_sign_in_is_refused() {
    let attacks: &[Attack] = &[
        ("the ID token: nonce is absent", TokenInvalid, |s| {
            s.without("nonce")
        }),
        ("the ID token: nonce is absent", TokenInvalid, |s| {
            s.claims["nonce"] = json!(null)
        }),
        ("the ID token: nonce is not a text", TokenInvalid, |s| {
            s.claims["nonce"] = json!(["n-0S6_WzA2Mj"]);
        }),
        (
            "the ID token: nonce is another sign-in's",
            TokenInvalid,
            |s| {
                s.claims["nonce"] = "n-0S6_WzA2Mk".into();
            },
        ),
        (
            "the ID token: nonce is another sign-in's",
            TokenInvalid,
            |s| {
                s.claims["nonce"] = "n-0S6_WzA2M".into();
            },
        ),
        (
            "the ID token: at_hash is not the access token's",
            TokenInvalid,
            |s| {
                s.tokens["access_token"] = "another-access-token".into();
            },
        ),
        (
            "the ID token: at_hash is not the access token's",
            TokenInvalid,
            |s| {
                s.claims["at_hash"] = "".into();
            },
        ),
        ("the ID token: at_hash is not a text", TokenInvalid, |s| {
            s.claims["at_hash"] = 1.into()
        }),
        ("the ID token: sub is absent", TokenInvalid, |s| {
            s.without("sub")
        }),
        ("the ID token: sub is absent", TokenInvalid, |s| {
            s.claims["sub"] = "".into()
        }),
        ("the ID token: sub is not a text", TokenInvalid, |s| {
            s.claims["sub"] = 248_289_761_001_u64.into();
        }),
        (
            "the ID token: sub is not 1 to 255 bytes without control characters",
            TokenInvalid,
            |s| s.claims["sub"] = "x".repeat(256).into(),
        ),
        (
            "the ID token: sub is not 1 to 255 bytes without control characters",
            TokenInvalid,
            |s| s.claims["sub"] = "248289761001\n".into(),
        ),
        (
            "the ID token: auth_time is missing, and max_age was asked",
            TokenInvalid,
            |s| {
                s.without("auth_time");
            },
        ),
        (
            "the ID token: auth_time is longer ago than max_age",
            TokenInvalid,
            |s| {
                s.claims["auth_time"] = (NOW - 121).into();
            },
        ),
        (
            "the ID token: auth_time is in the future",
            TokenInvalid,
            |s| {
                s.claims["auth_time"] = (NOW + 61).into();
            },
        ),
        ("the ID token: auth_time is not a time", TokenInvalid, |s| {
            s.claims["auth_time"] = NOW.to_string().into();
        }),
        (
            "the ID token: acr is not one that was asked",
            TokenInvalid,
            |s| s.without("acr"),
        ),
        (
            "the ID token: acr is not one that was asked",
            TokenInvalid,
            |s| {
                s.claims["acr"] = "0".into();
            },
        ),
        ("the ID token: acr is not a text", TokenInvalid, |s| {
            s.claims["acr"] = json!(["urn:mfa"])
        }),
        ("the ID token: sid is not a text", TokenInvalid, |s| {
            s.claims["sid"] = 1.into()
        }),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn a_clock_may_differ_by_the_skew_and_no_more() {
    let stage = Stage::new();
    for (claim, seconds, is_accepted) in [
        ("exp", NOW - 59, true),
        ("iat", NOW + 60, true),
        ("nbf", NOW + 60, true),
        ("iat", NOW - 90, true),
        ("auth_time", NOW - 120, true),
        ("auth_time", NOW + 60, true),
        ("exp", NOW - 60, false),
        ("auth_time", NOW - 121, false),
    ] {
        let mut scene = Scene::good(&stage);
        scene.claims[claim] = seconds.into();
        assert_eq!(
            scene.sign_in(&stage).await.is_ok(),
            is_accepted,
            "{claim} {seconds}"
        );
    }
}

#[tokio::test]
async fn what_was_not_asked_may_be_missing() {
    let stage = Stage::new();
    let mut scene = Scene::good(&stage);
    scene.claims["aud"] = "the-client".into();
    for claim in [
        "azp",
        "nbf",
        "at_hash",
        "auth_time",
        "acr",
        "sid",
        "email",
        "name",
    ] {
        scene.without(claim);
    }
    scene.header = json!({"alg": "ES256"});
    scene.key = signer::P256;
    scene.play(&stage);
    let expected = Expected {
        redirect_uri: "https://app.example/auth/callback/test",
        nonce: "n-0S6_WzA2Mj",
        begun_at: at(NOW - 30),
        max_age: None,
        acr: &[],
    };
    let proved = stage
        .provider()
        .exchange("a-code", "a-verifier", &expected, at(NOW))
        .await;
    let proved = proved.unwrap();
    assert_eq!(proved.who.name(), "248289761001");
    assert_eq!(
        (proved.sid, proved.auth_time, proved.acr),
        (None, None, None)
    );
}

#[test]
fn at_hash_is_made_by_the_hash_of_the_signature() {
    use super::super::id_token::check_access_token;
    use crate::jws::{Algorithm, Claims};

    // From Python's hashlib.
    for (algorithm, hash) in [
        (Algorithm::Rs256, "YiHPD2T9DaX5B837XJXtow"),
        (Algorithm::Ps256, "YiHPD2T9DaX5B837XJXtow"),
        (Algorithm::Es256, "YiHPD2T9DaX5B837XJXtow"),
        (Algorithm::Rs384, "p3iANihy1MamculNPUrQ8HsBkouO-q2I"),
        (Algorithm::Es384, "p3iANihy1MamculNPUrQ8HsBkouO-q2I"),
        (
            Algorithm::Rs512,
            concat!("nM_8k04LoVPQDh1346b6", "eHC5pCiIJeMDBg3Dhz6Pbt4"),
        ),
        (
            Algorithm::EdDsa,
            concat!("nM_8k04LoVPQDh1346b6", "eHC5pCiIJeMDBg3Dhz6Pbt4"),
        ),
    ] {
        let claims = json!({ "at_hash": hash });
        let claims = Claims::new(claims.as_object().unwrap().clone());
        assert!(
            check_access_token(&claims, algorithm, "an-access-token").is_ok(),
            "{algorithm:?}"
        );
        assert!(check_access_token(&claims, algorithm, "an-access-tokem").is_err());
        let other = if hash.len() == 22 {
            Algorithm::Rs512
        } else {
            Algorithm::Rs256
        };
        assert!(check_access_token(&claims, other, "an-access-token").is_err());
    }
}
