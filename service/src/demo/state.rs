//! The state that the demo's handlers share.

use apply_cookies::ApplyCookies;

use super::sessions::Sessions;

pub(super) struct Demo {
    pub(super) apply: ApplyCookies,
    pub(super) sessions: Sessions,
}
