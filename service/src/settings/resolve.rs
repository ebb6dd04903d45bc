//! All layers → the arguments of `serve`, with the source of each.
//!
//! What the environment and the file say is judged and read as flags are, by the same code.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use tracing_subscriber::EnvFilter;

use super::file;
use super::source::{Key, Mistake, Source};
use crate::cli::args::serve::ServeArgs;

/// The variable that names the file.
const CONFIG: &str = "APPLY_COOKIES_CONFIG";

/// Settings that the start cannot do without.
const REQUIRED: [&str; 2] = ["listen", "origin"];

/// Every setting, and what came of them.
pub(crate) struct Resolved {
    pub(crate) found: Vec<Found>,
    pub(crate) mistakes: Vec<Mistake>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// `None` where something is wrong.
    pub(crate) args: Option<ServeArgs>,
}

/// A setting, its values, and where they are from.
#[derive(Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) list: bool,
    pub(crate) values: Vec<OsString>,
    pub(crate) source: Source,
    pub(crate) help: String,
}

/// Reads all layers. `given` are the flags of the command line.
pub(crate) fn resolve(given: &ArgMatches) -> Resolved {
    let command = ServeArgs::augment_args(Command::new("serve").no_binary_name(true));
    let settings: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !["config", "help"].contains(&arg.get_id().as_str()))
        .collect();
    let mut mistakes = Vec::new();
    let known: Vec<Key> = settings.iter().map(|arg| key(arg)).collect();
    let (place, named) = place(given);
    let text = file::read(&place, named, &mut mistakes);
    let entries = text.as_deref().map_or_else(Vec::new, |text| {
        file::entries(&place, text, &known, &mut mistakes)
    });
    let mut found = Vec::new();
    for arg in settings {
        let setting = layer(arg, given, &entries, &place);
        let sure = matches!(setting.source, Source::Flag(_) | Source::Default);
        if !sure && let Err(reason) = judge(arg, &setting.values) {
            mistakes.push(Mistake {
                source: Some(setting.source.clone()),
                key: Some(setting.key.clone()),
                reason,
            });
        }
        if matches!(setting.source, Source::File(..)) && has_password(&setting) {
            mistakes.push(Mistake {
                source: Some(setting.source.clone()),
                key: Some(setting.key.clone()),
                reason: format!(
                    "has a password, which never stands in this file: put the URL into {}, or write ?password_file=PATH",
                    setting.key.variable()
                ),
            });
        }
        found.push(setting);
    }
    for key in REQUIRED {
        if found
            .iter()
            .any(|one| one.key.0 == key && one.values.is_empty())
        {
            mistakes.push(missing(&Key(key.to_owned())));
        }
    }
    let values = found.iter().flat_map(|setting| {
        setting.values.iter().map(|value| {
            let mut flag = OsString::from(format!("--{}=", setting.key.flag()));
            flag.push(value);
            flag
        })
    });
    let args = if mistakes.is_empty() {
        let matches = command.clone().try_get_matches_from(values);
        let args = matches.and_then(|matches| ServeArgs::from_arg_matches(&matches));
        args.map_err(|error| mistakes.push(unexpected(&error))).ok()
    } else {
        None
    };
    Resolved {
        found,
        mistakes,
        file: text.map(|_| place),
        args,
    }
}

/// The file's path, and whether somebody has named it.
fn place(given: &ArgMatches) -> (PathBuf, bool) {
    let flag = given.get_one::<PathBuf>("config").cloned();
    let variable = || std::env::var_os(CONFIG).filter(|path| !path.is_empty());
    match flag.or_else(|| variable().map(PathBuf::from)) {
        Some(path) => (path, true),
        None => (file::PLACE.into(), false),
    }
}

fn key(arg: &Arg) -> Key {
    Key::of(arg.get_id().as_str())
}

/// The highest layer that says something. An empty text says nothing.
fn layer(arg: &Arg, given: &ArgMatches, entries: &[file::Entry], place: &Path) -> Found {
    let (key, id) = (key(arg), arg.get_id().as_str());
    let list = matches!(arg.get_action(), ArgAction::Append);
    let entry = entries.iter().find(|entry| entry.key == key);
    let entry = entry.map(|entry| {
        let values = entry.values.iter().filter(|value| !value.is_empty());
        let values: Vec<OsString> = values.map(OsString::from).collect();
        (values, Source::File(place.to_owned(), entry.line))
    });
    let (values, source) = if given.value_source(id) == Some(ValueSource::CommandLine) {
        let values = given.get_raw(id).into_iter().flatten();
        (
            values.map(ToOwned::to_owned).collect(),
            Source::Flag(key.flag()),
        )
    } else if let Some((name, value)) = variable(&key) {
        let values = match value.to_str() {
            Some(text) if list => text.split(',').map(|part| part.trim().into()).collect(),
            _ => vec![value],
        };
        (values, Source::Environment(name))
    } else if let Some(entry) = entry.filter(|(values, _)| !values.is_empty()) {
        entry
    } else {
        let defaults = arg.get_default_values().iter();
        (defaults.map(OsString::from).collect(), Source::Default)
    };
    let help = arg.get_help().map(ToString::to_string);
    Found {
        key,
        list,
        values,
        source,
        help: help.unwrap_or_default(),
    }
}

/// A setting's variable, unless it is empty.
fn variable(key: &Key) -> Option<(String, OsString)> {
    let own = key.variable();
    let usual = (key.0 == "log.filter").then(|| EnvFilter::DEFAULT_ENV.to_owned());
    [Some(own), usual].into_iter().flatten().find_map(|name| {
        let value = std::env::var_os(&name)?;
        // RUST_LOG is other programs' too, and a mistake in it stops nothing.
        let fits = || {
            value
                .to_str()
                .is_some_and(|text| EnvFilter::try_new(text).is_ok())
        };
        let counts = !value.is_empty() && (name != EnvFilter::DEFAULT_ENV || fits());
        counts.then_some((name, value))
    })
}

/// What a flag with these values would be told.
fn judge(arg: &Arg, values: &[OsString]) -> Result<(), String> {
    if values.iter().any(|value| value.to_str().is_none()) {
        return Err("is not UTF-8 text".to_owned());
    }
    if values.len() > 1 && !matches!(arg.get_action(), ArgAction::Append) {
        return Err("takes one value".to_owned());
    }
    let key = key(arg);
    let flags = values.iter().map(|value| {
        let mut flag = OsString::from(format!("--{}=", key.flag()));
        flag.push(value);
        flag
    });
    let command = Command::new("").no_binary_name(true).arg(arg.clone());
    command
        .try_get_matches_from(flags)
        .map(drop)
        .map_err(|error| reason(&error))
}

/// Why clap refuses a value, without the value.
fn reason(error: &clap::Error) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return source.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => format!("must be one of {}", values.join(", ")),
        _ => "has a value that it cannot have".to_owned(),
    }
}

/// Whether a setting is a URL with a password in it.
fn has_password(setting: &Found) -> bool {
    setting.values.iter().any(|value| {
        let text = value.to_string_lossy();
        let (_, rest) = text.split_once("://").unwrap_or_default();
        let user = rest
            .split(['/', '?'])
            .next()
            .and_then(|host| host.rsplit_once('@'));
        user.is_some_and(|(user, _)| user.contains(':')) || rest.contains("password=")
    })
}

/// What only all of them together show.
fn unexpected(error: &clap::Error) -> Mistake {
    Mistake {
        source: None,
        key: None,
        reason: reason(error),
    }
}

fn missing(key: &Key) -> Mistake {
    let reason = format!(
        "is not set: give --{}, {} or `{key}` in the file",
        key.flag(),
        key.variable()
    );
    Mistake {
        source: None,
        key: Some(key.clone()),
        reason,
    }
}
