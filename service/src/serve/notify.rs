//! What systemd is told: ready, reloading, stopping, and that the service still answers.

use std::time::Duration;

use actix_web::rt::time::sleep;
use apply_cookies::Readiness;
use sd_notify::NotifyState;

use super::current::Current;
use super::health;

/// How often readiness is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}

/// For as long as the service runs.
pub(super) async fn supervise(current: Current) {
    ready(&current).await;
    watchdog(&current).await;
}

/// Says that the service is ready once it takes what other processes issue: what systemd starts next
/// may mint at once. A store that cannot be reached, or a clock that is wrong, is not waited for:
/// starting again would cure neither, and `/readyz` says it.
async fn ready(current: &Current) {
    let status = loop {
        match current.readiness().await {
            Ok(Readiness::StoreBegins { .. }) => sleep(LOOK).await,
            Ok(readiness) => break readiness.to_string(),
            Err(error) => break error.to_string(),
        }
    };
    say(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// Says now and then that the service lives, for as long as its store has not failed for good.
async fn watchdog(current: &Current) {
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        if health::failure(current).await.is_none() {
            say(&[NotifyState::Watchdog]);
        }
        sleep(within / 3).await;
    }
}
