//! The cookie of a browser that somebody has signed in with: strangers who guess at an account do
//! not slow down the browsers of its owner.

use std::time::Duration;

use apply_cookies::protocol::{CookieHeader, Lookup, Stamp, ValueCodec};
use apply_cookies::{ApplyCookies, OperationError, Protection, SetCookie, UnixMillis};
use sha2::{Digest, Sha256};

use crate::millis::millis;
use crate::random;

/// Over plain http it has no prefix.
const NAME: &str = "__Host-device";

/// How long a browser is known after its last sign-in.
const KNOWN: Duration = Duration::from_secs(90 * 86_400);

/// The most accounts of one browser; the latest are kept.
const ACCOUNTS_MAX: usize = 8;

/// Writes and reads the cookie: a random number of the browser's own, then a digest of each account.
pub(crate) struct DeviceCookie(ValueCodec);

/// A browser, and the accounts that somebody has signed in to with it.
#[derive(Clone)]
pub(crate) struct Device {
    number: [u8; 16],
    accounts: Vec<[u8; 16]>,
}

impl DeviceCookie {
    pub(crate) fn new(cookies: &ApplyCookies) -> Result<Self, OperationError> {
        let codec = cookies.classes().value_codec(NAME, Protection::Encrypted)?;
        Ok(Self(codec))
    }

    /// The browser, by the values of its `Cookie` fields.
    pub(crate) fn read<'h>(
        &self,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
        now: UnixMillis,
    ) -> Option<Device> {
        let Lookup::One(text) = CookieHeader::new(fields).find(self.0.name()) else {
            return None;
        };
        let mut buffer = Vec::new();
        let bytes = self.0.decode(text, now, &mut buffer).ok()?.bytes();
        let (number, accounts) = bytes.split_first_chunk()?;
        let (accounts, []) = accounts.as_chunks() else {
            return None;
        };
        Some(Device {
            number: *number,
            accounts: accounts.to_vec(),
        })
    }

    /// The cookie after somebody has signed in to this account.
    pub(crate) fn write(
        &self,
        device: Option<Device>,
        account: &str,
        now: UnixMillis,
    ) -> SetCookie<'static> {
        let mut device = device.unwrap_or_else(|| Device {
            number: random::bytes(),
            accounts: Vec::new(),
        });
        let account = digest(&[account.as_bytes()]);
        device.accounts.retain(|one| *one != account);
        device.accounts.push(account);
        let left_out = device.accounts.len().saturating_sub(ACCOUNTS_MAX);
        let mut bytes = device.number.to_vec();
        bytes.extend(device.accounts[left_out..].as_flattened());
        let end = now.plus(millis(KNOWN));
        let stamp = Stamp::new(now, random::bytes()).expires_at(end);
        SetCookie::new(self.0.name().to_owned(), self.0.encode(&bytes, &stamp)).max_age(KNOWN)
    }
}

impl Device {
    /// What the throttle counts under, if somebody has signed in to this account with it.
    pub(crate) fn of_account(&self, account: &str) -> Option<[u8; 16]> {
        let account = digest(&[account.as_bytes()]);
        let known = self.accounts.contains(&account);
        known.then(|| digest(&[&self.number, &account]))
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_to_the_accounts_that_it_was_used_for_and_no_other() {
        let cookies = ApplyCookies::dev();
        let (cookie, now) = (DeviceCookie::new(&cookies).unwrap(), cookies.clock().now());
        let sent = |cookie: SetCookie<'_>| format!("{}={}", cookie.name(), cookie.value());
        let read = |field: &str, now| cookie.read([field.as_bytes()].into_iter(), now);
        let first = sent(cookie.write(None, "ada", now));
        let device = read(&first, now).unwrap();
        assert!(device.of_account("ada").is_some() && device.of_account("bob").is_none());
        let mut field = first.clone();
        for number in 0..ACCOUNTS_MAX {
            field = sent(cookie.write(read(&field, now), &format!("user {number}"), now));
        }
        let device = read(&field, now).unwrap();
        assert!(device.of_account("ada").is_none() && device.of_account("user 0").is_some());
        // Another browser is another one.
        let other = read(&sent(cookie.write(None, "user 0", now)), now).unwrap();
        assert_ne!(device.of_account("user 0"), other.of_account("user 0"));
        assert!(read(&first, now.plus(91 * 86_400_000)).is_none());
        assert!(read(&first.replace('=', "=x"), now).is_none());
    }
}
