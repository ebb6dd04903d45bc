//! A page whose stream goes on once its token is redeemed.

use std::net::SocketAddr;

use axum::http::Method;

use crate::harness::tokens;
use crate::http2::{Client, request};
use crate::support::cookie_header;
use crate::support::http::Response;

/// A visit of browser 1.
pub(crate) struct Visit {
    /// The head, and the body without its encoding.
    pub(crate) response: Response,
    /// The token that the body brought.
    pub(crate) token: String,
    /// The answer that its POST got, on another connection.
    pub(crate) applied: Response,
}

impl Visit {
    /// The stream must bring one token, and bring it while it is still open.
    pub(crate) fn to(address: SocketAddr, path: &str, fields: &[&str]) -> Self {
        let me = cookie_header(1);
        let mut page = Client::connect(address);
        let mut stream = Client::connect(address);
        let request = request(Method::GET, path, &[&[&*me], fields].concat());
        let mut redeemed = None;
        let response = stream.begin(request, Some(b"")).decoded(|body| {
            // Behind the last quote there may be half a token.
            let whole = body.rsplit_once('"').map_or("", |(whole, _)| whole);
            if let ([token], None) = (&*tokens(whole), &redeemed) {
                redeemed = Some(((*token).to_owned(), page.redeem(&me, token, None)));
            }
        });
        let (token, applied) = redeemed.unwrap_or_else(|| panic!("no token: {response:?}"));
        assert_eq!(applied.status, 204);
        assert!(response.body.contains("welcome"), "{}", response.body);
        Self {
            response,
            token,
            applied,
        }
    }
}
