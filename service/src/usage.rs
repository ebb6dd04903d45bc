//! What is wrong with the command line, without the URLs in it: one may have a password.

use std::ffi::OsString;

/// Prints clap's error, or the help that it is, and ends the program as clap would.
pub(crate) fn exit(error: &clap::Error) -> ! {
    let said = error.render().to_string();
    let shown = without_urls(&said, std::env::args_os());
    if shown == said {
        error.exit();
    }
    eprint!("{shown}");
    std::process::exit(error.exit_code());
}

/// Replaces each argument that has a URL in it, and what stands behind the `=` of an option.
fn without_urls(said: &str, arguments: impl Iterator<Item = OsString>) -> String {
    let mut shown = said.to_owned();
    for argument in arguments {
        let argument = argument.to_string_lossy();
        let behind = argument.split_once('=').map(|(_, value)| value);
        for text in [Some(&*argument), behind].into_iter().flatten() {
            if let Some((scheme, _)) = text.split_once("://")
                && !scheme.contains('=')
            {
                shown = shown.replace(text, &format!("{scheme}://..."));
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_url_of_the_command_line_is_repeated() {
        let arguments = [
            "serve",
            "--listen=redis://a:b@c?d=e",
            "postgres://f:g@h",
            "--x",
        ];
        let said = "invalid 'redis://a:b@c?d=e', 'postgres://f:g@h' and '--x' of serve";
        let shown = without_urls(said, arguments.map(OsString::from).into_iter());
        assert_eq!(
            shown,
            "invalid 'redis://...', 'postgres://...' and '--x' of serve"
        );
    }
}
