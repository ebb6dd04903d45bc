//! The properties that must hold for any bytes: one oracle for each target of `fuzz_targets/`. They
//! panic where the codec or the sign-ins break a promise.
//!
//! Built with `--cfg fuzzing`, which opens the codec's entrance to what is under the seal.

mod authorization;
mod callback;
mod claims;
mod class_values;
mod cookie_header;
mod draft;
mod hashes;
mod jws;
#[cfg(feature = "mesop")]
mod mesop;
mod opening;
mod operations;
mod payload;
mod return_to;
mod ring;
mod rules;
mod set_cookie;
mod strict_json;
mod token_text;

#[allow(dead_code, unreachable_pub)]
#[path = "../../protocol/tests/support/browser.rs"]
mod browser;

#[allow(dead_code, unreachable_pub)]
#[path = "../../auth/tests/signer/mod.rs"]
mod signer;

pub use authorization::authorization;
pub use callback::callback;
pub use claims::claims;
pub use class_values::class_values;
pub use cookie_header::cookie_header;
pub use hashes::hashes;
pub use jws::jws;
#[cfg(feature = "mesop")]
pub use mesop::mesop;
pub use opening::opening;
pub use operations::operations;
pub use payload::payload;
pub use return_to::return_to;
pub use rules::rules;
pub use set_cookie::set_cookie;
pub use token_text::token_text;

use arbitrary::{Arbitrary, Unstructured};

/// The input that these bytes encode, if there are enough of them.
fn input<'a, T: Arbitrary<'a>>(data: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(data)).ok()
}

/// Changes bytes, then cuts the end off.
#[derive(Arbitrary, Debug)]
struct Damage {
    changes: Vec<(u16, u8)>,
    cut: u8,
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        for (at, byte) in &self.changes {
            let length = bytes.len();
            if let Some(place) = bytes.get_mut(usize::from(*at) % length.max(1)) {
                *place = *byte;
            }
        }
        bytes.truncate(bytes.len().saturating_sub(usize::from(self.cut)));
    }
}
