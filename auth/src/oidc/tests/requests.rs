//! Where browsers are sent, and where they say they come from.

use url::Url;

use super::*;

pub(super) const REQUEST: AuthorizationRequest<'static> = AuthorizationRequest {
    redirect_uri: "https://app.example/auth/callback/test",
    state: "the-state",
    nonce: "the-nonce",
    challenge: "the-challenge",
    prompt: None,
    max_age: None,
    acr: &[],
};

/// The address without its query, and the parameters.
fn parts(address: &str) -> (String, Vec<(String, String)>) {
    let url = Url::parse(address).unwrap();
    let before = address.split('?').next().unwrap().to_owned();
    (before, url.query_pairs().into_owned().collect())
}

fn pairs(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    parameters.iter().map(owned).collect()
}

const ALWAYS: [(&str, &str); 8] = [
    ("response_type", "code"),
    ("client_id", "the-client"),
    ("redirect_uri", "https://app.example/auth/callback/test"),
    ("scope", "openid email profile"),
    ("state", "the-state"),
    ("nonce", "the-nonce"),
    ("code_challenge", "the-challenge"),
    ("code_challenge_method", "S256"),
];

#[tokio::test]
async fn an_authorization_request_says_what_was_asked_and_nothing_twice() {
    let stage = Stage::new();
    let provider = stage.provider();
    let plain = provider.authorization_url(&REQUEST, at(NOW)).await.unwrap();
    let endpoint = format!("{}/authorize", stage.provider.issuer());
    assert_eq!(parts(&plain), (endpoint.clone(), pairs(&ALWAYS)));

    let ask = AuthorizationRequest {
        prompt: Some("select_account"),
        max_age: Some(Duration::from_secs(300)),
        acr: &["urn:mfa".to_owned(), "urn:otp".to_owned()],
        ..REQUEST
    };
    let mut expected = ALWAYS.to_vec();
    expected.extend([
        ("prompt", "select_account"),
        ("max_age", "300"),
        ("acr_values", "urn:mfa urn:otp"),
    ]);
    let all = provider.authorization_url(&ask, at(NOW)).await.unwrap();
    assert_eq!(parts(&all).1, pairs(&expected));

    // An endpoint with a query of its own.
    let mut scene = Scene::good(&stage);
    let own = format!("{endpoint}?tenant=a%20b&scope=everything&prompt=none&state=x&tenant=c");
    scene.document["authorization_endpoint"] = own.into();
    scene.play(&stage);
    let with_query = stage
        .settings()
        .scopes(["groups", "openid"])
        .prompt("login");
    let provider = with_query.build(stage.outgoing.clone()).unwrap();
    let address = provider.authorization_url(&REQUEST, at(NOW)).await.unwrap();
    let mut expected = vec![("tenant", "a b"), ("tenant", "c")];
    expected.extend(ALWAYS);
    expected[5].1 = "openid groups";
    expected.push(("prompt", "login"));
    assert_eq!(parts(&address), (endpoint, pairs(&expected)));
}

#[tokio::test]
async fn a_callback_names_the_issuer_wherever_it_does_and_must_where_that_is_promised() {
    let stage = Stage::new();
    let issuer = stage.provider.issuer();
    let with_slash = format!("{issuer}/");
    let code = async |promised: Option<bool>, iss: Option<&str>| {
        let mut scene = Scene::good(&stage);
        scene.document["authorization_response_iss_parameter_supported"] = promised.into();
        if promised.is_none() {
            let document = scene.document.as_object_mut().unwrap();
            document.remove("authorization_response_iss_parameter_supported");
        }
        scene.play(&stage);
        let checked = stage.provider().check_issuer(iss, at(NOW)).await;
        checked.err().map(|refusal| refusal.code())
    };
    for promised in [Some(true), Some(false), None] {
        assert_eq!(code(promised, Some(&issuer)).await, None);
        for other in [&*with_slash, "", "https://evil.example"] {
            let mixed_up = Some(RefusalCode::IssuerMixedUp);
            assert_eq!(code(promised, Some(other)).await, mixed_up, "{other}");
        }
    }
    assert_eq!(
        code(Some(true), None).await,
        Some(RefusalCode::IssuerMixedUp)
    );
    assert_eq!(code(Some(false), None).await, None);
    assert_eq!(code(None, None).await, None);
}

#[tokio::test]
async fn a_sign_out_at_the_provider_comes_back() {
    let stage = Stage::new();
    let provider = stage.provider();
    let back = "https://app.example/auth/signed-out";
    let address = async |hint| {
        provider
            .end_session_url(hint, back, "the-state", at(NOW))
            .await
    };
    let mut expected = vec![
        ("client_id", "the-client"),
        ("post_logout_redirect_uri", back),
        ("state", "the-state"),
    ];
    let endpoint = format!("{}/end-session", stage.provider.issuer());
    assert_eq!(
        parts(&address(None).await.unwrap()),
        (endpoint, pairs(&expected))
    );
    expected.push(("id_token_hint", "a.b.c"));
    assert_eq!(
        parts(&address(Some("a.b.c")).await.unwrap()).1,
        pairs(&expected)
    );

    // Google has no such place.
    let mut scene = Scene::good(&stage);
    scene
        .document
        .as_object_mut()
        .unwrap()
        .remove("end_session_endpoint");
    scene.play(&stage);
    assert_eq!(
        stage
            .provider()
            .end_session_url(None, back, "s", at(NOW))
            .await,
        None
    );
}
