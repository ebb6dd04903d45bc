//! Notes that handlers leave for the test.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use apply_cookies::{Outcome, PendingCookies, PendingState, PushError, Receipt};

/// Notes, read in the order in which they were written.
#[derive(Default)]
pub(crate) struct Notes {
    receipts: Mutex<VecDeque<Receipt>>,
    pushes: Mutex<VecDeque<Result<(), PushError>>>,
    states: Mutex<VecDeque<PendingState>>,
    handles: Mutex<VecDeque<PendingCookies>>,
}

impl Notes {
    /// Keeps the outcome of a push.
    pub(crate) fn pushed<T>(&self, result: Result<T, PushError>) {
        self.pushes.lock().unwrap().push_back(result.map(drop));
    }

    /// The receipt of a push, or why there is none.
    pub(crate) fn keep(&self, result: Result<Receipt, PushError>) {
        match result {
            Ok(receipt) => self.receipts.lock().unwrap().push_back(receipt),
            Err(error) => self.pushed(Err::<(), _>(error)),
        }
    }

    pub(crate) fn look(&self, state: PendingState) {
        self.states.lock().unwrap().push_back(state);
    }

    /// Gives a handle to the test, as if to another thread.
    pub(crate) fn hand_over(&self, pending: PendingCookies) {
        self.handles.lock().unwrap().push_back(pending);
    }

    pub(crate) fn receipt(&self) -> Receipt {
        wait(|| self.receipts.lock().unwrap().pop_front())
    }

    pub(crate) fn has_no_receipt(&self) -> bool {
        self.receipts.lock().unwrap().is_empty()
    }

    pub(crate) fn push(&self) -> Result<(), PushError> {
        wait(|| self.pushes.lock().unwrap().pop_front())
    }

    pub(crate) fn error(&self) -> PushError {
        self.push().expect_err("a push that is refused")
    }

    pub(crate) fn state(&self) -> PendingState {
        wait(|| self.states.lock().unwrap().pop_front())
    }

    pub(crate) fn handle(&self) -> PendingCookies {
        wait(|| self.handles.lock().unwrap().pop_front())
    }
}

/// Polls until there is something.
pub(crate) fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came");
}

/// Waits for the end of a receipt.
pub(crate) fn outcome(receipt: &Receipt) -> Outcome {
    wait(|| receipt.outcome())
}
