//! What a request says about the browser, for the head of its response.

use std::fmt;

use apply_cookies_protocol::BindingCookie;

use super::fields::{Asked, Fields};
use crate::browser::{FetchMetadata, Sent};
use crate::deployment::{ApplyCookies, Deployment};

/// Where the request comes from.
pub(super) fn metadata<'r, F: Fields>(
    deployment: &Deployment,
    asked: Asked<'r, F>,
) -> FetchMetadata<'r> {
    // No browser sends these twice; if one does stand twice, what allows least counts.
    let only = |name| {
        let mut values = asked.fields.all(name);
        values.next().filter(|_| values.next().is_none())
    };
    let sites = asked.fields.all("sec-fetch-site");
    let foreign_site = |site: &&[u8]| !matches!(*site, b"same-origin" | b"none");
    let other_site = |site: &&[u8]| *site != b"same-origin";
    let site = (sites.clone().find(foreign_site))
        .or_else(|| sites.clone().find(other_site))
        .or_else(|| sites.clone().next());
    let own_site = site == Some(b"same-origin");
    let is_own =
        |origin: &[u8]| deployment.origins.allows(origin) || (own_site && origin == b"null");
    FetchMetadata {
        get: asked.method == "GET",
        site,
        mode: only("sec-fetch-mode"),
        dest: only("sec-fetch-dest"),
        foreign_origin: !asked.fields.all("origin").all(is_own),
    }
}

/// The binding cookie that the request has.
pub(super) fn sent<F: Fields>(deployment: &Deployment, asked: Asked<'_, F>) -> Sent {
    deployment.binding_name.read(asked.fields.all("cookie"))
}

impl ApplyCookies {
    /// The binding of the browser that asks, or a new one for it: for whoever writes the head of a
    /// response that will carry tokens, and is no adapter with an [`Exchange`](super::Exchange). By
    /// the fields `cookie`, `origin` and `sec-fetch-…` (SPEC §9.1).
    ///
    /// `fresh` draws the new value. A binding that is present says whose the browser is, not that
    /// this response may carry a token (SPEC §9.7).
    pub fn bind_head<F: Fields>(
        &self,
        asked: Asked<'_, F>,
        fresh: impl FnOnce() -> BindingCookie,
    ) -> HeadBinding {
        let deployment = &*self.deployment;
        let none = |why| HeadBinding {
            binding: None,
            set_cookie: None,
            why,
        };
        match sent(deployment, asked) {
            Sent::Binding(binding) => {
                return HeadBinding {
                    binding: Some(binding),
                    set_cookie: None,
                    why: BindingReason::Present,
                };
            }
            Sent::Several => return none(BindingReason::Duplicate),
            Sent::None => {}
        }
        let metadata = metadata(deployment, asked);
        if metadata.foreign_origin {
            return none(BindingReason::Origin);
        }
        if !metadata.may_bind() || !metadata.is_read_by_own_pages() {
            return none(BindingReason::CrossSite);
        }
        let binding = fresh();
        HeadBinding {
            set_cookie: Some(deployment.binding_name.set_cookie(&binding)),
            binding: Some(binding),
            why: BindingReason::Made,
        }
    }
}

/// What [`ApplyCookies::bind_head`] decides. `Debug` shows no value of a cookie.
#[non_exhaustive]
pub struct HeadBinding {
    /// The binding to mint for, also if it has just been made.
    pub binding: Option<BindingCookie>,
    /// The `Set-Cookie` value that the response must have.
    pub set_cookie: Option<String>,
    /// Why it is so.
    pub why: BindingReason,
}

impl fmt::Debug for HeadBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadBinding")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// Why a browser has a binding, or gets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingReason {
    /// The browser sent one.
    Present,
    /// It had none, and is given a new one.
    Made,
    /// It sent several cookies of the name.
    Duplicate,
    /// The request's `Origin` is foreign.
    Origin,
    /// `Sec-Fetch-Site` says that another site's page, or nobody's, reads the response.
    CrossSite,
}

impl BindingReason {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Made => "made",
            Self::Duplicate => "duplicate",
            Self::Origin => "origin",
            Self::CrossSite => "cross-site",
        }
    }
}
