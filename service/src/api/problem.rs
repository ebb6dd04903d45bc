//! What the API refuses, as a problem document (RFC 9457). Never shows a value, a token or a key.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::minting::Refusal;
use crate::strict::Fault;

/// The kinds of problems: status, `type`, `title`.
#[derive(Clone, Copy)]
pub(crate) struct Kind(u16, &'static str, &'static str);

impl Kind {
    pub(super) const INVALID: Self = Self(400, "invalid", "Invalid request");
    pub(super) const UNAUTHORIZED: Self = Self(401, "unauthorized", "A key of this API is needed");
    pub(super) const ORIGIN: Self = Self(403, "origin", "Browsers may not call this API");
    pub(super) const NOT_FOUND: Self = Self(404, "not-found", "Nothing is here");
    pub(super) const METHOD: Self = Self(
        405,
        "method-not-allowed",
        "This method is not answered here",
    );
    pub(super) const TIMEOUT: Self = Self(408, "unavailable", "The body did not arrive in time");
    pub(super) const CONFLICT: Self = Self(409, "conflict", "The key belongs to another request");
    pub(super) const TOO_LARGE: Self = Self(413, "too-large", "The body is too large");
    pub(super) const MEDIA_TYPE: Self = Self(
        415,
        "unsupported-media-type",
        "The body must be application/json",
    );
    pub(super) const UNAVAILABLE: Self = Self(503, "unavailable", "Try again in a moment");
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct Problem {
    /// A short stable name.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    detail: Option<String>,
    /// The field to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    field: Option<String>,
    /// Position in the request's list, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    item: Option<u32>,
    /// Position among the item's operations, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    operation: Option<u32>,
    /// The methods of the path, for a 405.
    #[serde(skip)]
    allow: Option<&'static str>,
}

impl From<Kind> for Problem {
    fn from(Kind(status, kind, title): Kind) -> Self {
        Self {
            kind,
            title,
            status,
            detail: None,
            field: None,
            item: None,
            operation: None,
            allow: None,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self {
            field: fault.field,
            item: fault.item.map(position),
            ..Self::invalid(fault.detail)
        }
    }
}

impl Problem {
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::from(Kind::INVALID).detail(detail)
    }

    pub(super) fn not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Kind::METHOD.into()
        }
    }

    /// An item of the request that is malformed.
    pub(super) fn malformed(item: usize, refusal: Refusal) -> Self {
        Self {
            field: refusal.field,
            operation: refusal.operation.map(position),
            ..Self::invalid(refusal.detail).item(item)
        }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(super) fn item(mut self, item: usize) -> Self {
        self.item = Some(position(item));
        self
    }
}

/// Positions are far below this in a body of 256 KiB.
fn position(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        match self.status {
            401 => _ = response.insert_header((WWW_AUTHENTICATE, "Bearer")),
            503 => _ = response.insert_header((RETRY_AFTER, "1")),
            _ => {}
        }
        if let Some(allow) = self.allow {
            response.insert_header((ALLOW, allow));
        }
        // Its fields can all be written as JSON.
        response.body(serde_json::to_string(self).unwrap_or_default())
    }
}
