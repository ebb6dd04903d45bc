//! Answers of the token endpoint.

use super::*;
use RefusalCode::{ExchangeFailed, ProviderUnreachable, TokenInvalid};

#[tokio::test]
async fn an_answer_that_is_not_the_right_one_is_refused() {
    let attacks: &[Attack] = &[
        ("the token endpoint answers 500", ExchangeFailed, |s| {
            s.answer("/token", |answer| answer.status = 500);
        }),
        ("the token endpoint answers 204", ExchangeFailed, |s| {
            s.answer("/token", |answer| answer.status = 204);
        }),
        ("the token endpoint answers 201", ExchangeFailed, |s| {
            s.answer("/token", |answer| answer.status = 201);
        }),
        (
            "the token endpoint answers 400 invalid_grant",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| {
                    *answer = Answer::new(400, "application/json", r#"{"error":"invalid_grant"}"#);
                });
            },
        ),
        (
            "the token endpoint answers 401 invalid_client",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| {
                    let body =
                        r#"{"error":"invalid_client","error_description":"<b>the secret</b>"}"#;
                    *answer = Answer::new(401, "application/json;charset=UTF-8", body);
                });
            },
        ),
        // Not into the log: another line, a long one, what is not JSON.
        ("the token endpoint answers 400", ExchangeFailed, |s| {
            s.answer("/token", |answer| {
                *answer = Answer::new(
                    400,
                    "application/json",
                    r#"{"error":"a\nWARN all is well"}"#,
                );
            });
        }),
        ("the token endpoint answers 400", ExchangeFailed, |s| {
            s.answer("/token", |answer| {
                let body = format!(r#"{{"error":"{}"}}"#, "x".repeat(41));
                *answer = Answer::new(400, "application/json", body);
            });
        }),
        ("the token endpoint answers 400", ExchangeFailed, |s| {
            s.answer("/token", |answer| {
                *answer = Answer::new(400, "text/html", r#"{"error":"invalid_grant"}"#);
            });
        }),
        (
            "the token endpoint's answer is not JSON by its type",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| {
                    answer.fields[0].1 = "text/html".to_owned()
                });
            },
        ),
        (
            "the token endpoint's answer is not JSON by its type",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| answer.fields.clear());
            },
        ),
        (
            "the token endpoint's answer is not JSON by its type",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| {
                    answer.fields[0].1 = "application/jwt".to_owned()
                });
            },
        ),
        (
            "the token endpoint's answer: is not a JSON object",
            ExchangeFailed,
            |s| {
                s.tokens = json!(["an-access-token"]);
            },
        ),
        ("twice", ExchangeFailed, |s| {
            s.answer("/token", |answer| {
                let text = String::from_utf8(answer.body.clone()).unwrap();
                answer.body = text.replacen('{', r#"{"token_type":"Bearer","#, 1).into();
            });
        }),
        (
            "the token endpoint's answer: token_type is not Bearer",
            ExchangeFailed,
            |s| {
                s.tokens["token_type"] = json!(null);
            },
        ),
        (
            "the token endpoint's answer: token_type is not Bearer",
            ExchangeFailed,
            |s| {
                s.tokens["token_type"] = "DPoP".into();
            },
        ),
        (
            "the token endpoint's answer: token_type is not Bearer",
            ExchangeFailed,
            |s| {
                s.tokens["token_type"] = json!(["Bearer"]);
            },
        ),
        (
            "the token endpoint's answer: access_token is missing",
            ExchangeFailed,
            |s| {
                s.tokens
                    .as_object_mut()
                    .unwrap()
                    .remove("access_token")
                    .unwrap();
            },
        ),
        (
            "the token endpoint's answer: access_token is not a text",
            ExchangeFailed,
            |s| {
                s.tokens["access_token"] = 1.into();
            },
        ),
        (
            "the token endpoint's answer: access_token is not a token",
            ExchangeFailed,
            |s| {
                s.tokens["access_token"] = "".into();
            },
        ),
        // It would become a field of the request to UserInfo.
        (
            "the token endpoint's answer: access_token is not a token",
            ExchangeFailed,
            |s| {
                s.tokens["access_token"] = "an-access-token\r\nx: y".into();
            },
        ),
        (
            "the token endpoint's answer: id_token is missing",
            ExchangeFailed,
            |s| {
                s.answer("/token", |answer| {
                    let text = String::from_utf8(answer.body.clone()).unwrap();
                    answer.body = text.replace("id_token", "id_tokens").into();
                });
            },
        ),
        (
            "the token endpoint's answer: id_token is not a text",
            ExchangeFailed,
            |s| {
                s.tokens["id_token"] = json!({});
            },
        ),
        (
            "the token endpoint's answer: id_token is not a token",
            ExchangeFailed,
            |s| {
                s.id_token = |token| token + &"x".repeat(16 * 1024);
            },
        ),
        (
            "the ID token: the token has not three parts",
            TokenInvalid,
            |s| {
                s.tokens["id_token"] = "an-id-token".into();
            },
        ),
        (
            "the token endpoint: a redirect, which is not followed",
            ProviderUnreachable,
            |s| {
                s.answer("/token", |answer| {
                    answer.status = 307;
                    answer
                        .fields
                        .push(("location".to_owned(), "/elsewhere".to_owned()));
                });
            },
        ),
        (
            "the token endpoint: the answer is longer than 64 KiB",
            ProviderUnreachable,
            |s| {
                s.answer("/token", |answer| answer.body.resize(64 * 1024 + 1, b' '));
            },
        ),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn without_an_answer_the_provider_is_unreachable_and_is_not_asked_again() {
    let stage = Stage::new();
    let mut scene = Scene::good(&stage);
    assert!(scene.sign_in(&stage).await.is_ok());
    let before = stage.provider.asked("/token").len();
    scene.answer("/token", |answer| answer.is_cut = true);
    let refusal = scene.sign_in(&stage).await.unwrap_err();
    assert_eq!(refusal.code(), ProviderUnreachable);
    assert!(refusal.why().unwrap().starts_with("the token endpoint: "));
    assert_eq!(stage.provider.asked("/token").len() - before, 1);
}

#[tokio::test]
async fn the_request_proves_the_client_once_and_in_one_place() {
    let stage = Stage::new();
    let mut scene = Scene::good(&stage);
    let form = "grant_type=authorization_code&code=a-code\
                &redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fcallback%2Ftest&code_verifier=a-verifier";
    let in_form = format!("{form}&client_id=the-client&client_secret=s3%7Ecr8%2Ft5wq");
    // the-client:s3%7Ecr8%2Ft5wq
    let basic = "Basic dGhlLWNsaWVudDpzMyU3RWNyOCUyRnQ1d3E=";
    let both = json!([
        "private_key_jwt",
        "client_secret_post",
        "client_secret_basic"
    ]);
    let cases = [
        (both.clone(), false, form, Some(basic)),
        (json!(["client_secret_post"]), false, &in_form, None),
        (both, true, &in_form, None),
    ];
    for (methods, is_in_form, body, field) in cases {
        scene.document["token_endpoint_auth_methods_supported"] = methods;
        scene.play(&stage);
        let settings = stage.settings();
        let settings = if is_in_form {
            settings.secret_in_form()
        } else {
            settings
        };
        let provider = settings.build(stage.outgoing.clone()).unwrap();
        sign_in(&provider).await.unwrap();
        let asked = stage.provider.asked("/token").pop().unwrap();
        assert_eq!(asked.line, "POST /token");
        assert_eq!(asked.body, body);
        assert_eq!(asked.fields.get("authorization").map(String::as_str), field);
    }
}
