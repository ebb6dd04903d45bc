//! What well-known providers publish: their documents and claims, with the members that are read, as
//! their documentation has them.

use super::super::metadata::{Metadata, SecretIn};
use super::super::person::identity;
use super::*;
use crate::gate::Gate;

/// A provider's document: where it is documented, its own members, and what is read of them.
struct Shape {
    documentation: &'static str,
    document: Value,
    has_user_info: bool,
    has_end_session: bool,
    promises_issuer: bool,
}

fn shapes() -> Vec<Shape> {
    let basic = json!(["client_secret_basic", "client_secret_post"]);
    vec![
        Shape {
            documentation: "https://developers.google.com/identity/openid-connect/reference",
            document: json!({
                "issuer": "https://accounts.google.com",
                "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
                "token_endpoint": "https://oauth2.googleapis.com/token",
                "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
                "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "authorization_response_iss_parameter_supported": true,
            }),
            has_user_info: true,
            has_end_session: false,
            promises_issuer: true,
        },
        Shape {
            documentation: "https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery",
            document: json!({
                "issuer": "https://tenant.eu.auth0.com/",
                "authorization_endpoint": "https://tenant.eu.auth0.com/authorize",
                "token_endpoint": "https://tenant.eu.auth0.com/oauth/token",
                "userinfo_endpoint": "https://tenant.eu.auth0.com/userinfo",
                "jwks_uri": "https://tenant.eu.auth0.com/.well-known/jwks.json",
                "end_session_endpoint": "https://tenant.eu.auth0.com/oidc/logout",
                "token_endpoint_auth_methods_supported": basic,
            }),
            has_user_info: true,
            has_end_session: true,
            promises_issuer: false,
        },
        Shape {
            documentation: "https://www.keycloak.org/securing-apps/oidc-layers",
            document: {
                let at = |path: &str| {
                    format!("https://id.example/realms/a/protocol/openid-connect/{path}")
                };
                json!({
                    "issuer": "https://id.example/realms/a",
                    "authorization_endpoint": at("auth"),
                    "token_endpoint": at("token"),
                    "userinfo_endpoint": at("userinfo"),
                    "jwks_uri": at("certs"),
                    "end_session_endpoint": at("logout"),
                    "token_endpoint_auth_methods_supported": [
                        "private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth",
                        "client_secret_jwt",
                    ],
                    "authorization_response_iss_parameter_supported": true,
                    "mtls_endpoint_aliases": { "token_endpoint": at("token") },
                })
            },
            has_user_info: true,
            has_end_session: true,
            promises_issuer: true,
        },
        Shape {
            documentation: "https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc",
            document: {
                let at = |path: &str| format!("https://login.microsoftonline.com/{TENANT}/{path}");
                json!({
                    "issuer": at("v2.0"),
                    "authorization_endpoint": at("oauth2/v2.0/authorize"),
                    "token_endpoint": at("oauth2/v2.0/token"),
                    "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
                    "jwks_uri": at("discovery/v2.0/keys"),
                    "end_session_endpoint": at("oauth2/v2.0/logout"),
                    "token_endpoint_auth_methods_supported": [
                        "client_secret_post", "private_key_jwt", "client_secret_basic",
                    ],
                })
            },
            has_user_info: true,
            has_end_session: true,
            promises_issuer: false,
        },
        Shape {
            documentation: "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS/",
            document: json!({
                "issuer": "https://company.okta.com",
                "authorization_endpoint": "https://company.okta.com/oauth2/v1/authorize",
                "token_endpoint": "https://company.okta.com/oauth2/v1/token",
                "userinfo_endpoint": "https://company.okta.com/oauth2/v1/userinfo",
                "jwks_uri": "https://company.okta.com/oauth2/v1/keys",
                "end_session_endpoint": "https://company.okta.com/oauth2/v1/logout",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic", "client_secret_post", "client_secret_jwt",
                    "private_key_jwt", "none",
                ],
            }),
            has_user_info: true,
            has_end_session: true,
            promises_issuer: false,
        },
        Shape {
            documentation: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
            document: json!({
                "issuer": "https://id.example/application/o/app/",
                "authorization_endpoint": "https://id.example/application/o/authorize/",
                "token_endpoint": "https://id.example/application/o/token/",
                "userinfo_endpoint": "https://id.example/application/o/userinfo/",
                "jwks_uri": "https://id.example/application/o/app/jwks/",
                "end_session_endpoint": "https://id.example/application/o/app/end-session/",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }),
            has_user_info: true,
            has_end_session: true,
            promises_issuer: false,
        },
        Shape {
            documentation: "https://docs.gitlab.com/integration/openid_connect_provider/",
            document: json!({
                "issuer": "https://gitlab.com",
                "authorization_endpoint": "https://gitlab.com/oauth/authorize",
                "token_endpoint": "https://gitlab.com/oauth/token",
                "userinfo_endpoint": "https://gitlab.com/oauth/userinfo",
                "jwks_uri": "https://gitlab.com/oauth/discovery/keys",
                "token_endpoint_auth_methods_supported": basic,
            }),
            has_user_info: true,
            has_end_session: false,
            promises_issuer: false,
        },
        Shape {
            documentation: "https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#routes",
            document: json!({
                "issuer": "https://id.example",
                "authorization_endpoint": "https://id.example/auth",
                "token_endpoint": "https://id.example/token",
                "userinfo_endpoint": "https://id.example/me",
                "jwks_uri": "https://id.example/jwks",
                "end_session_endpoint": "https://id.example/session/end",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic", "client_secret_jwt", "client_secret_post",
                    "private_key_jwt", "none",
                ],
                "authorization_response_iss_parameter_supported": true,
            }),
            has_user_info: true,
            has_end_session: true,
            promises_issuer: true,
        },
    ]
}

const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[test]
fn the_documents_of_well_known_providers_are_read() {
    for shape in shapes() {
        let Shape {
            documentation,
            document,
            ..
        } = &shape;
        let issuer = document["issuer"].as_str().unwrap();
        let read = Metadata::read(document.as_object().unwrap(), issuer, true);
        let read = read.unwrap_or_else(|why| panic!("{documentation}: {why}"));
        assert_eq!(
            read.token.as_str(),
            document["token_endpoint"],
            "{documentation}"
        );
        assert_eq!(read.keys.as_str(), document["jwks_uri"], "{documentation}");
        assert_eq!(
            read.authorization.as_str(),
            document["authorization_endpoint"]
        );
        assert_eq!(
            read.user_info.is_some(),
            shape.has_user_info,
            "{documentation}"
        );
        assert_eq!(
            read.end_session.is_some(),
            shape.has_end_session,
            "{documentation}"
        );
        assert_eq!(
            read.promises_issuer, shape.promises_issuer,
            "{documentation}"
        );
        assert_eq!(read.secret_in, SecretIn::Basic, "{documentation}");
        // Each is an issuer that can be configured.
        let name = if issuer == "https://accounts.google.com" {
            "google"
        } else {
            "a"
        };
        let secret = ClientSecret::new("secret").unwrap();
        Oidc::discover(name, issuer, "id", secret).check().unwrap();
        // And nothing of it may be plain http.
        for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let mut plain = document.clone();
            plain[endpoint] = "http://127.0.0.1/".into();
            assert!(Metadata::read(plain.as_object().unwrap(), issuer, true).is_err());
        }
    }
}

#[test]
fn the_claims_of_well_known_providers_become_people() {
    let secret = || ClientSecret::new("secret").unwrap();
    let person = |settings: Oidc, claims: Value| {
        let subject = claims["sub"].as_str().unwrap().to_owned();
        identity(&settings, &subject, claims.as_object().unwrap(), None).unwrap()
    };

    // https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    let settings = Oidc::google("1234.apps.googleusercontent.com", secret()).claims(["hd"]);
    let ada = person(
        settings,
        json!({
            "iss": "https://accounts.google.com", "azp": "1234.apps.googleusercontent.com",
            "aud": "1234.apps.googleusercontent.com", "sub": "10769150350006150715113082367",
            "hd": "example.com", "email": "jsmith@example.com", "email_verified": true,
            "iat": 1_353_601_026, "exp": 1_353_604_926, "nonce": "0394852-3190485-2490358",
        }),
    );
    assert_eq!(
        (ada.provider(), ada.verified_email()),
        ("google", Some("jsmith@example.com"))
    );
    assert!(Gate::new().domains(["example.com"]).check(&ada).is_ok());

    // https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims
    let roles = "https://app.example/claims/roles";
    let settings = Oidc::auth0("tenant.eu.auth0.com", "id", secret()).roles([roles]);
    let ada = person(
        settings,
        json!({
            "iss": "https://tenant.eu.auth0.com/", "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
            "nickname": "ada", "name": "Ada", "email": "ada@example.com", "email_verified": false,
            roles: ["sales", "admin"],
        }),
    );
    assert_eq!(ada.subject(), "auth0|5f7c8ec7c33c6c004bbafe82");
    assert_eq!(
        (ada.email_verified(), ada.roles()),
        (false, &["admin".into(), "sales".into()][..])
    );

    // https://www.keycloak.org/docs/latest/server_admin/#_protocol-mappers: a mapper puts the roles of
    // the realm into the ID token under this path.
    let settings = Oidc::discover("keycloak", "https://id.example/realms/a", "id", secret());
    let ada = person(
        settings.roles(["realm_access", "roles"]),
        json!({
            "iss": "https://id.example/realms/a", "sub": "f:1c9a:ada", "typ": "ID", "azp": "id",
            "acr": "1", "sid": "b3f1", "email_verified": true, "preferred_username": "ada",
            "email": "ada@example.com", "name": "Ada Lovelace",
            "realm_access": { "roles": ["default-roles-a", "editor"] },
        }),
    );
    assert_eq!(ada.roles(), ["default-roles-a", "editor"]);
    assert_eq!(
        (ada.name(), ada.verified_email()),
        ("Ada Lovelace", Some("ada@example.com"))
    );
}
