//! `Identity` and `Visitor` as handler arguments, and refusals as handler results.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use apply_cookies::web::Answer;

use crate::identity::Identity;
use crate::visitor::Visitor;

/// An answer to whoever may not go on, as an error of a handler. That of a visitor who is signed out
/// is made, and logged, only if it is sent: `Option<Identity>` drops it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("refused")]
pub struct Refused(Result<Answer, Visitor>);

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self(Ok(answer))
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        match &self.0 {
            Ok(answer) => answer.clone(),
            Err(visitor) => visitor.refuse_signed_out(),
        }
        .into()
    }
}

pub(super) fn visitor(request: &HttpRequest) -> Result<Visitor, Answer> {
    let visitor = request.extensions().get::<Visitor>().cloned();
    visitor.ok_or_else(|| Visitor::forgotten("call .wrap(auth.middleware()) on the App"))
}

impl FromRequest for Visitor {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visitor(request).map_err(Refused::from))
    }
}

/// `Option<Identity>` is `None` where nobody is signed in: where nobody can say who somebody is, the
/// middleware has answered 503 before.
impl FromRequest for Identity {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visitor(request).map_err(Refused::from).and_then(|visitor| {
            let who = visitor.identity().cloned();
            who.ok_or(Refused(Err(visitor)))
        }))
    }
}
