//! axum: extractors and responses, on the layer of tower. Translation, and nothing that decides.

mod extract;
mod response;
