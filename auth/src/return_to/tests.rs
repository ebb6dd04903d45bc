use proptest::prelude::*;

use super::*;

fn places() -> ReturnPlaces {
    let origin = |text| Origin::parse(text).unwrap();
    let others = [origin("https://docs.example")];
    ReturnPlaces::new(&origin("https://app.example:8443"), &others).unwrap()
}

/// `browser/return-to.test.mjs` follows the same table in Chromium.
#[test]
fn each_spelling_leads_where_the_table_says() {
    const ORIGIN: &str = "https://app.example";
    let places = ReturnPlaces::new(&Origin::parse(ORIGIN).unwrap(), &[]).unwrap();
    let table = include_str!("../../tests/return_to.json");
    let table: Vec<(String, Option<String>)> = serde_json::from_str(table).unwrap();
    assert!(table.len() >= 300, "{} rows", table.len());
    for (text, path) in table {
        let place = places.read(&text).ok();
        let location = place.as_ref().map(|place| place.location().to_owned());
        let expected = path.map(|path| ORIGIN.to_owned() + &path);
        assert_eq!(location, expected, "{text:?}");
    }
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
        assert_eq!(places().read(text), Err(ELSEWHERE), "{text}");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let long = format!("/{}", "a".repeat(TEXT_MAX));
    assert!(places().read(&long[..TEXT_MAX]).is_ok());
    let quoted = format!("/{}", "<".repeat(TEXT_MAX / 2));
    for (text, error) in [
        (&*long, "longer"),
        (&*quoted, "longer"),
        ("/a\tb", "backslash"),
        ("/über", "backslash"),
        ("//evil.example", "single slash"),
        ("/%5Cevil.example", "single slash"),
        ("/%2", "single slash"),
        ("/./%2e//evil.example", "single slash"),
        ("https://[", "not an address"),
        ("", "not a place"),
    ] {
        let why = places().read(text).unwrap_err();
        assert!(why.contains(error), "{text}: {why}");
    }
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
        let place = places().read(&text).unwrap_or_else(|_| places().home());
        let location = place.location();
        prop_assert!(
            location.starts_with("https://app.example:8443/")
                || location.starts_with("https://docs.example/"),
            "{} leads to {}", text, location
        );
        prop_assert_eq!(places().read(place.as_text()).unwrap(), place);
    }
}
