//! What a part of an app asks of everybody.

#[cfg(feature = "providers")]
use std::time::Duration;

use apply_cookies::web::Answer;

use crate::auth::Auth;
use crate::refusal::{Refusal, RefusalCode};
#[cfg(feature = "providers")]
use crate::step_up::StepUp;
use crate::visitor::Visitor;

/// Asks for a sign-in, and perhaps a role, around a part of an app. Made by [`Auth::required`]; it
/// goes inside the middleware.
#[derive(Clone, Debug)]
pub struct Required {
    roles: Vec<String>,
    #[cfg(feature = "providers")]
    step_up: StepUp,
}

impl Auth {
    /// A guard for a part of the app, whatever arguments its handlers take: `Scope::wrap` in
    /// actix-web, `Router::route_layer` in axum, where `layer` would also guard whatever no route of
    /// the whole app matches.
    #[must_use]
    pub fn required(&self) -> Required {
        Required {
            roles: Vec::new(),
            #[cfg(feature = "providers")]
            step_up: StepUp::default(),
        }
    }
}

impl Required {
    /// Asks for this role too. Called several times, any one of them is enough.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Asks that people have shown their provider who they are in this way (OpenID Connect's `acr`, in
    /// the provider's own words): whoever has not is sent there again, and comes back. Called several
    /// times, any one of them is enough. Scripts get 401.
    #[cfg(feature = "providers")]
    #[must_use]
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.step_up.acr.push(acr.into());
        self
    }

    /// Asks that people have shown their provider who they are within this time, in whole seconds, and
    /// allows a minute more for the provider's clock.
    #[cfg(feature = "providers")]
    #[must_use]
    pub const fn within(mut self, time: Duration) -> Self {
        self.step_up.max_age = Some(time.as_secs());
        self
    }

    /// Whether somebody may pass.
    pub(crate) fn check(&self, visitor: &Visitor) -> Result<(), Answer> {
        let who = visitor.required()?;
        if !self.roles.is_empty() && !who.has_one_of(&self.roles) {
            return Err(visitor.refuse(&Refusal::new(RefusalCode::RoleMissing)));
        }
        #[cfg(feature = "providers")]
        visitor.check_step_up(&who, &self.step_up)?;
        Ok(())
    }
}
