//! The handle, from a request's extensions.

use http::Extensions;

use crate::pending::PendingCookies;
use crate::web::{ExtractError, Slot};

impl PendingCookies {
    /// The handle of a request, from its extensions: for handlers of any framework on http 1. An
    /// axum handler takes it as an argument instead.
    ///
    /// # Errors
    ///
    /// [`ExtractError::NoMiddleware`] if [`ApplyCookies::layer`](crate::ApplyCookies::layer) is
    /// missing.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, ExtractError> {
        slot(extensions).map(|slot| slot.pending())
    }
}

pub(crate) fn slot(extensions: &Extensions) -> Result<Slot, ExtractError> {
    let slot = extensions.get::<Slot>().cloned();
    slot.ok_or_else(|| {
        ExtractError::no_middleware("call .layer(apply.layer()) on the Router, after its routes")
    })
}
