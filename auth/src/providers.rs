//! The providers of a deployment, and what sign-ins with them need.

use std::time::Duration;

use apply_cookies::protocol::{CookieHeader, Lookup, Stamp, ValueCodec};
use apply_cookies::{ApplyCookies, OperationError, Protection, SetCookie, UnixMillis};

use crate::attempt::{Attempts, Claims};
use crate::hint::HintCookie;
use crate::oidc::Provider;
use crate::popups::Popups;
use crate::random;
use crate::return_to::ReturnTo;

/// Marks that somebody has signed out in this browser, until somebody signs in with a provider again:
/// without it a provider that still has a session would sign the same person in at once. Over plain http
/// it has no prefix.
const SIGNED_OUT: &str = "__Host-signed-out";
/// How long the mark stays.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);

/// The name under which keys are derived for the places to which people are sent after a sign-out at the
/// provider. No cookie is called that.
const PLACE: &str = "signed-out-place";
/// How long somebody may take there, in milliseconds.
const PLACE_MS: u64 = 600_000;

pub(crate) struct Providers {
    all: Vec<Provider>,
    pub(crate) attempts: Attempts,
    /// Those that are claimed.
    pub(crate) claims: Claims,
    pub(crate) hint: HintCookie,
    /// The name of the cookie that marks a sign-out, as the browser knows it.
    pub(crate) signed_out: String,
    place: ValueCodec,
    pub(crate) popups: Popups,
}

/// A page that has to do with one provider.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// To the provider.
    Begin(&'a Provider),
    /// And back.
    Callback(&'a Provider),
    /// The provider itself says that somebody has signed out there.
    BackChannel(&'a Provider),
}

impl Step<'_> {
    /// The methods that its page takes.
    pub(crate) const fn methods(self) -> &'static [u8] {
        match self {
            Self::Begin(_) => b"GET, HEAD",
            Self::Callback(_) => b"GET",
            Self::BackChannel(_) => b"POST",
        }
    }
}

impl Providers {
    pub(crate) fn new(
        cookies: &ApplyCookies,
        prefix: &str,
        all: Vec<Provider>,
        claims: Claims,
    ) -> Result<Self, OperationError> {
        let signed_out = cookies
            .classes()
            .value_codec(SIGNED_OUT, Protection::Plain)?;
        Ok(Self {
            all,
            attempts: Attempts::new(cookies)?,
            claims,
            popups: Popups::default(),
            hint: HintCookie::new(cookies, prefix)?,
            signed_out: signed_out.name().to_owned(),
            place: cookies
                .classes()
                .value_codec(PLACE, Protection::Encrypted)?,
        })
    }

    pub(crate) fn all(&self) -> &[Provider] {
        &self.all
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Provider> {
        self.all.iter().find(|provider| provider.name() == name)
    }

    /// Whether somebody has signed out in the browser that sent these `Cookie` fields.
    pub(crate) fn is_signed_out<'h>(&self, fields: impl Iterator<Item = &'h [u8]> + Clone) -> bool {
        CookieHeader::new(fields).find(&self.signed_out) != Lookup::Absent
    }

    /// The cookie that marks a sign-out.
    pub(crate) fn mark(&self) -> SetCookie<'static> {
        SetCookie::new(self.signed_out.clone(), "1").max_age(REMEMBERED)
    }

    /// The `state` of a sign-out at a provider: where the person goes afterwards, if anywhere.
    pub(crate) fn seal_place(&self, place: Option<&ReturnTo>, now: UnixMillis) -> String {
        let text = place.map_or("", ReturnTo::as_text);
        let stamp = Stamp::new(now, random::bytes()).expires_at(now.plus(PLACE_MS));
        self.place.encode(text.as_bytes(), &stamp)
    }

    /// Where that was.
    pub(crate) fn open_place(&self, state: &str, now: UnixMillis) -> Option<String> {
        let mut buffer = Vec::new();
        let bytes = self
            .place
            .decode(state.as_bytes(), now, &mut buffer)
            .ok()?
            .bytes();
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| !text.is_empty());
        text.map(str::to_owned)
    }

    /// What a page below the prefix is about.
    pub(crate) fn step(&self, page: &str) -> Option<Step<'_>> {
        let find = |before| page.strip_prefix(before).and_then(|name| self.find(name));
        (find("/sign-in/").map(Step::Begin))
            .or_else(|| find("/callback/").map(Step::Callback))
            .or_else(|| find("/back-channel/").map(Step::BackChannel))
    }
}
