//! Requests to the Management API: one token for all of them, one wait where there are too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apply_cookies::{Clock, UnixMillis};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;
use url::Url;
use zeroize::Zeroizing;

use super::error::ManagementError;
use crate::oidc::ClientSecret;
use crate::outgoing::{HttpRequest, Outgoing, Reply, Unreachable};

/// The longest wait for Auth0 to take requests again. Whoever waits may be a person at a page.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// The wait where Auth0 does not say how long.
const WAIT: Duration = Duration::from_secs(1);
/// How long before its end a token is no longer used, in milliseconds.
const BEFORE_END: u64 = 60_000;
/// The longest text of Auth0's that is shown.
const TEXT_MAX: usize = 200;

pub(super) struct Api {
    domain: Url,
    pub(super) client_id: String,
    secret: ClientSecret,
    pub(super) outgoing: Outgoing,
    clock: Clock,
    token: Mutex<State>,
    /// How many token requests have ended.
    ended: AtomicU64,
}

type Token = Arc<Zeroizing<String>>;

#[derive(Default)]
struct State {
    kept: Option<(Token, UnixMillis)>,
    /// Why the latest token request failed, if it did.
    failed: Option<ManagementError>,
}

/// <https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens>
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// The Management API's form of an error, and that of the token endpoint.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(rename = "errorCode")]
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
    error_description: Option<String>,
}

impl Api {
    pub(super) fn new(
        domain: &str,
        client_id: String,
        secret: ClientSecret,
    ) -> Result<Self, ManagementError> {
        let setting = |why: &str| ManagementError::Setting(why.to_owned());
        let wrong = || setting("the domain is that of the tenant, as in tenant.eu.auth0.com");
        let url = Url::parse(&format!("https://{domain}/")).map_err(|_| wrong())?;
        // The whole text is the host, and perhaps a port.
        let origin = url.origin().ascii_serialization();
        if origin != format!("https://{}", domain.to_ascii_lowercase()) {
            return Err(wrong());
        }
        if client_id.is_empty() {
            return Err(setting("the client id is empty"));
        }
        Ok(Self {
            domain: url,
            client_id,
            secret,
            outgoing: Outgoing::new(None).map_err(ManagementError::Setting)?,
            clock: Clock::system(),
            token: Mutex::default(),
            ended: AtomicU64::new(0),
        })
    }

    /// An address below the domain.
    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, ManagementError> {
        let wrong = |_| ManagementError::Setting("the address cannot be written".to_owned());
        let mut url = self.domain.join(path).map_err(wrong)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends a request to `/api/v2/`, with a token, and reads its answer.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, ManagementError> {
        let url = self.url(&format!("/api/v2/{path}"), query)?;
        let mut token = self.token().await?;
        let send = |token: &Token| {
            let mut request = HttpRequest::new(method, &url);
            let bearer = format!("Bearer {}", token.as_str());
            request.add("authorization", Zeroizing::new(bearer));
            if let Some(body) = body {
                request.json(body);
            }
            self.outgoing.send(request)
        };
        let mut reply = self.patiently(|| send(&token)).await?;
        if reply.status() == 401 {
            // The token has ended early, for instance because the client's secret was rotated.
            self.forget(&token).await;
            token = self.token().await?;
            reply = self.patiently(|| send(&token)).await?;
        }
        answer(&reply)
    }

    /// Posts to an endpoint that takes no token, and whose answer says nothing.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<(), ManagementError> {
        let url = self.url(path, &[])?;
        let send = || {
            let mut request = HttpRequest::new("POST", &url);
            request.json(body);
            self.outgoing.send(request)
        };
        let reply = self.patiently(send).await?;
        match reply.status() {
            200..300 => Ok(()),
            _ => Err(refused(&reply)),
        }
    }

    /// The token, until shortly before its end. Whoever comes while one is asked for waits for it, and
    /// shares its failure.
    async fn token(&self) -> Result<Token, ManagementError> {
        let ended = self.ended.load(Ordering::SeqCst);
        let mut state = self.token.lock().await;
        let now = self.clock.now();
        match &state.kept {
            Some((token, until)) if now < *until => return Ok(token.clone()),
            _ => {}
        }
        if ended != self.ended.load(Ordering::SeqCst)
            && let Some(error) = &state.failed
        {
            return Err(error.clone());
        }
        let granted = self.ask_for_token().await;
        self.ended.fetch_add(1, Ordering::SeqCst);
        match granted {
            Ok(granted) => {
                let life = granted.expires_in.saturating_mul(1000);
                let until = now.plus(life.saturating_sub(BEFORE_END.min(life / 2)));
                let token = Arc::new(Zeroizing::new(granted.access_token));
                state.failed = None;
                Ok(state.kept.insert((token, until)).0.clone())
            }
            Err(error) => {
                state.kept = None;
                Err(state.failed.insert(error).clone())
            }
        }
    }

    async fn ask_for_token(&self) -> Result<Granted, ManagementError> {
        let (url, audience) = (self.url("/oauth/token", &[])?, self.url("/api/v2/", &[])?);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.secret.as_str()),
            ("audience", audience.as_str()),
        ];
        let send = || self.outgoing.post_form(&url, &form, None);
        let reply = self.patiently(send).await?;
        match answer(&reply) {
            Err(
                ManagementError::Forbidden { code, .. }
                | ManagementError::Refused {
                    code, status: 401, ..
                },
            ) => Err(ManagementError::Credentials { code }),
            granted => granted,
        }
    }

    async fn forget(&self, token: &Token) {
        let mut state = self.token.lock().await;
        if (state.kept.as_ref()).is_some_and(|(kept, _)| Arc::ptr_eq(kept, token)) {
            state.kept = None;
        }
    }

    /// Sends a request, and once more if Auth0 takes requests again soon.
    /// <https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy>
    async fn patiently<F>(&self, send: impl Fn() -> F) -> Result<Reply, ManagementError>
    where
        F: Future<Output = Result<Reply, Unreachable>>,
    {
        let unreachable = |why: Unreachable| ManagementError::Unreachable(why.to_string());
        let reply = send().await.map_err(unreachable)?;
        if reply.status() != 429 {
            return Ok(reply);
        }
        let wait = self.wait(&reply);
        if wait > WAIT_MAX {
            return Err(ManagementError::Throttled { wait });
        }
        sleep(wait).await;
        let reply = send().await.map_err(unreachable)?;
        if reply.status() == 429 {
            let wait = self.wait(&reply);
            return Err(ManagementError::Throttled { wait });
        }
        Ok(reply)
    }

    fn wait(&self, reply: &Reply) -> Duration {
        let reset = || {
            let seconds = reply.values("x-ratelimit-reset").next()?;
            let at = UnixMillis::from_secs(seconds.trim().parse().ok()?)?;
            let wait = at.get().saturating_sub(self.clock.now().get());
            Some(Duration::from_millis(wait))
        };
        reply.retry_after().or_else(reset).unwrap_or(WAIT)
    }
}

fn answer<T: DeserializeOwned>(reply: &Reply) -> Result<T, ManagementError> {
    if !matches!(reply.status(), 200..300) {
        return Err(refused(reply));
    }
    let body = match reply.body() {
        [] => b"null",
        body => body,
    };
    // Only the place: serde's own message can quote the answer.
    let wrong = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        ManagementError::Answer(format!("line {line}, column {column}"))
    };
    serde_json::from_slice(body).map_err(wrong)
}

fn refused(reply: &Reply) -> ManagementError {
    let said: Said = serde_json::from_slice(reply.body()).unwrap_or_default();
    let shown = |text: Option<String>| {
        let text = text.unwrap_or_default();
        let shown = text.chars().filter(|c| !c.is_control());
        shown.take(TEXT_MAX).collect::<String>()
    };
    let code = shown(said.code.or(said.error));
    let message = shown(said.message.or(said.error_description));
    match reply.status() {
        403 => ManagementError::Forbidden { code, message },
        404 => ManagementError::NotFound { code },
        409 => ManagementError::Conflict { code },
        status @ 500.. => ManagementError::Failed { status },
        status => ManagementError::Refused {
            status,
            code,
            message,
        },
    }
}
