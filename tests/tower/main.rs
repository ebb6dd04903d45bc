//! What only frameworks on tower have, over real sockets: HTTP/2, nested routers, and layers that
//! stand around ours.

mod apps;
mod http2;
mod visit;

mod compression;
mod layers;
mod nesting;
mod streams;

#[allow(
    dead_code,
    unused_imports,
    clippy::unused_async,
    reason = "shared with the adapters' suite, which uses all of it"
)]
#[path = "../adapters/harness/mod.rs"]
mod harness;
#[path = "../adapters/axum/serve.rs"]
mod serve;
#[path = "../support/mod.rs"]
mod support;
