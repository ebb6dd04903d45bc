//! The promises of `assertion`: an app on this machine takes what it prints, and nobody else's.

#![cfg(unix)]

#[path = "support/run.rs"]
mod run;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use actix_web::http::header::HOST;
use actix_web::{App, rt, test, web};
use apply_cookies::ApplyCookies;
use apply_cookies_auth::{Auth, Gate, Identity, SignedHeader};
use run::{bare, text};

const AUDIENCE: &str = "/projects/1/apps/p";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("assertion-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn assertion(key: &Path, args: &[&str]) -> Output {
    let mut program = bare();
    program.args(["assertion", "--email", "ada@company.com", "--key"]);
    run::run(program.arg(key).args(args), "")
}

fn printed(key: &Path, args: &[&str]) -> String {
    let output = assertion(key, args);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).trim_end().to_owned()
}

/// The status and the body for a request with this assertion, at an app that trusts a key.
fn ask(key: &Path, token: &str) -> (u16, String) {
    let apply = ApplyCookies::dev();
    let header = SignedHeader::google_iap(AUDIENCE)
        .trust_local_key(key)
        .roles(["groups"]);
    let gate = Gate::new().domains(["company.com"]);
    let auth = Auth::builder(&apply)
        .signed_header(header)
        .gate(gate)
        .build()
        .unwrap();
    let who = |me: Identity| async move { format!("{} {}", me.subject(), me.roles().join(" ")) };
    rt::System::new().block_on(async {
        let app = App::new()
            .route("/", web::get().to(who))
            .wrap(auth.middleware());
        let app = test::init_service(app.wrap(apply.middleware())).await;
        let request = test::TestRequest::get()
            .peer_addr(([127, 0, 0, 1], 4000).into())
            .insert_header((HOST, "localhost:8080"))
            .insert_header(("x-goog-iap-jwt-assertion", token));
        let response = test::call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    })
}

#[test]
fn an_app_that_trusts_the_key_takes_it() {
    let folder = Folder::new("taken");
    let key = folder.file("key.json");
    let good = printed(&key, &["--audience", AUDIENCE]);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let made = fs::read(&key).unwrap();
    assert_eq!(
        ask(&key, &good),
        (200, "accounts.google.com:ada@company.com ".to_owned())
    );
    let args = [
        "--audience",
        AUDIENCE,
        "--subject",
        "1",
        "--claim",
        "groups=[\"admin\"]",
    ];
    assert_eq!(
        ask(&key, &printed(&key, &args)),
        (200, "1 admin".to_owned())
    );
    assert_eq!(fs::read(&key).unwrap(), made, "the same key");

    let other = folder.file("other.json");
    let foreign = printed(&other, &["--audience", AUDIENCE]);
    assert_eq!(ask(&key, &foreign).0, 401, "another key");
    for args in [
        ["--audience", "/projects/1/apps/q", "--subject", "1"],
        ["--audience", AUDIENCE, "--issuer", "https://example"],
        ["--audience", AUDIENCE, "--lasts", "661"],
        ["--audience", AUDIENCE, "--claim", "exp=1"],
    ] {
        assert_eq!(ask(&key, &printed(&key, &args)).0, 401, "{args:?}");
    }
    assert_eq!(
        ask(
            &key,
            &printed(&key, &["--audience", AUDIENCE, "--claim", "hd=\"\""])
        )
        .0,
        403
    );
}

#[test]
fn a_file_that_is_not_a_key_is_left_alone() {
    let folder = Folder::new("left");
    let key = folder.file("key.json");
    for wrong in ["", "{}", r#"{"keys":[],"pkcs8":"AAAA"}"#] {
        fs::write(&key, wrong).unwrap();
        let output = assertion(&key, &["--audience", AUDIENCE]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(
            text(&output.stderr).contains("it is not a key"),
            "{output:?}"
        );
        assert!(output.stdout.is_empty());
        assert_eq!(fs::read_to_string(&key).unwrap(), wrong);
    }
}
