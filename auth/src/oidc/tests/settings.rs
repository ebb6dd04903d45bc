//! Settings that cannot be meant.

use super::*;
use crate::jws::Algorithm;
use crate::oidc::OidcError;

fn secret() -> ClientSecret {
    ClientSecret::new("secret").unwrap()
}

fn built(settings: Oidc) -> Result<Provider, OidcError> {
    thread_local! {
        static OUTGOING: Outgoing = Outgoing::new(None).unwrap();
    }
    settings.build(OUTGOING.with(Clone::clone))
}

#[test]
fn an_issuer_is_https_and_nothing_but_an_address() {
    let refused = |issuer: &str| built(Oidc::discover("a", issuer, "id", secret())).is_err();
    for good in [
        "https://id.example",
        "https://id.example/",
        "https://id.example:8443/realms/a",
        "https://ID.example",
        "http://localhost:3000",
        "http://127.0.0.1:3000/a",
        "http://[::1]:3000",
    ] {
        assert!(!refused(good), "{good}");
    }
    for bad in [
        "",
        "id.example",
        "http://id.example",
        "http://localhost.example",
        "ftp://id.example",
        "HTTPS:id.example",
        "https:///id.example",
        "https://https://id.example",
        "https://id.example?tenant=a",
        "https://id.example#a",
        "https://a:b@id.example",
        "https://id.example/a b",
        " https://id.example",
        "https://id.example\n",
        "https://id.exämple",
        "https://id.example\\@evil.example",
    ] {
        assert!(refused(bad), "{bad:?}");
    }
    for domain in [
        "https://tenant.auth0.com",
        "tenant.auth0.com/",
        "",
        "a b",
        "tenant.auth0.com?x",
    ] {
        assert!(
            built(Oidc::auth0(domain, "id", secret())).is_err(),
            "{domain:?}"
        );
    }
}

#[test]
fn a_name_is_the_apps_own_and_google_is_google() {
    let refused = |name: &str, issuer: &str| {
        built(Oidc::discover(name, issuer, "id", secret()))
            .err()
            .map(|error| error.to_string())
    };
    let name = "a-b_c.D9";
    assert_eq!(refused(name, "https://id.example"), None);
    for bad in ["", ".", "..", "a/b", "a b", "ä", "a%20b", &"x".repeat(65)] {
        assert!(refused(bad, "https://id.example").is_some(), "{bad}");
    }
    for taken in ["password", "access-token", "dev", "firebase"] {
        let error = refused(taken, "https://id.example").unwrap();
        assert!(
            error.ends_with("its name belongs to another way of signing in"),
            "{error}"
        );
    }
    // A gate believes `hd` under this name alone, and must not miss it under another.
    assert!(refused("google", "https://evil.example").is_some());
    assert!(refused("workspace", "https://accounts.google.com").is_some());
    let google = built(Oidc::google("id", secret())).unwrap();
    assert_eq!((google.name(), google.title()), ("google", "Google"));
    let auth0 = built(Oidc::auth0("tenant.eu.auth0.com", "id", secret())).unwrap();
    assert_eq!((auth0.name(), auth0.title()), ("auth0", "Auth0"));
}

#[test]
fn every_other_setting_is_checked_as_well() {
    let ours = || Oidc::discover("a", "https://id.example", "id", secret());
    let good = ours()
        .title("the company's account")
        .scopes(["email", "https://api.example/read"])
        .audiences(["an-api"])
        .algorithms([Algorithm::EdDsa])
        .skew(Duration::from_secs(300))
        .prompt("login consent");
    assert!(built(good).is_ok());
    for (bad, why) in [
        (
            Oidc::discover("a", "https://id.example", "", secret()),
            "client id",
        ),
        (
            Oidc::discover("a", "https://id.example", "i d", secret()),
            "client id",
        ),
        (
            Oidc::discover("a", "https://id.example", "id\n", secret()),
            "client id",
        ),
        (ours().title(" "), "title"),
        (ours().title("x".repeat(65)), "title"),
        (ours().title("a\nb"), "title"),
        (ours().scopes([""]), "scope"),
        (ours().scopes(["email profile"]), "scope"),
        (ours().scopes(["\"email\""]), "scope"),
        (ours().audiences([""]), "audience"),
        (ours().algorithms([]), "algorithm"),
        (ours().skew(Duration::from_millis(300_001)), "clock"),
        (ours().prompt(""), "prompt"),
        (ours().prompt("none"), "prompt"),
        (ours().prompt("login&x=y"), "prompt"),
    ] {
        let error = built(bad).unwrap_err().to_string();
        assert!(
            error.starts_with("the provider \"a\": ") && error.contains(why),
            "{error}"
        );
    }
}

#[test]
fn nothing_secret_is_in_debug() {
    let settings = Oidc::discover(
        "a",
        "https://id.example",
        "id",
        ClientSecret::new("hunter2").unwrap(),
    );
    assert_eq!(
        format!("{settings:?}"),
        r#"Oidc { name: "a", issuer: "https://id.example", .. }"#
    );
    assert!(!format!("{:?}", built(settings).unwrap()).contains("hunter2"));
}
