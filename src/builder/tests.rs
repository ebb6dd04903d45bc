use apply_cookies_protocol::{BINDING_COOKIE, Scheme};

use super::*;

fn build(change: impl FnOnce(Builder) -> Builder) -> Result<ApplyCookies, BuildError> {
    change(ApplyCookies::builder(Secrets::random())).build()
}

#[test]
fn a_deployment_needs_origins_that_can_share_cookies() {
    assert!(matches!(build(|b| b), Err(BuildError::NoOrigin)));
    assert!(matches!(
        build(|b| b.origin("http://app.example")),
        Err(BuildError::InsecureOrigin(_))
    ));
    assert!(matches!(
        build(|b| b
            .origin("http://app.example")
            .origin("https://app.example")
            .allow_insecure_http()),
        Err(BuildError::MixedOrigins)
    ));
}

#[test]
fn the_origins_fix_one_scheme_for_all_cookies() {
    const HTTPS: &str = "https://app.example";
    for (origins, scheme) in [
        (&[HTTPS][..], Scheme::Https),
        (&["https://localhost:8443"], Scheme::Https),
        (&[HTTPS, "http://localhost:1"], Scheme::Https),
        (&["http://127.0.0.1:1", HTTPS], Scheme::Https),
        (&["http://localhost:1"], Scheme::Http),
        (&["http://127.0.0.1:1", "http://[::1]:1"], Scheme::Http),
        (&["http://app.example"], Scheme::Http),
        (&["http://app.example", "http://localhost:1"], Scheme::Http),
    ] {
        let built = build(|builder| {
            let builder = builder.allow_insecure_http();
            origins.iter().fold(builder, Builder::origin)
        });
        let apply = built.unwrap();
        assert_eq!(apply.scheme(), scheme, "{origins:?}");
        let name = apply.deployment.binding_name.as_str();
        assert_eq!(name, scheme.name(BINDING_COOKIE), "{origins:?}");
    }
    assert_eq!(ApplyCookies::dev().scheme(), Scheme::Http);
}

#[cfg(feature = "mesop")]
#[test]
fn a_deployment_for_mesops_tokens_needs_mesops_secret() {
    let build = build(|b| b.origin("https://app.example").redeem_mesop());
    assert!(matches!(build, Err(BuildError::NoMesopSecret)));
}

#[test]
fn no_deployment_makes_tokens_that_it_refuses() {
    for (lifetime, longest, good) in [
        (60, None, true),
        (3_600, None, true),
        (60, Some(60), true),
        (60, Some(86_400), true),
        (61, Some(60), false),
        (86_400, Some(3_600), false),
        (60, Some(86_401), false),
        (60, Some(0), false),
    ] {
        let built = build(|b| {
            let b = b
                .origin("https://a.example")
                .lifetime(Duration::from_secs(lifetime));
            match longest {
                Some(longest) => b.max_lifetime(Duration::from_secs(longest)),
                None => b,
            }
        });
        assert_eq!(built.is_ok(), good, "{lifetime} s of {longest:?}");
        let Ok(built) = built else { continue };
        let longest = longest.unwrap_or(lifetime) * 1_000;
        let issuer = || built.issuer().clone();
        for (millis, good) in [(1, true), (longest, true), (longest + 1, false)] {
            // Nor does its issuer, whatever it is asked for.
            let asked = Lifetime::from_millis(millis).map(|asked| issuer().lifetime(asked));
            assert_eq!(
                asked.is_some_and(|asked| asked.is_ok()),
                good,
                "{millis} ms"
            );
        }
    }
}

#[test]
fn prefixes_are_plain_paths() {
    for good in ["/__apply-cookies", "/a/b.c/~d"] {
        assert!(
            build(|b| b.origin("https://a.example").prefix(good)).is_ok(),
            "{good}"
        );
    }
    for bad in [
        "", "/", "a", "/a/", "//a", "/{x}", "/a?b", "/a b", "/../a", "/%61",
    ] {
        assert!(
            build(|b| b.origin("https://a.example").prefix(bad)).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn debug_shows_no_secret() {
    let text = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
    let builder = ApplyCookies::builder(Secrets::new(text).unwrap()).origin("https://a.example");
    assert!(!format!("{builder:?}").contains(text));
    assert!(!format!("{:?}", builder.build().unwrap()).contains(text));
}
