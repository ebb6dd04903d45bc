//! Asking a server once, from a program that does nothing else meanwhile.

use std::time::Duration;

use tokio::time::timeout;

use super::trouble::Trouble;

/// How long to wait for all answers together.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for the answer, in a runtime of its own.
pub(crate) fn run<T>(answer: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().map_err(Trouble::lost)?;
    runtime.block_on(async {
        let late = |_| Err(Trouble::lost("it does not answer"));
        timeout(PATIENCE, answer).await.unwrap_or_else(late)
    })
}
