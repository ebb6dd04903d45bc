//! The harness: a server of any framework, its script of handlers, and a browser in a few lines.

mod adapter;
mod browser;
pub(crate) mod extractors;
mod notes;
mod observer;
mod process;
mod script;
mod server;
mod stores;

pub(crate) use adapter::{Adapter, BETWEEN, ENCODE, FAIL, Running, STATUS, Site, Surroundings};
pub(crate) use browser::{binding, browser_and, jar, one_token, pair, tokens};
pub(crate) use notes::{outcome, wait};
pub(crate) use observer::{Observer, counters};
pub(crate) use process::in_a_process_of_its_own;
pub(crate) use script::{Ask, Chunks, Reply, Script};
pub(crate) use server::Server;
pub(crate) use stores::{Staged, memory};
