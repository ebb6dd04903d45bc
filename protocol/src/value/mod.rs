//! The value of one cookie: plain, signed or encrypted (SPEC §12).

mod codec;
mod duplicates;
mod formatter;
mod header;
mod json;
mod name;
mod opened;
mod percent;
mod protection;
mod scan;
mod stamp;
mod structure;
mod unreadable;

pub use codec::ValueCodec;
pub use json::check_json;
pub use opened::OpenedValue;
pub use protection::Protection;
pub use stamp::Stamp;
pub use unreadable::{Unreadable, UnreadableReason};

#[cfg(feature = "mesop")]
pub(crate) use json::read as read_json;
#[cfg(feature = "mesop")]
pub(crate) use name::checked_name;
