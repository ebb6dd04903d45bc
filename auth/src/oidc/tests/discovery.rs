//! Discovery documents and key sets.

use super::*;
use RefusalCode::{ProviderUnreachable, TokenInvalid};

#[tokio::test]
async fn a_document_that_cannot_be_trusted_is_refused() {
    let attacks: &[Attack] = &[
        ("its issuer is missing", ProviderUnreachable, |s| {
            s.undocumented("issuer")
        }),
        ("its issuer is missing", ProviderUnreachable, |s| {
            s.document["issuer"] = 1.into()
        }),
        (
            r#"its issuer is "https://evil.example", and "ISSUER" is configured"#,
            ProviderUnreachable,
            |s| {
                s.document["issuer"] = "https://evil.example".into();
            },
        ),
        (
            r#"its issuer is "ISSUER/", and "ISSUER" is configured"#,
            ProviderUnreachable,
            |s| {
                s.document["issuer"] =
                    format!("{}/", s.document["issuer"].as_str().unwrap()).into();
            },
        ),
        (
            "its authorization_endpoint is missing",
            ProviderUnreachable,
            |s| {
                s.undocumented("authorization_endpoint");
            },
        ),
        (
            "its authorization_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["authorization_endpoint"] = "javascript:alert(1)".into();
            },
        ),
        (
            "its authorization_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["authorization_endpoint"] = "/authorize".into();
            },
        ),
        (
            "its authorization_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["authorization_endpoint"] = "https://a@evil.example/".into();
            },
        ),
        (
            "its authorization_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["authorization_endpoint"] = "https://id.example/#fragment".into();
            },
        ),
        ("its token_endpoint is missing", ProviderUnreachable, |s| {
            s.undocumented("token_endpoint");
        }),
        (
            "its token_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["token_endpoint"] = "http://id.example/token".into();
            },
        ),
        (
            "its token_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["token_endpoint"] = json!(null);
            },
        ),
        (
            "its token_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["token_endpoint"] = "http://127.0.0.1.evil.example/".into();
            },
        ),
        ("its jwks_uri is missing", ProviderUnreachable, |s| {
            s.undocumented("jwks_uri")
        }),
        (
            "its jwks_uri is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["jwks_uri"] = "file:///etc/keys".into();
            },
        ),
        (
            "its jwks_uri is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["jwks_uri"] = "data:application/json,{}".into();
            },
        ),
        (
            "its userinfo_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["userinfo_endpoint"] = "http://id.example/userinfo".into();
            },
        ),
        (
            "its end_session_endpoint is not an https address",
            ProviderUnreachable,
            |s| {
                s.document["end_session_endpoint"] = 1.into();
            },
        ),
        (
            "its promise of iss is not true or false",
            ProviderUnreachable,
            |s| {
                s.document["authorization_response_iss_parameter_supported"] = "true".into();
            },
        ),
        (
            "its token endpoint takes no client secret",
            ProviderUnreachable,
            |s| {
                s.document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
            },
        ),
        (
            "its token endpoint takes no client secret",
            ProviderUnreachable,
            |s| {
                s.document["token_endpoint_auth_methods_supported"] = "client_secret_basic".into();
            },
        ),
        ("is not a JSON object", ProviderUnreachable, |s| {
            s.document = json!([s.document])
        }),
        ("twice", ProviderUnreachable, |s| {
            s.answer(DOCUMENT, |answer| {
                let text = String::from_utf8(answer.body.clone()).unwrap();
                let twice = r#"{"token_endpoint":"https://evil.example/","#;
                answer.body = text.replacen('{', twice, 1).into();
            });
        }),
        ("", ProviderUnreachable, |s| {
            s.answer(DOCUMENT, |answer| answer.body = b"<html>".to_vec());
        }),
        ("status 404", ProviderUnreachable, |s| {
            s.answer(DOCUMENT, |answer| answer.status = 404)
        }),
        (
            "a redirect, which is not followed",
            ProviderUnreachable,
            |s| {
                s.answer(DOCUMENT, |answer| answer.status = 301);
            },
        ),
        (
            "the answer is longer than 64 KiB",
            ProviderUnreachable,
            |s| {
                s.answer(DOCUMENT, |answer| answer.body.resize(64 * 1024 + 1, b' '));
            },
        ),
    ];
    let stage = Stage::new();
    for (place, (why, code, change)) in attacks.iter().enumerate() {
        let mut scene = Scene::good(&stage);
        scene.sign_in(&stage).await.unwrap();
        change(&mut scene);
        let refusal = scene.sign_in(&stage).await.unwrap_err();
        let said = refusal
            .why()
            .unwrap()
            .replace(&stage.provider.issuer(), "ISSUER");
        assert_eq!(refusal.code(), *code, "attack {place}");
        let said = said.strip_prefix("the discovery document: ").unwrap();
        // What is not JSON at all is said elsewhere.
        if !why.is_empty() {
            assert_said(said, why);
        }
    }
}

#[tokio::test]
async fn keys_that_cannot_be_used_sign_nobody_in() {
    let attacks: &[Attack] = &[
        (
            "the keys of the ID token: status 500",
            ProviderUnreachable,
            |s| {
                s.answer("/keys", |answer| answer.status = 500);
            },
        ),
        (
            "the keys of the ID token: keys is not a list",
            ProviderUnreachable,
            |s| {
                s.answer("/keys", |answer| answer.body = b"{}".to_vec());
            },
        ),
        (
            "the keys of the ID token: the set has more than 64 keys",
            ProviderUnreachable,
            |s| {
                s.keys = vec![RSA.jwk(); 65];
            },
        ),
        (
            "the keys of the ID token: a redirect, which is not followed",
            ProviderUnreachable,
            |s| {
                s.answer("/keys", |answer| answer.status = 302);
            },
        ),
        (
            "the ID token: no key has the token's kid",
            TokenInvalid,
            |s| s.keys.clear(),
        ),
        (
            "the ID token: no key has the token's kid",
            TokenInvalid,
            |s| {
                s.keys = vec![json!({"kty": "oct", "kid": "rsa", "k": "c2VjcmV0"})];
            },
        ),
        (
            "the ID token: no key has the token's kid",
            TokenInvalid,
            |s| {
                s.keys[0]["use"] = "enc".into();
            },
        ),
        ("the ID token: the signature is wrong", TokenInvalid, |s| {
            s.keys[0]["n"] = signer::RSA_NEXT.jwk()["n"].clone();
        }),
        (
            "the ID token: more than one key fits the token",
            TokenInvalid,
            |s| {
                s.keys.push(s.keys[0].clone());
            },
        ),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn fifty_who_come_at_once_fetch_one_document_and_one_key_set() {
    let stage = Stage::new();
    let mut scene = Scene::good(&stage);
    scene.answer(DOCUMENT, |answer| answer.after = Duration::from_millis(50));
    scene.play(&stage);
    let provider = stage.provider();
    let mut tasks = Vec::new();
    for _ in 0..50 {
        tasks.push(sign_in(&provider));
    }
    for proved in futures_util::future::join_all(tasks).await {
        proved.unwrap();
    }
    for path in [DOCUMENT, "/keys"] {
        assert_eq!(stage.provider.asked(path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn the_last_document_serves_while_the_provider_is_away() {
    let stage = Stage::new();
    let mut scene = Scene::good(&stage);
    scene.play(&stage);
    let provider = stage.provider();
    let signs_out_at = async |seconds: u64| {
        provider
            .end_session_url(None, "https://app.example/", "s", at(NOW + seconds))
            .await
    };
    assert!(signs_out_at(0).await.is_some());
    scene.answer(DOCUMENT, |answer| answer.is_cut = true);
    scene.play(&stage);
    assert!(signs_out_at(4 * 60).await.is_some());
    assert_eq!(stage.provider.asked(DOCUMENT).len(), 1);
    assert!(signs_out_at(60 * 60).await.is_some());
    assert!(stage.provider.asked(DOCUMENT).len() > 1);
    assert!(signs_out_at(25 * 60 * 60).await.is_none());
}

#[tokio::test]
async fn keys_stay_known_when_the_document_is_fetched_anew() {
    let stage = Stage::new();
    Scene::good(&stage).play(&stage);
    let provider = stage.provider();
    sign_in(&provider).await.unwrap();
    let hours = at(NOW + 6 * 60);
    let known = provider.authorization_url(&requests::REQUEST, hours).await;
    known.unwrap();
    // The document was stale and is fetched beside the request that found it so.
    while stage.provider.asked(DOCUMENT).len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sign_in(&provider).await.unwrap();
    assert_eq!(stage.provider.asked("/keys").len(), 1);
}

impl Scene {
    fn undocumented(&mut self, member: &str) {
        self.document
            .as_object_mut()
            .unwrap()
            .remove(member)
            .unwrap();
    }
}
