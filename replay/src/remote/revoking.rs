//! Moments, revocations and look-ups, as the engine asks them.

use apply_cookies_protocol::UnixMillis;
use tokio::sync::oneshot;

use super::question::Kind;
use super::trouble::Why;
use crate::answer::StoreError;
use crate::listeners::{Listeners, RevocationListener};
use crate::revocation::{Revocation, SessionCheck, Standing};

type Answer<T> = Result<T, StoreError>;

/// What a caller wants of a store of revocations. Each may be asked again when its connection broke: a
/// revocation then counts as of the later moment.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Begin,
    Revoke(Box<Revocation>),
    /// Sessions without a scope.
    Check(Box<[SessionCheck]>),
}

/// A server's answer to a request of the same place in the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Moment(UnixMillis),
    /// In the order of the sessions.
    Standings(Vec<Standing>),
    /// No room for this revocation.
    Full,
}

pub(crate) struct Revoking;

/// The one who asked.
pub(crate) enum Sender {
    Moment(oneshot::Sender<Answer<UnixMillis>>),
    Standings(oneshot::Sender<Answer<Vec<Standing>>>),
}

impl Kind for Revoking {
    type Question = Request;
    type Decision = Response;
    type Sender = Sender;
    type Listener = dyn RevocationListener;

    fn full() -> Response {
        Response::Full
    }

    fn is_full(response: &Response) -> bool {
        *response == Response::Full
    }

    fn lacks_room(response: &Response) -> bool {
        *response == Response::Full
    }

    fn then(_: Response, again: Response) -> Response {
        again
    }

    fn answer(
        request: Request,
        response: Response,
        sender: Option<Sender>,
        listeners: &Listeners<dyn RevocationListener>,
    ) {
        if let (Request::Revoke(revocation), Response::Moment(at)) = (&request, &response) {
            for subject in revocation.subjects.iter() {
                listeners.tell(subject.digest(), *at);
            }
        }
        let Some(sender) = sender else {
            return;
        };
        match (sender, response) {
            (Sender::Moment(sender), Response::Moment(at)) => drop(sender.send(Ok(at))),
            (Sender::Standings(sender), Response::Standings(all)) => drop(sender.send(Ok(all))),
            (sender, Response::Full) => Self::fail(sender, StoreError::Full),
            // An answer to something else is none.
            (sender, _) => Self::fail(sender, Why::new("the server's answer does not fit").into()),
        }
    }

    fn fail(sender: Sender, error: StoreError) {
        match sender {
            Sender::Moment(sender) => drop(sender.send(Err(error))),
            Sender::Standings(sender) => drop(sender.send(Err(error))),
        }
    }
}
