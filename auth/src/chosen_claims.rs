//! Which claims of a token become part of an identity, beside its e-mail address and name.

use serde_json::{Map, Value};

use crate::gate::{ClaimPath, WrongClaim};
use crate::identity::Identity;

/// What an app has chosen of a provider's claims.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChosenClaims {
    /// Where the roles are.
    pub(crate) roles: Option<ClaimPath>,
    names: Vec<String>,
}

impl ChosenClaims {
    /// Keeps these claims, too.
    pub(crate) fn keep(&mut self, names: impl IntoIterator<Item: Into<String>>) {
        self.names.extend(names.into_iter().map(Into::into));
    }

    /// The identity with them, if they are there.
    pub(crate) fn add_to(
        &self,
        mut who: Identity,
        claims: &Map<String, Value>,
    ) -> Result<Identity, WrongClaim> {
        if let Some(roles) = &self.roles {
            who = who.with_roles(roles.texts(claims)?);
        }
        for name in &self.names {
            if let Some(value) = claims.get(name) {
                who = who.with_claim(name, value.clone());
            }
        }
        Ok(who)
    }
}
