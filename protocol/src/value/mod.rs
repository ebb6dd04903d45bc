//! The value of one cookie: plain, signed or encrypted (SPEC §12).

mod codec;
pub(crate) mod json;
mod percent;
mod protection;
mod scan;
mod unreadable;

pub(crate) use codec::checked_name;
pub use codec::{OpenedValue, Stamp, ValueCodec};
pub use json::check_json;
pub use protection::Protection;
pub use unreadable::{Unreadable, UnreadableReason};
