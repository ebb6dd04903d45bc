//! Answers of `UserInfo`.

use super::*;
use RefusalCode::{ExchangeFailed, ProviderUnreachable, TokenInvalid};

#[tokio::test]
async fn an_answer_about_somebody_else_or_of_another_kind_is_refused() {
    let attacks: &[Attack] = &[
        ("UserInfo: sub is another person's", TokenInvalid, |s| {
            s.user_info["sub"] = "248289761002".into();
        }),
        ("UserInfo: sub is another person's", TokenInvalid, |s| {
            s.user_info.as_object_mut().unwrap().remove("sub").unwrap();
        }),
        ("UserInfo: sub is another person's", TokenInvalid, |s| {
            s.user_info["sub"] = 248_289_761_001_u64.into();
        }),
        ("UserInfo: sub is another person's", TokenInvalid, |s| {
            s.user_info["sub"] = json!(["248289761001"]);
        }),
        ("UserInfo: status 401", ExchangeFailed, |s| {
            s.answer("/userinfo", |answer| answer.status = 401);
        }),
        ("UserInfo: status 204", ExchangeFailed, |s| {
            s.answer("/userinfo", |answer| answer.status = 204);
        }),
        ("UserInfo: not JSON by its type", ExchangeFailed, |s| {
            s.answer("/userinfo", |answer| {
                answer.fields[0].1 = "application/jwt".to_owned()
            });
        }),
        ("UserInfo: not JSON by its type", ExchangeFailed, |s| {
            s.answer("/userinfo", |answer| answer.fields.clear());
        }),
        ("UserInfo: is not a JSON object", ExchangeFailed, |s| {
            s.user_info = json!([s.user_info])
        }),
        ("twice", ExchangeFailed, |s| {
            s.answer("/userinfo", |answer| {
                answer.body = br#"{"sub":"somebody-else","sub":"248289761001"}"#.to_vec();
            });
        }),
        (
            "UserInfo: a redirect, which is not followed",
            ProviderUnreachable,
            |s| {
                s.answer("/userinfo", |answer| answer.status = 302);
            },
        ),
        (
            "UserInfo: the answer is longer than 64 KiB",
            ProviderUnreachable,
            |s| {
                s.answer("/userinfo", |answer| {
                    answer.body.resize(64 * 1024 + 1, b' ')
                });
            },
        ),
        (
            "the discovery document has no userinfo_endpoint",
            ExchangeFailed,
            |s| {
                s.document
                    .as_object_mut()
                    .unwrap()
                    .remove("userinfo_endpoint")
                    .unwrap();
            },
        ),
    ];
    repelled(attacks).await;
}

#[tokio::test]
async fn it_is_asked_with_the_access_token_and_only_where_that_is_configured() {
    let stage = Stage::new();
    let scene = Scene::good(&stage);
    let proved = scene.sign_in(&stage).await.unwrap();
    assert_eq!(proved.who.claim("department").unwrap(), "engines");
    let asked = stage.provider.asked("/userinfo").pop().unwrap();
    assert_eq!(asked.line, "GET /userinfo");
    assert_eq!(asked.fields["authorization"], "Bearer an-access-token");

    let secret = ClientSecret::new("secret").unwrap();
    let settings = Oidc::discover("test", stage.provider.issuer(), "the-client", secret);
    let settings = settings.audiences(["an-api"]).claims(["department"]);
    let provider = settings.build(stage.outgoing.clone()).unwrap();
    let proved = sign_in(&provider).await.unwrap();
    assert_eq!(proved.who.claim("department"), None);
    assert_eq!(stage.provider.asked("/userinfo").len(), 1);
}
