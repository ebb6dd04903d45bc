//! Spellings of places to return to, and where each leads: `null` is the front page, for a text that
//! is refused. `browser/return-to.test.mjs` follows the same table in Chromium.

use apply_cookies::Origin;
use apply_cookies_auth::ReturnPlaces;

const ORIGIN: &str = "https://app.example";

#[test]
fn each_spelling_leads_where_the_table_says() {
    let places = ReturnPlaces::of(&Origin::parse(ORIGIN).unwrap()).unwrap();
    let table: Vec<(String, Option<String>)> =
        serde_json::from_str(include_str!("return_to.json")).unwrap();
    assert!(table.len() >= 300, "{} rows", table.len());
    for (text, path) in table {
        let place = places.read(&text).ok();
        let location = place.as_ref().map(|place| place.location().to_owned());
        assert_eq!(
            location,
            path.map(|path| ORIGIN.to_owned() + &path),
            "{text:?}"
        );
    }
}
