//! The signals that end the service: the first drains it, the second ends it at once.

use std::io;

#[cfg(unix)]
pub(super) struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// From now on they no longer end the process by themselves. SIGHUP, sent by a terminal that
    /// closes and by some supervisors, is one of them: there is no configuration to load again.
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::hangup(),
        ]
        .into_iter()
        .map(signal)
        .collect::<io::Result<_>>()
        .map(Self)
    }

    pub(super) async fn next(&mut self) {
        use futures_util::future::select_all;

        let each = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        select_all(each).await;
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
