//! The rules of the contract.

use std::time::Instant;

use apply_cookies_replay::Clock;
use apply_cookies_replay::conformance::{self, StoreMaker};

use crate::load::settled;
use crate::servers::Postgres;
use crate::setup::Maker;
use crate::sign_outs::granted_behind_the_other;

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

#[test]
fn two_sign_outs_of_one_millisecond_refuse_each_other() {
    let postgres = Postgres::start(&[]);
    let store = settled(&format!("{}?timeout=20s", postgres.url()));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let asked = granted_behind_the_other(&store, Clock::system().now());
    assert_eq!(runtime.unwrap().block_on(asked), 0);
}
