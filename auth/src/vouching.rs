//! Who vouches for people besides the app itself: providers, a proxy with each request, or Firebase in
//! the page. A build without `providers` has none of them.

#[cfg(feature = "providers")]
use std::path::PathBuf;
#[cfg(feature = "providers")]
use std::sync::Arc;

use crate::auth_error::AuthError;
#[cfg(feature = "providers")]
use crate::firebase::{Firebase, IdTokens};
use crate::gate::Gate;
#[cfg(feature = "providers")]
use crate::gate_lists::GateLists;
#[cfg(feature = "providers")]
use crate::oidc::{Oidc, Provider};
#[cfg(feature = "providers")]
use crate::outgoing::{HttpClient, Outgoing};
#[cfg(feature = "providers")]
use crate::signed_header::{Assertions, SignedHeader};

/// As an app has set it.
#[derive(Default)]
pub(crate) struct Vouching {
    #[cfg(feature = "providers")]
    pub(crate) oidc: Vec<Oidc>,
    #[cfg(feature = "providers")]
    pub(crate) http_client: Option<Arc<dyn HttpClient>>,
    #[cfg(feature = "providers")]
    pub(crate) ca_file: Option<PathBuf>,
    #[cfg(feature = "providers")]
    pub(crate) header: Option<SignedHeader>,
    #[cfg(feature = "providers")]
    pub(crate) firebase: Option<Firebase>,
}

/// Ready to verify.
#[derive(Default)]
pub(crate) struct Vouched {
    /// Anybody on this machine can make what is believed.
    pub(crate) is_local: bool,
    #[cfg(feature = "providers")]
    pub(crate) gate_lists: GateLists,
    #[cfg(feature = "providers")]
    pub(crate) header: Option<Assertions>,
    #[cfg(feature = "providers")]
    pub(crate) firebase: Option<IdTokens>,
}

#[cfg(feature = "providers")]
impl Vouching {
    /// Whether there is a signed header, and whether there is Firebase.
    pub(crate) const fn has(&self) -> (bool, bool) {
        (self.header.is_some(), self.firebase.is_some())
    }

    /// Whether anybody on this machine can make what is believed.
    pub(crate) fn is_local(&self) -> bool {
        self.header.as_ref().is_some_and(SignedHeader::is_local)
            || self.firebase.as_ref().is_some_and(Firebase::is_local)
    }

    pub(crate) const fn has_providers(&self) -> bool {
        !self.oidc.is_empty()
    }

    /// Whoever vouches, for people whom this gate will judge.
    pub(crate) fn build(self, gate: &Gate) -> Result<(Vec<Provider>, Vouched), AuthError> {
        if self.has() == (false, false) && !self.has_providers() && gate.lists_at().is_empty() {
            return Ok((Vec::new(), Vouched::default()));
        }
        let is_local = self.is_local();
        let outgoing = match (self.http_client, &self.ca_file) {
            (Some(_), Some(_)) => {
                let why = "ca_file is for the crate's own client, and http_client replaces that";
                return Err(AuthError::Setting(why));
            }
            (None, Some(file)) => Outgoing::trusting(file),
            (client, None) => Outgoing::new(client),
        };
        let outgoing = outgoing.map_err(AuthError::HttpClient)?;
        let header = self.header.map(|header| header.build(&outgoing));
        let firebase = self.firebase.map(|firebase| firebase.build(&outgoing));
        let gate_lists = GateLists::new(gate, &outgoing).ok_or(AuthError::Setting(
            "a list of the gate is at an https address (http only on this machine) without a user in it",
        ))?;
        let vouched = Vouched {
            is_local,
            gate_lists,
            header: header.transpose().map_err(AuthError::Vouching)?,
            firebase: firebase.transpose().map_err(AuthError::Vouching)?,
        };
        let providers = providers(self.oidc, &outgoing)?;
        let others = usize::from(vouched.firebase.is_some());
        if providers.len() + others > 1
            && gate.asks_for_email()
            && !providers.iter().all(Provider::lists_email_domains)
        {
            return Err(AuthError::Setting(
                "with several providers, of which Firebase is one, a gate that asks for e-mail addresses needs email_domains of each",
            ));
        }
        Ok((providers, vouched))
    }
}

#[cfg(feature = "providers")]
fn providers(settings: Vec<Oidc>, outgoing: &Outgoing) -> Result<Vec<Provider>, AuthError> {
    let mut all: Vec<Provider> = Vec::new();
    for one in settings {
        let one = one.build(outgoing.clone())?;
        if all.iter().any(|earlier| earlier.name() == one.name()) {
            return Err(AuthError::Setting("two providers have the same name"));
        }
        all.push(one);
    }
    Ok(all)
}

#[cfg(feature = "providers")]
impl Vouched {
    /// Whether each request must bring the header of a proxy.
    pub(crate) const fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Why a request names nobody, for the log.
    pub(crate) fn missing(&self) -> Option<String> {
        self.header.as_ref().map(Assertions::missing)
    }

    /// The app's own page with Firebase.
    pub(crate) fn page(&self) -> Option<&str> {
        self.firebase.as_ref()?.settings.page.as_deref()
    }
}

#[cfg(not(feature = "providers"))]
#[expect(clippy::unused_self, reason = "there is nobody")]
mod nobody {
    use super::{AuthError, Gate, Vouched, Vouching};

    impl Vouching {
        pub(crate) const fn has(&self) -> (bool, bool) {
            (false, false)
        }

        pub(crate) const fn is_local(&self) -> bool {
            false
        }

        pub(crate) const fn has_providers(&self) -> bool {
            false
        }

        #[expect(clippy::unnecessary_wraps, reason = "with providers it can fail")]
        pub(crate) fn build(self, _: &Gate) -> Result<([(); 0], Vouched), AuthError> {
            Ok(([], Vouched::default()))
        }
    }

    impl Vouched {
        pub(crate) const fn has_header(&self) -> bool {
            false
        }

        pub(crate) const fn missing(&self) -> Option<String> {
            None
        }

        pub(crate) const fn page(&self) -> Option<&str> {
            None
        }
    }
}
