//! The rules of the contract.

use std::time::Instant;

use apply_cookies_replay::conformance::{self, StoreMaker};

use crate::setup::Maker;

#[test]
fn it_keeps_every_rule_of_the_contract() {
    let begun = Instant::now();
    let maker = Maker::new();
    assert_eq!(conformance::check(&maker).unwrap(), []);
    println!(
        "table: Postgres: {} schedules with clock steps of -600 to +600 s and reopenings, {} without steps | 0 doubles, in {:.0} s",
        maker.schedules(),
        maker.schedules(),
        begun.elapsed().as_secs_f64()
    );
}
