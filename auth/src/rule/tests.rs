use super::*;

fn ada() -> Identity {
    Identity::new("password", "ada")
        .unwrap()
        .with_roles(["editor"])
}

fn admin() -> Identity {
    Identity::new("password", "root")
        .unwrap()
        .with_roles(["admin"])
}

fn rule(pattern: &str) -> Rule {
    Rule::new(pattern).unwrap()
}

fn ask(
    rules: &Rules,
    address: &str,
    method: &str,
    who: Option<&Identity>,
) -> Result<(), RefusalCode> {
    asks(rules, address, method, false, who)
}

fn asks(
    rules: &Rules,
    address: &str,
    method: &str,
    preflight: bool,
    who: Option<&Identity>,
) -> Result<(), RefusalCode> {
    let demand = rules.demand(address, method, preflight);
    let checked = demand.and_then(|demand| demand.check(who));
    checked.map_err(|refusal| refusal.code())
}

const METHODS: [&str; 11] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "ADMIN",
];

/// Ways to write `/admin/users` for which some program or other arrives there.
const SPELLINGS: [&str; 62] = [
    "/admin/users",
    "/admin/users/",
    "/admin/users?",
    "/admin/users?x=/public/",
    "/admin/users?/../../public/x",
    "/%61dmin/users",
    "/%61%64%6d%69%6e/%75%73%65%72%73",
    "/%61%64%6D%69%6E/users",
    "/admi%6e/user%73",
    "/Admin/users",
    "/ADMIN/USERS",
    "/aDmIn/%55sers",
    "/admin/u%C5%BFers",
    "/admin//users",
    "//admin/users",
    "///admin/users",
    "/admin/users//",
    "/./admin/users",
    "/admin/./users",
    "/admin/users/.",
    "/%2e/admin/users",
    "/public/../admin/users",
    "/public/%2e%2e/admin/users",
    "/public/.%2e/admin/users",
    "/public/%2E./admin/users",
    "/public/x/../../admin/users",
    "/public/..%2fadmin/users",
    "/public/..%2Fadmin%2Fusers",
    "/public%2f..%2fadmin/users",
    "/public/..\\admin/users",
    "/public\\..\\admin\\users",
    "/public/..%5cadmin%5cusers",
    "/public/%252e%252e/admin/users",
    "/public/..%252fadmin/users",
    "/public/%25252e%25252e/admin/users",
    "/public/%c0%ae%c0%ae/admin/users",
    "/public/..%c0%afadmin/users",
    "/public/%e0%80%ae./admin/users",
    "/public/%uff0e%uff0e/admin/users",
    "/public/..;/admin/users",
    "/public/..;x=y/admin/users",
    "/public/..%3b/admin/users",
    "/public;/../admin/users",
    "/admin;/users",
    "/admin;x=y/users",
    "/admin/users;.css",
    "/admin/users%3b.css",
    "/admin%2fusers",
    "/admin%5cusers",
    "\\admin\\users",
    "/admin\\users",
    "/%2561dmin/users",
    "/%25%36%31dmin/users",
    "/admin/users%00",
    "/admin/users%00.css",
    "/admin/users%0a",
    "/admin/users%0d%0a",
    "/admin/users#",
    "/admin/users#/../public",
    "http://app.example/admin/users",
    "admin/users",
    "/admin\t/users",
];

#[test]
fn no_spelling_and_no_method_lead_past_a_rule() {
    let mut asked = 0;
    for closed in [
        rule("/admin/*"),
        rule("/admin/users"),
        rule("/admin/users/"),
        rule("/admin/users/*"),
        rule("/%61dmin/users"),
        rule("/Admin/*"),
        rule("/admin/*").methods(["GET"]),
        rule("/admin/*").methods(["post", "DELETE"]),
        rule("/admin/*").bearer(),
        rule("/admin/*").preflight(),
        rule("/*"),
    ] {
        let rules = [rule("/public/*").anyone(), closed.roles(["admin"])];
        let rules = Rules::new(rules).unwrap();
        for spelling in SPELLINGS {
            for method in METHODS {
                for who in [Some(&ada()), None] {
                    let passed = ask(&rules, spelling, method, who).is_ok();
                    assert!(!passed, "{method} {spelling} as {who:?} by {rules:?}");
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 11 * SPELLINGS.len() * METHODS.len() * 2);
}

/// The same test with rules that do not protect: it must find those that pass.
#[test]
fn the_spellings_find_a_rule_that_is_missing() {
    let rules = Rules::new([rule("/public/*").anyone()]).unwrap();
    let passes = |who: Option<&Identity>| {
        let passed = |spelling: &&str| ask(&rules, spelling, "GET", who).is_ok();
        SPELLINGS.iter().filter(|one| passed(one)).count()
    };
    assert_eq!(passes(Some(&ada())), 13);
    assert_eq!(passes(None), 0);
}

#[test]
fn the_person_with_the_role_passes() {
    let rules = Rules::new([rule("/admin/*").roles(["admin", "owner"])]).unwrap();
    for address in [
        "/admin",
        "/admin/",
        "/admin/users?x",
        "/%61dmin/users",
        "/Admin/users",
    ] {
        assert_eq!(
            ask(&rules, address, "GET", Some(&admin())),
            Ok(()),
            "{address}"
        );
        assert_eq!(
            ask(&rules, address, "GET", Some(&ada())),
            Err(RefusalCode::RoleMissing)
        );
        assert_eq!(
            ask(&rules, address, "GET", None),
            Err(RefusalCode::SignedOut)
        );
    }
    // A path of its own.
    assert_eq!(ask(&rules, "/administrators", "GET", Some(&ada())), Ok(()));
}

#[test]
fn the_first_rule_decides_and_without_one_people_sign_in() {
    let rules = Rules::new([
        rule("/reports/open").anyone(),
        rule("/reports/*").roles(["admin"]),
    ])
    .unwrap();
    assert_eq!(ask(&rules, "/reports/open", "GET", None), Ok(()));
    assert_eq!(
        ask(&rules, "/reports/open/x", "GET", Some(&ada())),
        Err(RefusalCode::RoleMissing)
    );
    // To an app that ignores case it is open, to another one it is not.
    assert_eq!(
        ask(&rules, "/reports/Open", "GET", None),
        Err(RefusalCode::SignedOut)
    );
    assert_eq!(
        ask(&rules, "/reports/Open", "GET", Some(&ada())),
        Err(RefusalCode::RoleMissing)
    );
    assert_eq!(ask(&rules, "/", "GET", None), Err(RefusalCode::SignedOut));
    assert_eq!(ask(&rules, "/", "GET", Some(&ada())), Ok(()));
    assert_eq!(
        ask(&Rules::default(), "/", "GET", None),
        Err(RefusalCode::SignedOut)
    );
}

#[test]
fn another_method_is_refused_and_not_passed_on() {
    let rules = Rules::new([rule("/open").methods(["GET"]).anyone(), rule("/*").anyone()]).unwrap();
    for method in ["GET", "HEAD"] {
        assert_eq!(ask(&rules, "/open", method, None), Ok(()));
    }
    for method in ["POST", "OPTIONS", "get", ""] {
        assert_eq!(
            ask(&rules, "/open", method, Some(&admin())),
            Err(RefusalCode::Method)
        );
        assert_eq!(ask(&rules, "/other", method, None), Ok(()));
    }
}

#[test]
fn a_preflight_passes_only_where_it_may() {
    let rules = Rules::new([
        rule("/api/*")
            .roles(["admin"])
            .methods(["POST"])
            .bearer()
            .preflight(),
        rule("/closed/*").roles(["admin"]),
    ])
    .unwrap();
    let asks = |address, method, preflight| asks(&rules, address, method, preflight, None);
    assert_eq!(asks("/api/x", "OPTIONS", true), Ok(()));
    assert_eq!(asks("/api/x", "OPTIONS", false), Err(RefusalCode::Method));
    assert_eq!(asks("/api/x", "POST", true), Err(RefusalCode::SignedOut));
    assert_eq!(
        asks("/closed/x", "OPTIONS", true),
        Err(RefusalCode::SignedOut)
    );
    let takes_bearer = |address| rules.demand(address, "POST", false).unwrap().bearer;
    assert!(takes_bearer("/api/x") && !takes_bearer("/closed/x") && !takes_bearer("/api-docs"));
}

#[test]
fn rules_that_cannot_work_are_refused() {
    for pattern in [
        "", "admin", "*", "/adm*", "/*/users", "/a/**", "/a//b", "/a/../b", "/a;b", "/a b", "/ü",
        "/a?b", "/a%2fb", "/a\\b", "//*",
    ] {
        assert_eq!(
            Rule::new(pattern).err(),
            Some(RuleError::Pattern(pattern.to_owned()))
        );
    }
    let refused = |rules: &[Rule]| Rules::new(rules.to_vec()).err();
    let unreachable = |one: &str, before: &str| {
        let rules = [rule(before), rule(one)];
        assert!(
            matches!(refused(&rules), Some(RuleError::Unreachable(..))),
            "{before} {one}"
        );
    };
    unreachable("/a", "/a/*");
    unreachable("/a/", "/a");
    unreachable("/a/b/*", "/a/*");
    unreachable("/a", "/%61");
    unreachable("/a/*", "/*");
    assert_eq!(
        refused(&[rule("/a"), rule("/a/*"), rule("/ab"), rule("/*")]),
        None
    );
    let twofold = rule("/a").anyone().roles(["admin"]);
    assert!(matches!(
        refused(&[twofold]),
        Some(RuleError::Contradiction(_))
    ));
}
