//! What all requests of the API share.

use std::sync::{Arc, PoisonError, RwLock};

use apply_cookies::ApplyCookies;
use apply_cookies::replay::ClaimListener;

use super::idempotency::Answers;
use super::keys::Keys;
use super::receipts::Receipts;
use crate::minting::Mint;

/// The API of one deployment, of the native profile. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

struct Inner {
    current: RwLock<Arc<Current>>,
    receipts: Arc<Receipts>,
    answers: Answers,
}

/// What changes when secrets and keys are read again.
pub(super) struct Current {
    pub(super) cookies: ApplyCookies,
    pub(super) mint: Mint,
    pub(super) keys: Keys,
}

impl Current {
    fn new(cookies: ApplyCookies, keys: Keys) -> Arc<Self> {
        Arc::new(Self {
            mint: Mint::of(&cookies),
            cookies,
            keys,
        })
    }
}

impl Api {
    /// Listens to the deployment's store from now on. `keys` are those of callers over TCP.
    pub(crate) fn new(cookies: ApplyCookies, keys: Keys) -> Self {
        let receipts = Receipts::new(cookies.clock().clone(), cookies.max_lifetime());
        let receipts = Arc::new(receipts);
        let listener: Arc<dyn ClaimListener> = receipts.clone();
        cookies.replay_store().listen(Arc::downgrade(&listener));
        let api = Self(Arc::new(Inner {
            receipts,
            answers: Answers::default(),
            current: RwLock::new(Current::new(cookies, keys)),
        }));
        api.listen_for_late();
        api
    }

    /// Another deployment over the same store, with other secrets or keys.
    pub(crate) fn reload(&self, cookies: ApplyCookies, keys: Keys) {
        let current = Current::new(cookies, keys);
        let mut place = (self.0.current.write()).unwrap_or_else(PoisonError::into_inner);
        *place = current;
        drop(place);
        self.listen_for_late();
    }

    /// Ends waiting: the service stops.
    pub(crate) fn close(&self) {
        self.0.receipts.close();
    }

    fn listen_for_late(&self) {
        let receipts = Arc::downgrade(&self.0.receipts);
        self.current().cookies.listen_for_late(receipts);
    }

    pub(super) fn current(&self) -> Arc<Current> {
        let current = self.0.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn receipts(&self) -> &Receipts {
        &self.0.receipts
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.0.answers
    }
}
