//! Reads texts as JSON, a line each, and prints the `Location` of each, as JSON: with it, a browser
//! can be sent where the crate would send it.
//!
//!     echo '"/reports"' | cargo run -p apply-cookies-auth --example return_to https://app.example

use std::io::{BufRead, stdin};

use apply_cookies::Origin;
use apply_cookies_auth::ReturnPlaces;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = std::env::args().nth(1).ok_or("usage: return_to ORIGIN")?;
    let places = ReturnPlaces::of(&Origin::parse(&origin)?)?;
    for line in stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let place = places.read(&text);
        let refused = place.as_ref().err().map(ToString::to_string);
        let place = place.unwrap_or_else(|_| places.home());
        println!(
            "{}",
            serde_json::json!({ "location": place.location(), "refused": refused })
        );
    }
    Ok(())
}
