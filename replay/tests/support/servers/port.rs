//! Ports.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// A port that was free a moment ago, and that this process has not given out before. Another
/// process may take it first: whoever starts a server must check that it has it.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// In the log of a server of any kind that did not get its port.
pub fn was_taken(log: &str) -> bool {
    log.contains("Address already in use")
}
