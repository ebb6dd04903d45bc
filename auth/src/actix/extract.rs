//! `Identity` and `Visitor` as handler arguments, and refusals as handler results.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use apply_cookies::web::{Answer, ExtractError};

use crate::identity::Identity;
use crate::visitor::Visitor;

/// An answer to whoever may not go on, as an error of a handler.
#[derive(Clone)]
pub struct Refused(Why);

#[derive(Clone)]
enum Why {
    Answered(Answer),
    /// The answer is made, and logged, only if it is sent: `Option<Identity>` drops it.
    SignedOut(Visitor),
}

impl Refused {
    fn to_answer(&self) -> Answer {
        match &self.0 {
            Why::Answered(answer) => answer.clone(),
            Why::SignedOut(visitor) => visitor.refuse_signed_out(),
        }
    }
}

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self(Why::Answered(answer))
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refused(..)")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Why::Answered(_) => "refused",
            Why::SignedOut(_) => "nobody is signed in",
        })
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        self.to_answer().into()
    }
}

pub(super) fn visitor(request: &HttpRequest) -> Result<Visitor, Refused> {
    let visitor = request.extensions().get::<Visitor>().cloned();
    visitor.ok_or_else(|| {
        let remedy = "call .wrap(auth.middleware()) on the App";
        ExtractError::no_middleware(remedy).to_answer().into()
    })
}

impl FromRequest for Visitor {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visitor(request))
    }
}

/// `Option<Identity>` is `None` where nobody is signed in: where nobody can say who somebody is, the
/// middleware has answered 503 before.
impl FromRequest for Identity {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visitor(request).and_then(|visitor| {
            let who = visitor.identity().cloned();
            who.ok_or(Refused(Why::SignedOut(visitor)))
        }))
    }
}
