//! Keyed states and digests: everything that this crate does with a key. Nothing here knows what a
//! token or a cookie is.

mod digest;
mod fernet;
mod mac;
#[cfg(feature = "mesop")]
mod mac_sha1;

pub(crate) use digest::digest16;
pub(crate) use fernet::FernetKey;
pub(crate) use mac::{MacKey, TAG, same};
#[cfg(feature = "mesop")]
pub(crate) use mac_sha1::{MacSha1, TAG_SHA1};
