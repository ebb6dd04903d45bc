//! What became of tokens, by the ids of their receipts.

mod table;

mod book;
mod routes;

pub(crate) use book::Receipts;
#[cfg(test)]
pub(super) use routes::{__path_events, __path_get, __path_list, Settlement};
pub(super) use routes::{IDS_MAX, WAIT_MAX, events, get, list};
