//! axum: extractors and responses, on tower's layer. Translation only, no decisions.

mod extract;
mod response;
