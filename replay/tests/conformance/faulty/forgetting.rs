//! Room, and what is forgotten for it.

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_replay::{MARGIN_MS, StoreError};

use super::{Memory, Store};
use crate::fault::Fault;

/// In milliseconds.
const HALF_A_MINUTE: u64 = 30_000;
const DAY: u64 = 86_400_000;

impl Store {
    pub(super) fn make_room(&self, memory: &mut Memory) -> Result<(), StoreError> {
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

    pub(super) fn forget(&self, memory: &mut Memory) {
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
