//! How errors are shown where a program ends with them.

/// Shows errors by `Debug` as by `Display`: an error that `main` returns is printed by `Debug`, and its
/// reader needs the sentence that says what to do. For packages built on this one.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_text {
    ($($error:ty),+) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )+};
}
