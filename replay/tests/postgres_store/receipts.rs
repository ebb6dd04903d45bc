//! Claims of other processes are heard of: at once, after an absence, and through a pooler.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use apply_cookies_protocol::{BindingCookie, Nonce};
use apply_cookies_replay::{BarrierAnswer, Claim, ClaimListener, PostgresReplayStore, ReplayStore};

use crate::load::{by, claim_all, open, settled, token};
use crate::servers::{Pgbouncer, Postgres, wait_until};

#[derive(Default)]
struct Ear(Mutex<HashMap<Nonce, BarrierAnswer>>);

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        self.0.lock().unwrap().insert(nonce, barrier);
    }
}

impl Ear {
    fn of(store: &PostgresReplayStore) -> Arc<Self> {
        let ear = Arc::new(Self::default());
        let weak: Weak<Self> = Arc::downgrade(&ear);
        store.listen(weak);
        ear
    }

    fn comes_to_hear(&self, claims: &[Claim], barrier: BarrierAnswer) {
        wait_until("told of every claim", || {
            let heard = self.0.lock().unwrap();
            let told = |claim: &Claim| heard.get(&claim.nonce) == Some(&barrier);
            claims.iter().all(told).then_some(())
        });
    }
}

/// So many that one message does not hold them, and two sign-outs, of which one finds no room.
fn claims() -> (Vec<Claim>, [Claim; 2]) {
    let fresh: Vec<_> = (0..500).map(|_| by(token(), 1)).collect();
    let sign_outs = [1, 2].map(|browser| {
        let mut claim = by(token(), 1);
        claim.binding = Some(BindingCookie::from_random([browser; 32]).digest());
        claim.barrier = true;
        claim
    });
    (fresh, sign_outs)
}

fn told_of(claiming: &PostgresReplayStore, ear: &Ear) -> (Vec<Claim>, [Claim; 2]) {
    let (fresh, [raised, no_room]) = claims();
    assert_eq!(claim_all(claiming, &fresh).len(), fresh.len());
    for claim in [raised, no_room] {
        assert_eq!(claim_all(claiming, &[claim]).len(), 1);
    }
    ear.comes_to_hear(&fresh, BarrierAnswer::NotAsked);
    (fresh, [raised, no_room])
}

#[test]
fn another_process_hears_of_every_claim_also_of_those_it_missed() {
    let mut postgres = Postgres::start(&[]);
    let url = format!("{}?barriers=1&timeout=10s", postgres.url());
    let claiming = settled(&url);
    let (early, _) = claims();
    assert_eq!(claim_all(&claiming, &early).len(), early.len());
    let listening = open(&url);
    let ear = Ear::of(&listening);
    ear.comes_to_hear(&early, BarrierAnswer::NotAsked);
    let (_, [raised, no_room]) = told_of(&claiming, &ear);
    ear.comes_to_hear(&[raised], BarrierAnswer::Raised);
    ear.comes_to_hear(&[no_room], BarrierAnswer::NoRoom);
    // It loses its connections, and reads what it missed.
    postgres.restart();
    let (late, _) = claims();
    assert_eq!(claim_all(&claiming, &late).len(), late.len());
    ear.comes_to_hear(&late, BarrierAnswer::NotAsked);
    // And who comes later hears the truth of each barrier.
    let latecomer = open(&url);
    let ear = Ear::of(&latecomer);
    ear.comes_to_hear(&[raised], BarrierAnswer::Raised);
    ear.comes_to_hear(&[no_room], BarrierAnswer::NoRoom);
    ear.comes_to_hear(&late, BarrierAnswer::NotAsked);
}

#[test]
fn nobody_is_notified_where_nobody_listens() {
    let postgres = Postgres::start(&[]);
    let store = settled(&postgres.url());
    let (claims, _) = claims();
    let heard_until = "SELECT heard_until > 0 FROM apply_cookies.head";
    assert_eq!(claim_all(&store, &claims).len(), claims.len());
    assert_eq!(postgres.sql(heard_until), "f");
    let _ear = Ear::of(&store);
    wait_until("noted", || (postgres.sql(heard_until) == "t").then_some(()));
}

#[test]
fn through_a_pooler_claims_are_read_or_heard_at_the_servers_own_address() {
    let postgres = Postgres::start(&[]);
    let pgbouncer = Pgbouncer::start(&postgres, "transaction");
    let claiming = settled(&pgbouncer.url());
    let direct = format!("&listen=127.0.0.1:{}", postgres.port());
    for listen in ["", "&listen=none", &direct] {
        let url = format!("{}?timeout=2s{listen}", pgbouncer.url());
        let listening = open(&url);
        let ear = Ear::of(&listening);
        told_of(&claiming, &ear);
    }
}
