//! Keys: the root secret, what is derived from it, and the ring that makes rotation possible.

mod derived;
mod mac;
#[cfg(test)]
mod published;
mod ring;
mod secret;

pub use derived::KeyId;
pub use ring::{KeyRing, KeyRingError};
pub use secret::{Secret, WeakSecret};

pub(crate) use derived::{DerivedKeys, key_id_of, mesop_binding_key};
pub(crate) use mac::MacKey;
