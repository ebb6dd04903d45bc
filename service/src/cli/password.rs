//! `password`: the hash of a password, for an accounts file.

use std::io::{IsTerminal, Read};

use apply_cookies_auth::{PASSWORD_MAX, Password, PasswordHash};

use super::lines;
use crate::refused::Refused;

pub(super) fn run() -> Result<(), Refused> {
    let password = if std::io::stdin().is_terminal() {
        asked()?
    } else {
        given()?
    };
    if password.as_bytes().is_empty() {
        return Err("the password is empty".into());
    }
    lines::print(&PasswordHash::make(&password).to_text())
}

/// Asks twice, without showing what is typed.
fn asked() -> Result<Password, Refused> {
    let password = Password::new(rpassword::prompt_password("Password: ")?)?;
    let again = Password::new(rpassword::prompt_password("Again: ")?)?;
    if password.as_bytes() != again.as_bytes() {
        return Err("the two are not the same".into());
    }
    Ok(password)
}

/// All of standard input, without one line end at its end: `echo` writes one, and a form sends none.
fn given() -> Result<Password, Refused> {
    // As much as is ever read, so that the buffer does not move and leave a copy behind.
    let mut text = String::with_capacity(PASSWORD_MAX + 3);
    let input = std::io::stdin().lock();
    input
        .take(PASSWORD_MAX as u64 + 3)
        .read_to_string(&mut text)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Password::new(text)?)
}
