//! What an error of the server or of the connection means for the question.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::remote::trouble::Trouble;

pub(super) fn trouble(error: &RedisError) -> Trouble {
    let code = error.code().unwrap_or_default();
    match (error.kind(), code) {
        (_, "OOM") => Trouble::Full,
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Trouble::elsewhere(error),
        (
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask,
            ),
            _,
        )
        | (_, "BUSY" | "NOREPLICAS" | "MISCONF") => Trouble::busy(error),
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => rights(error),
        // How Redis 7 says it from inside a script.
        (ErrorKind::Server(ServerErrorKind::ResponseError), _)
            if error.to_string().contains("can't run this command")
                || error.to_string().contains("can't access") =>
        {
            rights(error)
        }
        (ErrorKind::AuthenticationFailed | ErrorKind::Server(_) | ErrorKind::Extension, _) => {
            Trouble::refused(error)
        }
        (ErrorKind::InvalidClientConfig, _) => Trouble::here(error),
        _ => Trouble::lost(error),
    }
}

fn rights(error: &RedisError) -> Trouble {
    Trouble::refused(format_args!(
        "the store's user needs more rights (+info is a common one; all are in docs/replay-stores.md): {error}"
    ))
}
