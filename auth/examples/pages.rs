//! Prints the pages as JSON, a line each: name, status, header fields, HTML. For looking at them.

use std::time::Duration;

use apply_cookies::Origin;
use apply_cookies_auth::{
    Identity, Pages, Refusal, RefusalCode, RefusalId, Reply, ReturnPlaces, SignInPage,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place =
        ReturnPlaces::of(&Origin::parse("http://localhost:8080")?)?.read("/reports?year=2026")?;
    let pages = Pages::new("/auth").named("Reports");
    let id = RefusalId::new([0x3b, 0x9a, 0xca, 0x00, 0xff]);
    let ada = Identity::new("password", "ada")?
        .with_name("Ada Lovelace")
        .with_email("ada@example.com", true);
    let sign_in = SignInPage::to(&place).password();
    let wrong = Refusal::new(RefusalCode::WrongPassword);
    let throttled = Refusal::throttled(Duration::from_secs(30));
    show("sign-in", &sign_in.among(&pages));
    show("sign-in-either", &sign_in.access_token().among(&pages));
    show(
        "sign-in-token",
        &SignInPage::to(&place).access_token().among(&pages),
    );
    show(
        "sign-in-wrong",
        &sign_in.name("ada").refused(&wrong, id).among(&pages),
    );
    show(
        "sign-in-throttled",
        &sign_in.name("ada").refused(&throttled, id).among(&pages),
    );
    show("sign-out", &pages.sign_out(&ada, &place));
    show("signed-out", &pages.signed_out());
    for code in RefusalCode::ALL {
        let page = pages.refusal(&Refusal::new(*code), id, &place);
        show(&format!("refusal-{}", code.as_str()), &page);
    }
    Ok(())
}

fn show(name: &str, page: &Reply) {
    let fields: Vec<[&str; 2]> = page
        .fields
        .iter()
        .map(|(name, value)| [*name, value])
        .collect();
    let line = serde_json::json!([name, page.status, fields, page.body]);
    println!("{line}");
}
