//! `Identity` and `Visitor` as handler arguments.

use apply_cookies::web::Answer;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::Extensions;
use http::request::Parts;

use crate::identity::Identity;
use crate::visitor::Visitor;

pub(super) fn visitor(extensions: &Extensions) -> Result<Visitor, Answer> {
    let remedy = "call .layer(auth.layer()) on the Router, after its routes";
    let visitor = extensions.get::<Visitor>().cloned();
    visitor.ok_or_else(|| Visitor::forgotten(remedy))
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Answer> {
        visitor(&parts.extensions)
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Answer> {
        visitor(&parts.extensions)?.required()
    }
}

/// `None` where nobody is signed in: where nobody can say who somebody is, the layer has answered 503
/// before.
impl<S: Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Answer> {
        Ok(visitor(&parts.extensions)?.identity().cloned())
    }
}
