//! Claims as a working service would make them: random nonces, each under its own redemption id,
//! from one of a thousand browsers, for tokens with the default lifetime.

use apply_cookies_protocol::limits::LIFETIME_DEFAULT_MS;
use apply_cookies_protocol::{
    BindingCookie, BindingDigest, Lifetime, Nonce, RedemptionDigest, UnixMillis,
};
use apply_cookies_replay::Claim;
use rand::Rng;

pub(crate) const BEGIN: u64 = 1_795_000_000_000;

/// The default of `serve`.
const MAX_LIFETIME: Lifetime = match Lifetime::from_millis(3_600_000) {
    Some(lifetime) => lifetime,
    None => panic!("less than a day"),
};

pub(crate) fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).expect("before 9999")
}

pub(crate) struct Load {
    random: rand::rngs::ThreadRng,
    browsers: Vec<BindingDigest>,
    batch: Vec<Claim>,
}

impl Load {
    /// As many claims as are timed at once.
    pub(crate) const BATCH: usize = 2_000;

    pub(crate) fn new() -> Self {
        let mut random = rand::rng();
        let mut browser = || {
            let mut bytes = [0; 32];
            random.fill_bytes(&mut bytes);
            BindingCookie::from_random(bytes).digest()
        };
        Self {
            browsers: (0..1_000).map(|_| browser()).collect(),
            random,
            batch: Vec::with_capacity(Self::BATCH),
        }
    }

    /// Tokens of any age: all generations grow at once, and no two claims touch the same memory.
    pub(crate) fn of_any_age(&mut self, now: u64) -> &[Claim] {
        self.draw(now, LIFETIME_DEFAULT_MS)
    }

    /// Tokens that were issued within the last two seconds, as a page posts them.
    pub(crate) fn just_issued(&mut self, now: u64) -> &[Claim] {
        self.draw(now, 2_000)
    }

    /// Tokens that were issued within so many milliseconds.
    fn draw(&mut self, now: u64, within: u64) -> &[Claim] {
        self.batch.clear();
        for n in 0..Self::BATCH {
            let mut nonce = [0; 16];
            self.random.fill_bytes(&mut nonce);
            let issued_at = at(now - u64::from(self.random.next_u32()) % within);
            let expires_at = issued_at.plus(LIFETIME_DEFAULT_MS);
            let redemption = RedemptionDigest::from_id(&nonce);
            let nonce = Nonce::from_random(nonce);
            let mut claim = Claim::new(nonce, issued_at, expires_at, MAX_LIFETIME, at(now));
            claim.redemption = redemption;
            claim.binding = Some(self.browsers[n % self.browsers.len()]);
            self.batch.push(claim);
        }
        &self.batch
    }
}
