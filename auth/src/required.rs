//! What a part of an app asks of everybody.

use apply_cookies::web::Answer;

use crate::auth::Auth;
use crate::refusal::{Refusal, RefusalCode};
use crate::visitor::Visitor;

/// Asks for a sign-in, and perhaps a role, around a part of an app. Made by [`Auth::required`]; it
/// stands inside the middleware.
#[derive(Clone, Debug)]
pub struct Required {
    roles: Vec<String>,
}

impl Auth {
    /// A guard for a part of the app, whatever arguments its handlers take: `Scope::wrap` in
    /// actix-web, `Router::route_layer` in axum, where `layer` would also guard whatever no route of
    /// the whole app matches.
    #[must_use]
    pub fn required(&self) -> Required {
        Required { roles: Vec::new() }
    }
}

impl Required {
    /// Asks for this role too. Called several times, any one of them is enough.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Whether somebody may pass.
    pub(crate) fn check(&self, visitor: &Visitor) -> Result<(), Answer> {
        let who = visitor.required()?;
        if self.roles.is_empty() || who.has_one_of(&self.roles) {
            return Ok(());
        }
        Err(visitor.refuse(&Refusal::new(RefusalCode::RoleMissing)))
    }
}
