//! What `auth0` needs from the environment, by running the program. What it does is in `auth0/run`.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::fs;

use run::{bare, text};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

#[test]
fn what_is_missing_or_cannot_be_meant_is_named_and_no_secret_is_shown() {
    let folder = folder::Folder::new();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (quoted, good) = (
        file("quoted", &format!("\"{SECRET}\"")),
        file("good", SECRET),
    );
    let (domain, id) = (
        ("AUTH0_DOMAIN", "tenant.example"),
        ("AUTH0_CLIENT_ID", "id"),
    );
    let secret = ("AUTH0_CLIENT_SECRET", SECRET);
    for (environment, said) in [
        (
            vec![],
            "set AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET;",
        ),
        (
            vec![domain, ("AUTH0_CLIENT_ID", ""), secret],
            "set AUTH0_CLIENT_ID;",
        ),
        (
            vec![domain, id, secret, ("AUTH0_CLIENT_SECRET_FILE", &good)],
            "not both",
        ),
        (
            vec![domain, id, ("AUTH0_CLIENT_SECRET_FILE", &quoted)],
            &quoted,
        ),
        (
            vec![domain, id, ("AUTH0_CLIENT_SECRET_FILE", "/nowhere")],
            "/nowhere",
        ),
        (
            vec![domain, id, ("AUTH0_CLIENT_SECRET", "two words")],
            "AUTH0_CLIENT_SECRET has",
        ),
        (
            vec![("AUTH0_DOMAIN", "https://tenant.example"), id, secret],
            "the domain is that",
        ),
        (vec![domain, id, secret, ("AUTH0_CA_FILE", &good)], &good),
    ] {
        let done = run::run(bare().envs(environment).args(["auth0", "list"]), "");
        assert_eq!(done.status.code(), Some(1), "{said}: {done:?}");
        let error = text(&done.stderr);
        assert!(error.contains(said), "{said}: {error}");
        assert!(!error.contains(SECRET) && done.stdout.is_empty(), "{error}");
    }
}
