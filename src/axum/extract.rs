//! `PendingCookies` and cookie classes as handler arguments.

use apply_cookies_protocol::for_root::CookieClass;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::cookie::{Cookie, CookieOrDefault};
use crate::pending::PendingCookies;
use crate::tower::slot;
use crate::web::ExtractError;

impl<S: Sync> FromRequestParts<S> for PendingCookies {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        Self::from_extensions(&parts.extensions)
    }
}

impl<S: Sync, C: CookieClass + Send + 'static> FromRequestParts<S> for Cookie<C> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        slot(&parts.extensions).and_then(|slot| Self::from_slot(&slot))
    }
}

impl<S: Sync, C: CookieClass + Send + 'static> OptionalFromRequestParts<S> for Cookie<C> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ExtractError> {
        slot(&parts.extensions).map(|slot| Self::from_slot(&slot).ok())
    }
}

impl<S: Sync, C: CookieClass + Default + Send + 'static> FromRequestParts<S>
    for CookieOrDefault<C>
{
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        slot(&parts.extensions).map(|slot| Self::from_slot(&slot))
    }
}
