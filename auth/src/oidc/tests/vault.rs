//! Tokens in the vault, and their refresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apply_cookies::Secrets;
use apply_cookies::protocol::{Purpose, PurposeKey};

use super::*;
use crate::oidc::{
    MemoryVault, Place, ProviderTokens, Vault, VaultFuture, VaultId, VaultKey, VaultUnavailable,
};
use RefusalCode::{ExchangeFailed, ProviderUnreachable, SignedOut, TokenInvalid, Unavailable};

const OLD: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const NEW: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";
const HOUR: u64 = 3600;

fn server() -> Vec<PurposeKey> {
    Secrets::new(OLD).unwrap().purpose_keys(Purpose::Vault, "")
}

/// A vault that does not store while it is told so, or is slow to say who has a lease, as one elsewhere is.
struct Flaky {
    memory: MemoryVault,
    is_broken: AtomicBool,
    is_slow: AtomicBool,
}

impl Flaky {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryVault::new(100),
            is_broken: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
        })
    }
}

impl Vault for Flaky {
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
        self.memory.store(id, sealed, now, until)
    }

    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Box::pin(async { Err(VaultUnavailable::new("no room")) });
        }
        self.memory.replace(id, sealed, now, until)
    }

    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()> {
        self.memory.remove(id)
    }

    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool> {
        Box::pin(async move {
            let leased = self.memory.lease(id, now, until).await;
            if self.is_slow.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            leased
        })
    }
}

/// A session whose tokens are in the vault.
struct Kept {
    stage: Stage,
    vault: Arc<Flaky>,
    provider: Provider,
    place: Place,
}

impl Kept {
    async fn new() -> Self {
        let (stage, vault) = (Stage::new(), Flaky::new());
        let mut scene = Scene::good(&stage);
        scene.tokens["refresh_token"] = "first-refresh".into();
        scene.play(&stage);
        let provider = stage.settings().vault(vault.clone());
        let provider = provider.build(stage.outgoing.clone()).unwrap();
        let tokens = sign_in(&provider).await.unwrap().tokens.unwrap();
        let until = at(NOW + 12 * HOUR);
        let key = provider.keep(&tokens, &server(), at(NOW), until).await;
        let place = Place {
            key: key.unwrap().unwrap(),
            subject: "248289761001".to_owned(),
            server: server().into(),
            until,
        };
        Self {
            stage,
            vault,
            provider,
            place,
        }
    }

    async fn tokens_at(&self, seconds: u64) -> Result<ProviderTokens, Refusal> {
        self.provider.tokens(&self.place, at(seconds)).await
    }

    /// The token endpoint's next answer.
    fn answers(&self, tokens: &Value) {
        self.stage.provider.set("/token", Answer::json(tokens));
    }

    fn refreshes(&self) -> Vec<String> {
        let asked = self.stage.provider.asked("/token").into_iter();
        let bodies = asked.map(|asked| asked.body);
        bodies
            .filter(|body| body.starts_with("grant_type=refresh_token"))
            .collect()
    }
}

fn second() -> Value {
    json!({
        "access_token": "second-access", "token_type": "bearer", "expires_in": 3600,
        "refresh_token": "second-refresh",
    })
}

#[tokio::test]
async fn a_token_that_has_ended_is_refreshed_and_its_successor_is_used_next() {
    let kept = Kept::new().await;
    let first = kept.tokens_at(NOW + HOUR - 31).await.unwrap();
    assert_eq!(first.access_token(), "an-access-token");
    assert_eq!(first.expires_at(), at(NOW + HOUR));
    assert!(kept.refreshes().is_empty());

    kept.answers(&second());
    let now = NOW + HOUR - 30;
    assert_eq!(
        kept.tokens_at(now).await.unwrap().access_token(),
        "second-access"
    );
    assert_eq!(
        kept.tokens_at(now).await.unwrap().access_token(),
        "second-access"
    );
    assert_eq!(
        kept.refreshes(),
        ["grant_type=refresh_token&refresh_token=first-refresh"]
    );

    // A provider that keeps the refresh token says nothing of it.
    let silent = json!({"access_token": "third-access", "token_type": "Bearer", "expires_in": 60});
    kept.answers(&silent);
    kept.tokens_at(now + HOUR).await.unwrap();
    kept.tokens_at(now + 2 * HOUR).await.unwrap();
    let again = "grant_type=refresh_token&refresh_token=second-refresh";
    assert_eq!(kept.refreshes()[1..], [again, again]);
    // The session is over, and so is its entry.
    let refusal = kept.tokens_at(NOW + 12 * HOUR).await.unwrap_err();
    assert_eq!(refusal.code(), SignedOut);
}

#[tokio::test]
async fn of_fifty_requests_in_two_processes_one_refreshes() {
    let kept = Kept::new().await;
    let other = kept.stage.settings().vault(kept.vault.clone());
    let other = other.build(kept.stage.outgoing.clone()).unwrap();
    let mut answer = Answer::json(&second());
    answer.after = Duration::from_millis(300);
    kept.stage.provider.set("/token", answer);
    let ask = |place: usize| {
        let provider = [&kept.provider, &other][place % 2];
        provider.tokens(&kept.place, at(NOW + 2 * HOUR))
    };
    for tokens in futures_util::future::join_all((0..50).map(ask)).await {
        assert_eq!(tokens.unwrap().access_token(), "second-access");
    }
    assert_eq!(kept.refreshes().len(), 1);
}

#[tokio::test]
async fn a_new_token_is_kept_when_whoever_asked_has_gone() {
    let kept = Kept::new().await;
    let mut answer = Answer::json(&second());
    answer.after = Duration::from_millis(200);
    kept.stage.provider.set("/token", answer);
    let asked = tokio::time::timeout(Duration::from_millis(50), kept.tokens_at(NOW + 2 * HOUR));
    assert!(asked.await.is_err());
    let tokens = kept.tokens_at(NOW + 2 * HOUR).await.unwrap();
    assert_eq!(tokens.access_token(), "second-access");
    assert_eq!(kept.refreshes().len(), 1);
}

#[tokio::test]
async fn a_lease_is_used_when_whoever_asked_has_gone() {
    let kept = Kept::new().await;
    kept.answers(&second());
    kept.vault.is_slow.store(true, Ordering::SeqCst);
    let asked = tokio::time::timeout(Duration::from_millis(50), kept.tokens_at(NOW + 2 * HOUR));
    assert!(asked.await.is_err());
    let tokens = kept.tokens_at(NOW + 2 * HOUR).await.unwrap();
    assert_eq!(tokens.access_token(), "second-access");
    assert_eq!(kept.refreshes().len(), 1);
}

#[tokio::test]
async fn a_sign_out_that_overtakes_a_refresh_leaves_nothing_behind() {
    let kept = Kept::new().await;
    let mut answer = Answer::json(&second());
    answer.after = Duration::from_millis(200);
    kept.stage.provider.set("/token", answer);
    let signed_out = async {
        while kept.refreshes().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kept.provider.forget(&kept.place.key).await;
    };
    let (tokens, ()) = tokio::join!(kept.tokens_at(NOW + 2 * HOUR), signed_out);
    assert_eq!(tokens.unwrap_err().code(), SignedOut);
    let left = kept.vault.load(kept.place.key.id(), at(NOW + 2 * HOUR));
    assert_eq!(left.await.unwrap(), None);
}

#[tokio::test]
async fn a_token_that_cannot_be_stored_is_not_used() {
    let kept = Kept::new().await;
    kept.answers(&second());
    kept.vault.is_broken.store(true, Ordering::SeqCst);
    let refusal = kept.tokens_at(NOW + 2 * HOUR).await.unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.why()),
        (Unavailable, Some("the vault: no room"))
    );
}

#[tokio::test]
async fn what_the_provider_refuses_is_gone_and_what_it_does_not_answer_is_not() {
    let kept = Kept::new().await;
    kept.stage.provider.set("/token", Answer::cut());
    let refusal = kept.tokens_at(NOW + 2 * HOUR).await.unwrap_err();
    assert_eq!(refusal.code(), ProviderUnreachable);
    // The next may once the lease has ended.
    let refused = Answer::new(400, "application/json", r#"{"error":"invalid_grant"}"#);
    kept.stage.provider.set("/token", refused);
    for _ in 0..2 {
        let refusal = kept.tokens_at(NOW + 2 * HOUR + 15).await.unwrap_err();
        assert_eq!(refusal.code(), SignedOut);
    }
    assert_eq!(kept.refreshes().len(), 2);
}

#[tokio::test]
async fn a_wrong_answer_to_a_refresh_is_refused_and_changes_nothing() {
    type Change = fn(&mut Scene);
    let id_token = |kept: &Kept, change: Change| {
        let mut scene = Scene::good(&kept.stage);
        change(&mut scene);
        scene.token()
    };
    let wrong: [(Change, &str); 4] = [
        (
            |s| s.claims["sub"] = "somebody-else".into(),
            "sub is another person's",
        ),
        (
            |s| s.claims["aud"] = "another-client".into(),
            "aud is another client",
        ),
        (
            |s| s.claims["iss"] = "https://evil.example".into(),
            "iss is another issuer",
        ),
        (|s| s.key = signer::RSA_NEXT, "the signature is wrong"),
    ];
    for (change, why) in wrong {
        let kept = Kept::new().await;
        let mut answer = second();
        answer["id_token"] = id_token(&kept, change).into();
        kept.answers(&answer);
        let refusal = kept.tokens_at(NOW + 2 * HOUR).await.unwrap_err();
        assert_eq!(refusal.code(), TokenInvalid);
        assert!(refusal.why().unwrap().ends_with(why), "{refusal:?}");
        answer["id_token"] = id_token(&kept, |_| ()).into();
        kept.answers(&answer);
        kept.tokens_at(NOW + 2 * HOUR + 15).await.unwrap();
    }
    for (name, value) in [("token_type", json!("mac")), ("access_token", json!(null))] {
        let kept = Kept::new().await;
        let mut answer = second();
        answer[name] = value;
        kept.answers(&answer);
        let refusal = kept.tokens_at(NOW + 2 * HOUR).await.unwrap_err();
        assert_eq!(refusal.code(), ExchangeFailed);
    }
}

#[tokio::test]
async fn the_vault_reads_nothing_and_nobody_opens_what_is_not_theirs() {
    let kept = Kept::new().await;
    let sealed = kept
        .vault
        .load(kept.place.key.id(), at(NOW))
        .await
        .unwrap()
        .unwrap();
    let shown = String::from_utf8_lossy(&sealed).into_owned();
    assert!(!shown.contains("access") && !shown.contains("refresh"));
    let opens = |key: &VaultKey, name: &str, server: &[PurposeKey]| {
        key.open(&sealed, name, server).is_some()
    };
    assert!(opens(&kept.place.key, "test", &kept.place.server));
    assert!(!opens(&kept.place.key, "other", &kept.place.server));
    assert!(!opens(&VaultKey::random(), "test", &kept.place.server));
    // The half in the cookie alone, and what a rotation leaves.
    let rotated = |secrets: Secrets| secrets.purpose_keys(Purpose::Vault, "");
    assert!(!opens(
        &kept.place.key,
        "test",
        &rotated(Secrets::new(NEW).unwrap())
    ));
    let both = Secrets::new(NEW).unwrap().previous(OLD).unwrap();
    assert!(opens(&kept.place.key, "test", &rotated(both)));
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(
            kept.place
                .key
                .open(&changed, "test", &kept.place.server)
                .is_none(),
            "{place}"
        );
    }
    assert!(
        kept.place
            .key
            .open(&sealed[..11], "test", &kept.place.server)
            .is_none()
    );

    let text = kept.place.key.to_text();
    assert!(opens(
        &VaultKey::from_text(&text).unwrap(),
        "test",
        &kept.place.server
    ));
    for wrong in [
        "",
        &text[..42],
        &format!("{}A", *text),
        &format!("{}=", *text),
    ] {
        assert!(VaultKey::from_text(wrong).is_none(), "{wrong}");
    }
    kept.provider.forget(&kept.place.key).await;
    assert_eq!(kept.tokens_at(NOW).await.unwrap_err().code(), SignedOut);
}

#[tokio::test]
async fn a_refresh_token_is_asked_for_where_there_is_a_vault() {
    let stage = Stage::new();
    let url = async |settings: Oidc| {
        let provider = settings.build(stage.outgoing.clone()).unwrap();
        provider
            .authorization_url(&requests::REQUEST, at(NOW))
            .await
            .unwrap()
    };
    let with = |settings: Oidc| settings.vault(MemoryVault::new(1));
    assert!(!url(stage.settings()).await.contains("offline"));
    let asked = "scope=openid+email+profile+offline_access&";
    assert!(url(with(stage.settings())).await.contains(asked));
    let already = with(stage.settings().scopes(["offline_access"]));
    assert!(url(already).await.contains("scope=openid+offline_access&"));
    let without = Scene::good(&stage).sign_in(&stage).await.unwrap();
    assert!(without.tokens.is_none());
}

#[tokio::test]
async fn a_vault_in_memory_has_bounds_and_one_lease() {
    has_bounds_and_one_lease(&MemoryVault::new(2)).await;
}

/// A new vault for two.
pub(super) async fn has_bounds_and_one_lease(vault: &impl Vault) {
    let id = |byte| VaultId([byte; 16]);
    let store = |byte, until| vault.store(id(byte), vec![byte], at(NOW), at(until));
    store(1, NOW + 10).await.unwrap();
    store(2, NOW + 20).await.unwrap();
    assert!(store(3, NOW + 10).await.is_err());
    store(2, NOW + 30).await.unwrap();
    let later = vault.store(id(3), vec![3], at(NOW + 10), at(NOW + 40));
    later.await.unwrap();
    assert_eq!(vault.load(id(1), at(NOW)).await.unwrap(), None);
    assert_eq!(
        vault.load(id(2), at(NOW + 29)).await.unwrap(),
        Some(vec![2])
    );
    assert_eq!(vault.load(id(2), at(NOW + 30)).await.unwrap(), None);

    let lease = |byte, now: u64| vault.lease(id(byte), at(now), at(now + 15));
    assert!(!lease(9, NOW).await.unwrap());
    assert!(lease(2, NOW).await.unwrap());
    assert!(!lease(2, NOW + 14).await.unwrap());
    assert!(lease(2, NOW + 15).await.unwrap());
    let replace = |byte, now| vault.replace(id(byte), vec![9], at(now), at(NOW + 30));
    assert!(replace(2, NOW + 15).await.unwrap());
    assert!(lease(2, NOW + 15).await.unwrap());
    assert_eq!(vault.load(id(2), at(NOW)).await.unwrap(), Some(vec![9]));
    assert!(!replace(2, NOW + 30).await.unwrap());
    assert!(!replace(1, NOW).await.unwrap());
    assert_eq!(vault.load(id(1), at(NOW)).await.unwrap(), None);

    vault.remove(id(1)).await.unwrap();
    vault.remove(id(2)).await.unwrap();
    assert_eq!(vault.load(id(2), at(NOW)).await.unwrap(), None);
    assert!(!replace(2, NOW).await.unwrap());
    assert!(!lease(2, NOW + 60).await.unwrap());
    store(4, NOW + 50).await.unwrap();
}
