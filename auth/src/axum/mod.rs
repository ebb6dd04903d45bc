//! axum: translation only, no decisions.

mod extract;
mod layer;
mod required;

pub use extract::Refused;
pub use layer::{AuthLayer, AuthService};
pub use required::RequiredService;
