//! A plain store that keeps the contract, unless a fault breaks it.

mod forgetting;
mod ids;
mod raising;
mod steps;

use std::collections::HashMap;
use std::sync::{Mutex, Weak};
use std::time::Duration;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, Nonce, RedemptionDigest, StoreScope, UnixMillis};
use apply_cookies_replay::conformance::StoreMaker;
use apply_cookies_replay::{
    Barrier, BarrierAnswer, BarrierFuture, Claim, ClaimAnswer, ClaimFuture, ClaimListener, Clock,
    HorizonFuture, Listeners, ReplayStore, StoreError,
};

use crate::fault::Fault;

pub(crate) struct Maker(pub(crate) Option<Fault>);

impl StoreMaker for Maker {
    type Store = Store;

    fn make(&self, clock: Clock) -> Store {
        Store {
            fault: self.0,
            horizon: clock.now(),
            clock,
            scope: StoreScope::from_random([7; 16]),
            capacity: usize::MAX,
            memory: Mutex::default(),
            listeners: Listeners::default(),
        }
    }

    fn make_small(&self, clock: Clock) -> Option<Store> {
        let capacity = 20;
        Some(Store {
            capacity,
            ..self.make(clock)
        })
    }

    fn reopen(&self, mut store: Store, clock: Clock) -> Option<Store> {
        store.clock = clock;
        store.listeners = Listeners::default();
        let memory = store.memory.get_mut().unwrap();
        memory.is_reopened = true;
        match self.0 {
            Some(Fault::ForgetsWhenClosed) => *memory = Memory::default(),
            Some(Fault::ForgetsBarriersWhenClosed) => memory.barriers.clear(),
            Some(Fault::ReopensWithTheFirstBarrier) => {
                memory.barriers.clone_from(&memory.first_barriers);
            }
            _ => {}
        }
        Some(store)
    }

    fn schedules(&self) -> u64 {
        300
    }
}

pub(crate) struct Store {
    fault: Option<Fault>,
    clock: Clock,
    horizon: UnixMillis,
    scope: StoreScope,
    capacity: usize,
    memory: Mutex<Memory>,
    listeners: Listeners,
}

#[derive(Clone, Default)]
struct Memory {
    used: HashMap<[u8; 16], Used>,
    barriers: HashMap<Option<[u8; 16]>, Standing>,
    first_barriers: HashMap<Option<[u8; 16]>, Standing>,
    /// Sign-outs whose barriers found no room.
    without_room: Vec<Nonce>,
    is_reopened: bool,
    /// Claims of tokens that expire until then, in milliseconds, may be forgotten.
    forgotten_until: u64,
    /// The latest time of issue of a barrier that is forgotten.
    latest_forgotten: Option<UnixMillis>,
    told: bool,
}

#[derive(Clone, Copy)]
struct Used {
    redemption: Option<RedemptionDigest>,
    since: UnixMillis,
    expires_at: UnixMillis,
}

#[derive(Clone, Copy)]
struct Standing {
    /// `None` for one without a token.
    nonce: Option<Nonce>,
    issued_at: UnixMillis,
    expires_at: UnixMillis,
    ends_at: UnixMillis,
}

impl ReplayStore for Store {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        ClaimFuture::new(self.claim_in_steps(claim))
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        BarrierFuture::new(async move {
            wait_a_turn().await;
            let mut memory = self.memory.lock().unwrap();
            self.forget(&mut memory);
            if self.has(Fault::BarriersRace) {
                let before = memory.clone();
                drop(memory);
                std::thread::sleep(Duration::from_millis(1));
                memory = self.memory.lock().unwrap();
                let key = Some(barrier.binding.to_bytes());
                match before.barriers.get(&key) {
                    Some(standing) => memory.barriers.insert(key, *standing),
                    None => memory.barriers.remove(&key),
                };
            }
            let standing = Standing {
                nonce: None,
                issued_at: barrier.issued_at,
                expires_at: barrier.ends_at,
                ends_at: barrier.ends_at,
            };
            let key = match self.fault {
                Some(Fault::AloneIsNotRaised) => return Ok(BarrierAnswer::Raised),
                Some(Fault::AloneIsForAll) => None,
                _ => Some(barrier.binding.to_bytes()),
            };
            if self.has(Fault::AloneLowers) {
                memory.barriers.remove(&key);
            }
            self.raise(&mut memory, key, standing)
        })
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.scope)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        let mut memory = self.memory.lock().unwrap();
        if !(self.has(Fault::TellsOneListener) && memory.told) {
            self.listeners.add(listener);
        }
        memory.told = true;
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::ready(Ok(self.horizon))
    }
}

/// Pending once, like a store that asks a server.
async fn wait_a_turn() {
    let mut is_later = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_later, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

type Answer = Result<ClaimAnswer, StoreError>;

impl Store {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn tell(&self, claim: &Claim, answer: Answer) -> Answer {
        let is_told = match answer {
            Ok(ClaimAnswer::Granted { .. }) => !self.has(Fault::TellsNobody),
            Ok(ClaimAnswer::AlreadyUsed) if self.has(Fault::TellsOfUsed) => true,
            Ok(_) => self.has(Fault::TellsOfRefusals),
            Err(_) => self.has(Fault::FullTellsListeners),
        };
        let barrier = match answer {
            Ok(ClaimAnswer::Granted {
                barrier: BarrierAnswer::NoRoom,
                ..
            }) if self.has(Fault::TellsRaisedWithoutRoom) => BarrierAnswer::Raised,
            Ok(ClaimAnswer::Granted { barrier, .. }) => barrier,
            _ => BarrierAnswer::NotAsked,
        };
        if is_told {
            self.listeners.tell(claim.nonce, barrier);
        }
        answer
    }

    fn decide(&self, memory: &mut Memory, claim: &Claim) -> Answer {
        self.forget(memory);
        let is_known = self.knows(memory, claim);
        if !is_known || self.is_behind_barrier(memory, claim) {
            if self.has(Fault::RefusalSpends) {
                let used = self.used(claim);
                memory.used.entry(claim.nonce.to_bytes()).or_insert(used);
            }
            if self.has(Fault::RefusalRaises) {
                self.raise_of(memory, claim)?;
            }
            return Ok(if is_known {
                ClaimAnswer::BehindBarrier
            } else {
                ClaimAnswer::BeforeHorizon
            });
        }
        let grant = match memory.used.get(&claim.nonce.to_bytes()) {
            Some(used) if self.is_same(used.redemption, claim.redemption) => {
                if self.has(Fault::EveryRetryIsFirst) {
                    Grant::First
                } else {
                    Grant::Retry
                }
            }
            Some(_) => return Ok(ClaimAnswer::AlreadyUsed),
            None => {
                self.make_room(memory)?;
                memory.used.insert(claim.nonce.to_bytes(), self.used(claim));
                Grant::First
            }
        };
        let barrier = match grant {
            Grant::First => self.raise_of(memory, claim)?,
            Grant::Retry => self.raise_again(memory, claim)?,
        };
        Ok(ClaimAnswer::Granted { grant, barrier })
    }

    fn used(&self, claim: &Claim) -> Used {
        Used {
            redemption: claim.redemption,
            since: self.clock.now(),
            expires_at: claim.expires_at,
        }
    }

    fn knows(&self, memory: &Memory, claim: &Claim) -> bool {
        let skew = match self.fault {
            Some(Fault::HorizonWithoutSkew) => 0,
            _ => SKEW_MS,
        };
        let is_young = claim.issued_at >= self.horizon.plus(skew) || self.has(Fault::NoHorizon);
        let is_known = match claim.scope {
            None => is_young,
            Some(_) if self.has(Fault::AnyScope) => true,
            Some(scope) if scope == self.scope => is_young || !self.has(Fault::HorizonForItsOwn),
            Some(_) => is_young && self.has(Fault::ForeignScopeWithinHorizon),
        };
        let may_be_refused = claim.binding.is_some()
            && Some(claim.issued_at) <= memory.latest_forgotten
            && !self.has(Fault::RemembersWhenForgottenBarriersEnded)
            && !self.has(Fault::ForgetsThatItForgotBarriers);
        is_known
            && !may_be_refused
            && (claim.expires_at.get() > memory.forgotten_until
                || self.has(Fault::ForgetsThatItForgot))
    }
}
