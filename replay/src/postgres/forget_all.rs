//! Forgetting everything, on an operator's word.

use apply_cookies_protocol::UnixMillis;

use super::check::open;
use super::settings::Settings;
use crate::remote::forgot::Forgot;
use crate::remote::trouble::Trouble;

/// Moves the horizon to now, when all claims under way are over. Rows go when they are over, as
/// always: no token can ask for them any more.
pub(super) async fn forget_all(settings: &Settings, now: UnixMillis) -> Result<Forgot, Trouble> {
    let (name, now) = (settings.schema.name(), now.get());
    let link = open(settings).await?;
    link.run(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock(4702111234474983745); \
         UPDATE \"{name}\".head SET horizon = greatest(horizon, \"{name}\".now_v1(), {now}); COMMIT"
    ))
    .await?;
    let head = format!("SELECT horizon FROM \"{name}\".head");
    let mut forgot = Forgot::default();
    // Without a head the first claim writes one, with its own now.
    for row in &link.rows(&head, &[]).await? {
        let horizon = super::link::read::<i64>(row, 0)?;
        forgot.add(0, 0, u64::try_from(horizon).unwrap_or(0));
    }
    Ok(forgot)
}
