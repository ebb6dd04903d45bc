//! A plain store that keeps the contract, unless a fault breaks it.

use std::collections::HashMap;
use std::sync::{Mutex, Weak};
use std::time::Duration;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{
    BindingDigest, Grant, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};
use apply_cookies_replay::conformance::StoreMaker;
use apply_cookies_replay::{
    Barrier, BarrierAnswer, BarrierFuture, Claim, ClaimAnswer, ClaimFuture, ClaimListener, Clock,
    HorizonFuture, Listeners, MARGIN_MS, ReplayStore, StoreError,
};

use crate::fault::Fault;

/// In milliseconds.
const HALF_A_MINUTE: u64 = 30_000;
const DAY: u64 = 86_400_000;

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
        match self.0 {
            Some(Fault::ForgetsWhenClosed) => *memory = Memory::default(),
            Some(Fault::ForgetsBarriersWhenClosed) => memory.barriers.clear(),
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
        ClaimFuture::new(async move {
            if self.has(Fault::SpendsWhenGivenUp) {
                self.spend_for_nobody(&claim);
                wait_a_turn().await;
                self.give_back(&claim);
            } else {
                wait_a_turn().await;
            }
            if self.has(Fault::ChecksThenSets) {
                let answer = {
                    let mut before = self.memory.lock().unwrap().clone();
                    self.decide(&mut before, &claim)
                };
                std::thread::sleep(Duration::from_millis(2));
                let _ = self.decide(&mut self.memory.lock().unwrap(), &claim);
                return self.tell(&claim, answer);
            }
            let answer = self.decide(&mut self.memory.lock().unwrap(), &claim);
            self.tell(&claim, answer)
        })
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        BarrierFuture::new(async move {
            wait_a_turn().await;
            let mut memory = self.memory.lock().unwrap();
            self.forget(&mut memory);
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
        let barrier = self.raise_of(memory, claim)?;
        if barrier == BarrierAnswer::NoRoom
            && grant == Grant::Retry
            && self.has(Fault::NoRoomRefusesRetries)
        {
            return Err(StoreError::Full);
        }
        Ok(ClaimAnswer::Granted { grant, barrier })
    }

    fn spend_for_nobody(&self, claim: &Claim) {
        let mut nobody = self.used(claim);
        nobody.redemption = None;
        let used = &mut self.memory.lock().unwrap().used;
        used.entry(claim.nonce.to_bytes()).or_insert(nobody);
    }

    fn give_back(&self, claim: &Claim) {
        let used = &mut self.memory.lock().unwrap().used;
        if used[&claim.nonce.to_bytes()].redemption.is_none() {
            used.remove(&claim.nonce.to_bytes());
        }
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

    fn is_behind_barrier(&self, memory: &Memory, claim: &Claim) -> bool {
        if claim.binding.is_none() && !self.has(Fault::BarrierOfNobody) {
            return false;
        }
        let is_retry = memory.used.contains_key(&claim.nonce.to_bytes());
        let of_all = memory.barriers.get(&None);
        let barrier = memory.barriers.get(&self.key(claim)).or(of_all);
        barrier.is_some_and(|barrier| match self.fault {
            Some(Fault::BarrierSparesItsMillisecond) => {
                claim.issued_at < barrier.issued_at && Some(claim.nonce) != barrier.nonce
            }
            Some(Fault::BarrierRefusesItself) => claim.issued_at <= barrier.issued_at,
            Some(Fault::BarrierSparesRetries) if is_retry => false,
            _ => claim.issued_at <= barrier.issued_at && Some(claim.nonce) != barrier.nonce,
        })
    }

    /// Raises the claim's barrier.
    fn raise_of(&self, memory: &mut Memory, claim: &Claim) -> Result<BarrierAnswer, StoreError> {
        let is_bound = claim.binding.is_some() || self.has(Fault::BarrierOfNobody);
        if !claim.barrier || !is_bound {
            return Ok(match self.fault {
                Some(Fault::SaysRaisedForEveryClaim) => BarrierAnswer::Raised,
                _ => BarrierAnswer::NotAsked,
            });
        }
        if self.has(Fault::NoBarrier) {
            return Ok(BarrierAnswer::Raised);
        }
        let standing = Standing {
            nonce: Some(claim.nonce),
            issued_at: claim.issued_at,
            expires_at: claim.expires_at,
            ends_at: claim.barrier_ends_at,
        };
        let answer = self.raise(memory, self.key(claim), standing)?;
        Ok(match self.fault {
            Some(Fault::SaysNoRoomWhileThereIs) => BarrierAnswer::NoRoom,
            Some(Fault::SaysNotAskedForABarrier) => BarrierAnswer::NotAsked,
            // An unbound one is an ordinary claim.
            _ if claim.binding.is_none() => BarrierAnswer::NotAsked,
            _ => answer,
        })
    }

    fn raise(
        &self,
        memory: &mut Memory,
        key: Option<[u8; 16]>,
        raised: Standing,
    ) -> Result<BarrierAnswer, StoreError> {
        let stands = memory.barriers.contains_key(&key);
        let shares = stands && !self.has(Fault::SameBrowserNeedsRoom);
        if !shares && memory.barriers.len() >= self.capacity / 2 {
            match self.fault {
                Some(Fault::SaysRaisedWithoutRoom) => return Ok(BarrierAnswer::Raised),
                Some(Fault::NoRoomIsAnError) => return Err(StoreError::Full),
                Some(Fault::EvictsBarriersWhenFull) => {
                    let ends = memory.barriers.iter().min_by_key(|(_, one)| one.ends_at);
                    let first = *ends.unwrap().0;
                    memory.barriers.remove(&first);
                }
                _ => return Ok(BarrierAnswer::NoRoom),
            }
        }
        let kept = memory.barriers.entry(key).or_insert(raised);
        let replaces = match self.fault {
            Some(Fault::KeepsTheFirstBarrier) => false,
            _ => kept.issued_at < raised.issued_at,
        };
        if replaces {
            *kept = raised;
        }
        Ok(BarrierAnswer::Raised)
    }

    fn key(&self, claim: &Claim) -> Option<[u8; 16]> {
        match self.fault {
            Some(Fault::BarrierForAll) => None,
            _ => claim.binding.map(BindingDigest::to_bytes),
        }
    }

    fn is_same(&self, kept: Option<RedemptionDigest>, given: Option<RedemptionDigest>) -> bool {
        match self.fault {
            Some(Fault::AnyIdIsARetry) => kept.is_some() && given.is_some(),
            Some(Fault::NeverARetry) => false,
            Some(Fault::NoIdEqualsNoId) => kept == given,
            Some(Fault::AnIdFollowsNone) => given.is_some() && (kept.is_none() || kept == given),
            _ => kept.is_some() && kept == given,
        }
    }

    fn make_room(&self, memory: &mut Memory) -> Result<(), StoreError> {
        let barriers = match self.fault {
            Some(Fault::BarriersFillEverything) => 2 * memory.barriers.len(),
            _ => 0,
        };
        if memory.used.len() + barriers < self.capacity {
            return Ok(());
        }
        match self.fault {
            Some(Fault::EvictsWhenFull) => {
                let oldest = memory.used.iter().min_by_key(|(_, used)| used.since);
                let oldest = *oldest.unwrap().0;
                memory.used.remove(&oldest);
                return Ok(());
            }
            Some(Fault::FullForgetsRetries) => {
                for used in memory.used.values_mut() {
                    used.redemption = None;
                }
            }
            _ => {}
        }
        Err(StoreError::Full)
    }

    fn forget(&self, memory: &mut Memory) {
        if self.has(Fault::NeverMakesRoom) {
            return;
        }
        let now = self.clock.now();
        let margin = match self.fault {
            Some(Fault::ForgetsAtExpiry) => 0,
            _ => SKEW_MS + MARGIN_MS,
        };
        let until = now.minus(margin).get();
        let forgets_now = match self.fault {
            // Knows of the claims alone.
            Some(Fault::ForgetsThatItForgotBarriers) => {
                let ends = memory.used.values().map(|used| used.expires_at.get());
                ends.filter(|end| *end <= until).max().unwrap_or(0)
            }
            _ => until,
        };
        memory.forgotten_until = memory.forgotten_until.max(forgets_now);
        let until = until.max(memory.forgotten_until);
        memory.used.retain(|_, used| match self.fault {
            Some(Fault::ForgetsAMinuteAfterUse) => used.since.plus(60_000) > now,
            Some(Fault::ForgetsAnHourAfterUse) => used.since.plus(3_600_000) > now,
            Some(Fault::ForgetsAtExpiry) => used.expires_at > now,
            _ => used.expires_at.get() > until,
        });
        let latest = &mut memory.latest_forgotten;
        memory.barriers.retain(|_, barrier| {
            let stays = match self.fault {
                // These do not know that they forgot it, either.
                Some(Fault::BarrierForgottenWithItsToken) => {
                    return barrier.expires_at.get() > until;
                }
                Some(Fault::BarrierEndsEarly) => {
                    return barrier.ends_at.get() > now.get() + HALF_A_MINUTE;
                }
                Some(Fault::BarriersStayForDaysLonger) => {
                    barrier.ends_at.plus(2 * DAY).get() > until
                }
                _ => barrier.ends_at.get() > until,
            };
            if !stays {
                *latest = (*latest).max(Some(barrier.issued_at));
            }
            stays
        });
    }
}
