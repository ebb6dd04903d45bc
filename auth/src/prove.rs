//! Evidence → an identity: a name and a password, the access token, or Firebase's ID token.

use std::net::IpAddr;

#[cfg(feature = "password")]
use apply_cookies::web::Fields;

#[cfg(feature = "password")]
use crate::account::Account;
use crate::auth::{Auth, Parts};
#[cfg(feature = "password")]
use crate::device::Device;
#[cfg(feature = "providers")]
use crate::firebase::FIREBASE;
#[cfg(feature = "password")]
use crate::header::Basic;
use crate::identity::{Evidence, Identity, IdentityError};
use crate::metrics;
#[cfg(feature = "password")]
use crate::password::Password;
use crate::refusal::{Refusal, RefusalCode};
#[cfg(feature = "password")]
use crate::standing::PASSWORD;
use crate::standing::{ACCESS_TOKEN, DEV};
use crate::throttle::Subject;
use crate::visitor::Visitor;

impl Auth {
    /// Whose name and password these are. For a password that arrives in a stream or a socket; the
    /// page's form is checked by itself.
    ///
    /// # Errors
    ///
    /// `wrong-password`, for an unknown name too; `throttled`; `unavailable`.
    #[cfg(feature = "password")]
    pub async fn check_password(
        &self,
        visitor: &Visitor,
        name: &str,
        password: &str,
    ) -> Result<Identity, Refusal> {
        let (address, device) = (visitor.address(), visitor.device());
        let proved = self
            .0
            .prove_password(name, password, address, device.as_ref());
        proved.await.inspect_err(|refusal| count(PASSWORD, refusal))
    }

    /// The identity of whoever has the access token.
    ///
    /// # Errors
    ///
    /// `token-invalid`; `throttled`; `unavailable`.
    pub async fn check_access_token(
        &self,
        visitor: &Visitor,
        token: &str,
    ) -> Result<Identity, Refusal> {
        let proved = self.0.prove_token(token.as_bytes(), visitor.address());
        proved
            .await
            .inspect_err(|refusal| count(ACCESS_TOKEN, refusal))
    }
}

#[cfg(feature = "providers")]
impl Auth {
    /// Whose Firebase ID token this is: for one that arrives in a stream or a socket, before
    /// [`sign_in`](Self::sign_in). The person must have signed in within the last five minutes.
    ///
    /// # Errors
    ///
    /// `token-invalid`; `throttled`; `provider-unreachable`; `unavailable`.
    pub async fn check_firebase(
        &self,
        visitor: &Visitor,
        id_token: &str,
    ) -> Result<Identity, Refusal> {
        let proved = self.0.prove_firebase(id_token, visitor.address());
        proved.await.inspect_err(|refusal| count(FIREBASE, refusal))
    }
}

fn count(method: &str, refusal: &Refusal) {
    metrics::sign_in(method, refusal.code().as_str());
}

impl Parts {
    /// The browser, if it is known.
    #[cfg(feature = "password")]
    pub(crate) fn device_of(&self, fields: &impl Fields) -> Option<Device> {
        let now = self.cookies.clock().now();
        self.device.read(fields.all("cookie"), now)
    }

    /// Whose name and password these are, for a session.
    #[cfg(feature = "password")]
    pub(crate) async fn prove_password(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
        device: Option<&Device>,
    ) -> Result<Identity, Refusal> {
        let wrong = || Refusal::new(RefusalCode::WrongPassword);
        let passwords = self.passwords.as_ref().ok_or_else(wrong)?;
        let password = Password::new(password).map_err(|_| wrong())?;
        let device = device.and_then(|device| device.of_account(name));
        let subject = Subject::account(name, address).known_device(device);
        let proved = passwords.check(&subject, &password, self.moment()).await;
        let (account, since) = proved?;
        let now = self.cookies.clock().now();
        self.throttle.begin_session(now, &subject)?;
        let evidence = Evidence {
            since: Some(since),
            credential: Some(account.hash.credential(&self.credentials)),
        };
        Ok(identity_of_account(account)?.proved_by(evidence))
    }

    /// Whose name and password a request brings.
    #[cfg(feature = "password")]
    pub(crate) async fn prove_basic(
        &self,
        basic: &Basic,
        address: IpAddr,
    ) -> Result<Identity, Refusal> {
        let wrong = || Refusal::new(RefusalCode::WrongPassword);
        let passwords = self.passwords.as_ref().ok_or_else(wrong)?;
        let subject = Subject::account(&basic.name, address);
        let account = passwords.check_each(&subject, &basic.password).await?;
        let evidence = Evidence {
            since: None,
            credential: Some(account.hash.credential(&self.credentials)),
        };
        Ok(identity_of_account(account)?.proved_by(evidence))
    }

    /// Whoever has the access token, for a session.
    pub(crate) async fn prove_token(
        &self,
        token: &[u8],
        address: IpAddr,
    ) -> Result<Identity, Refusal> {
        let mut who = self.prove_token_alone(token, address)?;
        let now = self.now();
        self.throttle.begin_session(now, &Subject::token(address))?;
        // The token does not change while the process runs: had it been shown only now, it would
        // have proved as much.
        who.evidence.since = Some(self.moment().await?);
        Ok(who)
    }

    /// Whose Firebase ID token this is, for a session.
    #[cfg(feature = "providers")]
    pub(crate) async fn prove_firebase(
        &self,
        token: &str,
        address: IpAddr,
    ) -> Result<Identity, Refusal> {
        let firebase = self
            .vouched
            .firebase
            .as_ref()
            .ok_or(RefusalCode::TokenInvalid)?;
        let now = self.now();
        // Nobody guesses one, and a token that is old is no failure: none is counted.
        let mut who = firebase.verify(token, now).await?;
        let account = format!("{FIREBASE} {}", who.subject());
        self.throttle
            .begin_session(now, &Subject::account(&account, address))?;
        // No later than now: a clock that is ahead would carry a session past a sign-out.
        let moment = self.moment().await?;
        who.evidence.since = who.evidence.since.map(|since| since.min(moment));
        Ok(who)
    }

    /// Whoever has the access token, for a request.
    pub(crate) fn prove_token_alone(
        &self,
        token: &[u8],
        address: IpAddr,
    ) -> Result<Identity, Refusal> {
        let invalid =
            || Refusal::new(RefusalCode::TokenInvalid).because("the access token is wrong");
        let own = self.access_token.as_ref().ok_or_else(invalid)?;
        let credential = own.verify(token, &self.credentials);
        // Whoever has a token that nobody can guess does not wait for those who try.
        if credential.is_none() || own.is_chosen() {
            let now = self.cookies.clock().now();
            let permit = self.throttle.begin(now, &Subject::token(address))?;
            if credential.is_some() {
                self.throttle.succeeded(now, &permit);
            }
        }
        let credential = credential.ok_or_else(invalid)?;
        let who = Identity::new(ACCESS_TOKEN, ACCESS_TOKEN).map_err(|_| invalid())?;
        Ok(who.proved_by(Evidence {
            since: None,
            credential: Some(credential),
        }))
    }
}

#[cfg(feature = "password")]
fn identity_of_account(account: Account) -> Result<Identity, Refusal> {
    let who = Identity::new(PASSWORD, &account.name);
    let malformed =
        |error: IdentityError| Refusal::new(RefusalCode::NotAllowed).because(error.to_string());
    let mut who = who.map_err(malformed)?.with_roles_of_account(account.roles);
    if let Some(email) = account.email {
        // Whoever keeps the accounts vouches for their addresses.
        who = who.with_email(email, true);
    }
    if let Some(name) = account.full_name {
        who = who.with_name(name);
    }
    Ok(who)
}

/// Anybody, in development.
pub(crate) fn prove_nothing(name: &str, roles: &str) -> Result<Identity, Refusal> {
    let malformed =
        |error: IdentityError| Refusal::new(RefusalCode::Form).because(error.to_string());
    let who = Identity::new(DEV, name).map_err(malformed)?;
    let roles = roles.split([',', ' ']).filter(|role| !role.is_empty());
    Ok(who.with_roles(roles))
}
