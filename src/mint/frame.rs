//! A token in the form of the stream that carries it. A frame contains the token and nothing that
//! the page would have to trust (SPEC §8).

use std::fmt;
use std::sync::Arc;

use apply_cookies_protocol::{Nonce, Token, TokenId};

use super::issuer::Minted;
use super::receipt::{Receipt, ReceiptState};

/// Name of the SSE event and of the HTML element, and `type` of the WebSocket message.
pub const FRAME_NAME: &str = "apply-cookies";

/// The streams that carry tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameForm {
    /// A server-sent event, with the empty line that ends it.
    Sse,
    /// A WebSocket text message.
    WebSocket,
    /// An HTML element, for streamed pages and for htmx, Datastar or Turbo.
    Html,
}

impl FrameForm {
    /// The token in this form.
    #[must_use]
    pub fn frame(self, token: &str) -> String {
        // Tokens consist of base64url characters and dots, so no form needs escaping.
        match self {
            Self::Sse => format!("event: {FRAME_NAME}\ndata: {{\"token\":\"{token}\"}}\n\n"),
            Self::WebSocket => format!("{{\"type\":\"{FRAME_NAME}\",\"token\":\"{token}\"}}"),
            Self::Html => format!("<{FRAME_NAME} token=\"{token}\"></{FRAME_NAME}>"),
        }
    }
}

/// One token on its way to the page. `Debug` shows a digest of its nonce, never the token.
#[derive(Clone)]
pub struct Frame {
    token: Token,
    nonce: Nonce,
    state: Arc<ReceiptState>,
}

impl Frame {
    pub(crate) fn new(minted: Minted, state: Arc<ReceiptState>) -> Self {
        Self {
            token: minted.token,
            nonce: minted.nonce,
            state,
        }
    }

    pub(crate) const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// The receipt that says whether the token's cookies were given out.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt::new(self.state.clone())
    }

    /// The token's text.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_str()
    }

    /// The token's name in logs.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.token.id()
    }

    /// A server-sent event, with the empty line that ends it.
    #[must_use]
    pub fn to_sse(&self) -> String {
        FrameForm::Sse.frame(self.token())
    }

    /// A WebSocket text message.
    #[must_use]
    pub fn to_websocket_text(&self) -> String {
        FrameForm::WebSocket.frame(self.token())
    }

    /// An HTML element, for streamed pages and for htmx, Datastar or Turbo.
    #[must_use]
    pub fn to_html(&self) -> String {
        FrameForm::Html.frame(self.token())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({})", self.id())
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token
    }
}

impl Eq for Frame {}
