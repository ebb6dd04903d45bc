//! Redeeming without a request: an issuer and a redeemer that have nothing in common but their
//! secrets.

use std::sync::Arc;

use apply_cookies::protocol::{
    AfterApply, Batch, BindingCookie, Lifetime, RedemptionDigest, Token, UntrustedToken,
};
use apply_cookies::replay::{BarrierAnswer, MemoryReplayStore};
use apply_cookies::{
    BindingPolicy, Clock, Issuer, MintOptions, Profile, Redeemer, Rejection, Secrets, SetCookie,
    UnixMillis,
};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const NOW: u64 = 1_795_000_000_000;
const LINE: &str = "export=ready; Path=/; Secure; HttpOnly; SameSite=Lax";

fn secrets() -> Secrets {
    Secrets::new(SECRET).unwrap()
}

fn clock(millis: u64) -> Clock {
    Clock::from_fn(move || UnixMillis::new(millis).unwrap())
}

fn redeemer_of(secrets: Secrets) -> Redeemer {
    let store = Arc::new(MemoryReplayStore::new(clock(NOW - 60_000)));
    Redeemer::new(secrets, store).unwrap().clock(clock(NOW))
}

fn redeemer() -> Redeemer {
    redeemer_of(secrets())
}

fn browser(n: u8) -> BindingCookie {
    BindingCookie::from_random([n; 32])
}

fn mint(browser: Option<&BindingCookie>, options: &MintOptions<'_>) -> Token {
    let issuer = Issuer::new(secrets()).unwrap().clock(clock(NOW));
    let batch = Batch::new(SetCookie::new("export", "ready").try_into().unwrap());
    issuer.mint(&batch, browser, options).into_token()
}

/// A token of browser 1.
fn token() -> Token {
    mint(Some(&browser(1)), &MintOptions::default())
}

async fn redeem(
    redeemer: &Redeemer,
    token: &Token,
    id: Option<&str>,
    browser: Option<&BindingCookie>,
) -> Result<Vec<String>, Rejection> {
    let id = id.map(|id| RedemptionDigest::from_id(id.as_bytes()).unwrap());
    let token = UntrustedToken::new(token.as_str());
    let released = redeemer.redeem(token, id, browser).await?;
    Ok(released.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_token_is_redeemed_once() {
    let (redeemer, token, me) = (redeemer(), token(), browser(1));
    let lines = redeem(&redeemer, &token, None, Some(&me)).await.unwrap();
    assert_eq!(lines, [LINE]);
    let again = redeem(&redeemer, &token, None, Some(&me)).await;
    assert!(matches!(again, Err(Rejection::AlreadyUsed(id)) if id == token.id()));
}

#[tokio::test]
async fn a_redemption_of_the_same_id_may_ask_again() {
    let (redeemer, token, me) = (redeemer(), token(), browser(1));
    let [id, other] = ["AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBA"];
    for _ in 0..2 {
        let lines = redeem(&redeemer, &token, Some(id), Some(&me)).await;
        assert_eq!(lines.unwrap(), [LINE]);
    }
    let foreign = redeem(&redeemer, &token, Some(other), Some(&me)).await;
    assert!(matches!(foreign, Err(Rejection::AlreadyUsed(_))));
}

#[tokio::test]
async fn another_browser_is_refused_and_uses_nothing_up() {
    let (redeemer, token) = (redeemer(), token());
    let other = browser(2);
    for thief in [Some(&other), None] {
        let refused = redeem(&redeemer, &token, None, thief).await;
        assert!(matches!(refused, Err(Rejection::WrongBrowser(_))));
    }
    let own = redeem(&redeemer, &token, None, Some(&browser(1))).await;
    assert_eq!(own.unwrap(), [LINE]);
}

#[tokio::test]
async fn a_token_without_a_binding_is_for_redeemers_that_allow_it() {
    let token = mint(None, &MintOptions::default());
    let strict = redeem(&redeemer(), &token, None, Some(&browser(1))).await;
    assert!(matches!(strict, Err(Rejection::Unbound(_))));
    let optional = redeemer().binding(BindingPolicy::Optional);
    assert_eq!(redeem(&optional, &token, None, None).await.unwrap(), [LINE]);
}

#[tokio::test]
async fn a_token_of_other_secrets_or_another_time_is_refused() {
    let (token, me) = (token(), browser(1));
    let other = redeemer_of(Secrets::random());
    let foreign = redeem(&other, &token, None, Some(&me)).await;
    assert!(matches!(foreign, Err(Rejection::Invalid(_))));
    let rotated = Secrets::random().previous(SECRET).unwrap();
    let rotated = redeem(&redeemer_of(rotated), &token, None, Some(&me)).await;
    assert_eq!(rotated.unwrap(), [LINE]);
    let lifetime = Lifetime::default().as_millis();
    let late = redeemer().clock(clock(NOW + lifetime));
    let expired = redeem(&late, &token, None, Some(&me)).await;
    assert!(matches!(expired, Err(Rejection::Expired(_))));
}

#[tokio::test]
async fn a_token_that_lives_longer_than_the_deployment_takes_is_invalid() {
    const DAY: u64 = 86_400_000;
    let me = browser(1);
    let life = |millis| Lifetime::from_millis(millis).unwrap();
    let batch = Batch::new(SetCookie::new("export", "ready").try_into().unwrap());
    for (lives, longest, now) in [
        (1, None, NOW),
        (60_000, None, NOW),
        (60_001, None, NOW),
        (3_600_000, None, NOW),
        (DAY, None, NOW),
        (60_000, Some(60_000), NOW),
        (60_000, Some(59_999), NOW),
        (3_600_000, Some(3_600_000), NOW),
        (3_600_001, Some(3_600_000), NOW),
        (DAY, Some(DAY), NOW),
        // Before anything is said of its time: nobody learns that it was once good.
        (DAY, Some(60_000), NOW + DAY),
    ] {
        let issuer = Issuer::new(secrets()).unwrap().clock(clock(NOW));
        let issuer = issuer.max_lifetime(life(DAY)).lifetime(life(lives));
        let token = issuer
            .unwrap()
            .mint(&batch, Some(&me), &MintOptions::default())
            .into_token();
        let redeemer = redeemer().clock(clock(now));
        let redeemer = match longest {
            Some(longest) => redeemer.max_lifetime(life(longest)),
            None => redeemer,
        };
        let answer = redeem(&redeemer, &token, None, Some(&me)).await;
        if lives <= longest.unwrap_or(60_000) {
            assert_eq!(answer.unwrap(), [LINE], "{lives} of {longest:?}");
            continue;
        }
        let refused = answer.unwrap_err();
        assert!(
            matches!(refused, Rejection::LivesTooLong { .. }),
            "{refused}"
        );
        let forged = Rejection::Form.problem_for(Profile::Native);
        assert_eq!(refused.problem_for(Profile::Native), forged);
        let said = refused.to_string();
        for number in [lives, longest.unwrap_or(60_000)] {
            assert!(said.contains(&number.to_string()), "{said}");
        }
    }
}

#[tokio::test]
async fn a_sign_out_says_what_became_of_its_barrier() {
    let store = Arc::new(MemoryReplayStore::new(clock(NOW - 60_000)).capacity(5));
    let redeemer = Redeemer::new(secrets(), store).unwrap().clock(clock(NOW));
    for (n, barrier) in [
        (1, BarrierAnswer::Raised),
        (2, BarrierAnswer::Raised),
        (3, BarrierAnswer::NoRoom),
    ] {
        let me = browser(n);
        let token = mint(Some(&me), &MintOptions::default().barrier());
        let released = redeemer
            .redeem(UntrustedToken::new(token.as_str()), None, Some(&me))
            .await
            .unwrap();
        assert_eq!(released.barrier(), barrier, "{n}");
        assert_eq!(released.lines().collect::<Vec<_>>(), [LINE]);
    }
}

#[tokio::test]
async fn what_the_page_does_next_comes_with_the_lines() {
    let me = browser(1);
    let token = mint(Some(&me), &MintOptions::default().then(AfterApply::Reload));
    let released = redeemer()
        .redeem(UntrustedToken::new(token.as_str()), None, Some(&me))
        .await
        .unwrap();
    assert_eq!(released.then(), Some("reload"));
    assert_eq!(released.id(), token.id());
    assert!(!format!("{released:?}").contains(token.as_str()));
}
