//! `secrets streamlit`, by running the program. The real Streamlit reads what it writes in
//! `streamlit/run`.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;

use std::fs;
use std::path::Path;
use std::process::Output;

use apply_cookies::Secrets;
use folder::Folder;
use run::{bare, text};

const REDIRECT_URI: (&str, &str) = (
    "STREAMLIT_AUTH_REDIRECT_URI",
    "https://app.example/oauth2callback",
);
const CLIENT_ID: (&str, &str) = ("STREAMLIT_AUTH_CLIENT_ID", "Jq3kV8wXz1Lt");
/// As short as some providers make them, and with what TOML must escape.
const CLIENT_SECRET: (&str, &str) = ("STREAMLIT_AUTH_CLIENT_SECRET", r"GOCSPX-7hK~q\2=Zp");
const METADATA_URL: (&str, &str) = (
    "STREAMLIT_AUTH_SERVER_METADATA_URL",
    "https://tenant.eu.auth0.com/.well-known/openid-configuration",
);
const COOKIE_SECRET: &str = "STREAMLIT_AUTH_COOKIE_SECRET";

/// Runs it in a folder, with all variables that must be set, and then these.
fn write(folder: &Path, cookie_secret: &str, others: &[(&str, &str)], args: &[&str]) -> Output {
    let mut program = bare();
    program
        .current_dir(folder)
        .envs([REDIRECT_URI, CLIENT_ID, CLIENT_SECRET, METADATA_URL])
        .env(COOKIE_SECRET, cookie_secret)
        .envs(others.iter().copied())
        .args(["secrets", "streamlit"])
        .args(args);
    run::run(&mut program, "")
}

/// Its error, after which nothing may be left behind but what was there.
fn refused(folder: &Path, others: &[(&str, &str)], args: &[&str]) -> String {
    let before = entries(folder);
    let secret = Secrets::generate();
    let done = write(folder, &secret, others, args);
    assert_eq!(done.status.code(), Some(1), "{others:?}: {done:?}");
    assert!(done.stdout.is_empty());
    assert_eq!(entries(folder), before);
    let error = text(&done.stderr).to_owned();
    let others = others.iter().map(|(_, value)| *value);
    for secret in [&secret, CLIENT_SECRET.1].into_iter().chain(others) {
        assert!(secret.len() < 8 || !error.contains(secret), "{error}");
    }
    error
}

/// Every file below a folder, with what is in it.
fn entries(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(entries(&path));
        } else {
            let content = fs::read(&path).unwrap_or_default();
            all.push((path.display().to_string(), content));
        }
    }
    all.sort();
    all
}

#[test]
fn it_writes_what_the_variables_say_and_shows_no_secret() {
    for (provider, section) in [("", ""), ("auth0", "auth0")] {
        let folder = Folder::new();
        let secret = Secrets::generate();
        let others = [
            ("STREAMLIT_AUTH_PROVIDER", provider),
            ("STREAMLIT_AUTH_CLIENT_KWARGS", r#"{"prompt":"login"}"#),
        ];
        for _ in 0..2 {
            let done = write(folder.path(), &secret, &others, &[]);
            assert!(done.status.success(), "{done:?}");
            let said = [text(&done.stdout), text(&done.stderr)].concat();
            assert!(!said.contains(&secret) && !said.contains(CLIENT_SECRET.1));
            assert!(said.contains("st.login("), "{said}");
        }
        // Nothing else is left behind.
        let file = folder.path().join(".streamlit/secrets.toml");
        let all = entries(folder.path());
        assert_eq!(all.len(), 1, "{all:?}");
        let read: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        let auth = read["auth"].as_table().unwrap();
        let client = match section {
            "" => auth,
            name => auth[name].as_table().unwrap(),
        };
        assert_eq!(auth["redirect_uri"].as_str(), Some(REDIRECT_URI.1));
        assert_eq!(auth["cookie_secret"].as_str(), Some(&*secret));
        assert_eq!(client["client_id"].as_str(), Some(CLIENT_ID.1));
        assert_eq!(client["client_secret"].as_str(), Some(CLIENT_SECRET.1));
        assert_eq!(client["server_metadata_url"].as_str(), Some(METADATA_URL.1));
        assert_eq!(client["client_kwargs"]["prompt"].as_str(), Some("login"));
        #[cfg(unix)]
        {
            let metadata = fs::metadata(&file).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn all_that_is_missing_is_named_at_once_and_nothing_is_written() {
    let folder = Folder::new();
    let missing = [CLIENT_ID.0, CLIENT_SECRET.0, METADATA_URL.0];
    let error = refused(folder.path(), &missing.map(|name| (name, "")), &[]);
    for name in missing {
        assert!(error.contains(name), "{error}");
    }
    assert!(!error.contains(REDIRECT_URI.0), "{error}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = Folder::new();
    for (name, value) in [
        (COOKIE_SECRET, "short"),
        (COOKIE_SECRET, "your-generated-secure-cookie-secret"),
        (COOKIE_SECRET, "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA"),
        (CLIENT_SECRET.0, "your-google-client-secret"),
        (CLIENT_SECRET.0, "<paste it here>"),
        (CLIENT_SECRET.0, "${AUTH0_SECRET}"),
        (CLIENT_SECRET.0, "/run/secrets/auth0"),
        (CLIENT_SECRET.0, "changeme"),
        (CLIENT_SECRET.0, "\"GOCSPX-7hK2qZp\""),
        (CLIENT_ID.0, "your-auth0-client-id"),
        (CLIENT_ID.0, "two words"),
        (
            REDIRECT_URI.0,
            "https://YOUR-RAILWAY-APP-URL.railway.app/oauth2callback",
        ),
        (REDIRECT_URI.0, "http://app.example/oauth2callback"),
        (REDIRECT_URI.0, "https://app.example/"),
        (
            REDIRECT_URI.0,
            "https://app.example/oauth2callback?a=/oauth2callback",
        ),
        (REDIRECT_URI.0, "app.example/oauth2callback"),
        (
            METADATA_URL.0,
            "https://login.example/{tenant}/.well-known/openid-configuration",
        ),
        (METADATA_URL.0, "https://tenant.eu.auth0.com"),
        ("STREAMLIT_AUTH_PROVIDER", "my_provider"),
        ("STREAMLIT_AUTH_PROVIDER", "default"),
        ("STREAMLIT_AUTH_CLIENT_KWARGS", "prompt=login"),
        ("STREAMLIT_AUTH_CLIENT_KWARGS", "[]"),
        ("STREAMLIT_AUTH_CLIENT_KWARGS", r#"{"prompt":null}"#),
    ] {
        let error = refused(folder.path(), &[(name, value)], &[]);
        assert!(error.contains(name), "{value}: {error}");
    }
    // On this machine http is what there is.
    let local = [(REDIRECT_URI.0, "http://localhost:8501/oauth2callback")];
    let done = write(folder.path(), &Secrets::generate(), &local, &[]);
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_file_of_somebody_else_is_replaced_only_when_asked() {
    let folder = Folder::new();
    let file = folder.path().join("secrets.toml");
    let at = ["--output", "secrets.toml"];
    fs::write(&file, "database = \"postgres\"\n").unwrap();
    let error = refused(folder.path(), &[], &at);
    assert!(error.contains("--force"), "{error}");
    let forced = [&at[..], &["--force"]].concat();
    let done = write(folder.path(), &Secrets::generate(), &[], &forced);
    assert!(done.status.success(), "{done:?}");
    // Now it is its own.
    let done = write(folder.path(), &Secrets::generate(), &[], &at);
    assert!(done.status.success(), "{done:?}");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_even_when_forced() {
    let folder = Folder::new();
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("secrets.toml")).unwrap();
    let error = refused(folder.path(), &[], &["--output", "secrets.toml", "--force"]);
    assert!(error.contains("a link"), "{error}");
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
}
