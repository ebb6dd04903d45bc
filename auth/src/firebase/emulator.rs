//! Firebase's emulator, in development. Its ID tokens say `"alg": "none"` and have no signature, so
//! anybody can write one: the emulator itself must know the person. No other file reads such a token.

use std::net::SocketAddr;

use serde_json::{Value, json};
use url::Url;

use crate::jws::{Claims, Fault, base64url, strict_object};
use crate::outgoing::{HttpRequest, Outgoing};
use crate::refusal::{Refusal, RefusalCode};

pub(super) struct Emulator {
    /// Where it says whose token this is.
    look_up: Url,
    outgoing: Outgoing,
}

impl Emulator {
    pub(super) fn at(address: &str, outgoing: Outgoing) -> Result<Self, String> {
        let parsed: Option<SocketAddr> = address.parse().ok();
        if !parsed.is_some_and(|address| address.ip().is_loopback()) {
            return Err(format!(
                "the emulator is on this machine, as 127.0.0.1:9099, not at {address:?}"
            ));
        }
        // https://firebase.google.com/docs/reference/rest/auth#section-get-account-info, below the
        // host that it replaces; the emulator takes any key.
        let look_up = format!(
            "http://{address}/identitytoolkit.googleapis.com/v1/accounts:lookup?key=emulator"
        );
        let look_up = Url::parse(&look_up).map_err(|error| error.to_string())?;
        Ok(Self { look_up, outgoing })
    }

    /// The claims of a token, if the emulator knows whose it is.
    pub(super) async fn claims(&self, token: &str) -> Result<Claims, Refusal> {
        let wrong = |fault: Fault| {
            Refusal::new(RefusalCode::TokenInvalid)
                .because(format!("the emulator's token: {fault}"))
        };
        let claims = read(token).map_err(wrong)?;
        let subject = claims.required_text("sub").map_err(wrong)?;
        let mut request = HttpRequest::new("POST", &self.look_up);
        request.json(&json!({ "idToken": token }));
        let reply = self.outgoing.send(request).await.map_err(|unreachable| {
            Refusal::new(RefusalCode::ProviderUnreachable).because(unreachable.to_string())
        })?;
        let known: Value = serde_json::from_slice(reply.body()).unwrap_or_default();
        if reply.status() != 200 || known.pointer("/users/0/localId") != Some(&json!(subject)) {
            return Err(wrong(Fault::new("the emulator does not know it")));
        }
        Ok(claims)
    }
}

/// The claims of a token without a signature (RFC 7519 §6).
fn read(token: &str) -> Result<Claims, Fault> {
    let unsigned = token
        .strip_suffix('.')
        .and_then(|rest| rest.split_once('.'));
    let (header, claims) = unsigned
        .filter(|(_, claims)| !claims.contains('.'))
        .ok_or_else(|| Fault::new("it is signed, or not a token"))?;
    let object = |part: &str| {
        let bytes = base64url(part).ok_or_else(|| Fault::new("it is not base64url"))?;
        strict_object(&bytes)
    };
    if object(header)?.get("alg") != Some(&json!("none")) {
        return Err(Fault::new("it is not one of the emulator's"));
    }
    object(claims).map(Claims::new)
}
