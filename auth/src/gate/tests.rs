use serde_json::json;

use super::*;

impl Gate {
    fn judged(&self, who: &Identity) -> Result<(), RefusalCode> {
        self.check(who).map_err(|refusal| refusal.code())
    }
}

fn from(provider: &str, address: &str) -> Identity {
    Identity::new(provider, "1")
        .unwrap()
        .with_email(address, true)
}

fn lists() -> Gate {
    Gate::new()
        .domains([" Company.com , @sub.other.org", ""])
        .emails(["Admin@Agency.org"])
}

#[cfg(feature = "providers")]
#[test]
fn a_list_is_an_array_of_what_it_names_and_nothing_else() {
    let has = |names, json: &str, entry| {
        List::read(names, json.as_bytes())
            .unwrap()
            .has(names, entry)
    };
    assert!(has(
        Names::Domains,
        r#"[" @Company.com ","b.org"]"#,
        "company.com"
    ));
    assert!(has(
        Names::Emails,
        r#"["Ada@Company.com"]"#,
        "ada@company.com"
    ));
    assert!(!has(Names::Emails, r#"["ada@company.com"]"#, "company.com"));
    assert!(!has(Names::Emails, "[]", "ada@company.com"));
    for (names, wrong) in [
        (Names::Emails, "ada@company.com"),
        (Names::Emails, r#"["ada@company.com",]"#),
        (Names::Emails, r#"{"0":"ada@company.com"}"#),
        (Names::Emails, r#""ada@company.com""#),
        (Names::Emails, r#"["ada@company.com",null]"#),
        (Names::Emails, r#"["ada@company.com","company.com"]"#),
        (Names::Emails, r#"["ada@company.com b@company.com"]"#),
        (Names::Domains, r#"["company.com",""]"#),
        (Names::Domains, r#"["company.com","@"]"#),
        (Names::Domains, r#"["company.com","ada@company.com"]"#),
        (Names::Domains, r#"["company.com","*.company.com"]"#),
        (Names::Domains, r#"["https://company.com"]"#),
        (Names::Domains, "<html>"),
    ] {
        let why = List::read(names, wrong.as_bytes()).err();
        let why = why.unwrap_or_else(|| panic!("{wrong}"));
        assert!(!why.contains("company"), "{why}");
    }
}

#[cfg(feature = "providers")]
#[test]
fn a_list_elsewhere_lets_nobody_in_by_itself_and_its_address_is_not_shown() {
    let gate = Gate::new().emails_at("https://lists.example/a?key=5ad1e7c0");
    assert_eq!(
        gate.judged(&from("p", "ada@company.com")),
        Err(RefusalCode::NotAllowed)
    );
    assert!(!format!("{gate:?}").contains("5ad1e7c0"));
}

#[test]
fn an_open_gate_lets_everybody_in() {
    let nobody_special = Identity::new("password", "ada").unwrap();
    assert_eq!(Gate::new().judged(&nobody_special), Ok(()));
}

#[test]
fn a_domain_is_whole_or_not_at_all() {
    for good in [
        "ada@company.com",
        "ADA@COMPANY.COM",
        " ada@company.com ",
        "ada+x@company.com",
        "ada@sub.other.org",
        "admin@agency.org",
    ] {
        assert_eq!(lists().judged(&from("p", good)), Ok(()), "{good}");
    }
    for bad in [
        "ada@evilcompany.com",
        "ada@company.com.evil.example",
        "ada@sub.company.com",
        "ada@other.org",
        "ada@company.com.",
        "ada@company.co",
        "company.com",
        "@company.com",
        "ada@",
        "",
        "ada@evil.example,x@company.com",
        "ada@company.com@evil.example",
        "ada@evil.example@company.com",
        "\"ada@evil.example\"@company.com",
        "ada@evil.example <x@company.com>",
        "ada@evil.example\nx@company.com",
        // The Kelvin sign, and the long s.
        "ada@\u{212a}ompany.com",
        "admin@agency.org\0",
        "adm\u{131}n@agency.org",
        "other@agency.org",
    ] {
        assert_eq!(
            lists().judged(&from("p", bad)),
            Err(RefusalCode::NotAllowed),
            "{bad}"
        );
    }
}

/// Otherwise the refusal would say which addresses are listed.
#[test]
fn an_unverified_address_is_refused_alike_on_a_list_or_not() {
    for address in ["ada@company.com", "eve@evil.example"] {
        let unverified = Identity::new("p", "1").unwrap().with_email(address, false);
        assert_eq!(
            lists().judged(&unverified),
            Err(RefusalCode::EmailNotVerified)
        );
        let gate = Gate::new().verified_email();
        assert_eq!(gate.judged(&unverified), Err(RefusalCode::EmailNotVerified));
        assert_eq!(gate.judged(&from("p", address)), Ok(()));
    }
    let without = Identity::new("p", "1").unwrap();
    assert_eq!(lists().judged(&without), Err(RefusalCode::NotAllowed));
    assert_eq!(
        Gate::new().verified_email().judged(&without),
        Err(RefusalCode::EmailNotVerified)
    );
}

#[test]
fn google_vouches_for_its_companies_and_for_gmail() {
    let gate = Gate::new()
        .domains(["company.com", "gmail.com"])
        .emails(["ada@agency.org", "ada@gmail.com"]);
    let check = |address, hd: Option<serde_json::Value>| {
        let google = from("google", address);
        gate.judged(&match hd {
            Some(hd) => google.with_claim("hd", hd),
            None => google,
        })
    };
    assert_eq!(check("ada@company.com", Some(json!("company.com"))), Ok(()));
    // A second domain of the same company.
    assert_eq!(check("ada@company.net", Some(json!("Company.com"))), Ok(()));
    assert_eq!(check("ada@agency.org", Some(json!("agency.org"))), Ok(()));
    assert_eq!(check("ada@gmail.com", None), Ok(()));
    for (address, hd) in [
        // A private account with the company's address.
        ("eve@company.com", None),
        ("eve@company.com", Some(json!("evil.example"))),
        ("eve@company.com", Some(json!(""))),
        ("eve@company.com", Some(json!(["company.com"]))),
        ("eve@company.com", Some(json!({ "company.com": true }))),
        ("ada@agency.org", None),
        // Gmail is no company.
        ("eve@gmail.com", None),
    ] {
        assert_eq!(
            check(address, hd.clone()),
            Err(RefusalCode::NotAllowed),
            "{address} {hd:?}"
        );
    }
    // Another provider's claim of that name says nothing.
    let other = from("keycloak", "eve@evil.example").with_claim("hd", "company.com");
    assert_eq!(gate.judged(&other), Err(RefusalCode::NotAllowed));
    // A listed address counts only if it is verified, also with `hd`.
    let unverified = Identity::new("google", "1")
        .unwrap()
        .with_email("ada@agency.org", false)
        .with_claim("hd", "agency.org");
    assert_eq!(gate.judged(&unverified), Err(RefusalCode::NotAllowed));
}

#[test]
fn an_empty_list_is_nobody() {
    let none: [&str; 0] = [];
    let ada = from("p", "ada@company.com").with_roles(["admin"]);
    for gate in [
        Gate::new().domains(none),
        Gate::new().emails(none),
        Gate::new().domains([" , "]),
    ] {
        assert_eq!(gate.judged(&ada), Err(RefusalCode::NotAllowed));
        assert_eq!(gate.judged(&from("p", "")), Err(RefusalCode::NotAllowed));
    }
    assert_eq!(
        Gate::new().roles(none).judged(&ada),
        Err(RefusalCode::RoleMissing)
    );
    // One list may be empty beside the other.
    assert_eq!(
        Gate::new()
            .domains(none)
            .emails(["ada@company.com"])
            .judged(&ada),
        Ok(())
    );
}

#[test]
fn invited_is_true_or_a_role_and_nothing_like_it() {
    let gate = Gate::new()
        .invited()
        .invited_by(ClaimPath::new(["https://app.example/invited"]))
        .invited_as("guest");
    let ada = || from("p", "ada@company.com");
    assert_eq!(gate.judged(&ada()), Err(RefusalCode::NotInvited));
    assert_eq!(
        gate.judged(&ada().with_claim("app_metadata", json!({ "invited": true }))),
        Ok(())
    );
    assert_eq!(
        gate.judged(&ada().with_claim("https://app.example/invited", true)),
        Ok(())
    );
    assert_eq!(gate.judged(&ada().with_roles(["guest"])), Ok(()));
    for no in [
        json!("true"),
        json!(1),
        json!(false),
        json!(null),
        json!([true]),
    ] {
        let metadata = json!({ "invited": no });
        let refused = gate.judged(&ada().with_claim("app_metadata", metadata));
        assert_eq!(refused, Err(RefusalCode::NotInvited), "{no}");
    }
    assert_eq!(
        gate.judged(&ada().with_claim("invited", true)),
        Err(RefusalCode::NotInvited)
    );
}

#[test]
fn one_of_the_roles_is_enough() {
    let gate = Gate::new().roles(["admin", "editor"]);
    let with = |roles: &[&str]| gate.judged(&from("p", "a@b.example").with_roles(roles.to_vec()));
    assert_eq!(with(&["viewer", "editor"]), Ok(()));
    for roles in [
        &[][..],
        &["viewer"],
        &["Admin"],
        &["admin,editor"],
        &["admin "],
    ] {
        assert_eq!(with(roles), Err(RefusalCode::RoleMissing), "{roles:?}");
    }
}
