//! `Identity` and `Visitor` as handler arguments.

use std::fmt;

use apply_cookies::web::{Answer, ExtractError};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::Extensions;
use http::request::Parts;

use crate::identity::Identity;
use crate::visitor::Visitor;

/// An answer to whoever may not go on.
#[derive(Clone)]
pub struct Refused(Answer);

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self(answer)
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({})", self.0.status)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

pub(super) fn visitor(extensions: &Extensions) -> Result<Visitor, Refused> {
    extensions.get::<Visitor>().cloned().ok_or_else(|| {
        let remedy = "call .layer(auth.layer()) on the Router, after its routes";
        ExtractError::no_middleware(remedy).to_answer().into()
    })
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        visitor(&parts.extensions)
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(visitor(&parts.extensions)?.required()?)
    }
}

/// `None` where nobody is signed in: where nobody can say who somebody is, the layer has answered 503
/// before.
impl<S: Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refused> {
        Ok(visitor(&parts.extensions)?.identity().cloned())
    }
}
