//! A token, dressed for the stream that carries it. A frame holds the token and nothing that the
//! page would have to trust (SPEC §8).

use std::fmt;

use apply_cookies_protocol::{Token, TokenId};

/// Name of the SSE event, `type` of the WebSocket message, and the HTML element.
pub const FRAME_NAME: &str = "apply-cookies";

/// One token on its way to the page. `Debug` shows a digest of its nonce, never the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    token: Token,
}

impl Frame {
    pub(crate) const fn new(token: Token) -> Self {
        Self { token }
    }

    /// The token's text.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_str()
    }

    /// What logs call the token.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.token.id()
    }

    /// A server-sent event, with the empty line that ends it.
    #[must_use]
    pub fn to_sse(&self) -> String {
        // Tokens consist of base64url characters and dots, so no form needs escaping.
        format!(
            "event: {FRAME_NAME}\ndata: {{\"token\":\"{}\"}}\n\n",
            self.token()
        )
    }

    /// A WebSocket text message.
    #[must_use]
    pub fn to_websocket_text(&self) -> String {
        format!(
            "{{\"type\":\"{FRAME_NAME}\",\"token\":\"{}\"}}",
            self.token()
        )
    }

    /// An HTML element, for streamed pages and for htmx, Datastar or Turbo.
    #[must_use]
    pub fn to_html(&self) -> String {
        format!("<{FRAME_NAME} token=\"{}\"></{FRAME_NAME}>", self.token())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({})", self.id())
    }
}
