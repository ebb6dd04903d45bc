//! `check-config` and `config`.

use std::fmt::Write as _;
use std::path::Path;

use apply_cookies::protocol::Secret;
use clap::ArgMatches;

use super::resolve::{Found, Resolved, resolve};
use super::secrets::secrets;
use super::source::Source;
use crate::cli::lines;
use crate::profiles;
use crate::refused::Refused;

/// `check-config`: every setting, where it is from, and what is wrong. It binds nothing, and neither
/// opens nor makes a store.
pub(crate) fn check(given: &ArgMatches) -> Result<(), Refused> {
    let settings = resolve(given);
    let mut shown = String::new();
    for setting in &settings.found {
        let _ = writeln!(
            shown,
            "{} = {}  # {}",
            setting.key,
            value(setting),
            setting.source
        );
    }
    let mut wrong: Vec<String> = settings.mistakes.iter().map(ToString::to_string).collect();
    if let Some(args) = &settings.args {
        wrong.extend(profiles::check(args, &settings));
    }
    match secrets(&settings) {
        Ok(_) => shown.push_str("# the secrets can be used\n"),
        // Said already where the native profile needs them.
        Err(Refused::Because(reason)) if settings.args.is_none() => wrong.push(reason),
        Err(_) => {}
    }
    lines::print(shown.trim_end())?;
    if wrong.is_empty() {
        return Ok(());
    }
    for reason in wrong {
        eprintln!("apply-cookies: {reason}");
    }
    Err(Refused::Reported)
}

/// `config`: a file with every setting, in which those that are not set are comments.
pub(crate) fn print(given: &ArgMatches) -> Result<(), Refused> {
    let settings = resolve(given);
    report(&settings)?;
    let mut shown = String::from(
        "# Settings of `apply-cookies serve`. Every one can also be an option or a variable.\n# Secrets never stand here.\n",
    );
    let mut section = None;
    let (top, below): (Vec<_>, Vec<_>) = settings
        .found
        .iter()
        .partition(|setting| setting.key.parts().0.is_none());
    for setting in top.into_iter().chain(below) {
        let (its, name) = setting.key.parts();
        if its != section {
            let _ = writeln!(shown, "\n[{}]", its.unwrap_or_default());
            section = its;
        }
        let help = setting.help.lines().next().unwrap_or_default();
        let off = if setting.source == Source::Default || is_hidden(setting) {
            "# "
        } else {
            ""
        };
        let _ = writeln!(shown, "\n# {help}\n{off}{name} = {}", value(setting));
    }
    lines::print(shown.trim_end())
}

/// What is wrong, if anything, line by line.
pub(crate) fn report(settings: &Resolved) -> Result<(), Refused> {
    let only_missing = settings
        .mistakes
        .iter()
        .all(|mistake| mistake.source.is_none() && mistake.key.is_some());
    if let Some(first) = settings.mistakes.first().filter(|_| only_missing) {
        return Err(Refused::usage(first));
    }
    for mistake in &settings.mistakes {
        eprintln!("apply-cookies: {mistake}");
    }
    settings
        .mistakes
        .is_empty()
        .then_some(())
        .ok_or(Refused::Reported)
}

/// A place that may have a password in it.
fn is_hidden(setting: &Found) -> bool {
    let is_url = |value: &std::ffi::OsString| value.to_string_lossy().contains("://");
    setting.key.0 == "replay" && setting.values.iter().any(is_url)
}

/// A secret where its file belongs.
fn is_misplaced(setting: &Found, text: &str) -> bool {
    setting.key.0.ends_with("_file")
        && !text.starts_with(['/', '.'])
        && Secret::from_configuration(text).is_ok()
        && !Path::new(text).exists()
}

/// The values as TOML.
fn value(setting: &Found) -> String {
    let texts = setting.values.iter().map(|value| {
        let text = value.to_string_lossy();
        match text.split_once("://") {
            Some((scheme, _)) if is_hidden(setting) => format!("{scheme}://..."),
            _ if is_misplaced(setting, &text) => "...".to_owned(),
            _ => text.into_owned(),
        }
    });
    let texts: Vec<String> = texts.map(|text| literal(&text)).collect();
    match &texts[..] {
        _ if setting.list => format!("[{}]", texts.join(", ")),
        [one] => one.clone(),
        _ => "\"\"".to_owned(),
    }
}

fn literal(text: &str) -> String {
    let plain = text == "true"
        || text == "false"
        || text.parse::<u32>().is_ok_and(|_| !text.starts_with('0'));
    if plain {
        text.to_owned()
    } else {
        toml::Value::from(text).to_string()
    }
}
