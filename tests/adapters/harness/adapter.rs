//! The little that a framework must give for its adapter to be tested.

use std::net::SocketAddr;
use std::sync::Arc;

use apply_cookies::ApplyCookies;

use super::notes::Notes;
use super::script::Script;

/// One framework with our adapter.
pub(crate) trait Adapter: 'static {
    /// Of the statuses 400, 403, 404, 500 and 503, those that mean a failed handler when they
    /// are an error of the framework: what the handler pushed is then abandoned.
    const FAILED_ERRORS: &'static [u16];

    /// The same, when the handler gave a plain answer with that status.
    const FAILED_ANSWERS: &'static [u16];

    /// The call that an app forgot whose handlers find no queue.
    const LAYER: &'static str;

    /// Serves a site on a loopback port of its own, until it is stopped. The handlers of
    /// [`extractors`](super::extractors) are a part of every site.
    fn serve(site: Site) -> Running;
}

/// An app of ours on some framework.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) cookies: ApplyCookies,
    pub(crate) surroundings: Surroundings,
    pub(crate) script: Script,
    pub(crate) notes: Arc<Notes>,
}

/// The layers around the handlers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    /// Our layer, once.
    Layer,
    /// Nothing at all.
    Bare,
    /// Our layer twice, of the same deployment, and between them something that sets the cookie
    /// [`BETWEEN`].
    LayerTwice,
    /// Our layer, and outside of it something that gives up after 50 milliseconds with a 504.
    LayerInHaste,
}

/// Name and value.
pub(crate) const BETWEEN: (&str, &str) = ("between", "1");

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send>>,
}

impl Running {
    pub(crate) fn new(address: SocketAddr, stop: impl FnOnce() + Send + 'static) -> Self {
        Self {
            address,
            stop: Some(Box::new(stop)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}
