//! The signals that end the service: the first drains it, the second ends it at once. SIGHUP has it
//! read its secrets again.

use std::io;

#[cfg(unix)]
use futures_util::future::select_all;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// What a signal asks for.
#[derive(PartialEq, Eq)]
pub(super) enum Told {
    Stop,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
    ReadAgain,
}

#[cfg(unix)]
pub(super) struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// From now on they no longer end the process by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        let all = [
            SignalKind::hangup(),
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
        ];
        let all = all.into_iter().map(signal);
        all.collect::<io::Result<_>>().map(Self)
    }

    pub(super) async fn next(&mut self) -> Told {
        let each = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        match select_all(each).await {
            (_, 0, _) => Told::ReadAgain,
            _ => Told::Stop,
        }
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

    pub(super) async fn next(&mut self) -> Told {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
        Told::Stop
    }
}
