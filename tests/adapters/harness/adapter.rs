//! What a framework must provide for its adapter to be tested.

use std::net::SocketAddr;
use std::sync::Arc;

use apply_cookies::ApplyCookies;

use super::notes::Notes;
use super::script::Script;

/// One framework with our adapter.
pub(crate) trait Adapter: 'static {
    /// Those of the statuses 400, 403, 404, 500 and 503 that mean a failed handler if they come
    /// from an error of the framework: its pushes are then abandoned.
    const FAILED_ERRORS: &'static [u16];

    /// Those of them that mean a failed handler if it gave a plain answer with that status.
    const FAILED_ANSWERS: &'static [u16];

    /// The call that is missing in an app whose handlers find no queue.
    const LAYER: &'static str;

    /// Serves a site on its own loopback port, until it is stopped. The handlers of
    /// [`extractors`](super::extractors) are part of every site.
    fn serve(site: Site) -> Running;
}

/// An app on some framework.
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
    /// Our layer twice, from the same deployment, and between them one that sets the cookie
    /// [`BETWEEN`].
    LayerTwice,
    /// Our layer, and outside it one that gives up after 50 milliseconds with a 504.
    LayerInHaste,
    /// Our layer, and inside it one that changes answers as the request's fields say: `X-Encode`
    /// sets `Content-Encoding`, `X-Status` sets the status and drops the body, and `X-Fail` reads a
    /// cookie and answers with an error of this status instead of the handler.
    LayerOverOthers,
}

/// Fields of requests that [`Surroundings::LayerOverOthers`] acts on.
pub(crate) const ENCODE: &str = "x-encode";
pub(crate) const STATUS: &str = "x-status";
pub(crate) const FAIL: &str = "x-fail";

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
