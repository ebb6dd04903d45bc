//! Keys: the root secret, the keys derived from it, and the ring that makes rotation possible.

mod code;
mod configured;
mod derived;
mod drawn;
mod given;
mod list;
#[cfg(feature = "mesop")]
mod mesop;
mod placeholder;
mod printed;
#[cfg(test)]
mod published;
mod purpose;
mod ring;
mod secret;
mod strength;
mod weak;

pub use derived::KeyId;
pub use given::{is_stand_in, is_unfilled};
pub use list::{SecretList, SecretListError};
pub use purpose::{Purpose, PurposeKey};
pub use ring::{KeyRing, KeyRingError};
pub use secret::Secret;
pub use weak::WeakSecret;

#[cfg(feature = "mesop")]
pub use mesop::MesopKeys;
