//! Keys: the root secret, the keys derived from it, and the ring that makes rotation possible.

mod derived;
#[cfg(feature = "mesop")]
mod mesop;
#[cfg(test)]
mod published;
mod ring;
mod secret;

pub use derived::KeyId;
pub use ring::{KeyRing, KeyRingError};
pub use secret::{Secret, WeakSecret};

#[cfg(feature = "mesop")]
pub use mesop::MesopKeys;
