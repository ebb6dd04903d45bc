//! An ID token whose signature is right: whether it belongs to this sign-in (OpenID Connect Core 1.0
//! §3.1.3.7).

use std::time::Duration;

use apply_cookies::UnixMillis;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::settings::Oidc;
use crate::jws::{Algorithm, Claims, Fault, TimeFault};
use crate::millis::millis;
use crate::refusal::{Refusal, RefusalCode};

/// What the attempt knows.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) begun_at: UnixMillis,
    pub(crate) max_age: Option<Duration>,
    pub(crate) acr: &'a [String],
}

/// What the token says besides who somebody is.
pub(super) struct SignedIn {
    pub(super) subject: String,
    pub(super) sid: Option<String>,
    pub(super) auth_time: Option<UnixMillis>,
    pub(super) acr: Option<String>,
}

/// Checks the claims, always in this order, so that each mistake has one answer.
pub(super) fn check(
    claims: &Claims,
    settings: &Oidc,
    expected: &Expected<'_>,
    now: UnixMillis,
) -> Result<SignedIn, Refusal> {
    check_parties(claims, settings).map_err(invalid)?;
    check_authorized_party(claims, settings).map_err(invalid)?;
    check_times(claims, settings, expected.begun_at, now)?;
    check_rest(claims, settings, expected, now).map_err(invalid)
}

/// The issuer, and every audience. Logout tokens are checked by it as well.
pub(super) fn check_parties(claims: &Claims, settings: &Oidc) -> Result<(), Fault> {
    if claims.required_text("iss")? != settings.issuer {
        return Err(Fault::new("iss is another issuer"));
    }
    let audience = claims.audience()?;
    if !audience.contains(&&*settings.client_id) {
        return Err(Fault::new("aud is another client"));
    }
    let is_listed = |one: &&str| {
        *one == settings.client_id || settings.audiences.iter().any(|other| other == one)
    };
    if !audience.iter().all(is_listed) {
        return Err(Fault::new("aud has an audience that is not listed"));
    }
    Ok(())
}

fn check_authorized_party(claims: &Claims, settings: &Oidc) -> Result<(), Fault> {
    match claims.text("azp")? {
        Some(party) if party != settings.client_id => Err(Fault::new("azp is another client")),
        None if claims.audience()?.len() > 1 => {
            Err(Fault::new("azp is missing beside several audiences"))
        }
        _ => Ok(()),
    }
}

/// The token has been issued this moment, for this attempt: if it has expired, is not valid yet or is older
/// than the attempt, one of the two clocks is wrong.
fn check_times(
    claims: &Claims,
    settings: &Oidc,
    begun_at: UnixMillis,
    now: UnixMillis,
) -> Result<(), Refusal> {
    let clock = |fault| Refusal::new(RefusalCode::Clock).because(format!("the ID token: {fault}"));
    let issued = match claims.check_times(now, settings.skew) {
        Ok(times) => times.issued,
        Err(TimeFault::Wrong(fault)) => return Err(invalid(fault)),
        Err(TimeFault::Late(fault) | TimeFault::Early(fault)) => return Err(clock(fault)),
    };
    // `iat` has no fractions: it may be the second in which the attempt began.
    if issued.plus(1000 + millis(settings.skew)) <= begun_at {
        let (issued, begun) = (issued.get() / 1000, begun_at.get() / 1000);
        let why = format!(
            "iat is {issued}, and by the clock of this server the sign-in began at {begun}"
        );
        return Err(clock(Fault::new(why)));
    }
    Ok(())
}

fn check_rest(
    claims: &Claims,
    settings: &Oidc,
    expected: &Expected<'_>,
    now: UnixMillis,
) -> Result<SignedIn, Fault> {
    let nonce = claims.required_text("nonce")?.as_bytes();
    if !bool::from(nonce.ct_eq(expected.nonce.as_bytes())) {
        return Err(Fault::new("nonce is another sign-in's"));
    }
    let subject = claims.required_text("sub")?;
    if !(1..=255).contains(&subject.len()) || subject.contains(char::is_control) {
        return Err(Fault::new(
            "sub is not 1 to 255 bytes without control characters",
        ));
    }
    let auth_time = claims.seconds("auth_time")?;
    let skew = millis(settings.skew);
    if auth_time.is_some_and(|at| at > now.plus(skew)) {
        return Err(Fault::new("auth_time is in the future"));
    }
    if let Some(max_age) = expected.max_age {
        let at =
            auth_time.ok_or_else(|| Fault::new("auth_time is missing, and max_age was asked"))?;
        if at.plus(millis(max_age)).plus(skew) < now {
            return Err(Fault::new("auth_time is longer ago than max_age"));
        }
    }
    let acr = claims.text("acr")?;
    if !expected.acr.is_empty() && !acr.is_some_and(|acr| expected.acr.iter().any(|one| one == acr))
    {
        return Err(Fault::new("acr is not one that was asked"));
    }
    Ok(SignedIn {
        subject: subject.to_owned(),
        sid: claims.text("sid")?.map(str::to_owned),
        auth_time,
        acr: acr.map(str::to_owned),
    })
}

/// Whether the access token is the one that the ID token came with, where that says so (§3.1.3.8). The
/// hash is that of the token's signature.
pub(super) fn check_access_token(
    claims: &Claims,
    algorithm: Algorithm,
    access_token: &str,
) -> Result<(), Refusal> {
    let half = |hash: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(hash.split_at(hash.len() / 2).0);
    let right = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            half(&Sha256::digest(access_token))
        }
        Algorithm::Rs384 | Algorithm::Es384 => half(&Sha384::digest(access_token)),
        // Ed25519 hashes with SHA-512, and so do the providers that sign with it.
        Algorithm::Rs512 | Algorithm::EdDsa => half(&Sha512::digest(access_token)),
    };
    match claims.text("at_hash").map_err(invalid)? {
        Some(hash) if !bool::from(hash.as_bytes().ct_eq(right.as_bytes())) => {
            Err(invalid(Fault::new("at_hash is not the access token's")))
        }
        _ => Ok(()),
    }
}

/// One refusal for every check: the log says which.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn invalid(fault: Fault) -> Refusal {
    Refusal::new(RefusalCode::TokenInvalid).because(format!("the ID token: {fault}"))
}
