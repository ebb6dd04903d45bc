//! The modules that browsers load from below the prefix.

use std::sync::LazyLock;

use apply_cookies::web::Module;

/// `GET /auth/sign-in.js`.
pub(crate) static SIGN_IN: LazyLock<Module> =
    LazyLock::new(|| Module::new(include_str!("../client/sign-in.js")));
/// `GET /auth/firebase.js`.
pub(crate) static FIREBASE: LazyLock<Module> =
    LazyLock::new(|| Module::new(include_str!("../client/firebase.js")));
