//! `#[derive(CookieClass)]`. Use it from `apply-cookies` or `apply-cookies-protocol`, which
//! export it as `CookieClass`; this crate is an implementation detail of those two, and has exactly
//! their version.

mod rules;
mod snake_case;

mod attributes;
mod check;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Makes a struct a cookie class, as `apply_cookies_protocol` knows it.
///
#[doc = include_str!("attributes.md")]
#[proc_macro_derive(CookieClass, attributes(cookie))]
pub fn of_protocol(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), "apply_cookies_protocol")
}

/// Makes a struct a cookie class, as `apply_cookies` knows it. A separate macro, because the paths
/// that it writes must belong to a crate that the user names in Cargo.toml: with the one above,
/// users of `apply-cookies` would have to depend on the codec too, or write
/// `#[cookie(crate = "…")]` on every class.
///
#[doc = include_str!("attributes.md")]
#[proc_macro_derive(CookieClassOfApplyCookies, attributes(cookie))]
pub fn of_apply_cookies(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), "apply_cookies")
}

fn derive(input: &DeriveInput, home: &str) -> TokenStream {
    attributes::parse(input)
        .and_then(|attributes| check::check(input, attributes))
        .map_or_else(Error::into_compile_error, |class| {
            expand::expand(input, &class, home)
        })
        .into()
}
