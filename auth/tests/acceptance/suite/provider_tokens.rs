//! The tokens of a person at a provider, for an app that needs them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apply_cookies::UnixMillis;
use apply_cookies_auth::{
    FileVault, FileVaultError, Gate, MemoryVault, Vault, VaultFuture, VaultId,
};
use serde_json::{Value, json};

use super::App;
use crate::harness::Browser;
use crate::harness::there::There;
use crate::hostile::Answer;
use crate::hostile::signer::RSA;
use crate::support::folder::Folder;
use crate::support::http::FORM;

/// A vault in memory that says how many entries it has.
struct Counted {
    memory: MemoryVault,
    kept: Mutex<BTreeSet<[u8; 16]>>,
}

impl Counted {
    fn new() -> Arc<Self> {
        Self::of(100)
    }

    fn of(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryVault::new(capacity),
            kept: Mutex::default(),
        })
    }

    fn len(&self) -> usize {
        self.kept.lock().unwrap().len()
    }
}

impl Vault for Counted {
    fn load(&self, id: VaultId, now: UnixMillis) -> VaultFuture<'_, Option<Vec<u8>>> {
        self.memory.load(id, now)
    }

    fn store(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, ()> {
        self.kept.lock().unwrap().insert(*id.as_bytes());
        self.memory.store(id, sealed, now, until)
    }

    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool> {
        self.memory.replace(id, sealed, now, until)
    }

    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()> {
        self.kept.lock().unwrap().remove(id.as_bytes());
        self.memory.remove(id)
    }

    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool> {
        self.memory.lease(id, now, until)
    }
}

fn with(there: &There, vault: &Arc<Counted>) -> App {
    App::with(|builder, _| builder.provider(there.oidc().vault(vault.clone())))
}

fn tokens(access: &str, refresh: &str) -> Value {
    json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
    })
}

/// Signs in with tokens for an hour.
fn sign_in(browser: &mut Browser, there: &There) -> u16 {
    let asked = browser.leave("/auth/sign-in/acme");
    let mut answer = tokens("first-access", "first-refresh");
    answer["id_token"] = RSA.token("RS256", &there.claims(&asked)).into();
    there.answers("/token", Answer::json(&answer));
    browser.come(&there.back(&asked)).status
}

#[test]
fn an_app_has_the_persons_access_token_as_long_as_the_session() {
    let (there, vault) = (There::start(), Counted::new());
    let app = with(&there, &vault);
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, &there), 303);
    assert_eq!(browser.get("/calendar").body, "first-access");
    assert_eq!(there.exchanges(), 1);
    there.answers(
        "/token",
        Answer::json(&tokens("second-access", "second-refresh")),
    );
    app.forward(Duration::from_secs(3600));
    assert_eq!(browser.get("/calendar").body, "second-access");
    assert_eq!(browser.get("/calendar").body, "second-access");
    let asked = there.server.asked("/token").pop().unwrap().body;
    assert_eq!(
        asked,
        "grant_type=refresh_token&refresh_token=first-refresh"
    );
    assert_eq!(there.exchanges(), 2);
    // Nothing of it is anywhere in what the browser has.
    let jar = format!("{:?}", browser.jar);
    assert!(!jar.contains("access") && !jar.contains("refresh"));
    // The provider takes the refresh token no more.
    let refused = Answer::new(400, "application/json", r#"{"error":"invalid_grant"}"#);
    there.answers("/token", refused);
    app.forward(Duration::from_secs(3600));
    assert_eq!(browser.get("/calendar").body, "signed-out");
    assert_eq!((vault.len(), browser.is_in()), (0, true));
}

#[test]
fn a_restart_of_the_app_takes_nobodys_tokens() {
    let (there, folder) = (There::start(), Folder::new());
    let path = folder.path().join("tokens");
    let vault = || loop {
        match FileVault::open(&path, 100) {
            // The threads of the app before have a moment to end.
            Err(FileVaultError::Locked(_)) => std::thread::sleep(Duration::from_millis(10)),
            opened => break opened.unwrap(),
        }
    };
    let app = App::with(|builder, _| builder.provider(there.oidc().vault(vault())));
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, &there), 303);
    app.forward(Duration::from_secs(3600));
    let app = app.restarted_afterwards(|builder, _| builder.provider(there.oidc().vault(vault())));
    browser.address = app.address;
    there.answers(
        "/token",
        Answer::json(&tokens("second-access", "second-refresh")),
    );
    assert_eq!(browser.get("/calendar").body, "second-access");
    let asked = there.server.asked("/token").pop().unwrap().body;
    assert!(asked.ends_with("&refresh_token=first-refresh"), "{asked}");
    // What the provider has given in exchange survives the next one.
    let app = app.restarted_afterwards(|builder, _| builder.provider(there.oidc().vault(vault())));
    browser.address = app.address;
    assert_eq!(browser.get("/calendar").body, "second-access");
    assert_eq!(there.exchanges(), 2);
    browser.post("/auth/sign-out", "");
    let left = std::fs::read_dir(&path).unwrap().count();
    assert_eq!(left, 1, "the lock alone");
}

#[test]
fn with_the_session_they_are_gone() {
    let (there, vault) = (There::start(), Counted::new());
    let app = with(&there, &vault);
    let mut browser = app.browser();
    sign_in(&mut browser, &there);
    assert_eq!(vault.len(), 1);
    // A sign-in ends the session before it.
    sign_in(&mut browser, &there);
    assert_eq!(vault.len(), 1);
    assert_eq!(browser.get("/calendar").body, "first-access");
    // A new id is the same session.
    browser.get("/rotate?role=editor");
    assert_eq!(browser.get("/calendar").body, "first-access");
    // And so is one that the app begins with the same identity.
    browser.get("/adopt");
    assert_eq!(
        (vault.len(), &*browser.get("/calendar").body),
        (1, "first-access")
    );
    browser.post("/auth/sign-out", "");
    assert_eq!(vault.len(), 0);
    assert_eq!(browser.get("/calendar").status, 303);
}

#[test]
fn a_session_that_has_ended_gives_no_tokens_to_a_handler_that_it_let_in() {
    let (there, vault) = (There::start(), Counted::new());
    let app = with(&there, &vault);
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, &there), 303);
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| browser.fetch("/calendar-later"));
        app.door.wait_for_one();
        let token = there.logout_token(&json!({"sid": "there-1"}));
        let body = format!("logout_token={token}");
        let told = app.send("POST", "/auth/back-channel/acme", &[FORM], &body);
        assert_eq!(told.status, 200);
        app.door.let_one_through();
        waiting.join().unwrap()
    });
    assert_eq!(answer.body, "signed-out");
}

#[test]
fn people_sign_in_also_where_the_vault_is_full() {
    let (there, vault) = (There::start(), Counted::of(1));
    let app = with(&there, &vault);
    let (mut first, mut second) = (app.browser(), app.browser());
    assert_eq!(sign_in(&mut first, &there), 303);
    assert_eq!(sign_in(&mut second, &there), 303);
    assert!(second.is_in());
    assert_eq!(second.get("/calendar").body, "signed-out");
    assert_eq!(first.get("/calendar").body, "first-access");
    // A sign-out makes room.
    first.post("/auth/sign-out", "");
    assert_eq!(sign_in(&mut second, &there), 303);
    assert_eq!(second.get("/calendar").body, "first-access");
}

#[test]
fn nothing_is_kept_of_somebody_who_is_not_let_in_and_nothing_without_a_vault() {
    let (there, vault) = (There::start(), Counted::new());
    let app = App::with(|builder, _| {
        let provider = there.oidc().vault(vault.clone());
        builder
            .provider(provider)
            .gate(Gate::new().roles(["admin"]))
    });
    assert_eq!(sign_in(&mut app.browser(), &there), 403);
    assert_eq!(vault.len(), 0);

    let app = App::with(|builder, _| builder.provider(there.oidc()));
    let mut browser = app.browser();
    assert_eq!(sign_in(&mut browser, &there), 303);
    assert_eq!(browser.get("/calendar").body, "signed-out");
}
