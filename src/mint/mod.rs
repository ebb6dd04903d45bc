//! Batch → token → frame, and its receipt.

mod receipt;

mod in_flight;
mod issuer;

mod frame;

pub use frame::{FRAME_NAME, Frame, FrameForm};
pub(crate) use in_flight::InFlight;
pub use issuer::{Issuer, LivesTooLong, MintOptions, Minted};
pub(crate) use receipt::{Deadline, ReceiptState};
pub use receipt::{Outcome, Receipt, Settled};
