//! Random tokens, barriers and times.

use apply_cookies_protocol::{
    BindingCookie, BindingDigest, Lifetime, Nonce, RedemptionDigest, UnixMillis,
};
use apply_cookies_replay::{Barrier, Claim};

/// Random numbers that a seed repeats (splitmix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn of<T: Copy>(&mut self, some: &[T]) -> T {
        let end = u64::try_from(some.len()).unwrap();
        some[usize::try_from(self.below(end)).unwrap()]
    }

    fn life(&mut self, some: &[u64]) -> Lifetime {
        Lifetime::from_millis(self.of(some)).unwrap()
    }

    fn browser(&mut self) -> BindingDigest {
        let number = u8::try_from(self.below(6)).unwrap();
        BindingCookie::from_random([number; 32]).digest()
    }

    fn bytes(&mut self) -> [u8; 16] {
        let halves = [self.below(u64::MAX), self.below(u64::MAX)];
        let bytes = halves.map(u64::to_be_bytes).concat();
        bytes.try_into().unwrap()
    }

    /// A token that nobody has claimed.
    pub(crate) fn token(&mut self, now: UnixMillis) -> Claim {
        let issued = match self.below(4) {
            0 => now.plus(self.below(2_000)),
            1 => now.minus(self.below(60_000)),
            _ => now,
        };
        let life = self.life(&[1_000, 10_000, 60_000, 200_000, 3_600_000]);
        let max = self.life(&[1_000, 60_000, 3_600_000]).max(life);
        let nonce = Nonce::from_random(self.bytes());
        let mut claim = Claim::new(nonce, issued, issued.plus(life.as_millis()), max, now);
        claim.binding = self.chance(80).then(|| self.browser());
        claim.barrier = self.chance(20);
        claim
    }

    /// One of three ids, or none.
    pub(crate) fn id(&mut self) -> Option<RedemptionDigest> {
        let ids: [&[u8]; 4] = [b"", b"one", b"two", b"three"];
        RedemptionDigest::from_id(self.of(&ids))
    }

    pub(crate) fn barrier(&mut self, now: UnixMillis) -> Barrier {
        let age = self.of(&[0, 1, 5_000, 100_000]);
        let life = self.life(&[60_000, 200_000, 3_600_000]);
        Barrier::new(self.browser(), now.minus(age), life)
    }

    /// How much time passes: none, a little, or up to the edge of what is kept of a token.
    pub(crate) fn pause(&mut self, token: Option<&Claim>, now: UnixMillis) -> u64 {
        match self.below(8) {
            0 => self.below(500),
            1 => 6_000,
            2 => self.of(&[10_000, 70_000, 3_600_000]),
            3 => token.map_or(0, |token| {
                let expires = (token.expires_at.get() / 10_000 + 1) * 10_000;
                let ends = self.of(&[expires, token.barrier_ends_at.get()]);
                // Skew and margin, and a millisecond to either side.
                (ends + 6_999 + self.below(3)).saturating_sub(now.get())
            }),
            _ => 0,
        }
    }
}
