//! The suite for replay stores, against our own.

use apply_cookies::replay::MemoryReplayStore;
use apply_cookies::replay::conformance::{self, Rule};

#[test]
fn the_store_in_memory_keeps_every_rule() {
    assert_eq!(
        conformance::check(&MemoryReplayStore::new),
        [Rule::Full, Rule::RoomAgain, Rule::Reopened]
    );
}
