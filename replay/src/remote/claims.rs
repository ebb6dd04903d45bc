//! Claims and barriers, as the engine asks them.

use apply_cookies_protocol::Grant;
use tokio::sync::oneshot;

use super::question::{Decision, Kind, Question};
use super::trouble::Why;
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::listeners::{ClaimListener, Listeners};

type Answer<T> = Result<T, StoreError>;

pub(crate) struct Claims;

/// The one who asked.
pub(crate) enum Sender {
    Claim(oneshot::Sender<Answer<ClaimAnswer>>),
    Barrier(oneshot::Sender<Answer<BarrierAnswer>>),
}

impl Kind for Claims {
    type Question = Question;
    type Decision = Decision;
    type Sender = Sender;
    type Listener = dyn ClaimListener;

    fn full() -> Decision {
        Decision::Full
    }

    fn is_full(decision: &Decision) -> bool {
        *decision == Decision::Full
    }

    fn lacks_room(decision: &Decision) -> bool {
        let no_room = BarrierAnswer::NoRoom;
        match *decision {
            Decision::Full => true,
            Decision::Barrier(barrier) | Decision::Claim(ClaimAnswer::Granted { barrier, .. }) => {
                barrier == no_room
            }
            Decision::Claim(_) => false,
        }
    }

    /// A claim that was granted for the first time still is.
    fn then(decision: Decision, again: Decision) -> Decision {
        match (decision, again) {
            (
                Decision::Claim(ClaimAnswer::Granted { grant, .. }),
                Decision::Claim(ClaimAnswer::Granted { barrier, .. }),
            ) => Decision::Claim(ClaimAnswer::Granted { grant, barrier }),
            (_, again) => again,
        }
    }

    fn answer(
        question: Question,
        decision: Decision,
        sender: Option<Sender>,
        listeners: &Listeners,
    ) {
        let decision = match (question, decision) {
            (Question::Claim(asked), Decision::Claim(ClaimAnswer::Granted { grant, barrier })) => {
                listeners.tell(asked.claim.nonce, barrier);
                // Nobody else has the digest of a claim without an id: a retry is this very call,
                // asked again.
                let own = asked.claim.redemption.is_none();
                let grant = if own { Grant::First } else { grant };
                Decision::Claim(ClaimAnswer::Granted { grant, barrier })
            }
            (_, decision) => decision,
        };
        let Some(sender) = sender else {
            return;
        };
        match (sender, decision) {
            (Sender::Claim(sender), Decision::Claim(answer)) => drop(sender.send(Ok(answer))),
            (Sender::Claim(sender), Decision::Full) => drop(sender.send(Err(StoreError::Full))),
            (Sender::Barrier(sender), Decision::Barrier(answer)) => drop(sender.send(Ok(answer))),
            (Sender::Barrier(sender), Decision::Full) => {
                let _ = sender.send(Ok(BarrierAnswer::NoRoom));
            }
            // An answer to something else is none.
            (sender, _) => Self::fail(sender, Why::new("the server's answer does not fit").into()),
        }
    }

    fn fail(sender: Sender, error: StoreError) {
        match sender {
            Sender::Claim(sender) => drop(sender.send(Err(error))),
            Sender::Barrier(sender) => drop(sender.send(Err(error))),
        }
    }
}
