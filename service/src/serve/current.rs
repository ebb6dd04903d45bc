//! The deployments, which others replace when secrets are read again.

use std::sync::{Arc, PoisonError, RwLock};

use apply_cookies::replay::StoreError;
use apply_cookies::{ApplyCookies, Readiness, Seldom};

/// One for each profile. They share a store.
#[derive(Clone)]
pub(super) struct Current(Arc<Inner>);

struct Inner {
    endpoints: RwLock<Arc<[ApplyCookies]>>,
    /// Whoever asks `readyz` while it fails causes a log line.
    not_ready: Seldom,
}

impl Current {
    pub(super) fn new(endpoints: Vec<ApplyCookies>) -> Self {
        Self(Arc::new(Inner {
            endpoints: RwLock::new(endpoints.into()),
            not_ready: Seldom::new(),
        }))
    }

    pub(super) fn endpoints(&self) -> Arc<[ApplyCookies]> {
        let endpoints = self.0.endpoints.read();
        endpoints.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests that have begun end with those that they began with.
    pub(super) fn replace(&self, endpoints: Vec<ApplyCookies>) {
        let place = self.0.endpoints.write();
        *place.unwrap_or_else(PoisonError::into_inner) = endpoints.into();
    }

    pub(super) fn not_ready(&self) -> &Seldom {
        &self.0.not_ready
    }

    /// Whether tokens that other processes issue now will be accepted on every path.
    pub(super) async fn readiness(&self) -> Result<Readiness, StoreError> {
        for cookies in &*self.endpoints() {
            let readiness = cookies.readiness().await?;
            if readiness != Readiness::Ready {
                return Ok(readiness);
            }
        }
        Ok(Readiness::Ready)
    }
}
