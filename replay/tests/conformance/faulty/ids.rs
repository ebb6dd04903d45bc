//! Whether two claims have the same redemption id.

use apply_cookies_protocol::RedemptionDigest;

use super::Store;
use crate::fault::Fault;

impl Store {
    pub(super) fn is_same(
        &self,
        kept: Option<RedemptionDigest>,
        given: Option<RedemptionDigest>,
    ) -> bool {
        match self.fault {
            Some(Fault::AnyIdIsARetry) => kept.is_some() && given.is_some(),
            Some(Fault::NeverARetry) => false,
            Some(Fault::NoIdEqualsNoId) => kept == given,
            Some(Fault::AnIdFollowsNone) => given.is_some() && (kept.is_none() || kept == given),
            _ => kept.is_some() && kept == given,
        }
    }
}
