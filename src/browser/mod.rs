//! What a request says about its browser, and the module that the browser is served.

mod origin;

mod policy;

mod binding;
mod client;
mod fetch_metadata;

pub(crate) use binding::{BindingName, Sent, fresh};
pub use client::Module;
pub(crate) use fetch_metadata::{FetchMetadata, is_ahead_of_a_visit};
pub use origin::{Origin, OriginError};
pub(crate) use policy::OriginPolicy;
pub use policy::OriginRejection;
