//! The JSON of requests and results, as `/v1/tokens` has it.

use apply_cookies::protocol::strict_json::Object;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::words::words;

/// One request for tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct TokenRequest {
    /// Given back.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// Value of the binding cookie of the browser that can redeem the tokens: 43 characters. Only
    /// where bindings are optional may it be left out.
    #[serde(default)]
    pub(super) binding: Option<String>,
    /// What the tokens do, in order. If one token has no room for it, it becomes several.
    #[cfg_attr(test, schema(value_type = Vec<crate::api::schema::Operation>))]
    pub(super) operations: Vec<Box<RawValue>>,
    #[serde(default)]
    pub(super) seal: SealWord,
    /// How long the tokens live: a minute, or up to `limits.ttl_ms`.
    #[serde(default)]
    #[cfg_attr(
        test,
        schema(
            minimum = 0,
            maximum = 18_446_744_073_709_551_615_u64,
            format = "uint64"
        )
    )]
    pub(super) ttl_ms: Option<u64>,
    /// A sign-out: once it is redeemed, older tokens of its browser are refused.
    #[serde(default)]
    pub(super) barrier: bool,
    /// What the page does once the cookies are set.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<crate::api::schema::Then>))]
    pub(super) then: Option<Then>,
    /// The stream that will carry the tokens: they then come as its frames, too.
    #[serde(default)]
    pub(super) frame: Option<FrameWord>,
}

words! {
    /// How tokens protect their operations.
    #[derive(Default)]
    SealWord {
        #[default]
        Encrypted = "encrypted",
        Signed = "signed",
    }
}

words! {
    FrameWord {
        Sse = "sse",
        WebSocket = "websocket",
        Html = "html",
    }
}

words! {
    ThenWord {
        Reconnect = "reconnect",
        Reload = "reload",
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Then {
    Word(ThenWord),
    Go(Object<Go>),
}

/// Go to a path of the page's own origin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct Go {
    pub(super) go: String,
}

/// What a request became.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct TokenResult {
    /// That of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(super) id: Option<String>,
    /// The tokens, in the order in which the page must get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(crate) tokens: Option<Vec<MintedToken>>,
    /// In place of tokens: why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(super) error: Option<Refusal>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct MintedToken {
    pub(super) token: String,
    /// The token as a frame of the stream that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(super) frame: Option<String>,
    /// Id of its receipt.
    pub(super) receipt: String,
    /// Milliseconds since 1970.
    pub(super) issued_at: u64,
    /// Milliseconds since 1970: from then on it is refused.
    pub(crate) expires_at: u64,
}

/// A request that is refused: the field and the rule, never a value.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct Refusal {
    /// Always `invalid`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(crate) field: Option<String>,
    /// Position of the operation, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    pub(crate) operation: Option<usize>,
    /// For people.
    pub(crate) detail: String,
    /// It does not have the form of a request, rather than breaking a rule.
    #[serde(skip)]
    pub(crate) malformed: bool,
}

impl Refusal {
    pub(crate) fn new(field: Option<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: "invalid",
            field,
            operation: None,
            detail: detail.into(),
            malformed: false,
        }
    }

    pub(super) fn of(field: &str, detail: impl Into<String>) -> Self {
        Self::new(Some(field.to_owned()), detail)
    }

    pub(super) fn at(mut self, operation: usize) -> Self {
        self.operation = Some(operation);
        self
    }
}

impl TokenResult {
    pub(crate) fn refused(id: Option<String>, refusal: Refusal) -> Self {
        Self {
            id,
            tokens: None,
            error: Some(refusal),
        }
    }
}
