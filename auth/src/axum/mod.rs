//! axum: translation only, no decisions.

mod extract;
mod layer;

pub use layer::{AuthLayer, AuthService};
