//! The value codec of a class's profile: the one place that chooses between the profiles' formats.

use std::cell::Cell;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Class;
use super::error::ClassError;
use super::profile::Profile;
use super::read::ReadCookie;
use crate::keys::KeyRing;
use crate::limits::SKEW_MS;
#[cfg(feature = "mesop")]
use crate::mesop::MesopValueCodec;
use crate::time::UnixMillis;
use crate::value::{Protection, Stamp, Unreadable, UnreadableReason, ValueCodec};

thread_local! {
    /// Where values are opened, one after another: at most a cookie's length for each thread. Taken
    /// out meanwhile, since the type that is read may read another cookie.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[derive(Debug)]
pub(super) enum ProfileCodec {
    Native(ValueCodec),
    #[cfg(feature = "mesop")]
    Mesop(MesopValueCodec),
}

impl ProfileCodec {
    pub(super) fn new(ring: &KeyRing, name: &str, class: &Class) -> Result<Self, ClassError> {
        let protection = class.protection;
        Ok(match class.profile {
            Profile::Native => Self::Native(ValueCodec::new(ring, name, protection)?),
            #[cfg(feature = "mesop")]
            Profile::Mesop => {
                let keys = ring.mesop().ok_or(ClassError::NoMesopKeys)?;
                Self::Mesop(MesopValueCodec::new(keys, name, protection)?)
            }
        })
    }

    pub(super) fn encode<T>(&self, value: &T, stamp: &Stamp) -> Result<String, ClassError>
    where
        T: Serialize + DeserializeOwned,
    {
        Ok(match self {
            Self::Native(codec) => codec.encode_json(value, stamp)?,
            // Written as Python quotes it, with quotes, spaces and backslashes, which SPEC §4 keeps
            // out of every value.
            #[cfg(feature = "mesop")]
            Self::Mesop(codec) if codec.protection() == Protection::Plain => {
                return Err(ClassError::QuotedByMesop);
            }
            #[cfg(feature = "mesop")]
            Self::Mesop(codec) => codec.encode_json(value, stamp)?,
        })
    }

    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        text: &[u8],
        now: UnixMillis,
        class: &Class,
    ) -> Result<ReadCookie<T>, Unreadable> {
        match self {
            Self::Native(codec) => {
                let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
                let opened = codec.decode(text, now, &mut buffer)?;
                check_end(class, opened.expires_at(), now)?;
                let cookie = ReadCookie {
                    value: opened.json()?,
                    expires_at: opened.expires_at(),
                    under_previous_key: opened.is_under_previous_key(),
                };
                // Not where the thread ends, and not after an error: then the next gets a new one.
                let _ = BUFFER.try_with(|place| place.set(buffer));
                Ok(cookie)
            }
            #[cfg(feature = "mesop")]
            Self::Mesop(codec) => {
                let opened = codec.decode(text, now)?;
                // A value that Mesop wrote has no end, whatever the class says.
                if let Some(end) = opened.expires_at() {
                    check_end(class, Some(end), now)?;
                }
                Ok(ReadCookie {
                    value: opened.json()?,
                    expires_at: opened.expires_at(),
                    under_previous_key: false,
                })
            }
        }
    }
}

/// Refuses a value that ends later than the class now allows, or never.
fn check_end(
    class: &Class,
    end: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<(), UnreadableReason> {
    match class.max_age {
        Some(age) if class.protection != Protection::Plain => {
            let latest = now.plus(millis(age)).plus(SKEW_MS);
            if end.is_none_or(|end| end > latest) {
                return Err(UnreadableReason::Expired);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Milliseconds of whole seconds, as `Max-Age` counts.
pub(super) fn millis(age: Duration) -> u64 {
    age.as_secs().saturating_mul(1000)
}
