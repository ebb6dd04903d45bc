//! For the tests of apps: does with a response and its tokens what a browser does.

use std::fmt;

use apply_cookies_protocol::{BindingCookie, Seal, UntrustedToken};

use crate::deployment::ApplyCookies;

/// A browser for tests, with any framework: a cookie jar that takes a whole response, keeps the
/// cookies of its headers, and really redeems the tokens in its body, in order, as the client
/// module would.
///
/// It is simple: it ignores paths, domains and ages, except that a `Max-Age` of zero deletes.
///
/// ```
/// use apply_cookies::testing::Browser;
/// use apply_cookies::{ApplyCookies, SetCookie};
/// # use apply_cookies::protocol::{Batch, Operation};
/// # use apply_cookies::MintOptions;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let apply = ApplyCookies::dev();
/// let mut browser = Browser::new(&apply);
/// // Send `browser.cookie_field()` with a request to the app; then:
/// # let theme = Operation::try_from(SetCookie::new("theme", "dark"))?;
/// # let token = apply.issuer().mint(&Batch::new(theme), Some(&browser.binding()), &MintOptions::default());
/// # let fields: [(&str, &str); 1] = [("set-cookie", "session=8f14e45f; Path=/; Secure")];
/// # let body = format!("event: apply-cookies\ndata: {{\"token\":\"{}\"}}\n\n", token.token().as_str());
/// let lines = browser.receive(fields, body.as_bytes()).await;
/// assert_eq!(lines[0], "session=8f14e45f; Path=/; Secure");
/// assert_eq!(browser.cookie("theme"), Some("dark"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })
/// # }
/// ```
pub struct Browser {
    apply: ApplyCookies,
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// A browser without cookies, on a page of this deployment.
    #[must_use]
    pub fn new(apply: &ApplyCookies) -> Self {
        Self {
            apply: apply.clone(),
            cookies: Vec::new(),
        }
    }

    /// The value of the `Cookie` field of its next request; empty if it has no cookies.
    #[must_use]
    pub fn cookie_field(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// The value of a cookie. On plain http, as with [`ApplyCookies::dev`], the cookie of a name with
    /// a prefix is the one without.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let name = self.apply.scheme().name(name);
        let mut cookies = self.cookies.iter();
        cookies.find_map(|(one, value)| (one == name).then_some(&**value))
    }

    /// Its binding. If it has none, it gets one, as from `POST /bind`.
    pub fn binding(&mut self) -> BindingCookie {
        let name = self.apply.deployment.binding_name;
        let field = self.cookie_field();
        let sent = name.read([field.as_bytes()].into_iter());
        sent.into_cookie().unwrap_or_else(|| {
            let binding = crate::browser::fresh();
            self.keep(&name.set_cookie(&binding));
            binding
        })
    }

    /// Receives a response: its header fields and its whole body. Returns the `Set-Cookie` values
    /// of the headers and of each token, in order, except the binding's.
    ///
    /// A handler that awaits a receipt ends its stream only once its token is redeemed: read that
    /// body chunk by chunk, and call this for each.
    ///
    /// # Panics
    ///
    /// If a token is refused, so that the test fails. A second call with the same tokens finds them
    /// used.
    pub async fn receive<N, V>(
        &mut self,
        fields: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Vec<String>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let mut lines = Vec::new();
        for (name, value) in fields {
            if name.as_ref().eq_ignore_ascii_case("set-cookie") {
                let line = String::from_utf8_lossy(value.as_ref()).into_owned();
                self.keep(&line);
                let name = line.split('=').next().map(str::trim);
                if name != Some(self.apply.deployment.binding_name.as_str()) {
                    lines.push(line);
                }
            }
        }
        let body = String::from_utf8_lossy(body);
        for token in tokens(&body) {
            lines.extend(self.redeem(token).await);
        }
        lines
    }

    async fn redeem(&mut self, token: &str) -> Vec<String> {
        let binding = self.binding();
        let redeemed = self
            .apply
            .redeemer()
            .redeem(UntrustedToken::new(token), None, Some(&binding))
            .await
            .unwrap_or_else(|rejection| panic!("a token of the response was refused: {rejection}"));
        let lines: Vec<String> = redeemed.lines().map(str::to_owned).collect();
        for line in &lines {
            self.keep(line);
        }
        lines
    }

    fn keep(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .unwrap_or_default();
        self.cookies.retain(|(one, _)| one != name);
        if !parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.cookies.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Browser")
            .field("cookies", &names)
            .finish_non_exhaustive()
    }
}

/// The tokens in a stream's text, in any form of a frame.
#[must_use]
pub fn tokens(body: &str) -> Vec<&str> {
    let is_token = |text: &str| {
        let mut seals = [Seal::Encrypted, Seal::Signed].into_iter();
        seals.any(|seal| text.starts_with(seal.prefix()))
    };
    // In each form the token is in quotes, after its name.
    let named = body.match_indices("token").filter_map(|(at, name)| {
        let value = &body[at + name.len()..];
        let mut forms = ["\":\"", "=\""].into_iter();
        let value = forms.find_map(|form| value.strip_prefix(form))?;
        value.split('"').next()
    });
    named.filter(|text| is_token(text)).collect()
}
