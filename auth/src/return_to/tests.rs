use proptest::prelude::*;

use super::*;

fn places() -> ReturnPlaces {
    let origin = |text| Origin::parse(text).unwrap();
    ReturnPlaces::of(&origin("https://app.example:8443"))
        .and_then(|places| places.and(&origin("https://docs.example")))
        .unwrap()
}

#[test]
fn a_place_is_sent_with_its_origin() {
    let place = places().read("/a/../b?c=%2F%2Fd#e").unwrap();
    assert_eq!(place.location(), "https://app.example:8443/b?c=%2F%2Fd#e");
    assert_eq!(place.as_text(), "/b?c=%2F%2Fd#e");
    assert_eq!(place.other_origin(), None);
    assert_eq!(places().home().location(), "https://app.example:8443/");
    // In another script.
    assert!(places().read("/%C3%BCber/uns").is_ok());
}

#[test]
fn other_hosts_only_from_the_list() {
    let place = places().read("https://docs.example/start").unwrap();
    assert_eq!(place.location(), "https://docs.example/start");
    assert_eq!(place.as_text(), place.location());
    assert_eq!(place.other_origin().unwrap(), "https://docs.example");
    for text in [
        "http://docs.example/start",
        "https://docs.example:444/",
        "https://docs.example.evil.example/",
        "https://docs.example@evil.example/",
        "https://a@docs.example/",
        "https://:b@docs.example/",
        "https:docs.example/",
        "https:/docs.example/",
        "HTTPS://docs.example/",
        "https://sub.docs.example/",
        "javascript:alert(1)",
        "start",
    ] {
        assert_eq!(places().read(text), Err(ReturnToError::Elsewhere), "{text}");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let long = format!("/{}", "a".repeat(RETURN_TO_MAX));
    assert!(places().read(&long[..RETURN_TO_MAX]).is_ok());
    let quoted = format!("/{}", "<".repeat(RETURN_TO_MAX / 2));
    for (text, error) in [
        (&*long, ReturnToError::TooLong),
        (&*quoted, ReturnToError::TooLong),
        ("/a\tb", ReturnToError::Character),
        ("/über", ReturnToError::Character),
        ("//evil.example", ReturnToError::Ambiguous),
        ("/%5Cevil.example", ReturnToError::Ambiguous),
        ("/%2", ReturnToError::Ambiguous),
        ("/./%2e//evil.example", ReturnToError::Ambiguous),
        ("https://[", ReturnToError::Unreadable),
        ("", ReturnToError::Elsewhere),
    ] {
        assert_eq!(places().read(text), Err(error), "{text}");
    }
    assert_eq!(
        places().read_or_home(Some("//evil.example")),
        places().home()
    );
    assert_eq!(places().read_or_home(None), places().home());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Whatever the text, nobody leaves, and what was read is read again as the same place.
    #[test]
    fn nobody_leaves(
        start in "(/|//|/\\\\|/\\.|https?:/?/?|)",
        rest in "([/\\\\.@:?#%a-z0-9\t]|%2[fFeE]|%5[cC]|evil\\.example|docs\\.example|\\PC){0,24}",
    ) {
        let text = start + &rest;
        let place = places().read_or_home(Some(&text));
        let location = place.location();
        prop_assert!(
            location.starts_with("https://app.example:8443/")
                || location.starts_with("https://docs.example/"),
            "{} leads to {}", text, location
        );
        prop_assert_eq!(places().read(place.as_text()).unwrap(), place);
    }
}
