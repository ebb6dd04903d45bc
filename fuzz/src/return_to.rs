//! Whatever the text, nobody is sent elsewhere, and the place is read again as itself.

use apply_cookies::Origin;
use apply_cookies_auth::fuzzing::ReturnPlaces;

const HOME: &str = "https://app.example:8443";
const OTHER: &str = "https://docs.example";

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

pub fn return_to(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let places = ReturnPlaces::new(&origin(HOME), &[origin(OTHER)]).unwrap();
    let place = places.read(&text).unwrap_or_else(|_| places.home());
    let location = place.location();
    let rest = location
        .strip_prefix(HOME)
        .or_else(|| location.strip_prefix(OTHER))
        .unwrap();
    assert!(rest.starts_with('/'), "{location}");
    assert!(
        rest.bytes().all(|byte| byte.is_ascii_graphic()),
        "{location:?}"
    );
    assert_eq!(places.read(place.as_text()), Ok(place));
}
