//! What an error of the server or of the connection means for the question.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;

use crate::remote::trouble::Trouble;

pub(super) fn trouble(error: &Error) -> Trouble {
    let Some(by_server) = error.as_db_error() else {
        return of_connection(error);
    };
    // Not the detail, which has values.
    let code = by_server.code().code();
    let words = format!("{} (SQLSTATE {code})", by_server.message());
    match code {
        "53100" | "53200" => Trouble::Full,
        // Serialization failure, deadlock, a lock or a statement timed out, or the queue of
        // notifications is full.
        "40001" | "40P01" | "55P03" | "57014" | "54000" => Trouble::busy(words),
        // What belongs to the schema is missing, or is not allowed.
        "42501" | "42P01" | "42883" | "3F000" => Trouble::refused(format_args!(
            "{words}; `apply-cookies replay schema` prints what the store needs"
        )),
        _ => match code.get(..2).unwrap_or_default() {
            // The connection, a statement that is not there, an operator.
            "08" | "26" | "57" => Trouble::lost(words),
            // A rolled back transaction, a standby, resources, the machine, a defect.
            "25" | "40" | "53" | "55" | "58" | "XX" => Trouble::elsewhere(words),
            _ => Trouble::refused(words),
        },
    }
}

fn of_connection(error: &Error) -> Trouble {
    let mut words = error.to_string();
    let mut is_io = error.is_closed();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            // A certificate that is not accepted comes as invalid data.
            is_io |= cause.kind() != io::ErrorKind::InvalidData;
        }
        source = cause.source();
    }
    if is_io || error.source().is_none() {
        Trouble::lost(words)
    } else {
        Trouble::here(words)
    }
}
