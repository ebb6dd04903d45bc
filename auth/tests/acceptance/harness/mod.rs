//! An app with sign-ins, its accounts and its store, and a browser.

mod app;
mod browser;
mod log;
pub(crate) mod pages;
mod people;
mod store;
pub(crate) mod there;

pub(crate) use app::{App, Framework, Layout, Running, Site};
pub(crate) use browser::{Browser, Events, cookie_of, sign_in_form};
pub(crate) use log::Log;
pub(crate) use people::{ADA, BOB, WRONG};
pub(crate) use store::Claims;
